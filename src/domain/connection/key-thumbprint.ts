import { createHash } from 'node:crypto';
import { canonicalJson } from '../../core/json.js';

/** Members that make up a key of each type (RFC 7638 section 3.2, RFC 8037 section 2). */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

/** The SHA-256 thumbprint of a public key (RFC 7638), base64url; undefined for what is no whole key. */
export function keyThumbprint(key: object): string | undefined {
  const members = new Map<string, unknown>(Object.entries(key));
  const names = MEMBERS[String(members.get('kty'))];
  if (names === undefined) return undefined;
  const parts = names.flatMap((name) => {
    const value = members.get(name);
    return typeof value === 'string' && value !== '' ? [[name, value] as const] : [];
  });
  if (parts.length !== names.length) return undefined;
  return createHash('sha256')
    .update(canonicalJson(Object.fromEntries(parts)))
    .digest('base64url');
}
