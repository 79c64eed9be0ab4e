import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { CompactEncrypt, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { Claims, Failure, SigningTools } from './types.js';

const group = 'ID token: signature and form';

const form = (
  title: string,
  detail: string,
  write: (claims: Claims, tools: SigningTools) => Promise<string>,
): Failure => ({ group, title, detail, effect: { kind: 'form', write } });

/** Signs as Okta does, unless told otherwise. */
function sign(
  claims: Claims,
  key: KeyObject | Uint8Array | webcrypto.CryptoKey,
  header: Readonly<Record<string, unknown>>,
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', ...header }).sign(key);
}

/** Turns one bit of the signature over. */
function spoilSignature(jwt: string): string {
  const dot = jwt.lastIndexOf('.');
  const bytes = Buffer.from(jwt.slice(dot + 1), 'base64url');
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  return `${jwt.slice(0, dot)}.${bytes.toString('base64url')}`;
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

/** ID tokens that say the right thing and are signed, encrypted or written wrongly. */
export const formFailures = {
  'id_token.bad_signature': form(
    'Wrong signature',
    'One bit of the signature is turned over.',
    async (claims, { key }) => spoilSignature(await sign(claims, key.privateKey, { kid: key.kid })),
  ),
  'id_token.foreign_key': form(
    'Signed by another key',
    'The header names the current key, another one signed.',
    (claims, { key, forger }) => sign(claims, forger, { kid: key.kid }),
  ),
  'id_token.unknown_kid': form(
    'Unknown key',
    'Signed by a key that no JWKS lists, under a kid that nobody knows.',
    (claims, { forger }) => sign(claims, forger, { kid: 'a-key-that-was-never-published' }),
  ),
  'id_token.no_kid': form('No kid', 'Signed well, but the header names no key.', (claims, { key }) =>
    sign(claims, key.privateKey, {}),
  ),
  'id_token.kid_is_a_path': form(
    'kid is a path',
    'The kid is a file path with SQL in it; another key signed.',
    (claims, { forger }) => sign(claims, forger, { kid: "../../../../dev/null' OR '1'='1" }),
  ),
  'id_token.huge_kid': form('Huge kid', 'A kid of 100,000 characters.', (claims, { forger }) =>
    sign(claims, forger, { kid: 'k'.repeat(100_000) }),
  ),
  'id_token.embedded_key': form(
    'Key in the header',
    'Signed by the key that the header brings along (`jwk`, `jku`).',
    async (claims, { key, forger }) =>
      sign(claims, forger, {
        kid: key.kid,
        jku: 'https://attacker.example/keys',
        jwk: await exportJWK(createPublicKey(forger)),
      }),
  ),
  'id_token.alg_none': form('alg none', 'Not signed at all.', async (claims) =>
    new UnsecuredJWT(claims).encode(),
  ),
  'id_token.alg_hs256': form(
    'HS256 with the public key',
    'The public RSA key, taken as a shared secret.',
    (claims, { key }) =>
      sign(claims, new TextEncoder().encode(publicPem(key.privateKey)), { alg: 'HS256', kid: key.kid }),
  ),
  'id_token.alg_hs256_secret': form(
    'HS256 with the client secret',
    'Signed with the secret that the client shares with Okta.',
    (claims, { key, clientSecret }) =>
      sign(claims, new TextEncoder().encode(clientSecret ?? 'no-secret-so-anything-will-do-here'), {
        alg: 'HS256',
        kid: key.kid,
      }),
  ),
  'id_token.alg_es256': form(
    'ES256 under an RSA kid',
    'An elliptic curve key signed, the kid is that of the RSA key.',
    async (claims, { key }) => {
      const { privateKey } = await generateKeyPair('ES256');
      return sign(claims, privateKey, { alg: 'ES256', kid: key.kid });
    },
  ),
  'id_token.alg_rs512': form('RS512', 'Signed well by the current key, but with RS512.', (claims, { key }) =>
    sign(claims, key.privateKey, { alg: 'RS512', kid: key.kid }),
  ),
  'id_token.access_token_type': form(
    'Typed as an access token',
    'Signed well, but the header says `at+jwt`.',
    (claims, { key }) => sign(claims, key.privateKey, { kid: key.kid, typ: 'at+jwt' }),
  ),
  'id_token.logout_token_type': form(
    'Typed as a logout token',
    'Signed well, but the header says `logout+jwt` and the claims hold a logout event.',
    (claims, { key }) =>
      sign(
        { ...claims, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
        key.privateKey,
        { kid: key.kid, typ: 'logout+jwt' },
      ),
  ),
  'id_token.encrypted': form(
    'Encrypted',
    'A JWE in five parts, as with ID token encryption.',
    async (claims, tools) =>
      new CompactEncrypt(
        new TextEncoder().encode(await sign(claims, tools.key.privateKey, { kid: tools.key.kid })),
      )
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', cty: 'JWT' })
        .encrypt(createPublicKey(tools.forger)),
  ),
  'id_token.garbage': form('Not a JWT', 'Three words with dots between them.', async () => 'this.is.nothing'),
} as const satisfies Readonly<Record<string, Failure>>;
