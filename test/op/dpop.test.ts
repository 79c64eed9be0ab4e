import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { ADA, APP_SECRET } from '../support/acme.js';
import { claimsOf, post, type TokenAnswer } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { API, BoundTokens, told, type Form } from './support/bound-tokens.js';
import { basic, send, type Answer } from './support/http.js';
import { now, proof, testKey, type ProofOptions, type TestKey } from './support/keys.js';

let bound: BoundTokens;
let ledger: Ledger;
let key: TestKey;
let other: TestKey;

beforeAll(async () => {
  bound = await BoundTokens.start();
  ledger = await Ledger.open(bound.acme.causeway.databaseUrl);
  ({ key, other } = bound);
});
afterAll(async () => {
  await ledger.close();
  await bound.acme.stop();
});

const machine = { grant_type: 'client_credentials', resource: API };

describe('RFC 9449: tokens that are bound to a key', () => {
  test('come to who proves one, whoever it is, and say so', async () => {
    const body = await bound.tokensFor('app', { resource: API });
    expect(body['token_type']).toBe('DPoP');
    expect(claimsOf(body['access_token'])['cnf']).toEqual({ jkt: key.thumbprint });
    expect((await bound.ask('app', await bound.codeFor('app'), undefined)).body['token_type']).toBe('Bearer');
  });

  test.each(['a JWT', 'an opaque token'])('introspection tells the key of %s', async (kind) => {
    const { access_token: token } = await bound.tokensFor('app', kind === 'a JWT' ? { resource: API } : {});
    const { body } = await post(bound.the('app'), 'introspect', { token: String(token) });
    expect(body).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: key.thumbprint } });
  });

  test('of a machine', async () => {
    const { body } = await bound.ask('bot', machine, key);
    expect([body['token_type'], claimsOf(body['access_token'])['cnf']]).toEqual([
      'DPoP',
      { jkt: key.thumbprint },
    ]);
  });

  test('may be revoked by their application without a proof', async () => {
    const { access_token: token } = await bound.tokensFor('app', { resource: API });
    expect((await post(bound.the('app'), 'revoke', { token: String(token) })).status).toBe(200);
    const { body } = await post(bound.the('app'), 'introspect', { token: String(token) });
    expect(body).toEqual({ active: false });
  });

  test('are no SCIM client’s, since no key is proved there', async () => {
    const scim = `${bound.acme.app.issuer}/scim/v2`;
    const call = async (by: TestKey | undefined): Promise<Answer> => {
      const { body } = await bound.ask('bot', { ...machine, resource: scim }, by);
      const headers = { authorization: `Bearer ${String(body['access_token'])}` };
      return send(`${scim}/Users`, { headers });
    };
    expect([(await call(undefined)).status, (await call(key)).status]).toEqual([200, 401]);
  });
});

describe('an application that must have bound tokens', () => {
  test.each<[string, () => Promise<TokenAnswer>]>([
    ['a code', async () => bound.ask('bound', await bound.codeFor('bound'), undefined)],
    [
      'a refresh',
      async () => bound.refresh('bound', (await bound.tokensFor('bound'))['refresh_token'], undefined),
    ],
    ['its own credentials', () => bound.ask('bound-bot', machine, undefined)],
  ])('gets none for %s without a proof', async (_case, attempt) => {
    const answer = await attempt();
    expect([answer.status, answer.body['access_token']]).toEqual([400, undefined]);
  });

  test('gets them with one', async () => {
    const { refresh_token: token, token_type: type } = await bound.tokensFor('bound');
    expect(type).toBe('DPoP');
    expect((await bound.refresh('bound', token, key)).body['token_type']).toBe('DPoP');
    expect((await bound.ask('bound-bot', machine, key)).body['token_type']).toBe('DPoP');
  });
});

describe('a proof', () => {
  test.each<[string, ProofOptions | (() => ProofOptions)]>([
    ['another method', { claims: { htm: 'GET' } }],
    ['no method', { claims: { htm: undefined } }],
    ['another endpoint', () => ({ claims: { htu: bound.endpoint('userinfo') } })],
    ['another tenant', () => ({ claims: { htu: bound.endpoint('token').replace('acme', 'globex') } })],
    ['another host', { claims: { htu: 'http://evil.example/t/acme/oauth2/v1/token' } }],
    ['no address', { claims: { htu: undefined } }],
    ['no date', { claims: { iat: undefined } }],
    ['a date ahead', () => ({ claims: { iat: now() + 120 } })],
    ['an end that has passed', () => ({ claims: { exp: now() - 120 } })],
    ['no jti', { claims: { jti: undefined } }],
    ['a jti that is no text', { claims: { jti: 1 } }],
    ['another type', { header: { typ: 'JWT' } }],
    ['no type', { header: { typ: undefined } }],
    ['no key', { header: { jwk: undefined } }],
    ['another key than signed', () => ({ header: { jwk: other.jwk } })],
  ])('is refused with %s', async (_case, options) => {
    const answer = await bound.ask('bot', machine, key, typeof options === 'function' ? options() : options);
    expect(told(answer)).toEqual([400, 'invalid_dpop_proof']);
  });

  test('is refused unsigned, by a shared secret, with its private key, twice, or as garbage', async () => {
    const claims = { htm: 'POST', htu: bound.endpoint('token'), iat: now(), jti: 'x' };
    const secret = new TextEncoder().encode('s'.repeat(32));
    const typ = 'dpop+jwt';
    const shared = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ, jwk: { kty: 'oct' } });
    const leaking = { header: { jwk: await exportJWK(key.privateKey) } };
    const sound = await proof(key, 'POST', bound.endpoint('token'));
    const refused = [
      new UnsecuredJWT(claims).encode(),
      await shared.sign(secret),
      await proof(key, 'POST', bound.endpoint('token'), leaking),
      `${sound}, ${await proof(key, 'POST', bound.endpoint('token'))}`,
      'not.a.jwt',
      'x',
    ];
    for (const dpop of refused)
      expect(told(await post(bound.the('bot'), 'token', machine, { dpop }))).toEqual([
        400,
        'invalid_dpop_proof',
      ]);
  });

  test.each(['ES256', 'EdDSA', 'PS256', 'RS256'])('may be signed by %s', async (alg) => {
    const own = await testKey(alg);
    const { body } = await bound.ask('bot', machine, own);
    expect(claimsOf(body['access_token'])['cnf']).toEqual({ jkt: own.thumbprint });
  });

  test('names the issuer’s address, without query, whatever Host a request forges (invariant 8)', async () => {
    const own = await proof(key, 'POST', `${bound.endpoint('token')}?x=y#z`);
    expect(told(await post(bound.the('bot'), 'token', machine, { dpop: own }))).toEqual([200, undefined]);
    const forged = await send(bound.endpoint('token'), {
      form: machine,
      headers: {
        authorization: basic('bot', APP_SECRET),
        'x-forwarded-host': 'evil.example',
        dpop: await proof(key, 'POST', 'http://evil.example/t/acme/oauth2/v1/token'),
      },
    });
    expect([forged.status, forged.json['error']]).toEqual([400, 'invalid_dpop_proof']);
  });

  test('is used once, of 20 at the same time on two nodes', async () => {
    const dpop = await proof(key, 'POST', bound.endpoint('token'));
    const headers = { authorization: basic('bot', APP_SECRET), dpop };
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        send(bound.endpoint('token'), {
          form: machine,
          headers,
          ...(index % 2 === 0 ? {} : { through: bound.sibling.url }),
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
    expect(answers.filter(({ status }) => status === 400).length).toBe(19);
  });

  test('is remembered for as long as its date lets it be used', async () => {
    await ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'ReplayDetection'`);
    const iat = now() + 50;
    expect((await bound.ask('bot', machine, key, { claims: { iat } })).status).toBe(200);
    const [mark] = await ledger.rows<{ ends: number }>(
      `SELECT extract(epoch FROM expires_at)::int AS ends FROM oidc_artifacts WHERE kind = 'ReplayDetection'`,
    );
    expect(mark?.ends).toBeGreaterThanOrEqual(iat + 300);
  });
});

describe('nonces', () => {
  test('are offered, and good at every node', async () => {
    const nonce = (await bound.ask('bot', machine, key)).headers.get('dpop-nonce') ?? '';
    expect(nonce).not.toBe('');
    const dpop = await proof(key, 'POST', bound.endpoint('token'), { claims: { nonce, iat: 1 } });
    const answer = await send(bound.endpoint('token'), {
      form: machine,
      headers: { authorization: basic('bot', APP_SECRET), dpop },
      through: bound.sibling.url,
    });
    expect(answer.status).toBe(200);
  });

  test.each<[string, () => ProofOptions]>([
    ['a nonce that is not ours', () => ({ claims: { nonce: 'x'.repeat(43) } })],
    ['a date long past and none', () => ({ claims: { iat: now() - 400 } })],
  ])('are told who comes with %s', async (_case, options) => {
    const answer = await bound.ask('bot', machine, key, options());
    expect(told(answer)).toEqual([400, 'use_dpop_nonce']);
    expect(answer.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/);
  });

  test('can be read by a single-page application', async () => {
    const { headers } = await post(
      bound.the('spa'),
      'token',
      { grant_type: 'refresh_token', refresh_token: 'x' },
      { origin: 'https://app.example', dpop: await proof(key, 'POST', bound.endpoint('token')) },
    );
    expect(headers.get('access-control-expose-headers')).toContain('DPoP-Nonce');
  });
});

const call = (headers: Form): Promise<Answer> => send(bound.endpoint('userinfo'), { headers });

describe('userinfo with a bound token', () => {
  test('answers who proves the key', async () => {
    const { access_token: token } = await bound.tokensFor('app');
    const dpop = await proof(key, 'GET', bound.endpoint('userinfo'), { token });
    const { status, json } = await call({ authorization: `DPoP ${String(token)}`, dpop });
    expect([status, json['email']]).toEqual([200, ADA.username]);
  });

  test.each<[string, (token: unknown) => Promise<Form>]>([
    ['a bearer token', async (token) => ({ authorization: `Bearer ${String(token)}` })],
    [
      'a bearer token with a proof',
      async (token) => ({
        authorization: `Bearer ${String(token)}`,
        dpop: await proof(key, 'GET', bound.endpoint('userinfo'), { token }),
      }),
    ],
    ['no proof', async (token) => ({ authorization: `DPoP ${String(token)}` })],
    [
      'another key’s proof',
      async (token) => ({
        authorization: `DPoP ${String(token)}`,
        dpop: await proof(other, 'GET', bound.endpoint('userinfo'), { token }),
      }),
    ],
    [
      'a proof without ath',
      async (token) => ({
        authorization: `DPoP ${String(token)}`,
        dpop: await proof(key, 'GET', bound.endpoint('userinfo')),
      }),
    ],
    [
      'a proof for another token',
      async (token) => ({
        authorization: `DPoP ${String(token)}`,
        dpop: await proof(key, 'GET', bound.endpoint('userinfo'), { token: 'another' }),
      }),
    ],
    [
      'a proof for the token endpoint',
      async (token) => ({
        authorization: `DPoP ${String(token)}`,
        dpop: await proof(key, 'POST', bound.endpoint('token'), { token }),
      }),
    ],
  ])('refuses %s', async (_case, headersFor) => {
    const { access_token: token } = await bound.tokensFor('app');
    const { status, json, headers } = await call(await headersFor(token));
    expect([400, 401]).toContain(status);
    expect(json['sub']).toBeUndefined();
    expect(headers['www-authenticate']).toMatch(/DPoP/);
  });

  test('refuses a token of nobody’s key with a proof, and a proof that was used', async () => {
    const { access_token: unbound } = (await bound.ask('app', await bound.codeFor('app'), undefined)).body;
    const stray = await proof(key, 'GET', bound.endpoint('userinfo'), { token: unbound });
    expect((await call({ authorization: `DPoP ${String(unbound)}`, dpop: stray })).status).toBe(401);
    const { access_token: token } = await bound.tokensFor('app');
    const dpop = await proof(key, 'GET', bound.endpoint('userinfo'), { token });
    const headers = { authorization: `DPoP ${String(token)}`, dpop };
    expect([(await call(headers)).status, (await call(headers)).status]).toEqual([200, 401]);
  });
});
