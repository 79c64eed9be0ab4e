import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const KEY_ID = 'bench-upstream';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The upstream's key set (RFC 7517): one RSA key, as Okta has. */
export const keySet = {
  keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }],
};

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const HEADER = encode({ alg: 'RS256', kid: KEY_ID });

/** A sign-in that waits for its code to be redeemed. */
export interface Authorized {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly nonce: string;
  /** S256 (RFC 7636 section 4.2). */
  readonly codeChallenge: string;
  readonly email: string;
  readonly scope: string;
}

/** An ID Token that holds all that a broker asks for, so that none has to call userinfo. */
export function idToken(issuer: string, authorized: Authorized, accessToken: string): string {
  const { email, nonce, clientId } = authorized;
  const [name = ''] = email.split('@');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    ver: 1,
    iss: issuer,
    aud: clientId,
    sub: `00u${name}`,
    iat: now,
    exp: now + 3600,
    jti: `ID.${randomBytes(16).toString('base64url')}`,
    amr: ['pwd', 'mfa'],
    idp: '00obench',
    nonce,
    auth_time: now,
    at_hash: createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url'),
    name: `Sample ${name}`,
    given_name: 'Sample',
    family_name: name,
    preferred_username: email,
    locale: 'en_US',
    updated_at: 1_700_000_000,
    email,
    email_verified: true,
    groups: ['Everyone', 'Engineering', 'Release managers'],
  };
  const signed = `${HEADER}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

/** Whether the verifier belongs to the challenge (RFC 7636 section 4.6). */
export function isVerifierOf(challenge: string, verifier: string): boolean {
  return createHash('sha256').update(verifier).digest('base64url') === challenge;
}
