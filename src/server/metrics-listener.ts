import type { Logger } from '../core/logger.js';
import { listen, type Listener } from './listen.js';

/** What a scrape gets. */
export interface MetricsSource {
  readonly contentType: string;
  /** In Prometheus' form. Rejects when one of them can't be told. */
  metrics(): Promise<string>;
}

/**
 * `/metrics` on a port of its own, which only the inside can reach. Metrics that can't be told are a 500 and a line in the
 * log, and no reason to stop.
 * @throws Error with code EADDRINUSE, EACCES … when the address can't be had
 */
export function listenForMetrics(
  source: MetricsSource,
  log: Logger,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listener> {
  return listen(
    (request, response) => {
      if (request.url !== '/metrics') {
        response.writeHead(404).end();
        return;
      }
      source.metrics().then(
        (text) => response.writeHead(200, { 'content-type': source.contentType }).end(text),
        (error: unknown) => {
          log.error('metrics.failed', { error });
          response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end('metrics failed\n');
        },
      );
    },
    host,
    port,
  );
}
