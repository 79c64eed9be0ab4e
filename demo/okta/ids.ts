import { randomBytes } from 'node:crypto';

/**
 * Prefixes that tell what an Okta id names: user, group, app, org, authorization server, error, secret,
 * session, claim.
 */
type OktaIdPrefix = '00u' | '00g' | '0oa' | '00o' | 'aus' | 'oae' | 'ocs' | 'idx' | '0oi';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * `length` random letters and digits. 256 is no multiple of 62, so the first letters are a little likelier:
 * no harm here.
 */
export function randomLetters(length: number): string {
  return [...randomBytes(length)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** An id as Okta forms them: a prefix that tells the kind, 20 characters in all (25 for error ids). */
export function oktaId(prefix: OktaIdPrefix): string {
  return prefix + randomLetters(prefix === 'oae' ? 22 : 17);
}

/** `bytes` random bytes as base64url: codes, tokens, secrets. */
export function randomText(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}
