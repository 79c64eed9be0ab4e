import {
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey as JoseKey,
  type JWK,
  type JWTPayload,
} from 'jose';

/** Algorithms that Causeway signs with. RS256 for who says nothing (OpenID Connect Core 15.1). */
export type SigningAlg = 'RS256' | 'ES256' | 'EdDSA';

/** A private key in JWK form with `kid`, `alg` and `use`. Never logged, never published. */
export type PrivateJwk = JWK & { readonly kid: string; readonly alg: SigningAlg; readonly use: 'sig' };

/** The public members of a key: all that a key set may show. */
export type PublicJwk = PrivateJwk & { readonly d?: never };

const PUBLIC_MEMBERS = ['kty', 'kid', 'alg', 'use', 'n', 'e', 'crv', 'x', 'y'] as const;

const OPTIONS: Readonly<Record<SigningAlg, object>> = {
  RS256: { modulusLength: 2048 },
  ES256: {},
  EdDSA: { crv: 'Ed25519' },
};

/** Makes a key pair: RSA of 2048 bits, P-256 or Ed25519. */
export async function createSigningKey(kid: string, alg: SigningAlg): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, ...OPTIONS[alg] });
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}

/** The public half, by an allow-list of members: what isn't named can't leak. */
export function publicJwk(key: PrivateJwk): PublicJwk {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the members are those of the type
  return Object.fromEntries(
    PUBLIC_MEMBERS.flatMap((member) => (key[member] === undefined ? [] : [[member, key[member]]])),
  ) as unknown as PublicJwk;
}

const imported = new WeakMap<PrivateJwk, Promise<JoseKey | Uint8Array>>();

/** Signs a JWT (RFC 7515, RFC 7519). `header.typ` tells what it is for. The key's import is cached by identity. */
export async function signJwt(
  key: PrivateJwk,
  header: { readonly typ: string },
  claims: JWTPayload,
): Promise<string> {
  let signer = imported.get(key);
  if (signer === undefined) {
    signer = importJWK(key, key.alg);
    imported.set(key, signer);
  }
  return new SignJWT(claims).setProtectedHeader({ ...header, alg: key.alg, kid: key.kid }).sign(await signer);
}
