import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  redeem,
  refresh,
  signIn,
  walk,
  type TestApplication,
  type TokenAnswer,
} from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { readable } from '../support/trip.js';
import { warm } from '../op/support/warm.js';

/**
 * What the basic plan of the OpenID Foundation's conformance suite asks of a provider, module by module (its names without
 * `oidcc-`), with clients as that suite has them: confidential, code flow, without PKCE. Who demands PKCE of its
 * applications, as is the default, is tested elsewhere.
 */
const SECRET = 'a-secret-of-at-least-32-characters';
const NO_PKCE = { code_challenge: undefined, code_challenge_method: undefined } as const;

let acme: Acme;
let client: TestApplication;
let other: TestApplication;

beforeAll(async () => {
  acme = await startAcme();
  const { applications = [] } = acme.tenant;
  const plan = { type: 'web', pkce: 'optional', clientSecret: SECRET } as const;
  const grantTypes = ['authorization_code', 'refresh_token'] as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        ...applications,
        { ...plan, clientId: 'first', redirectUris: ['https://suite.example/first'], grantTypes },
        {
          ...plan,
          clientId: 'second',
          redirectUris: ['https://suite.example/second'],
          grantTypes,
          tokenEndpointAuthMethod: 'client_secret_post',
        },
      ],
    },
  ]);
  const { issuer } = acme.app;
  client = { issuer, clientId: 'first', clientSecret: SECRET, redirectUri: 'https://suite.example/first' };
  other = { issuer, clientId: 'second', clientSecret: SECRET, redirectUri: 'https://suite.example/second' };
  await warm(acme);
});
afterAll(() => acme.stop());

type Params = Readonly<Record<string, string | undefined>>;

const redeemCode = (code: string): Promise<TokenAnswer> =>
  post(client, 'token', { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri });

/** Code flow without PKCE, by somebody who signs in for it. */
async function login(params: Params = {}, browser = new HttpBrowser()) {
  const request = authorizationRequest(client, { ...NO_PKCE, ...params });
  const { end, page } = await walk(browser, client, request.url, ADA);
  const code = end?.searchParams.get('code') ?? undefined;
  if (code === undefined) throw new Error(`no code: ${end?.href ?? readable(page)}`);
  return { ...(await redeemCode(code)), request, code };
}

/** The answer at the redirect URI, whatever it says; nobody signs in anew. */
async function answer(browser: HttpBrowser, params: Params, application = client) {
  const request = authorizationRequest(application, { ...NO_PKCE, ...params });
  const { end, page } = await walk(browser, application, request.url, undefined);
  if (end === undefined) throw new Error(`a page: ${page.status} ${readable(page)}`);
  return { request, answer: Object.fromEntries(end.searchParams) };
}

async function verified({ body }: TokenAnswer): Promise<Readonly<Record<string, unknown>>> {
  const { json } = await get('/oauth2/v1/keys');
  const keys = createLocalJWKSet(json as unknown as Parameters<typeof createLocalJWKSet>[0]);
  const options = { issuer: client.issuer, audience: client.clientId, algorithms: ['RS256'] };
  return (await jwtVerify(String(body['id_token']), keys, options)).payload;
}

async function get(path: string, headers: Readonly<Record<string, string>> = {}) {
  // oxlint-disable-next-line no-restricted-globals -- a test's client is not Causeway's
  const response = await fetch(`${client.issuer}${path}`, { headers });
  const text = await response.text();
  return { status: response.status, json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

const userinfo = ({ body }: TokenAnswer) =>
  get('/oauth2/v1/userinfo', { authorization: `Bearer ${String(body['access_token'])}` });

describe('the code flow', () => {
  test('server, idtoken-rs256: the ID Token verifies by the published keys and answers the nonce', async () => {
    const signedIn = await login();
    const now = Date.now() / 1000;
    const claims = await verified(signedIn);
    expect(claims).toMatchObject({ nonce: signedIn.request.nonce, sub: expect.any(String) });
    expect(Number(claims['iat'])).toBeLessThanOrEqual(now + 5);
    expect(Number(claims['exp'])).toBeGreaterThan(now);
    expect(signedIn.body).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) });
    expect([signedIn.headers.get('cache-control'), signedIn.headers.get('content-type')]).toEqual([
      'no-store',
      expect.stringMatching(/^application\/json/),
    ]);
  });

  test('ensure-request-without-nonce-succeeds-for-code-flow', async () => {
    const { body } = await login({ nonce: undefined });
    expect(claimsOf(body['id_token'])).not.toHaveProperty('nonce');
  });

  test('response-type-missing: an error, with state, at the redirect URI', async () => {
    const { request, answer: told } = await answer(new HttpBrowser(), { response_type: undefined });
    expect(told).toMatchObject({ error: 'invalid_request', state: request.state });
  });

  test('ensure-registered-redirect-uri: a page, and nobody is sent anywhere', async () => {
    const { url } = authorizationRequest(client, { ...NO_PKCE, redirect_uri: other.redirectUri });
    const page = await new HttpBrowser().open(url);
    expect([page.status, page.location]).toEqual([400, undefined]);
  });

  test('ensure-request-with-valid-pkce-succeeds, and a wrong verifier fails', async () => {
    const browser = new HttpBrowser();
    expect((await signIn(browser, client, ADA)).status).toBe(200);
    const request = authorizationRequest(client);
    const { end } = await walk(browser, client, request.url, undefined);
    const wrong = await redeem(client, end?.searchParams.get('code') ?? '', 'x'.repeat(43));
    expect([wrong.status, wrong.body['error']]).toEqual([400, 'invalid_grant']);
  });

  test('codereuse: the second time fails, and what the first time gave is worth nothing any more', async () => {
    const signedIn = await login();
    const again = await redeemCode(signedIn.code);
    expect([again.status, again.body['error']]).toEqual([400, 'invalid_grant']);
    expect((await userinfo(signedIn)).status).toBe(401);
  });

  test('server-client-secret-post', async () => {
    const browser = new HttpBrowser();
    await login({}, browser);
    const { request, answer: told } = await answer(browser, {}, other);
    const { clientSecret: _secret, ...nobody } = other;
    const { status } = await post(nobody, 'token', {
      grant_type: 'authorization_code',
      code: told['code'] ?? '',
      redirect_uri: other.redirectUri,
      code_verifier: request.verifier,
      client_secret: SECRET,
    });
    // A verifier without a challenge is refused (RFC 9700 section 2.1.1), so it isn't sent by who has sent none.
    expect(status).toBe(400);
    const next = await answer(browser, {}, other);
    const { status: fine } = await post(nobody, 'token', {
      grant_type: 'authorization_code',
      code: next.answer['code'] ?? '',
      redirect_uri: other.redirectUri,
      client_secret: SECRET,
    });
    expect(fine).toBe(200);
  });

  test('ensure-post-request-succeeds', async () => {
    const { url } = authorizationRequest(client, NO_PKCE);
    // oxlint-disable-next-line no-restricted-globals -- a test's client is not Causeway's
    const response = await fetch(`${url.origin}${url.pathname}`, {
      method: 'POST',
      body: url.searchParams,
      redirect: 'manual',
    });
    expect(response.status).toBe(303);
    const next = new URL(response.headers.get('location') ?? '', url);
    expect(next.searchParams.get('client_id') ?? next.pathname).not.toBe('');
  });
});

describe('parameters', () => {
  test.each([
    ['ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
    ['display-page', { display: 'page' }],
    ['display-popup', { display: 'popup' }],
    ['ui-locales', { ui_locales: 'se' }],
    ['claims-locales', { claims_locales: 'se' }],
    ['ensure-other-scope-order-succeeds', { scope: 'email openid' }],
    ['login-hint', { login_hint: ADA.username }],
    ['scope-address and one that nobody knows', { scope: 'openid address something' }],
  ])('%s', async (_module, params: Params) => {
    const browser = new HttpBrowser();
    await login({}, browser);
    const { answer: told } = await answer(browser, params);
    expect(told).toMatchObject({ code: expect.any(String) });
  });

  test('unsigned-request-object: refused as what is not supported', async () => {
    const browser = new HttpBrowser();
    const none = [{ alg: 'none' }, { client_id: 'first' }].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const { answer: told } = await answer(browser, { request: `${none.join('.')}.` });
    expect(told['error']).toMatch(/^(?:request_not_supported|invalid_request_object)$/);
    const byAddress = await answer(browser, { request_uri: 'https://suite.example/request' });
    expect(byAddress.answer['error']).toMatch(/^(?:request_uri_not_supported|invalid_request(?:_uri)?)$/);
  });

  test('prompt-none-not-logged-in', async () => {
    const { answer: told } = await answer(new HttpBrowser(), { prompt: 'none' });
    expect(told['error']).toBe('login_required');
  });

  test('prompt-none-logged-in, max-age-10000, id-token-hint: the same person, signed in at the same time', async () => {
    const browser = new HttpBrowser();
    const first = await login({}, browser);
    const before = claimsOf(first.body['id_token']);
    for (const params of [
      { prompt: 'none' },
      { max_age: '10000' },
      { prompt: 'none', id_token_hint: String(first.body['id_token']) },
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one browser
      const { answer: told } = await answer(browser, params);
      // oxlint-disable-next-line no-await-in-loop -- one browser
      const { body } = await redeemCode(told['code'] ?? '');
      const { sub, auth_time: at } = claimsOf(body['id_token']);
      expect({ sub, at }).toEqual({ sub: before['sub'], at: before['auth_time'] });
    }
  });

  test.each([
    ['prompt-login', { prompt: 'login' }],
    ['max-age-1', { max_age: '1' }],
  ])('%s: the person is asked anew', async (_module, params: Params) => {
    const browser = new HttpBrowser();
    await login({}, browser);
    if ('max_age' in params) await new Promise((resolve) => setTimeout(resolve, 2_100));
    const { url } = authorizationRequest(client, { ...NO_PKCE, ...params });
    const isOurs = (address: URL): boolean => address.origin === url.origin;
    const { location } = await browser.travel(url, isOurs);
    expect(location?.origin).toBe(new URL(acme.okta.issuer).origin);
  });

  test('ensure-request-with-acr-values-succeeds or says in an error that it cannot', async () => {
    const browser = new HttpBrowser();
    await login({}, browser);
    const { url } = authorizationRequest(client, { ...NO_PKCE, acr_values: 'urn:okta:loa:1fa:any' });
    const page = await browser.travel(url, (address) => address.origin === url.origin);
    expect(page.status).toBeLessThan(400);
  });
});

describe('userinfo', () => {
  test('userinfo-get, userinfo-post-header, userinfo-post-body: the same each time', async () => {
    const signedIn = await login();
    const token = String(signedIn.body['access_token']);
    const byGet = await userinfo(signedIn);
    const { clientSecret: _secret, ...bare } = client;
    const byHeader = await post(bare, 'userinfo', {}, { authorization: `Bearer ${token}` });
    const byBody = await post(bare, 'userinfo', { access_token: token });
    expect([byGet.status, byHeader.status, byBody.status]).toEqual([200, 200, 200]);
    expect([byHeader.body, byBody.body]).toEqual([byGet.json, byGet.json]);
    expect(byGet.json['sub']).toBe(claimsOf(signedIn.body['id_token'])['sub']);
  });

  test.each([
    ['scope-profile', 'openid profile', ['name', 'given_name', 'family_name', 'preferred_username']],
    ['scope-email', 'openid email', ['email', 'email_verified']],
  ])('%s', async (_module, scope, names) => {
    const { json } = await userinfo(await login({ scope }));
    for (const name of names) expect(json).toHaveProperty(name);
    const others = scope.includes('email') ? 'family_name' : 'email';
    expect(json).not.toHaveProperty(others);
  });
});

const same = ({ iss, sub, aud, auth_time: at }: Readonly<Record<string, unknown>>) => ({ iss, sub, aud, at });

describe('refresh tokens', () => {
  test('refresh-token: rotated, for its own client only, with the same person', async () => {
    const first = await login();
    const stranger = await refresh(other, first.body['refresh_token']);
    expect([stranger.status, stranger.body['error']]).toEqual([400, 'invalid_grant']);
    const second = await refresh(client, first.body['refresh_token']);
    expect(second.status).toBe(200);
    expect(second.body['refresh_token']).not.toBe(first.body['refresh_token']);
    const [before, after] = [first, second].map(({ body }) => claimsOf(body['id_token']));
    expect(same(after ?? {})).toEqual(same(before ?? {}));
  });
});
