import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of the text's UTF-8 bytes: how every bearer value is stored (invariant 6). */
export function sha256(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** HMAC-SHA-256: the name of a value with so little entropy that a plain hash could be tried through. */
export function hmacSha256(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Eight characters that tell two secrets apart in a log without telling either. */
export function fingerprint(secret: string): string {
  return sha256(secret).toString('base64url').slice(0, 8);
}

/** Whether the text hashes to `expected`; takes the same time whatever differs. */
export function matchesHash(text: string, expected: Uint8Array): boolean {
  const actual = sha256(text);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
