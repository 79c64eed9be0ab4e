import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { exportJWK, importJWK } from 'jose';
import * as client from 'openid-client';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  walk,
  type AuthorizationRequest,
  type TestApplication,
  type TokenAnswer,
} from '../support/application.js';
import type { TestNode } from '../support/node.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { codeForm, REDIRECT, refreshForm, told, type Form } from './support/bound-tokens.js';
import { send } from './support/http.js';
import { asserted, assertion, now, proof, testKey, type ProofOptions, type TestKey } from './support/keys.js';
import { cookiesOf } from './support/session.js';
import { warm } from './support/warm.js';

const API = 'https://api.acme.example';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

let acme: Acme;
let sibling: TestNode;
let browser: HttpBrowser;
/** The application's: what it proves itself by, and what its tokens are bound to. */
let key: TestKey;
let rsa: TestKey;
let dpop: TestKey;

const app = (): TestApplication => ({ issuer: acme.app.issuer, clientId: 'bank', redirectUri: REDIRECT });
const endpoint = (name: string): string => `${acme.app.issuer}/oauth2/v1/${name}`;

beforeAll(async () => {
  acme = await startAcme();
  await warm(acme);
  sibling = await acme.causeway.sibling();
  [key, rsa, dpop] = [await testKey(), await testKey('PS256'), await testKey()];
  const jwks = { keys: [{ ...key.jwk }, { ...rsa.jwk }] };
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [{ identifier: API, scopes: [{ name: 'read', default: true }] }],
      accessPolicies: [
        { api: API, clients: 'all', grants: ['authorization_code', 'refresh_token'], scopes: ['read'] },
      ],
      applications: [
        { clientId: 'bank', profile: 'fapi2', redirectUris: [REDIRECT], apis: [API], jwks },
        { clientId: 'rival', profile: 'fapi2', redirectUris: [REDIRECT], jwks },
        { clientId: 'plain', redirectUris: [REDIRECT], clientSecret: APP_SECRET },
      ],
    },
  ]);
});
afterAll(async () => {
  await acme.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

interface Pushed {
  readonly answer: TokenAnswer;
  readonly request: AuthorizationRequest;
  readonly url: URL;
}

async function push(params: Readonly<Record<string, string | undefined>> = {}, by = key): Promise<Pushed> {
  const request = authorizationRequest(app(), { scope: 'openid offline_access', ...params });
  const form = {
    ...Object.fromEntries(request.url.searchParams),
    ...(await asserted(by, 'bank', app().issuer)),
  };
  const answer = await post(app(), 'par', form);
  const url = new URL(endpoint('authorize'));
  url.search = new URLSearchParams({
    client_id: 'bank',
    request_uri: String(answer.body['request_uri']),
  }).toString();
  return { answer, request, url };
}

/** Asks for a token, proving the application and its key. */
async function ask(form: Form, by: TestKey | null = dpop, options?: ProofOptions): Promise<TokenAnswer> {
  const headers = by === null ? {} : { dpop: await proof(by, 'POST', endpoint('token'), options) };
  return post(app(), 'token', { ...form, ...(await asserted(key, 'bank', app().issuer)) }, headers);
}

async function codeFor(params: Readonly<Record<string, string | undefined>> = {}): Promise<Form> {
  const { request, url } = await push(params);
  const { end } = await walk(browser, app(), url, ADA);
  return codeForm(end, request.verifier);
}

const codeAt = (page: Page): string => page.location?.searchParams.get('code') ?? '';

describe('FAPI 2.0 Security Profile: what an application gets', () => {
  test('5.3.2: openid-client pushes, signs in, refreshes and asks userinfo', async () => {
    const config = await client.discovery(
      new URL(app().issuer),
      'bank',
      { id_token_signed_response_alg: 'ES256', use_mtls_endpoint_aliases: false },
      client.PrivateKeyJwt({ key: key.privateKey, kid: key.thumbprint }),
      // oxlint-disable-next-line typescript/no-deprecated -- marked so to be noticed: this is loopback
      { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
    );
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
    const verifier = client.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
    const url = await client.buildAuthorizationUrlWithPAR(
      config,
      {
        redirect_uri: REDIRECT,
        scope: 'openid email offline_access',
        state: expectedState,
        nonce: expectedNonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      },
      { DPoP },
    );
    const { end } = await walk(browser, app(), url, ADA);
    const tokens = await client.authorizationCodeGrant(
      config,
      end ?? url,
      { pkceCodeVerifier: verifier, expectedState, expectedNonce, idTokenExpected: true },
      undefined,
      { DPoP },
    );
    expect(tokens.token_type).toBe('dpop');
    expect(tokens.claims()?.aud).toBe('bank');
    const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '', {
      DPoP,
    });
    expect(person.email).toBe(ADA.username);
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP });
    expect(next.token_type).toBe('dpop');
  });

  test('5.3.2.1: tokens bound to its key, and a refresh token that is not rotated', async () => {
    const { body } = await ask(await codeFor({ resource: API }));
    let last = body;
    for (let round = 0; round < 2; round += 1) {
      const { status, body: next } = await ask(refreshForm(last['refresh_token']));
      expect([status, next['refresh_token'], next['token_type']]).toEqual([
        200,
        body['refresh_token'],
        'DPoP',
      ]);
      last = next;
    }
  });

  test('5.4.1: an ID token by ES256, for it alone', async () => {
    const { body } = await ask(await codeFor());
    const [header = ''] = String(body['id_token']).split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg: 'ES256' });
    expect(claimsOf(body['id_token'])['aud']).toBe('bank');
  });

  test('5.3.2.2: a pushed request that lives for less than 600 s, and iss in every response', async () => {
    const { answer, url } = await push();
    expect(answer.body['expires_in']).toBeLessThan(600);
    const { end } = await walk(browser, app(), url, ADA);
    expect(end?.searchParams.get('iss')).toBe(app().issuer);
    const refused = await push({ prompt: 'none' });
    const away = await walk(new HttpBrowser(), app(), refused.url, undefined);
    expect(away.end?.searchParams.get('error')).toBe('login_required');
    expect(away.end?.searchParams.get('iss')).toBe(app().issuer);
    expect([302, 303]).toContain(away.page.status);
  });

  test('5.3.2.2: its requests may name their state and nonce at length', async () => {
    const nonce = 'n'.repeat(64);
    const { body } = await ask(await codeFor({ nonce }));
    expect(claimsOf(body['id_token'])['nonce']).toBe(nonce);
  });
});

describe('FAPI 2.0 Security Profile: authorization requests that are refused', () => {
  test('5.3.2.2: not pushed', async () => {
    const { page, end } = await walk(browser, app(), authorizationRequest(app()).url, undefined);
    expect(end?.searchParams.get('error') ?? page.status).toBe('invalid_request');
    expect(end?.searchParams.get('iss')).toBe(app().issuer);
  });

  test('5.3.2.2: edited beside the pushed one', async () => {
    const { url, request } = await push({ state: 'pushed' });
    for (const [name, value] of [
      ['scope', 'openid email'],
      ['state', 'edited'],
      ['redirect_uri', 'https://evil.example/cb'],
      ['code_challenge', createHash('sha256').update('evil').digest('base64url')],
    ] as const)
      url.searchParams.set(name, value);
    const { end } = await walk(browser, app(), url, ADA);
    expect(end?.searchParams.get('state')).toBe('pushed');
    const { body } = await ask(codeForm(end, request.verifier));
    expect(body['scope']).toBe('openid offline_access');
  });

  test.each<[string, Readonly<Record<string, string | undefined>>]>([
    ['5.3.2.2: without PKCE', { code_challenge: undefined, code_challenge_method: undefined }],
    ['5.3.2.2: with PKCE plain', { code_challenge_method: 'plain' }],
    ['5.3.2.2: without a method of PKCE', { code_challenge_method: undefined }],
    ['5.3.2.2: without a redirect URI', { redirect_uri: undefined }],
    ['5.3.2.2: with another redirect URI', { redirect_uri: `${REDIRECT}/more` }],
    ['5.3.2.2: for an ID token from the front channel', { response_type: 'code id_token' }],
    ['5.3.2.2: for a token from the front channel', { response_type: 'token' }],
    ['5.3.2.2: with a request by address', { request_uri: 'https://bank.example/request' }],
    ['A-70: answered by web_message', { response_mode: 'web_message' }],
  ])('%s', async (_case, params) => {
    const { answer } = await push(params);
    expect([answer.status, answer.body['request_uri']]).toEqual([400, undefined]);
  });

  test('5.3.2.2: pushed by nobody', async () => {
    const form = Object.fromEntries(authorizationRequest(app()).url.searchParams);
    expect(told(await post(app(), 'par', form))).toEqual([401, 'invalid_client']);
  });

  test('5.3.2.2: pushed by another application', async () => {
    const { url } = await push();
    url.searchParams.set('client_id', 'rival');
    const page = await browser.open(url);
    expect([page.status, codeAt(page)]).toEqual([400, '']);
  });

  test('5.3.2.2: the name of a pushed request used three times at once, but for one', async () => {
    const first = await push();
    await walk(browser, app(), first.url, ADA);
    const cookie = cookiesOf(browser, app());
    const { url } = await push();
    const answers = await Promise.all(
      [acme.causeway.url, sibling.url, sibling.url].map((through) =>
        send(url.href, { headers: { cookie }, through }),
      ),
    );
    expect(answers.filter(({ location }) => location?.searchParams.has('code')).length).toBe(1);
  });
});

describe('FAPI 2.0 Security Profile: token requests that are refused', () => {
  test('5.3.2.1: without a proof, for a code and for a refresh', async () => {
    const form = await codeFor();
    expect((await ask(form, null)).status).toBe(400);
    const { body } = await ask(form);
    const without = await post(app(), 'token', {
      ...refreshForm(body['refresh_token']),
      ...(await asserted(key, 'bank', app().issuer)),
    });
    expect([without.status, without.body['access_token']]).toEqual([400, undefined]);
  });

  test('5.3.2.1: with the code for another key than the one it was bound to', async () => {
    const form = await codeFor({ dpop_jkt: dpop.thumbprint });
    expect(told(await ask(form, await testKey()))).toEqual([400, 'invalid_grant']);
    expect((await ask(form)).status).toBe(200);
  });

  test('5.3.2.2: without the verifier, with another one, with a code that was used', async () => {
    const form = await codeFor();
    const { code_verifier: _verifier, ...without } = form;
    expect((await ask(without)).status).toBe(400);
    const wrong = { ...form, code_verifier: randomBytes(32).toString('base64url') };
    expect(told(await ask(wrong))).toEqual([400, 'invalid_grant']);
    expect((await ask(form)).status).toBe(200);
    expect(told(await ask(form))).toEqual([400, 'invalid_grant']);
  });

  test('5.4.1: with a proof by RS256', async () => {
    expect(told(await ask(await codeFor(), await testKey('RS256')))).toEqual([400, 'invalid_dpop_proof']);
  });

  test('5.3.2.1: with a proof dated ahead', async () => {
    const ahead = { claims: { iat: now() + 90 } };
    expect(told(await ask(await codeFor(), dpop, ahead))).toEqual([400, 'invalid_dpop_proof']);
  });

  test('5.3.3: with a bearer token at userinfo', async () => {
    const { body } = await ask(await codeFor());
    const headers = { authorization: `Bearer ${String(body['access_token'])}` };
    expect((await send(endpoint('userinfo'), { headers })).status).toBe(401);
  });
});

const present = async (token: string): Promise<TokenAnswer> => {
  const request = authorizationRequest(app());
  return post(app(), 'par', {
    ...Object.fromEntries(request.url.searchParams),
    client_assertion_type: ASSERTION,
    client_assertion: token,
  });
};

describe('FAPI 2.0 Security Profile: client assertions', () => {
  test('5.3.2.1: are taken dated 8 s ahead', async () => {
    const claims = { iat: now() + 8, nbf: now() + 8 };
    expect((await present(await assertion(key, 'bank', app().issuer, claims))).status).toBe(201);
  });

  test.each<[string, () => Readonly<Record<string, unknown>>]>([
    ['5.3.2.1: issued 90 s ahead', () => ({ iat: now() + 90, exp: now() + 200 })],
    ['5.3.2.1: not valid for 90 s', () => ({ nbf: now() + 90, exp: now() + 200 })],
    ['5.3.2.1: for the endpoint', () => ({ aud: endpoint('par') })],
    ['5.3.2.1: for the token endpoint', () => ({ aud: endpoint('token') })],
    ['5.3.2.1: for a list', () => ({ aud: [app().issuer] })],
    ['5.3.2.1: for another tenant', () => ({ aud: app().issuer.replace('acme', 'globex') })],
    ['expired', () => ({ exp: now() - 60 })],
    ['for long', () => ({ exp: now() + 3_600 })],
  ])('are refused %s', async (_case, claims) => {
    const answer = await present(await assertion(key, 'bank', app().issuer, claims()));
    expect(told(answer)).toEqual([401, 'invalid_client']);
  });

  test('5.4.1: are taken by PS256, and refused by RS256 of the same key', async () => {
    expect((await push({}, rsa)).answer.status).toBe(201);
    const own: unknown = await importJWK(await exportJWK(rsa.privateKey), 'RS256');
    const asRs256 = { ...rsa, alg: 'RS256', privateKey: own as TestKey['privateKey'] };
    const answer = await present(await assertion(asRs256, 'bank', app().issuer));
    expect(told(answer)).toEqual([401, 'invalid_client']);
  });

  test('5.3.2.1: nobody comes in by a secret', async () => {
    const basicAuth = { ...app(), clientSecret: APP_SECRET };
    const form = Object.fromEntries(authorizationRequest(app()).url.searchParams);
    expect(told(await post(basicAuth, 'par', form))).toEqual([401, 'invalid_client']);
  });
});

test('an application beside it, of another profile, is as it was', async () => {
  const plain = { ...app(), clientId: 'plain', clientSecret: APP_SECRET };
  const request = authorizationRequest(plain);
  const { end } = await walk(browser, plain, request.url, ADA);
  const { body } = await post(plain, 'token', codeForm(end, request.verifier));
  expect(body['token_type']).toBe('Bearer');
});
