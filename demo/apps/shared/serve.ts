import { createServer } from 'node:http';
import type Koa from 'koa';

/** An application that answers. */
export interface RunningApp {
  /** Its address, without a slash at the end. */
  readonly url: string;
  /** Stops listening and cuts what is open. */
  stop(): Promise<void>;
}

/**
 * Listens on a port of loopback, then makes the application, which is told its own address: the registered redirect
 * URIs begin with it, never what a `Host` header says.
 * @throws Error when the port is taken
 */
export async function serve(port: number, makeApp: (url: string) => Koa): Promise<RunningApp> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const url = `http://localhost:${bound}`;
  const handle = makeApp(url).callback();
  server.on('request', (request, response) => void handle(request, response));
  return {
    url,
    stop: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
    },
  };
}
