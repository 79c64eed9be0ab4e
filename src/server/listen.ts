import { createServer, type RequestListener, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Bounds of one connection, so that slow or endless senders hold nothing. */
const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  // How often the two are looked at: Node does it every 30 s, which is three times what headers may take.
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
} as const;

/** A listening server that can stop without breaking what it has begun. */
export interface Listener {
  readonly port: number;
  /** Takes nothing new, waits for what is in flight at most so long, then cuts it off. */
  stop(withinMs: number): Promise<void>;
}

/** @throws Error with code EADDRINUSE, EACCES … when the address can't be had */
export async function listen(handle: RequestListener, host: string, port: number): Promise<Listener> {
  const server = createServer(LIMITS, handle);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    stop: (withinMs) => stop(server, withinMs),
  };
}

async function stop(server: Server, withinMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const patience = new AbortController();
  // A connection that was kept alive becomes idle when its last answer has left.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const tooLate = sleep(withinMs, undefined, { signal: patience.signal }).then(
    () => server.closeAllConnections(),
    () => undefined,
  );
  await closed;
  clearInterval(sweep);
  patience.abort();
  await tooLate;
}
