import { createHash, randomUUID } from 'node:crypto';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey as JoseKey,
  type JWK,
} from 'jose';

/** A key pair of an application: for proofs, assertions and requests. */
export interface TestKey {
  readonly alg: string;
  readonly privateKey: JoseKey;
  readonly publicKey: JoseKey;
  readonly jwk: JWK;
  /** RFC 7638. */
  readonly thumbprint: string;
}

export async function testKey(alg = 'ES256'): Promise<TestKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const bare = await exportJWK(publicKey);
  const thumbprint = await calculateJwkThumbprint(bare);
  return { alg, privateKey, publicKey, jwk: { ...bare, kid: thumbprint, use: 'sig' }, thumbprint };
}

/** Seconds since the epoch. */
export const now = (): number => Math.floor(Date.now() / 1000);

type Members = Readonly<Record<string, unknown>>;

const defined = (members: Members): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** Signs any JWT; `undefined` takes a member away. */
export function signed(key: TestKey, claims: Members, header: Members = {}): Promise<string> {
  return new SignJWT(defined(claims))
    .setProtectedHeader({ alg: key.alg, ...defined({ kid: key.thumbprint, ...header }) })
    .sign(key.privateKey);
}

export interface ProofOptions {
  readonly token?: unknown;
  readonly claims?: Members;
  readonly header?: Members;
}

/** A DPoP proof (RFC 9449 section 4.2) for a request, but for what a test changes. */
export async function proof(
  key: TestKey,
  htm: string,
  htu: string,
  { token, claims, header }: ProofOptions = {},
): Promise<string> {
  const { kid: _kid, use: _use, ...jwk } = key.jwk;
  const ath = typeof token === 'string' ? createHash('sha256').update(token).digest('base64url') : undefined;
  return signed(
    key,
    { htm, htu, iat: now(), jti: randomUUID(), ath, ...claims },
    { kid: undefined, typ: 'dpop+jwt', jwk, ...header },
  );
}

/** A client assertion (RFC 7523) for the issuer. */
export function assertion(
  key: TestKey,
  clientId: string,
  issuer: string,
  claims: Members = {},
  header: Members = {},
): Promise<string> {
  const usual = { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID() };
  return signed(key, { ...usual, iat: now(), exp: now() + 60, ...claims }, header);
}

/** What a request carries that proves itself by an assertion. */
export async function asserted(
  key: TestKey,
  clientId: string,
  issuer: string,
): Promise<Readonly<Record<string, string>>> {
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await assertion(key, clientId, issuer),
  };
}
