import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { plainText } from '../../src/core/text.js';
import { HostileProvider, atHash, makeKey, sendJson } from '../support/hostile-provider.js';
import type { Json } from '../support/hostile-provider.js';
import { aKit, aParty, closeKits, refusal, signIn } from './kit.js';
import type { Kit } from './kit.js';

const key = makeKey('kid-1');
const other = makeKey('kid-2');
const ellipticKey = makeKey('kid-ec', 'ES256');
let provider: HostileProvider;
let kit: Kit;

beforeAll(async () => {
  provider = await HostileProvider.start(key);
});
afterAll(async () => {
  await closeKits();
  await provider.close();
});
beforeEach(() => {
  Object.assign(provider, {
    claims: {},
    header: {},
    tokenAnswer: {},
    metadata: {},
    clockAhead: 0,
    signer: key,
  });
  provider.published = [key.publicJwk];
  provider.behaviours.clear();
  kit = aKit();
});

const part = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT with a raw header and signature, such as no honest library makes. */
const forged = (header: Json, claims: Json, signature: string | ((input: string) => string)): string => {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${typeof signature === 'string' ? signature : signature(input)}`;
};
const sendToken = (idToken: string): void => {
  provider.tokenAnswer = { id_token: idToken };
};
const demanding = (acrValues: string[]) => aParty(provider, { settings: { acrValues } });
const publicPem = (): string => JSON.stringify(key.publicJwk);

test('an honest ID Token becomes an identity', async () => {
  provider.claims = {
    sid: 'session-1',
    idp: '00o1',
    acr: 'urn:okta:loa:1fa:any',
    session_expiry: 4_000_000_000,
  };
  const { identity, notes } = await signIn(kit, aParty(provider));
  expect(identity).toMatchObject({
    issuer: provider.issuer,
    subject: '00u1subject',
    joinValue: '00u1subject',
    groups: [{ id: undefined, name: 'Engineering' }],
    acr: 'urn:okta:loa:1fa:any',
    amr: ['pwd'],
    sessionReference: 'session-1',
    idp: '00o1',
    sessionExpiry: 4_000_000_000,
  });
  expect(identity.profile).toMatchObject({
    userName: 'ann@acme.example',
    name: 'Ann Other',
    emailVerified: true,
  });
  expect(identity.idToken.split('.')).toHaveLength(3);
  expect(notes).toEqual([]);
});

describe('claims', () => {
  test.each<[name: string, claims: () => Json, reason: string]>([
    ['A-24 nonce missing', () => ({ nonce: undefined }), 'nonce_mismatch'],
    ['A-24 nonce of another sign-in', () => ({ nonce: 'nonce-2' }), 'nonce_mismatch'],
    ['A-24 nonce empty', () => ({ nonce: '' }), 'nonce_mismatch'],
    ['A-25 audience of another client', () => ({ aud: '0oaother' }), 'token_invalid'],
    ['A-25 a second audience', () => ({ aud: [provider.clientId, '0oaother'] }), 'token_invalid'],
    [
      'A-25 a second audience with our azp',
      () => ({ aud: [provider.clientId, 'x'], azp: provider.clientId }),
      'token_invalid',
    ],
    ['A-25 azp of another client', () => ({ azp: '0oaother' }), 'token_invalid'],
    ['A-26 issuer with a slash', () => ({ iss: `${provider.issuer}/` }), 'wrong_authorization_server'],
    [
      'A-26 issuer of another scheme',
      () => ({ iss: provider.issuer.replace('http:', 'https:') }),
      'issuer_mismatch',
    ],
    ['A-26 issuer in capitals', () => ({ iss: provider.issuer.toUpperCase() }), 'wrong_authorization_server'],
    [
      'A-26 another server of the org',
      () => ({ iss: `${provider.issuer}/oauth2/default` }),
      'wrong_authorization_server',
    ],
    ['A-26 another org', () => ({ iss: 'https://globex.okta.com' }), 'issuer_mismatch'],
    ['A-07 subject missing', () => ({ sub: undefined }), 'token_invalid'],
    ['A-07 subject empty', () => ({ sub: '' }), 'token_invalid'],
    ['A-07 subject of 256 characters', () => ({ sub: 'x'.repeat(256) }), 'token_invalid'],
    ['A-07 subject with a NUL', () => ({ sub: '00u\u0000' }), 'token_invalid'],
    ['A-07 subject is a number', () => ({ sub: 1 }), 'token_invalid'],
    ['A-31 expired 61 s ago', () => ({ exp: provider.nowSeconds() - 61 }), 'token_invalid'],
    ['A-31 not valid for 65 s yet', () => ({ nbf: provider.nowSeconds() + 65 }), 'token_invalid'],
    ['A-31 issued 65 s ahead', () => ({ iat: provider.nowSeconds() + 65 }), 'token_invalid'],
    ['A-31 issued 10 minutes ago', () => ({ iat: provider.nowSeconds() - 605 }), 'token_invalid'],
    ['A-31 good for ten years', () => ({ exp: provider.nowSeconds() + 315_360_000 }), 'token_invalid'],
    ['A-31 without exp', () => ({ exp: undefined }), 'token_invalid'],
    ['A-31 without iat', () => ({ iat: undefined }), 'token_invalid'],
    ['at_hash of another access token', () => ({ at_hash: atHash('another') }), 'token_invalid'],
    ['at_hash is no string', () => ({ at_hash: 1 }), 'token_invalid'],
    ['sign-in in the future', () => ({ auth_time: provider.nowSeconds() + 90 }), 'token_invalid'],
  ])('%s: refused', async (_name, claims, reason) => {
    provider.claims = claims();
    const error = await refusal(signIn(kit, aParty(provider)));
    expect([error.reason, error.step]).toEqual([reason, 'id_token']);
  });

  test.each<[name: string, claims: () => Json]>([
    ['F-13 issued 55 s ahead', () => ({ iat: provider.nowSeconds() + 55 })],
    ['F-13 expired 55 s ago', () => ({ exp: provider.nowSeconds() - 55 })],
    ['aud as a list of one', () => ({ aud: [provider.clientId] })],
    ['our azp', () => ({ azp: provider.clientId })],
    ['the right at_hash', () => ({ at_hash: atHash(provider.accessToken) })],
    ['a subject of 255 characters', () => ({ sub: '\u00e9'.repeat(255) })],
  ])('%s: accepted', async (_name, claims) => {
    provider.claims = claims();
    const party = aParty(provider, { settings: { scopes: ['openid'], groupsFrom: ['id_token'] } });
    await expect(signIn(kit, party)).resolves.toBeDefined();
  });

  test('an issuer mismatch names the issuer to adopt', async () => {
    provider.claims = { iss: 'https://login.acme.example' };
    const error = await refusal(signIn(kit, aParty(provider)));
    expect(error.facts).toEqual({ issuer: 'https://login.acme.example' });
  });
});

describe('A-27 A-28 signatures and keys', () => {
  test('alg none', async () => {
    sendToken(forged({ alg: 'none' }, provider.honestClaims(), ''));
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('token_invalid');
  });

  test('HS256 with the public key as the secret', async () => {
    sendToken(
      forged({ alg: 'HS256', kid: key.kid }, provider.honestClaims(), (input) =>
        createHmac('sha256', publicPem()).update(input).digest('base64url'),
      ),
    );
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('token_invalid');
  });

  test('no signature', async () => {
    const [header, payload] = (await provider.idToken()).split('.');
    sendToken(`${header}.${payload}.`);
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('token_invalid');
  });

  test('signed by another key under a published kid', async () => {
    sendToken(await provider.sign(provider.honestClaims(), { key: { ...other, kid: key.kid } }));
    expect((await refusal(signIn(kit, aParty(provider)))).message).toMatch(/signature/);
  });

  test('claims exchanged after signing', async () => {
    const [header, , signature] = (await provider.idToken()).split('.');
    const payload = Buffer.from(JSON.stringify({ ...provider.honestClaims(), sub: '00u1admin' })).toString(
      'base64url',
    );
    sendToken(`${header}.${payload}.${signature}`);
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('token_invalid');
  });

  test('an algorithm that Okta never uses', async () => {
    provider.published = [ellipticKey.publicJwk];
    provider.metadata = { id_token_signing_alg_values_supported: ['RS256', 'ES256'] };
    sendToken(await provider.sign(provider.honestClaims(), { key: ellipticKey }));
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('token_invalid');
    await expect(signIn(aKit(), aParty(provider, { type: 'oidc' }))).resolves.toBeDefined();
  });

  test('the key in the header is not the key', async () => {
    const header = {
      jwk: other.publicJwk,
      kid: 'kid-of-mine',
      jku: `${provider.origin}/evil-keys`,
      x5u: `${provider.origin}/x5u`,
    };
    sendToken(await provider.sign(provider.honestClaims(), { key: other, header }));
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('key_unknown');
    expect(provider.count('/evil-keys') + provider.count('/x5u')).toBe(0);
  });

  test.each([
    '../../etc/passwd',
    "' or 1=1 --",
    'https://evil.example/keys',
    '__proto__',
    'k'.repeat(40_000),
  ])('a kid is only looked up (%#)', async (kid) => {
    sendToken(await provider.sign(provider.honestClaims(), { key: other, header: { kid } }));
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('key_unknown');
  });

  test('no kid while several keys are published', async () => {
    provider.published = [key.publicJwk, other.publicJwk];
    sendToken(await provider.sign(provider.honestClaims(), { header: { kid: undefined } }));
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('key_unknown');
  });

  test.each(['at+jwt', 'logout+jwt', 'secevent+jwt', 'oauth-id-jag+jwt'])(
    'A-30 a token of type %s',
    async (typ) => {
      sendToken(await provider.sign(provider.honestClaims(), { header: { typ } }));
      expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('token_invalid');
    },
  );

  test.each([512, 1024, 2040])('an RSA key of %d bits is none', async (bits) => {
    const weak = makeKey('kid-weak', 'RS256', bits);
    provider.published = [weak.publicJwk];
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('keys_missing');
    provider.published = [{ ...weak.publicJwk, kid: key.kid }, key.publicJwk];
    await expect(signIn(aKit(), aParty(provider))).resolves.toBeDefined();
  });

  test.each(['typ', 'alg', 'kid'])('A-35 a %s full of text is told in one short line', async (member) => {
    sendToken(
      forged(
        { alg: 'RS256', [member]: `x\r\n\u001b[2J<b>${'y'.repeat(20_000)}` },
        provider.honestClaims(),
        'AAAA',
      ),
    );
    const { message } = await refusal(signIn(kit, aParty(provider)));
    expect(message).toBe(plainText(message, 400));
  });

  test('an encrypted ID Token is named as that', async () => {
    sendToken('eyJhbGciOiJSU0EtT0FFUCJ9.AAAA.BBBB.CCCC.DDDD');
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('encrypted_id_token');
  });

  test('a 200 without an ID Token', async () => {
    provider.tokenAnswer = { id_token: undefined };
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('response_invalid');
  });

  test('a token type that we never asked for', async () => {
    provider.tokenAnswer = { token_type: 'DPoP-or-so' };
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('response_invalid');
  });
});

describe('A-32 A-33 how and when', () => {
  test('A-32 a password alone where the connection demands two factors', async () => {
    provider.claims = { acr: 'urn:okta:loa:1fa:any', amr: ['pwd'] };
    const error = await refusal(signIn(kit, demanding(['urn:okta:loa:2fa:any'])));
    expect([error.reason, error.oauthError]).toEqual([
      'assurance_unmet',
      'unmet_authentication_requirements',
    ]);
    expect(error.message).toContain('amr pwd');
  });

  test('A-32 the application’s demand counts besides the connection’s', async () => {
    provider.claims = { acr: 'urn:okta:loa:2fa:any', amr: ['pwd', 'otp', 'mfa'] };
    const error = await refusal(
      signIn(kit, demanding(['urn:okta:loa:2fa:any']), { expected: { acrValues: ['phr'] } }),
    );
    expect(error.reason).toBe('assurance_unmet');
  });

  test('the class asked for, or its proof by amr', async () => {
    provider.claims = { acr: undefined, amr: ['pwd', 'mfa', 'otp'] };
    await expect(signIn(kit, demanding(['urn:okta:loa:2fa:any']))).resolves.toBeDefined();
    provider.claims = { acr: 'phrh', amr: ['hwk'] };
    await expect(signIn(kit, demanding(['phr']))).resolves.toBeDefined();
  });

  test('A-33 an old sign-in where a new one was asked', async () => {
    provider.claims = { auth_time: provider.nowSeconds() - 400 };
    const error = await refusal(signIn(kit, aParty(provider), { expected: { maxAgeSeconds: 300 } }));
    expect([error.reason, error.oauthError, error.mayRetry]).toEqual([
      'auth_too_old',
      'login_required',
      true,
    ]);
  });

  test('A-33 no auth_time where an age was asked', async () => {
    provider.claims = { auth_time: undefined };
    expect((await refusal(signIn(kit, aParty(provider), { expected: { maxAgeSeconds: 300 } }))).reason).toBe(
      'auth_too_old',
    );
  });

  test('a minute of grace', async () => {
    provider.claims = { auth_time: provider.nowSeconds() - 355 };
    await expect(signIn(kit, aParty(provider), { expected: { maxAgeSeconds: 300 } })).resolves.toBeDefined();
  });
});

describe('F-13 clocks', () => {
  test.each([300, -4_000])(
    'a provider whose clock is off by %d s is named, with the difference',
    async (seconds) => {
      provider.clockAhead = seconds;
      const error = await refusal(signIn(kit, aParty(provider)));
      expect(error.reason).toBe('clock_skew');
      expect(Math.abs(Number(error.facts.seconds) - seconds)).toBeLessThan(3);
    },
  );

  test('our own clock, 50 s off either way, is no trouble', async () => {
    kit.clock.offsetSeconds = 50;
    await expect(signIn(kit, aParty(provider))).resolves.toBeDefined();
    kit.clock.offsetSeconds = -50;
    await expect(signIn(kit, aParty(provider))).resolves.toBeDefined();
  });

  test('the same fault with equal clocks is the token’s', async () => {
    provider.claims = { iat: provider.nowSeconds() + 300 };
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('token_invalid');
  });
});

test('no error tells a token, a code, a secret or a claim', async () => {
  const party = aParty(provider);
  provider.claims = { nonce: 'canary-nonce', email: 'canary@acme.example' };
  const errors = [await refusal(signIn(kit, party))];
  provider.on('/token', (request, response) => {
    const sent = new URLSearchParams(request.body);
    sendJson(response, 400, {
      error: 'invalid_grant',
      error_description: `You sent ${sent.get('client_secret')} and ${sent.get('code')} <script>alert(1)</script> \u001b[31m ${'x'.repeat(900)}`,
    });
  });
  errors.push(await refusal(signIn(kit, party)));
  for (const error of errors) {
    const told = JSON.stringify([error.message, error.details, error.stack, String(error.cause)]);
    expect(told).not.toMatch(/canary|a-good-client-secret|code-of|eyJ|\\u001b/);
    expect(error.message.length).toBeLessThan(420);
  }
});
