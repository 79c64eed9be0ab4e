import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  redeem,
  refresh,
  walk,
  type TestApplication,
  type TokenAnswer,
} from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { send } from './support/http.js';

const ORDERS = 'https://orders.acme.example';
const BILLING = 'https://billing.acme.example/v2';
const OKTA = 'api://okta-style';
const OPAQUE = 'https://opaque.acme.example';
const PLAIN = 'warehouse';
const OKTA_OPAQUE = 'api://okta-opaque';

const SCOPES = [{ name: 'read', default: true }, { name: 'write' }, { name: 'admin' }];
const APIS: DesiredTenant['apis'] = [
  { identifier: ORDERS, scopes: SCOPES },
  { identifier: BILLING, scopes: [{ name: 'invoices' }], accessTokenSeconds: 60 },
  { identifier: OKTA, scopes: [{ name: 'read' }], profile: 'okta' },
  { identifier: OPAQUE, scopes: SCOPES, tokenFormat: 'opaque', accessTokenSeconds: 120 },
  { identifier: PLAIN, scopes: SCOPES },
  { identifier: OKTA_OPAQUE, scopes: [{ name: 'read' }], profile: 'okta', tokenFormat: 'opaque' },
];
const everyGrant = ['authorization_code', 'refresh_token', 'client_credentials'] as const;
const POLICIES: DesiredTenant['accessPolicies'] = [
  { api: ORDERS, clients: 'all', grants: [...everyGrant], scopes: ['read', 'write'] },
  { api: ORDERS, clients: ['bot'], grants: ['client_credentials'], scopes: ['admin'] },
  { api: BILLING, clients: ['store'], grants: ['authorization_code'], scopes: ['invoices'] },
  { api: OKTA, clients: 'all', grants: [...everyGrant], scopes: ['read'] },
  { api: OPAQUE, clients: 'all', grants: [...everyGrant], scopes: ['read', 'write'] },
  { api: PLAIN, clients: 'all', grants: [...everyGrant], scopes: ['read'] },
  { api: OKTA_OPAQUE, clients: 'all', grants: [...everyGrant], scopes: ['read'] },
];
const ALL = [ORDERS, BILLING, OKTA, OPAQUE, PLAIN, OKTA_OPAQUE];

let acme: Acme;
let store: TestApplication;
let bot: TestApplication;
const browser = new HttpBrowser();

const configure = (apis: DesiredTenant['apis']): Promise<unknown> =>
  acme.causeway.apply([
    {
      slug: 'acme',
      apis: apis ?? [],
      accessPolicies: POLICIES ?? [],
      applications: [
        {
          clientId: 'store',
          type: 'web',
          clientSecret: APP_SECRET,
          redirectUris: ['https://app.example/cb'],
          apis: ALL,
        },
        {
          clientId: 'plain',
          type: 'web',
          clientSecret: APP_SECRET,
          redirectUris: ['https://app.example/cb'],
          apis: [],
        },
        { clientId: 'bot', type: 'service', clientSecret: APP_SECRET, apis: ALL },
      ],
    },
  ]);

beforeAll(async () => {
  acme = await startAcme();
  const { issuer } = acme.app;
  store = { issuer, clientId: 'store', clientSecret: APP_SECRET, redirectUri: 'https://app.example/cb' };
  bot = { ...store, clientId: 'bot' };
  await configure(APIS);
  await walk(browser, store, authorizationRequest(store).url, ADA);
});
afterAll(() => acme.stop());

type Params = Readonly<Record<string, string | undefined>>;

/** An authorization by Ada's session, redeemed. */
async function tokens(
  params: Params,
  atToken: Readonly<Record<string, string>> = {},
  application = store,
): Promise<TokenAnswer> {
  const request = authorizationRequest(application, params);
  const { end } = await walk(browser, application, request.url, undefined);
  const code = end?.searchParams.get('code');
  if (code === null || code === undefined)
    return { status: 0, body: Object.fromEntries(end?.searchParams ?? []), headers: new Headers() };
  return Object.keys(atToken).length === 0
    ? redeem(application, code, request.verifier)
    : post(application, 'token', {
        grant_type: 'authorization_code',
        code,
        redirect_uri: application.redirectUri,
        code_verifier: request.verifier,
        ...atToken,
      });
}

const machine = (form: Readonly<Record<string, string>>): Promise<TokenAnswer> =>
  post(bot, 'token', { grant_type: 'client_credentials', ...form });

describe('an access token for an API', () => {
  test('is a JWT as RFC 9068 has it, signed by a published key', async () => {
    const answer = await tokens({ resource: ORDERS, scope: 'openid offline_access read write' });
    const { json } = await send(`${store.issuer}/oauth2/v1/keys`);
    const keys = createLocalJWKSet(json as unknown as JSONWebKeySet);
    const { payload, protectedHeader } = await jwtVerify(String(answer.body['access_token']), keys, {
      issuer: store.issuer,
      audience: ORDERS,
    });
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: expect.any(String) });
    expect(payload).toEqual({
      iss: store.issuer,
      aud: ORDERS,
      sub: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client_id: 'store',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 300,
      scope: 'read write',
      tenant: 'acme',
      idp: 'okta',
      roles: ['admin'],
      amr: ['pwd'],
      auth_time: expect.any(Number),
      sid: expect.any(String),
    });
    expect(answer.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'openid offline_access read write',
    });
  });

  test('carries Okta’s claims where the API asks for them, beside the others', async () => {
    const { body } = await tokens({ resource: OKTA, scope: 'openid read' });
    const claims = claimsOf(body['access_token']);
    expect(claims).toMatchObject({
      ver: 1,
      cid: 'store',
      uid: claims['sub'],
      scp: ['openid', 'read'],
      client_id: 'store',
      scope: 'read',
    });
    expect(claimsOf((await tokens({ resource: ORDERS })).body['access_token'])).not.toHaveProperty('ver');
  });

  test('is opaque where the API wants that, and says the same when it is introspected', async () => {
    const { body } = await tokens({ resource: OPAQUE, scope: 'openid read' });
    expect(body['access_token']).toMatch(/^[\w-]{43}$/);
    expect(body['expires_in']).toBe(120);
    const { body: said } = await post(store, 'introspect', { token: String(body['access_token']) });
    expect(said).toMatchObject({
      active: true,
      aud: OPAQUE,
      scope: 'read',
      client_id: 'store',
      tenant: 'acme',
      roles: ['admin'],
    });
  });

  test('lives as long as the API says', async () => {
    const { body } = await tokens({ resource: BILLING, scope: 'openid invoices' });
    const { iat, exp } = claimsOf(body['access_token']);
    expect([body['expires_in'], Number(exp) - Number(iat)]).toEqual([60, 60]);
  });

  test.each([
    [ORDERS, 401, 'invalid_token'],
    [OPAQUE, 403, 'insufficient_scope'],
  ])('is not good for userinfo: %s', async (resource, refused, error) => {
    const { body } = await tokens({ resource });
    const { status, headers } = await send(`${store.issuer}/oauth2/v1/userinfo`, {
      headers: { authorization: `Bearer ${String(body['access_token'])}` },
    });
    expect(status).toBe(refused);
    expect(headers['www-authenticate']).toContain(`error="${error}"`);
  });

  test.each([
    ['JWT', OKTA],
    ['opaque', OKTA_OPAQUE],
  ])('B2 %s, with Okta’s profile it is good for userinfo, as far as was granted', async (_case, resource) => {
    const userinfo = (token: unknown, headers = {}) =>
      send(`${store.issuer}/oauth2/v1/userinfo`, {
        headers: { authorization: `Bearer ${String(token)}`, ...headers },
      });
    const { body } = await tokens({ resource, scope: 'openid email read' });
    const { status, json } = await userinfo(body['access_token']);
    const { sub } = claimsOf(body['id_token']);
    expect([status, json['sub'], json['email'], json['name'], json['roles']]).toEqual([
      200,
      sub,
      ADA.username,
      undefined,
      ['admin'],
    ]);
    const inspected = await post(store, 'introspect', { token: String(body['access_token']) });
    expect(inspected.body).toMatchObject({ active: true, aud: resource, scope: 'read' });
    await post(store, 'revoke', { token: String(body['access_token']) });
    expect((await userinfo(body['access_token'])).status).toBe(401);
    const machines = await machine({ resource, scope: 'read' });
    expect([401, 403]).toContain((await userinfo(machines.body['access_token'])).status);
    const without = await tokens({ resource, scope: 'read', nonce: undefined });
    expect([401, 403]).toContain((await userinfo(without.body['access_token'])).status);
  });

  test.each([
    ['audience', { audience: ORDERS }],
    ['resource before audience', { resource: ORDERS, audience: BILLING }],
  ])('may be asked for by %s', async (_case, params) => {
    expect(claimsOf((await tokens(params)).body['access_token'])).toMatchObject({ aud: ORDERS });
  });

  test('an API whose identifier is no URI is reached by audience', async () => {
    const { body } = await tokens({ audience: PLAIN, scope: 'openid offline_access read' });
    expect(claimsOf(body['access_token'])).toMatchObject({ aud: PLAIN, scope: 'read' });
    const again = await refresh(store, body['refresh_token'], { audience: PLAIN });
    expect(claimsOf(again.body['access_token'])).toMatchObject({ aud: PLAIN });
    expect(claimsOf((await machine({ audience: PLAIN })).body['access_token'])).toMatchObject({ aud: PLAIN });
  });

  test('a request without openid gets no ID Token', async () => {
    const { status, body } = await tokens({ resource: ORDERS, scope: 'read', nonce: undefined });
    expect(status).toBe(200);
    expect(Object.keys(body).toSorted()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
  });
});

describe('scopes follow the policies', () => {
  test.each([
    ['none named: the default one', 'openid', 'read'],
    ['one named: no default', 'openid write', 'write'],
    ['both', 'openid read write', 'read write'],
    ['one that no policy gives', 'openid read admin', 'read'],
    ['one of another API', 'openid read invoices', 'read'],
    ['one that nobody has', 'openid read root', 'read'],
  ])('%s', async (_case, scope, expected) => {
    const { body } = await tokens({ resource: ORDERS, scope });
    expect([body['scope'], claimsOf(body['access_token'])['scope']]).toEqual([
      `openid ${expected}`,
      expected,
    ]);
  });

  test.each<[string, Params, TestApplication['clientId']]>([
    ['an API that the application has not', { resource: ORDERS }, 'plain'],
    ['an API that the tenant has not', { resource: 'https://nobody.example' }, 'store'],
    ['an API that the tenant has not, by audience', { audience: 'https://nobody.example' }, 'store'],
    ['an API in another spelling', { resource: `${ORDERS}/` }, 'store'],
    ['a fragment', { resource: `${ORDERS}#x` }, 'store'],
    ['no URI', { resource: 'orders' }, 'store'],
    ['an API without a URI, by resource', { resource: PLAIN }, 'store'],
  ])('invalid_target: %s', async (_case, params, clientId) => {
    const { body } = await tokens(params, {}, { ...store, clientId });
    expect(body).toMatchObject({ error: 'invalid_target', iss: store.issuer });
  });

  test('by grant: no token of an API by a refresh that its policy does not name', async () => {
    const { body } = await tokens({ resource: BILLING, scope: 'openid offline_access invoices' });
    const again = await refresh(store, body['refresh_token']);
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_target']);
  });
});

/** A code for two APIs, redeemed. */
const forBoth = async (atToken: Readonly<Record<string, string>>): Promise<TokenAnswer> => {
  const request = authorizationRequest(store, { scope: 'openid offline_access read' });
  request.url.searchParams.append('resource', ORDERS);
  request.url.searchParams.append('resource', OKTA);
  const { end } = await walk(browser, store, request.url, undefined);
  return post(store, 'token', {
    grant_type: 'authorization_code',
    code: end?.searchParams.get('code') ?? '',
    redirect_uri: store.redirectUri,
    code_verifier: request.verifier,
    ...atToken,
  });
};

describe('several APIs in one authorization', () => {
  test('each token is for one: the request names it', async () => {
    const answer = await forBoth({ resource: OKTA });
    expect(claimsOf(answer.body['access_token'])).toMatchObject({ aud: OKTA });
    const other = await refresh(store, answer.body['refresh_token'], { resource: ORDERS });
    expect(claimsOf(other.body['access_token'])).toMatchObject({ aud: ORDERS, scope: 'read' });
    const third = await refresh(store, other.body['refresh_token'], { audience: OKTA });
    expect(claimsOf(third.body['access_token'])).toMatchObject({ aud: OKTA });
  });

  test('one that names none is refused', async () => {
    const answer = await forBoth({});
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_target']);
  });
});

describe('A-57: a later request gets nothing that the first was not granted', () => {
  test.each([
    ['resource', { resource: OKTA }],
    ['audience', { audience: OKTA }],
    ['unknown resource', { resource: 'https://nobody.example' }],
  ])('another API at redemption: %s', async (_case, atToken) => {
    const answer = await tokens({ resource: ORDERS }, atToken);
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_target']);
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['a wider scope', { scope: 'openid read write' }, 'invalid_scope'],
    ['an OpenID scope more', { scope: 'openid email read' }, 'invalid_scope'],
    ['another API', { resource: OKTA }, 'invalid_target'],
    ['another API by audience', { audience: OKTA }, 'invalid_target'],
    ['an API that is none', { resource: 'https://nobody.example' }, 'invalid_target'],
  ])('%s at refresh', async (_case, more, error) => {
    const first = await tokens({ resource: ORDERS, scope: 'openid offline_access read' });
    const wider = await refresh(store, first.body['refresh_token'], more);
    expect([wider.status, wider.body['error']]).toEqual([400, error]);
    const plain = await refresh(store, first.body['refresh_token']);
    expect([plain.status, claimsOf(plain.body['access_token'])['scope']]).toEqual([200, 'read']);
  });

  test('a narrower scope is for that one token', async () => {
    const first = await tokens({ resource: ORDERS, scope: 'openid offline_access read write' });
    const narrow = await refresh(store, first.body['refresh_token'], { scope: 'openid read' });
    expect(claimsOf(narrow.body['access_token'])['scope']).toBe('read');
    const whole = await refresh(store, narrow.body['refresh_token']);
    expect(claimsOf(whole.body['access_token'])['scope']).toBe('read write');
  });
});

describe('the scope of an answer is all that was granted (RFC 6749 section 5.1)', () => {
  test('a client that repeats it at each refresh goes on getting ID tokens', async () => {
    let answer = await tokens({ resource: ORDERS, scope: 'openid profile offline_access read' });
    for (let times = 0; times < 2; times += 1) {
      expect(answer.body['scope']).toBe('openid profile offline_access read');
      answer = await refresh(store, answer.body['refresh_token'], { scope: String(answer.body['scope']) });
      expect(claimsOf(answer.body['id_token'])).toMatchObject({ name: 'Ada Byron', roles: ['admin'] });
      expect(claimsOf(answer.body['access_token'])['scope']).toBe('read');
    }
  });

  test('of a refresh that names less, just that', async () => {
    const first = await tokens({ resource: ORDERS, scope: 'openid offline_access read write' });
    const narrow = await refresh(store, first.body['refresh_token'], { scope: 'read' });
    expect([narrow.body['scope'], narrow.body['id_token']]).toEqual(['read', undefined]);
    const again = await refresh(store, narrow.body['refresh_token'], { scope: 'openid write' });
    expect([again.body['scope'], typeof again.body['id_token']]).toEqual(['openid write', 'string']);
  });
});

describe('client_credentials', () => {
  test('gives a service a token about itself alone', async () => {
    const { status, body } = await machine({ resource: ORDERS, scope: 'read admin' });
    expect([status, body['expires_in'], body['refresh_token'], body['id_token']]).toEqual([
      200,
      300,
      undefined,
      undefined,
    ]);
    expect(claimsOf(body['access_token'])).toEqual({
      iss: bot.issuer,
      aud: ORDERS,
      sub: 'bot',
      client_id: 'bot',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
      scope: 'read admin',
      tenant: 'acme',
    });
  });

  test.each([
    ['the default scope', {}, 'read'],
    ['a scope that no policy gives', { scope: 'read delete' }, 'read'],
    ['OpenID scopes, which are for people', { scope: 'openid email read' }, 'read'],
  ])('%s', async (_case, form, scope) => {
    const { body } = await machine({ resource: ORDERS, ...form });
    expect(claimsOf(body['access_token'])['scope']).toBe(scope);
  });

  test.each([
    ['no API', {}],
    ['an API that its policy does not give it', { resource: BILLING }],
    ['an unknown API', { resource: 'https://nobody.example' }],
  ])('invalid_target: %s', async (_case, form) => {
    const { status, body } = await machine(form);
    expect([status, body['error']]).toEqual([400, 'invalid_target']);
  });

  test('is not for an application that people sign in to', async () => {
    const answer = await post(store, 'token', { grant_type: 'client_credentials', resource: ORDERS });
    expect(answer.status).toBe(400);
    expect(['unauthorized_client', 'invalid_request']).toContain(answer.body['error']);
  });
});

describe('without an API', () => {
  test('and without a default one, the token is opaque, for userinfo, for an hour', async () => {
    const { body } = await tokens({});
    expect(body['access_token']).toMatch(/^[\w-]{43}$/);
    expect(body['expires_in']).toBe(3_600);
    const { body: said } = await post(store, 'introspect', { token: String(body['access_token']) });
    expect(said).not.toHaveProperty('aud');
  });

  test.each([ORDERS, PLAIN])('the token is for the default API: %s', async (identifier) => {
    await configure(APIS?.map((api) => ({ ...api, default: api.identifier === identifier })));
    const { body } = await tokens({ scope: 'openid offline_access' });
    expect(claimsOf(body['access_token'])).toMatchObject({ aud: identifier, scope: 'read' });
    const again = await refresh(store, body['refresh_token']);
    expect(claimsOf(again.body['access_token'])).toMatchObject({ aud: identifier, scope: 'read' });
    expect(claimsOf((await machine({})).body['access_token'])).toMatchObject({ aud: identifier });
    // Also for an application that lists none: it is the tenant's.
    const plain = await tokens({}, {}, { ...store, clientId: 'plain' });
    expect(claimsOf(plain.body['access_token'])).toMatchObject({ aud: identifier });
    await configure(APIS);
  });
});
