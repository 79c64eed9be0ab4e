import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as client from 'openid-client';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  redeem,
  walk,
  type TestApplication,
} from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { signThere, travelOurs } from '../support/trip.js';
import { REDIRECT } from './support/bound-tokens.js';
import { send } from './support/http.js';
import { now } from './support/keys.js';
import { warm } from './support/warm.js';

let acme: Acme;
let browser: HttpBrowser;

const the = (clientId: string): TestApplication => ({
  issuer: acme.app.issuer,
  clientId,
  clientSecret: APP_SECRET,
  redirectUri: REDIRECT,
});

beforeAll(async () => {
  acme = await startAcme();
  await warm(acme);
  const web = { type: 'web', clientSecret: APP_SECRET, redirectUris: [REDIRECT] } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        { ...web, clientId: 'plain' },
        { ...web, clientId: 'signed', signedResponses: true, idTokenAlg: 'ES256' },
      ],
    },
    { slug: 'quiet', name: 'Quiet', applications: [{ ...web, clientId: 'plain' }] },
  ]);
});
afterAll(async () => {
  await acme.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

const headerOf = (jwt: string): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString());

describe('JARM: an authorization response', () => {
  test.each(['jwt', 'query.jwt'])('by %s is one signed JWT, for the application alone', async (mode) => {
    const request = authorizationRequest(the('signed'), { response_mode: mode });
    const { end } = await walk(browser, the('signed'), request.url, ADA);
    expect([...(end?.searchParams.keys() ?? [])]).toEqual(['response']);
    const response = end?.searchParams.get('response') ?? '';
    expect(headerOf(response)).toMatchObject({ alg: 'ES256' });
    const { exp, ...claims } = claimsOf(response);
    expect(claims).toEqual({
      iss: acme.app.issuer,
      aud: 'signed',
      state: request.state,
      code: expect.any(String),
    });
    expect(Number(exp) - now()).toBeLessThanOrEqual(600);
    const { status } = await redeem(the('signed'), String(claims['code']), request.verifier);
    expect(status).toBe(200);
  });

  test('by fragment.jwt and form_post.jwt too', async () => {
    const fragment = authorizationRequest(the('signed'), { response_mode: 'fragment.jwt' });
    const { end } = await walk(browser, the('signed'), fragment.url, ADA);
    expect(end?.hash).toMatch(/^#response=[\w-]+\.[\w-]+\.[\w-]+$/);
    const form = authorizationRequest(the('signed'), { response_mode: 'form_post.jwt' });
    const { page } = await walk(browser, the('signed'), form.url, undefined);
    expect(page.status).toBe(200);
    expect(page.text).toMatch(/name="response" value="[\w.-]+"/);
    expect(page.text).not.toContain('name="code"');
  });

  test('that refuses is signed as well', async () => {
    const request = authorizationRequest(the('signed'), { response_mode: 'jwt', prompt: 'none' });
    const { end } = await walk(browser, the('signed'), request.url, undefined);
    expect([...(end?.searchParams.keys() ?? [])]).toEqual(['response']);
    expect(claimsOf(end?.searchParams.get('response'))).toMatchObject({
      error: 'login_required',
      state: request.state,
      iss: acme.app.issuer,
      aud: 'signed',
    });
  });

  test('that finds its request used up is signed as well', async () => {
    const request = authorizationRequest(the('signed'), { response_mode: 'jwt' });
    const pushed = await post(the('signed'), 'par', Object.fromEntries(request.url.searchParams));
    const url = new URL(`${acme.app.issuer}/oauth2/v1/authorize`);
    url.search = new URLSearchParams({
      client_id: 'signed',
      request_uri: String(pushed.body['request_uri']),
    }).toString();
    const trips = await Promise.all(
      [0, 1].map(async () => {
        const own = new HttpBrowser();
        const page = await travelOurs(own, the('signed'), url);
        return { own, atOkta: page.location ?? url };
      }),
    );
    const told = [];
    for (const { own, atOkta } of trips) {
      const back = await signThere(own, { request, atOkta }, ADA);
      const { location } = await travelOurs(own, the('signed'), back);
      expect([...(location?.searchParams.keys() ?? [])]).toEqual(['response']);
      told.push(claimsOf(location?.searchParams.get('response')));
    }
    expect(told[0]).toMatchObject({ code: expect.any(String) });
    expect(told[1]).toMatchObject({ error: expect.any(String), state: request.state, aud: 'signed' });
    expect(told[1]).not.toHaveProperty('code');
  });

  test.each(['query', 'fragment', 'form_post', undefined])(
    'can’t be had unsigned, by %s, of an application that wants all signed',
    async (mode) => {
      const request = authorizationRequest(the('signed'), { response_mode: mode });
      const { end, page } = await walk(browser, the('signed'), request.url, undefined);
      expect(`${end?.href ?? ''}${page.text}`).toContain('invalid_request');
      expect(end?.searchParams.has('code') ?? false).toBe(false);
    },
  );

  test.each(['jwt', 'query.jwt', 'web_message', 'web_message.jwt'])(
    'A-70, A-137: by %s is nothing for an application that did not ask for it',
    async (mode) => {
      const request = authorizationRequest(the('plain'), { response_mode: mode });
      const { end } = await walk(browser, the('plain'), request.url, undefined);
      expect(end?.searchParams.has('code') ?? false).toBe(false);
    },
  );
});

test('openid-client verifies it', async () => {
  const config = await client.discovery(
    new URL(acme.app.issuer),
    'signed',
    { authorization_signed_response_alg: 'ES256', id_token_signed_response_alg: 'ES256' },
    client.ClientSecretPost(APP_SECRET),
    // oxlint-disable-next-line typescript/no-deprecated -- marked so to be noticed: this is loopback
    { execute: [client.allowInsecureRequests, client.useJwtResponseMode] },
  );
  const { url, verifier, state, nonce } = authorizationRequest(the('signed'));
  const start = client.buildAuthorizationUrl(config, url.searchParams);
  expect(start.searchParams.get('response_mode')).toBe('jwt');
  const { end } = await walk(browser, the('signed'), start, ADA);
  const tokens = await client.authorizationCodeGrant(config, end ?? start, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
  });
  expect(tokens.claims()?.iss).toBe(acme.app.issuer);
});

const metadata = async (tenant: string): Promise<Readonly<Record<string, unknown>>> =>
  (await send(`${acme.causeway.url}/t/${tenant}/.well-known/openid-configuration`)).json;

test('A-137: metadata names signed responses where some application wants them', async () => {
  expect(await metadata('acme')).toMatchObject({
    response_modes_supported: expect.arrayContaining(['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt']),
    authorization_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA'],
  });
  expect((await metadata('quiet'))['response_modes_supported']).toEqual(['form_post', 'fragment', 'query']);
});
