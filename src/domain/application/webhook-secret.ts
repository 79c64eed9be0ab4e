/** What a secret of Standard Webhooks begins with. */
export const WEBHOOK_SECRET_PREFIX = 'whsec_';

/** A key that is too short can be guessed; a longer one than this is hashed by HMAC anyway. */
const KEY_BYTES = { min: 24, max: 64 } as const;

/**
 * The key that a webhook's secret holds (Standard Webhooks, "Symmetric"): `whsec_` and 24 to 64 bytes in base64 with its
 * padding, written in the one way that base64 has for them. undefined: the text is no such secret.
 */
export function webhookKey(secret: string): Uint8Array | undefined {
  if (!secret.startsWith(WEBHOOK_SECRET_PREFIX)) return undefined;
  const encoded = secret.slice(WEBHOOK_SECRET_PREFIX.length);
  const key = Buffer.from(encoded, 'base64');
  // The decoder skips what it doesn't know: only what comes out the same was base64.
  if (key.toString('base64') !== encoded) return undefined;
  return key.length >= KEY_BYTES.min && key.length <= KEY_BYTES.max ? key : undefined;
}
