import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT } from 'jose';
import * as client from 'openid-client';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  redeem,
  walk,
  type AuthorizationRequest,
  type TestApplication,
} from '../support/application.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { REDIRECT } from './support/bound-tokens.js';
import { asserted, now, signed, testKey, type TestKey } from './support/keys.js';
import { warm } from './support/warm.js';

let acme: Acme;
let browser: HttpBrowser;
let key: TestKey;
let stranger: TestKey;
let keyServer: Server;
let fetched: number;

beforeAll(async () => {
  acme = await startAcme();
  await warm(acme);
  [key, stranger] = [await testKey(), await testKey()];
  const jwks = { keys: [{ ...key.jwk }] };
  fetched = 0;
  keyServer = createServer((_request, response) => {
    fetched += 1;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(jwks));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => keyServer.once('listening', resolve));
  const jwksUri = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
  const web = { type: 'web', clientSecret: APP_SECRET, redirectUris: [REDIRECT] } as const;
  const strict = { profile: 'fapi2', redirectUris: [REDIRECT], jwks } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        { ...web, clientId: 'off', jwks },
        { ...web, clientId: 'may', requestObjects: 'optional', jwks },
        { ...web, clientId: 'must', requestObjects: 'required', jwksUri },
        { clientId: 'spa', type: 'spa', redirectUris: [REDIRECT], requestObjects: 'required', jwks },
        { ...strict, clientId: 'bank', requestObjects: 'required' },
      ],
    },
    { slug: 'quiet', name: 'Quiet', applications: [{ ...web, clientId: 'off' }] },
  ]);
});
afterAll(async () => {
  keyServer.closeAllConnections();
  keyServer.close();
  await acme.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

type Members = Readonly<Record<string, unknown>>;

const the = (clientId: string): TestApplication => ({
  issuer: acme.app.issuer,
  clientId,
  redirectUri: REDIRECT,
  ...(clientId === 'spa' || clientId === 'bank' ? {} : { clientSecret: APP_SECRET }),
});

/** What a request object says: the request, and what a JWT must. */
const claimsFor = (clientId: string, request: AuthorizationRequest, more: Members = {}): Members => ({
  ...Object.fromEntries(request.url.searchParams),
  iss: clientId,
  aud: acme.app.issuer,
  iat: now(),
  nbf: now(),
  exp: now() + 60,
  ...more,
});

/** The address that carries a request object by value. */
function addressOf(clientId: string, request: string, more: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`${acme.app.issuer}/oauth2/v1/authorize`);
  url.search = new URLSearchParams({ client_id: clientId, request, ...more }).toString();
  return url;
}

const plainBeside = { response_type: 'code', scope: 'openid', redirect_uri: REDIRECT };

async function ask(
  clientId: string,
  claims: Members = {},
  header: Members = {},
  by = key,
): Promise<{ readonly end: URL | undefined; readonly page: Page; readonly request: AuthorizationRequest }> {
  const request = authorizationRequest(the(clientId), { scope: 'openid offline_access' });
  const object = await signed(by, claimsFor(clientId, request, claims), header);
  const url = addressOf(clientId, object, plainBeside);
  return { ...(await walk(browser, the(clientId), url, ADA)), request };
}

/** What the refusal is called, on a page or at the application; undefined when there is a code. */
function refusal({ end, page }: { readonly end: URL | undefined; readonly page: Page }): string | undefined {
  if (end?.searchParams.has('code') === true) return undefined;
  const inFragment = new URLSearchParams(end?.hash.slice(1)).get('error');
  return end?.searchParams.get('error') ?? inFragment ?? String(page.status);
}

describe('RFC 9101: a signed request', () => {
  test.each(['may', 'must'])('is taken of an application that %s send it', async (clientId) => {
    const { end, request } = await ask(clientId);
    expect(end?.searchParams.get('state')).toBe(request.state);
    const { body } = await redeem(the(clientId), end?.searchParams.get('code') ?? '', request.verifier);
    expect(claimsOf(body['id_token'])['nonce']).toBe(request.nonce);
    expect(body['refresh_token']).toEqual(expect.any(String));
  });

  test('of a public application too', async () => {
    expect(refusal(await ask('spa'))).toBeUndefined();
  });

  test('is verified by the keys at the application’s address', async () => {
    const before = fetched;
    expect(refusal(await ask('must', {}, {}, stranger))).not.toBeUndefined();
    expect(refusal(await ask('must'))).toBeUndefined();
    expect(fetched).toBeGreaterThanOrEqual(before);
  });

  test('alone counts: what stands beside it in the address is nothing', async () => {
    const request = authorizationRequest(the('may'), { scope: 'openid' });
    const object = await signed(key, claimsFor('may', request));
    const url = addressOf('may', object, { ...plainBeside, scope: 'openid email', nonce: 'edited' });
    const { end } = await walk(browser, the('may'), url, ADA);
    const { body } = await redeem(the('may'), end?.searchParams.get('code') ?? '', request.verifier);
    expect(body['scope']).toBe('openid');
    expect(claimsOf(body['id_token'])['nonce']).toBe(request.nonce);
  });

  test.each<[string, Members, Members]>([
    ['another audience', { aud: 'https://evil.example' }, {}],
    ['no audience', { aud: undefined }, {}],
    ['another issuer', { iss: 'off' }, {}],
    ['no issuer', { iss: undefined }, {}],
    ['no client_id', { client_id: undefined }, {}],
    ['another client_id', { client_id: 'off' }, {}],
    ['the client as its subject', { sub: 'may' }, {}],
    ['no end', { exp: undefined }, {}],
    ['an end that has passed', { exp: 1 }, {}],
    ['a far end', { exp: 4_000_000_000 }, {}],
    ['a beginning to come', { nbf: 4_000_000_000 }, {}],
    ['a request inside', { request: 'x.y.z' }, {}],
    ['a request by address inside', { request_uri: 'https://evil.example' }, {}],
    ['another response type than beside it', { response_type: 'id_token' }, {}],
    ['the type of a proof', {}, { typ: 'dpop+jwt' }],
    ['the type of an access token', {}, { typ: 'at+jwt' }],
  ])('is refused with %s', async (_case, claims, header) => {
    expect(refusal(await ask('may', claims, header))).toBe('invalid_request_object');
  });

  test('A-61: is refused unsigned, encrypted, by a shared secret or another key', async () => {
    const request = authorizationRequest(the('may'));
    const claims = claimsFor('may', request);
    const secret = new TextEncoder().encode(APP_SECRET);
    const objects = [
      new UnsecuredJWT({ ...claims }).encode(),
      await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256' }).sign(secret),
      await signed(stranger, claims),
      await signed(stranger, claims, { kid: key.thumbprint }),
      await signed(stranger, claims, { kid: undefined, jwk: stranger.jwk }),
      'a.b.c.d.e',
      'not.a.jwt',
    ];
    for (const object of objects) {
      const answer = await walk(browser, the('may'), addressOf('may', object, plainBeside), undefined);
      expect(refusal(answer)).toBe('invalid_request_object');
    }
  });

  test('A-61: is nothing of an application that does not send any', async () => {
    expect(refusal(await ask('off'))).toBe('request_not_supported');
    const request = authorizationRequest(the('off'));
    const answer = await post(the('off'), 'par', { request: await signed(key, claimsFor('off', request)) });
    expect([answer.status, answer.body['error']]).toEqual([400, 'request_not_supported']);
  });

  test('is missed of an application that must send it, pushed or not', async () => {
    const request = authorizationRequest(the('must'));
    expect(refusal(await walk(browser, the('must'), request.url, undefined))).toBe('invalid_request');
    const answer = await post(the('must'), 'par', Object.fromEntries(request.url.searchParams));
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request']);
    const plain = authorizationRequest(the('may'));
    expect(refusal(await walk(browser, the('may'), plain.url, ADA))).toBeUndefined();
  });

  test('by address is never fetched', async () => {
    const before = fetched;
    const { port } = keyServer.address() as AddressInfo;
    const url = addressOf('may', '', plainBeside);
    url.searchParams.delete('request');
    url.searchParams.set('request_uri', `http://127.0.0.1:${port}/request`);
    expect(refusal(await walk(browser, the('may'), url, undefined))).toBe('request_uri_not_supported');
    expect(fetched).toBe(before);
  });
});

/** Pushes a request object and nothing else. */
async function push(clientId: string, claims: Members = {}, by = key) {
  const request = authorizationRequest(the(clientId), { scope: 'openid offline_access' });
  const object = await signed(by, claimsFor(clientId, request, claims), { typ: 'oauth-authz-req+jwt' });
  const own = clientId === 'bank' ? await asserted(key, clientId, acme.app.issuer) : {};
  const answer = await post(the(clientId), 'par', { request: object, ...own });
  return { request, answer };
}

describe('RFC 9126 section 3: a signed request that is pushed', () => {
  test('is the request', async () => {
    const { request, answer } = await push('may');
    const url = new URL(`${acme.app.issuer}/oauth2/v1/authorize`);
    url.search = new URLSearchParams({
      client_id: 'may',
      request_uri: String(answer.body['request_uri']),
    }).toString();
    const { end } = await walk(browser, the('may'), url, ADA);
    const { body } = await redeem(the('may'), end?.searchParams.get('code') ?? '', request.verifier);
    expect(body['scope']).toBe('openid offline_access');
  });

  test.each<[string, () => Members]>([
    ['FAPI 2.0 Message Signing 5.3.1: without nbf', () => ({ nbf: undefined })],
    ['FAPI 2.0 Message Signing 5.3.1: with an old nbf', () => ({ nbf: now() - 3_700 })],
    [
      'FAPI 2.0 Message Signing 5.3.1: for more than an hour',
      () => ({ nbf: now() - 300, exp: now() + 3_500 }),
    ],
    ['FAPI 2.0 Message Signing 5.3.1: for a list', () => ({ aud: [acme.app.issuer, 'https://x.example'] })],
  ])('is refused %s', async (_case, claims) => {
    expect((await push('bank')).answer.status).toBe(201);
    const { answer } = await push('bank', claims());
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request_object']);
  });

  test('is refused by another key', async () => {
    const { answer } = await push('may', {}, stranger);
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_request_object']);
  });
});

test('openid-client makes requests that are taken', async () => {
  const config = await client.discovery(
    new URL(acme.app.issuer),
    'must',
    undefined,
    client.ClientSecretPost(APP_SECRET),
    // oxlint-disable-next-line typescript/no-deprecated -- marked so to be noticed: this is loopback
    { execute: [client.allowInsecureRequests] },
  );
  const request = authorizationRequest(the('must'));
  const url = await client.buildAuthorizationUrlWithJAR(config, request.url.searchParams, {
    key: key.privateKey,
    kid: key.thumbprint,
  });
  const { end } = await walk(browser, the('must'), url, ADA);
  expect(end?.searchParams.get('state')).toBe(request.state);
  expect(end?.searchParams.has('code')).toBe(true);
});

const metadata = async (tenant: string): Promise<Members> => {
  const { text } = await browser.open(
    new URL(`${acme.causeway.url}/t/${tenant}/.well-known/openid-configuration`),
  );
  return JSON.parse(text) as Members;
};

test('A-137: metadata names signed requests where some application sends them', async () => {
  expect(await metadata('acme')).toMatchObject({
    request_parameter_supported: true,
    request_uri_parameter_supported: false,
    request_object_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA', 'PS256'],
  });
  expect(Object.keys(await metadata('quiet'))).not.toContain('request_object_signing_alg_values_supported');
});
