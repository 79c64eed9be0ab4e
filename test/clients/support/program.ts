import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const START_MS = 60_000;

/** Where the guides keep the programs that they show. */
export const SNIPPETS = fileURLToPath(
  new URL('../../../docs/guides/applications/snippets/', import.meta.url),
);

/** A port of loopback that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A program of the guides that serves. */
export interface Program {
  /** Its address, without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a program of the guides as its reader would: a process of its own, told everything by its environment.
 * @throws Error with what it said when it ends instead of serving
 */
export async function startProgram(
  name: string,
  port: number,
  environment: Readonly<Record<string, string>>,
): Promise<Program> {
  const url = `http://localhost:${port}`;
  const child = spawn(process.execPath, [`${SNIPPETS}${name}`], {
    env: {
      PATH: process.env['PATH'] ?? '',
      BASE_URL: url,
      PORT: String(port),
      SESSION_SECRET: randomBytes(32).toString('base64url'),
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const deadline = Date.now() + START_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
    if (Date.now() > deadline) {
      await end(child);
      throw new Error(`${name} doesn't serve: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, stop: () => end(child) };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
