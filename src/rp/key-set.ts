import type { Json } from '../core/json.js';
import { UpstreamError } from './causes.js';
import { isRecord } from './record.js';

/** Public members of RSA, EC and OKP keys: a header's or a key's `x5u`, `jku` or private parts are never kept. */
const MEMBERS = ['kty', 'kid', 'alg', 'use', 'n', 'e', 'crv', 'x', 'y'] as const;

/** A public key of an upstream (RFC 7517). */
export type UpstreamKey = Readonly<Partial<Record<(typeof MEMBERS)[number], string>> & { kty: string }>;

const KEYS_MAX = 50;
/** RFC 7518 section 3.3 wants at least 2048; more than 8192 costs the time of an attack. */
const RSA_BITS_MIN = 2_048;
const RSA_BITS_MAX = 8_192;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const FRESH_SECONDS_MIN = 5 * 60;
const FRESH_SECONDS_MAX = 24 * 60 * 60;
const FRESH_SECONDS_DEFAULT = 60 * 60;

/**
 * Reads a JWK Set (RFC 7517 section 5). Entries that can't verify a signature that we accept are dropped, as
 * section 5 wants: other types and curves, missing members, RSA moduli outside 2048 to 8192 bits.
 * @throws UpstreamError `response_invalid` for another document or more than 50 keys, `keys_missing` for none
 */
export function readKeySet(document: Json): readonly UpstreamKey[] {
  const keys = isRecord(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys))
    throw new UpstreamError('response_invalid', 'keys', 'The key set is not a JWK Set');
  if (keys.length > KEYS_MAX)
    throw new UpstreamError('response_invalid', 'keys', `The key set has more than ${KEYS_MAX} keys`);
  const usable = keys.flatMap(readKey);
  if (usable.length === 0) throw new UpstreamError('keys_missing', 'keys', 'The key set has no signing keys');
  return usable;
}

/** Seconds for which a key set is used without asking: `Cache-Control` (RFC 9111 5.2.2), but 5 minutes to 24 hours. */
export function freshSeconds(headers: Headers): number {
  const control = headers.get('cache-control')?.toLowerCase() ?? '';
  if (/\bno-(?:store|cache)\b/.test(control)) return FRESH_SECONDS_MIN;
  const maxAge = /(?:^|[\s,])max-age="?(\d{1,10})/.exec(control)?.[1];
  if (maxAge === undefined) return FRESH_SECONDS_DEFAULT;
  return Math.min(FRESH_SECONDS_MAX, Math.max(FRESH_SECONDS_MIN, Number(maxAge)));
}

function readKey(value: unknown): UpstreamKey[] {
  if (!isRecord(value)) return [];
  const members = MEMBERS.flatMap((name) => {
    const text = value[name];
    return typeof text === 'string' ? [[name, text] as const] : [];
  });
  const key: UpstreamKey = { kty: '', ...Object.fromEntries(members) };
  return isUsable(key) ? [key] : [];
}

/** Whether a key can verify anything at all: one that can't must not stand in the way of another of the same `kid`. */
function isUsable({ kty, n = '', e = '', crv = '', x = '', y = '' }: UpstreamKey): boolean {
  if (kty === 'RSA') {
    const bits = bitLength(n);
    return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && BASE64URL.test(e);
  }
  if (kty === 'EC') return crv === 'P-256' && BASE64URL.test(x) && BASE64URL.test(y);
  return kty === 'OKP' && crv === 'Ed25519' && BASE64URL.test(x);
}

/** Bits of a number in base64url, leading zeros aside; 0 for what isn't one. */
function bitLength(text: string): number {
  if (!BASE64URL.test(text)) return 0;
  const bytes = Buffer.from(text, 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first] ?? 0) + 24;
}
