import type { JWK } from 'jose';

function isJwk(value: unknown): value is JWK {
  return typeof value === 'object' && value !== null && 'kty' in value;
}

/**
 * The keys of a JSON value as people give them: a JWK set, a list of keys, or one key. Whatever else is there
 * is left out.
 */
export function readJwks(value: unknown): JWK[] {
  if (Array.isArray(value)) return value.filter(isJwk);
  if (typeof value === 'object' && value !== null && 'keys' in value) return readJwks(value.keys);
  return isJwk(value) ? [value] : [];
}
