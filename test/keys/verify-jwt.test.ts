import { createHmac, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createSigningKey, publicJwk, signJwt, type PrivateJwk } from '../../src/keys/signing-keys.js';
import { verifyJwt, type JwtPurpose, type VerifyJwtOptions } from '../../src/keys/verify-jwt.js';

const NOW = new Date('2026-11-22T10:00:00Z');
const now = NOW.getTime() / 1000;
const ISSUER = 'https://acme.okta.com';
const claims = { iss: ISSUER, aud: 'client', sub: 'ada', iat: now, exp: now + 300 };
let rsa: PrivateJwk;
let ec: PrivateJwk;
let options: VerifyJwtOptions;

beforeAll(async () => {
  rsa = await createSigningKey('rsa', 'RS256');
  ec = await createSigningKey('ec', 'ES256');
  options = {
    purpose: 'upstream_id_token',
    keys: [publicJwk(rsa), publicJwk(ec)],
    algorithms: ['RS256'],
    issuer: ISSUER,
    audience: 'client',
    now: NOW,
    clockToleranceSeconds: 60,
  };
});

const sign = (key: PrivateJwk, change: object = {}, typ = 'JWT') =>
  signJwt(key, { typ }, { ...claims, ...change });
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('verifyJwt', () => {
  test('takes a good token', async () => {
    await expect(verifyJwt(await sign(rsa), options)).resolves.toMatchObject({ claims: { sub: 'ada' } });
  });

  test.each([
    ['A-26 an issuer with a slash at its end', { iss: `${ISSUER}/` }, 'wrong_issuer'],
    ['A-26 an issuer in capitals', { iss: 'https://ACME.okta.com' }, 'wrong_issuer'],
    ['A-25 another audience', { aud: 'other' }, 'wrong_audience'],
    ['A-25 an audience among others', { aud: ['client', 'other'] }, 'wrong_audience'],
    ['A-31 a token that expired more than a minute ago', { exp: now - 61 }, 'expired'],
    ['A-31 a token that is not valid yet', { nbf: now + 61 }, 'not_yet_valid'],
    ['a token without an end', { exp: undefined }, 'malformed'],
    ['a token without a time', { iat: undefined }, 'malformed'],
  ])('refuses %s', async (_what, change, code) => {
    await expect(verifyJwt(await sign(rsa, change), options)).rejects.toMatchObject({ code });
  });

  test('A-27 refuses algorithms that are not pinned: none, HMAC with the public key, another key type', async () => {
    const none = `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
    await expect(verifyJwt(none, options)).rejects.toMatchObject({ code: 'algorithm_refused' });
    const input = `${encode({ alg: 'HS256', typ: 'JWT', kid: 'rsa' })}.${encode(claims)}`;
    const mac = createHmac('sha256', JSON.stringify(publicJwk(rsa)))
      .update(input)
      .digest('base64url');
    await expect(verifyJwt(`${input}.${mac}`, options)).rejects.toMatchObject({ code: 'algorithm_refused' });
    await expect(verifyJwt(await sign(ec), options)).rejects.toMatchObject({ code: 'algorithm_refused' });
  });

  test('A-28 a kid only looks up: unknown, a path, a megabyte, or absent among many keys', async () => {
    for (const kid of ['other', '../../etc/passwd', 'k'.repeat(40_000)])
      await expect(verifyJwt(await sign({ ...rsa, kid }), options)).rejects.toMatchObject({
        code: 'unknown_key',
      });
    const second = publicJwk(await createSigningKey('rsa2', 'RS256'));
    const [, payload, signature] = (await sign(rsa)).split('.');
    const header = encode({ alg: 'RS256', typ: 'JWT' });
    const anonymous = `${header}.${payload}.${signature}`;
    await expect(verifyJwt(anonymous, { ...options, keys: [publicJwk(rsa), second] })).rejects.toMatchObject({
      code: 'unknown_key',
    });
  });

  test('A-28 keys that the header brings are never used', async () => {
    const own = await createSigningKey('rsa', 'RS256');
    const token = await signJwt(
      own,
      { typ: 'JWT', jwk: publicJwk(own), jku: 'https://evil.example/keys' } as never,
      claims,
    );
    await expect(verifyJwt(token, options)).rejects.toMatchObject({ code: 'bad_signature' });
  });

  test('of two keys with one id the right one is found', async () => {
    const twin = { ...publicJwk(await createSigningKey('x', 'RS256')), kid: 'rsa' };
    await expect(
      verifyJwt(await sign(rsa), { ...options, keys: [twin, publicJwk(rsa)] }),
    ).resolves.toBeDefined();
  });

  test('A-47 a small RSA key is no key', async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const weak = { ...publicKey.export({ format: 'jwk' }), kid: 'rsa', kty: 'RSA' };
    await expect(verifyJwt(await sign(rsa), { ...options, keys: [weak] })).rejects.toMatchObject({
      code: 'unknown_key',
    });
  });

  test.each<[JwtPurpose, string, boolean]>([
    ['upstream_id_token', 'JWT', true],
    ['upstream_id_token', 'at+jwt', false],
    ['upstream_id_token', 'logout+jwt', false],
    ['upstream_id_token', 'secevent+jwt', false],
    ['upstream_logout_token', 'logout+jwt', true],
    ['upstream_logout_token', 'JWT', true],
    ['upstream_logout_token', 'at+jwt', false],
    ['upstream_logout_token', 'secevent+jwt', false],
    ['access_token', 'at+jwt', true],
    ['access_token', 'logout+jwt', false],
    ['access_token', 'JWT', false],
    ['audit_checkpoint', 'causeway-checkpoint+jwt', true],
    ['audit_checkpoint', 'at+jwt', false],
  ])('A-30 as %s a token of type %s passes: %s', async (purpose, typ, passes) => {
    const verified = verifyJwt(await sign(rsa, {}, typ), { ...options, purpose });
    await (passes
      ? expect(verified).resolves.toBeDefined()
      : expect(verified).rejects.toMatchObject({ code: 'wrong_type' }));
  });

  test('says of an encrypted token what it is, and of nonsense that it is none', async () => {
    await expect(verifyJwt('a.b.c.d.e', options)).rejects.toMatchObject({ code: 'encrypted' });
    for (const text of ['', 'a', 'a.b', 'a.b.c', '..', 'x'.repeat(300_000)])
      await expect(verifyJwt(text, options)).rejects.toMatchObject({ code: 'malformed' });
  });
});

test('A-66 a published key has public members only', async () => {
  for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
    const published = publicJwk(await createSigningKey('k', alg));
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(published).not.toHaveProperty(member);
    expect(published).toMatchObject({ kid: 'k', alg, use: 'sig' });
  }
});
