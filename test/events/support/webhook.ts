import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { startHttp } from '../../outbound/support/servers.js';

/** A message that a webhook's receiver was sent. */
export interface Message {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** The receiver of a webhook of a test. */
export interface WebhookReceiver {
  readonly uri: string;
  readonly told: readonly Message[];
  /** From now on: a status, or what it does instead. */
  answer: (message: Message) => number | ((response: ServerResponse) => void);
}

/** Stopped by `stopServers`. */
export async function startWebhook(answer: WebhookReceiver['answer'] = () => 204): Promise<WebhookReceiver> {
  const told: Message[] = [];
  const { port } = await startHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { method = '', url = '', headers } = request;
      const message = { method, path: url, headers, body, json: body === '' ? {} : JSON.parse(body) };
      told.push(message);
      const decided = receiver.answer(message);
      if (typeof decided === 'function') decided(response);
      else response.writeHead(decided).end();
    });
  });
  const receiver: WebhookReceiver = { uri: `http://127.0.0.1:${port}/devices`, told, answer };
  return receiver;
}

/** What a receiver does by Standard Webhooks: any good signature of the last five minutes. */
export function isGenuine(
  secret: string,
  { headers, body }: Pick<Message, 'headers' | 'body'>,
  nowMs = Date.now(),
): boolean {
  const [id, timestamp] = [headers['webhook-id'], headers['webhook-timestamp']].map(String);
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > 300) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return String(headers['webhook-signature'])
    .split(' ')
    .some((one) => {
      const given = Buffer.from(one.replace(/^v1,/, ''), 'base64');
      return one.startsWith('v1,') && given.length === expected.length && timingSafeEqual(given, expected);
    });
}
