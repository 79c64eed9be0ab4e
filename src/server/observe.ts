import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { assignRequestId } from '../http/request-id.js';
import type { Metrics } from './metrics.js';

export interface ObserveDeps {
  readonly ids: Ids;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Segments of paths that are worth as much as a password for a while: ids of sign-ins, one-time links. */
const SECRET_SEGMENT =
  /\/(sign-in|test-sign-in|authorize|device(?!\/authorize$)|first-run|enrol|setup)\/[^/]+/g;

/**
 * Each request has an id, which its answer, its log lines and its audit events carry; each leaves one line, and is counted.
 * @param path without the query
 * @param route tells, when all is over, which route has answered
 */
export function observe(
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
  route: () => string,
  deps: ObserveDeps,
): void {
  const startedMs = performance.now();
  const requestId = deps.ids.uuid();
  const { method = '' } = req;
  assignRequestId(req, requestId);
  res.setHeader('X-Request-Id', requestId);
  // The provider answers by itself, so the end of the response is the one moment that all requests have.
  res.once('close', () => {
    const ms = performance.now() - startedMs;
    const labels = { route: route(), method, status: String(res.statusCode) };
    deps.metrics.requests.observe(labels, ms / 1000);
    deps.log.info('http.request', {
      requestId,
      method,
      path: path.replace(SECRET_SEGMENT, '/$1/…'),
      status: res.statusCode,
      ms: Math.round(ms),
      route: labels.route,
    });
  });
}
