import { createHmac } from 'node:crypto';
import { webhookKey } from '../domain/application/webhook-secret.js';

/** What is signed of a message; the body is signed as it is sent, byte by byte. */
export interface WebhookMessage {
  /** The same for every attempt, so that a receiver knows a second one for what it is. */
  readonly id: string;
  /** Seconds since the epoch, of this attempt: the receiver refuses what is too old. */
  readonly timestamp: number;
  readonly body: string;
}

/**
 * The headers of a message that prove who sent it and when: HMAC-SHA-256 over `id.timestamp.body` (Standard Webhooks).
 * @throws TypeError when `secret` isn't `whsec_` and a key in base64
 */
export function webhookHeaders(
  secret: string,
  { id, timestamp, body }: WebhookMessage,
): Readonly<Record<string, string>> {
  const key = webhookKey(secret);
  if (key === undefined) throw new TypeError('a webhook secret is not in its form');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
  };
}
