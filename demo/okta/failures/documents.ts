import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import type { Claims, Failure } from './types.js';

const metadataGroup = 'Discovery document';
const keysGroup = 'Keys';

/** A member of the metadata that says something else. */
const member = (name: string, title: string, detail: string, value: string): Failure => ({
  group: metadataGroup,
  title,
  detail,
  value: { label: name, default: value },
  effect: { kind: 'metadata', change: (document, facts) => void (document[name] = facts.value) },
});

const metadata = (title: string, detail: string, change: (document: Claims) => void): Failure => ({
  group: metadataGroup,
  title,
  detail,
  effect: { kind: 'metadata', change },
});

/**
 * The address that cloud machines keep their credentials at: what a server-side request forgery looks for.
 */
const INTERNAL = 'http://169.254.169.254/latest/meta-data/iam';

export const metadataFailures = {
  'discovery.wrong_issuer': member(
    'issuer',
    'Wrong issuer',
    'The document is that of another issuer.',
    'https://someone-else.okta.com',
  ),
  'discovery.foreign_token_endpoint': member(
    'token_endpoint',
    'Token endpoint elsewhere',
    'Codes and secrets would go to a foreign host.',
    'https://attacker.example/token',
  ),
  'discovery.internal_token_endpoint': member(
    'token_endpoint',
    'Token endpoint inside',
    'The token endpoint is an internal address.',
    INTERNAL,
  ),
  'discovery.foreign_jwks_uri': member(
    'jwks_uri',
    'Keys elsewhere',
    'Keys are to be fetched from a foreign host.',
    'https://attacker.example/keys',
  ),
  'discovery.internal_jwks_uri': member(
    'jwks_uri',
    'Keys inside',
    'Keys are at an internal address.',
    INTERNAL,
  ),
  'discovery.foreign_userinfo': member(
    'userinfo_endpoint',
    'Userinfo elsewhere',
    'Access tokens would go to a foreign host.',
    'https://attacker.example/userinfo',
  ),
  'discovery.foreign_authorize': member(
    'authorization_endpoint',
    'Sign-in page elsewhere',
    'People would be sent to a foreign host.',
    'https://attacker.example/authorize',
  ),
  'discovery.script_authorize': member(
    'authorization_endpoint',
    'Sign-in page is a script',
    'The authorization endpoint is no web address.',
    'javascript:alert(1)',
  ),
  'discovery.no_token_endpoint': metadata('No token endpoint', 'The member is missing.', (document) => {
    delete document['token_endpoint'];
  }),
  'discovery.no_jwks_uri': metadata('No jwks_uri', 'The member is missing.', (document) => {
    delete document['jwks_uri'];
  }),
  'discovery.only_alg_none': metadata(
    'Only unsigned tokens',
    '`id_token_signing_alg_values_supported` is `["none"]`.',
    (document) => {
      document['id_token_signing_alg_values_supported'] = ['none'];
    },
  ),
  'discovery.wrong_types': metadata(
    'Wrong types',
    'Addresses are numbers, lists are strings.',
    (document) => {
      document['token_endpoint'] = 42;
      document['scopes_supported'] = 'openid';
    },
  ),
  'discovery.claims_response_iss': metadata(
    'Promises iss in the response',
    'Says that authorization responses carry `iss`, and they do not.',
    (document) => {
      document['authorization_response_iss_parameter_supported'] = true;
    },
  ),
} as const satisfies Readonly<Record<string, Failure>>;

const keys = (title: string, detail: string, change: (keys: JWK[]) => JWK[]): Failure => ({
  group: keysGroup,
  title,
  detail,
  effect: { kind: 'jwks', change },
});

/** Looks like a key; nobody has its private half. */
function decoyKey(kid: string): JWK {
  return { kty: 'RSA', alg: 'RS256', kid, use: 'sig', e: 'AQAB', n: randomBytes(256).toString('base64url') };
}

function weakKey(kid: string | undefined): JWK {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const { n, e } = publicKey.export({ format: 'jwk' });
  if (n === undefined || e === undefined) throw new Error('an RSA key has a modulus');
  return { kty: 'RSA', n, e, alg: 'RS256', use: 'sig', ...(kid === undefined ? {} : { kid }) };
}

export const keyFailures = {
  'keys.empty': keys('No keys', 'The list is empty.', () => []),
  'keys.ten_thousand': keys('10,000 keys', 'The right ones, after 10,000 others.', (own) => [
    ...Array.from({ length: 10_000 }, (_, index) => decoyKey(`decoy-${index}`)),
    ...own,
  ]),
  'keys.duplicate_kid': keys('Duplicate kid', 'Another key comes first under the same kid.', (own) => [
    ...own.map(({ kid }) => decoyKey(kid ?? '')),
    ...own,
  ]),
  'keys.replaced': keys('Other keys', 'None of the listed keys signs anything.', () => [
    decoyKey('replaced'),
  ]),
  'keys.weak': keys('Weak keys', 'RSA keys of 1,024 bits under the same kids.', (own) =>
    own.map(({ kid }) => weakKey(kid)),
  ),
  'keys.no_kid': keys('Keys without kid', 'The right keys, but none has a name.', (own) =>
    own.map(({ kid: _kid, ...rest }) => rest),
  ),
  'keys.malformed': keys('Malformed keys', 'Members are missing or of the wrong type.', (own) => [
    { kty: 'RSA' },
    { kty: 'oct', k: 'c2VjcmV0' },
    ...own.map((key) => ({ ...key, n: 'not base64!' })),
  ]),
} as const satisfies Readonly<Record<string, Failure>>;
