import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHttp } from '../../outbound/support/servers.js';
import { claimsOf } from '../../support/application.js';

/** A request that told an application of a logout. */
export interface Told {
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly token: string;
  /** Of the token, unverified. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** What an application answers: a status, or what it does instead. */
export type Answer = number | ((response: ServerResponse) => void);

export const HANGS: Answer = () => undefined;

/** The back-channel logout endpoint of an application of a test. */
export interface LogoutReceiver {
  readonly uri: string;
  readonly told: readonly Told[];
  /** From now on; judged by path and claims where it is a function of them. */
  answer: (told: Told) => Answer;
}

/** Stopped by `stopServers`. */
export async function startReceiver(answer: LogoutReceiver['answer'] = () => 200): Promise<LogoutReceiver> {
  const told: Told[] = [];
  const { port } = await startHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const token = new URLSearchParams(body).get('logout_token') ?? '';
      const { url = '', method = '', headers } = request;
      const one = {
        path: url,
        method,
        headers,
        body,
        token,
        claims: claimsOf(token),
        atMs: performance.now(),
      };
      told.push(one);
      const decided = receiver.answer(one);
      if (typeof decided === 'function') decided(response);
      else response.writeHead(decided).end();
    });
  });
  const receiver: LogoutReceiver = { uri: `http://127.0.0.1:${port}/logout`, told, answer };
  return receiver;
}

/** Waits for what must come, however slow the machine is. */
export async function until(condition: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  const endMs = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not within ${seconds} s: ${condition.toString()}`);
    await sleep(20);
  }
}
