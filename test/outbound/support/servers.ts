import { createServer as createHttpServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Certificate } from './certificates.js';

/** A server on loopback, closed by `stopServers`. */
export interface TestServer {
  readonly port: number;
  /** TCP connections that it took so far. */
  readonly connections: () => number;
}

const running: { server: Server; sockets: Set<Socket> }[] = [];

export function startHttp(handler: RequestListener, host?: string): Promise<TestServer> {
  return listen(createHttpServer(handler), host);
}

export function startHttps(certificate: Certificate, handler: RequestListener): Promise<TestServer> {
  return listen(createHttpsServer(certificate, handler));
}

/** A server that does with the bare socket what it likes. */
export function startTcp(handler: (socket: Socket) => void): Promise<TestServer> {
  return listen(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      handler(socket);
    }),
  );
}

/** Answers each request on a bare socket with these bytes. */
export function startRaw(answer: string | Buffer, end = true): Promise<TestServer> {
  return startTcp((socket) => {
    socket.once('data', () => (end ? socket.end(answer) : socket.write(answer)));
  });
}

/** A port where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const port = portOf(server);
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

export async function stopServers(): Promise<void> {
  await Promise.all(
    running.splice(0).map(({ server, sockets }) => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => {
        server.close(resolve);
      });
    }),
  );
}

async function listen(server: Server, host = '127.0.0.1'): Promise<TestServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  running.push({ server, sockets });
  return { port: portOf(server), connections: () => connections };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
