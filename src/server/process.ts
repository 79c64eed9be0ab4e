import type { Logger } from '../core/logger.js';
import type { Config } from './config.js';
import { version } from './version.js';

/** How long the whole stop may take, connections to databases included. */
const STOP_MS = 20_000;

/** The lines on stdout, and nothing else there. */
export function printReady(config: Config, link: string | undefined): void {
  process.stdout.write(`Causeway ${version} ready: ${config.consoleUrl}\n`);
  if (link !== undefined) process.stdout.write(`First-run link (30 min, once): ${link}\n`);
}

/** Ends the process in order, once: with 0, or with 1 when that takes too long. */
export function endOnSignal(log: Logger, stop: () => Promise<void>): void {
  let stopping = false;
  const end = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info('server.stopping', { signal });
    setTimeout(() => {
      log.error('server.stop_too_slow', { signal });
      process.exit(1);
    }, STOP_MS).unref();
    stop().then(
      () => {
        log.info('server.stopped', { signal });
        process.exit(0);
      },
      (error: unknown) => {
        log.error('server.stop_failed', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
