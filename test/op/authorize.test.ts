import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  redeem,
  walk,
  type TestApplication,
} from '../support/application.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { headingOf, leave, signThere, travelOurs } from '../support/trip.js';
import { send } from './support/http.js';

const STRICT = 'https://app.example/cb';
const SECRET = 'a-secret-of-at-least-32-characters';
let acme: Acme;
let strict: TestApplication;
let hybrid: TestApplication;

beforeAll(async () => {
  acme = await startAcme();
  const { applications = [] } = acme.tenant;
  const web = { type: 'web', clientSecret: SECRET } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        ...applications,
        {
          ...web,
          clientId: 'strict',
          grantTypes: ['authorization_code'],
          redirectUris: [STRICT, 'https://app.example/cb?tenant=1'],
        },
        {
          ...web,
          clientId: 'hybrid',
          redirectUris: ['https://hybrid.example/cb'],
          responseTypes: ['code', 'code id_token', 'id_token'],
        },
        {
          type: 'native',
          clientId: 'native',
          redirectUris: [
            'http://127.0.0.1/cb',
            'http://[::1]/cb',
            'com.example.app:/cb',
            'https://app.example/native',
          ],
        },
      ],
    },
  ]);
  const { issuer } = acme.app;
  strict = { issuer, clientId: 'strict', clientSecret: SECRET, redirectUri: STRICT };
  hybrid = { ...strict, clientId: 'hybrid', redirectUri: 'https://hybrid.example/cb' };
});
afterAll(() => acme.stop());

type Params = Readonly<Record<string, string | undefined>>;

/** An authorization request without a session; where it leads at once. */
const ask = (application: TestApplication, params: Params = {}): Promise<Page> =>
  new HttpBrowser().open(authorizationRequest(application, params).url);

/** The error that the application is told, at its own address. */
function errorAt(page: Page, redirectUri: string): Readonly<Record<string, string>> {
  expect(page.status).toBe(303);
  expect(page.location?.href.startsWith(redirectUri)).toBe(true);
  return Object.fromEntries(page.location?.searchParams ?? []);
}

/** A page of ours: the browser is sent nowhere, and nothing waits for it. */
function expectPage(page: Page, heading: RegExp): void {
  expect([page.status, page.location]).toEqual([400, undefined]);
  expect(headingOf(page)).toMatch(heading);
  expect(page.headers['set-cookie']).toBeUndefined();
}

const MISCONFIGURED = /isn't set up correctly$/;
const BAD_REQUEST = /^We can't use this request$/;

describe('A-48: a redirect URI is compared byte for byte', () => {
  test.each([
    'https://app.example/cb/',
    'https://app.example/cb/x',
    'https://app.example/cb?x=1',
    'https://app.example/cb?',
    'https://app.example/cb#x',
    'https://app.example/cb?tenant=2',
    'https://app.example/cb?tenant=1&tenant=2',
    'https://app.example/CB',
    'https://APP.example/cb',
    'HTTPS://app.example/cb',
    'http://app.example/cb',
    'https://app.example:443/cb',
    'https://app.example./cb',
    'https://app.example/./cb',
    'https://app.example/x/../cb',
    'https://app.example/%63b',
    'https://app.example/cb%2f..%2fevil',
    'https://app.example/cb%00',
    'https://user@app.example/cb',
    'https://app.example@evil.example/cb',
    'https://app.example\\@evil.example/cb',
    'https://app.example/cb\\..\\evil',
    'https://app.example.evil.example/cb',
    'https://evil.example/https://app.example/cb',
    'https://*.example/cb',
    'https://[fe80::1%25eth0]/cb',
    '//app.example/cb',
    'javascript:alert(1)//https://app.example/cb',
    'data:text/html,x',
    ' https://app.example/cb',
    'https://app.example/cb ',
    'https://app.example/cb\n',
    'http://localhost:5999/cb',
    '',
  ])('%j is refused with a page, not a redirect', async (redirectUri) => {
    expectPage(
      await ask(strict, { redirect_uri: redirectUri }),
      redirectUri === '' ? BAD_REQUEST : MISCONFIGURED,
    );
  });

  test('without one nothing is guessed', async () => {
    expectPage(await ask({ ...acme.app }, { redirect_uri: undefined }), BAD_REQUEST);
  });

  test.each([STRICT, 'https://app.example/cb?tenant=1'])('%s is what was registered', async (redirectUri) => {
    const page = await ask(strict, { redirect_uri: redirectUri, prompt: 'none' });
    expect(errorAt(page, redirectUri)).toMatchObject({ error: 'login_required' });
  });

  test.each([
    ['http://127.0.0.1:49152/cb', true],
    ['http://127.0.0.1/cb', true],
    ['http://[::1]:8080/cb', true],
    ['com.example.app:/cb', true],
    ['https://app.example/native', true],
    ['http://127.0.0.1:49152/cb/x', false],
    ['http://127.0.0.1:49152/CB', false],
    ['http://127.0.0.2:49152/cb', false],
    ['http://localhost:49152/cb', false],
    ['http://user@127.0.0.1:49152/cb', false],
    ['http://127.0.0.1:49152.evil.example/cb', false],
    ['http://127.0.0.1:port/cb', false],
    ['https://127.0.0.1:49152/cb', false],
    ['https://app.example:8443/native', false],
    ['com.example.app:/cb/x', false],
    ['com.example.app://cb', false],
    ['com.example.other:/cb', false],
  ])('RFC 8252 7.3: a native application may take any loopback port: %s → %s', async (redirectUri, taken) => {
    const native = { issuer: acme.app.issuer, clientId: 'native', redirectUri };
    const page = await ask(native, { prompt: 'none' });
    if (taken) expect(errorAt(page, redirectUri)).toMatchObject({ error: 'login_required' });
    else expectPage(page, MISCONFIGURED);
  });

  test('an unknown application gets a page, whatever redirect URI it brings', async () => {
    for (const clientId of ['nobody', 'GRAFANA', 'grafana ', '']) {
      const page = await ask({ ...strict, clientId });
      expect([page.status, page.location]).toEqual([400, undefined]);
    }
  });

  test.each(['client_id', 'redirect_uri'])('A-48: %s given twice is a page', async (name) => {
    const { url } = authorizationRequest(strict);
    url.searchParams.append(name, url.searchParams.get(name) ?? '');
    const page = await new HttpBrowser().open(url);
    expect([page.status, page.location]).toEqual([400, undefined]);
  });

  test.each([
    'response_type',
    'scope',
    'state',
    'nonce',
    'code_challenge',
    'prompt',
    'login_hint',
    'connection',
  ])('A-48: %s given twice is an error at the application', async (name) => {
    const { url } = authorizationRequest(strict);
    url.searchParams.append(name, url.searchParams.get(name) ?? 'x');
    url.searchParams.append(name, 'x');
    const page = await new HttpBrowser().open(url);
    expect(errorAt(page, STRICT)).toMatchObject({ error: 'invalid_request', iss: strict.issuer });
  });
});

describe('A-58: only the answers that an application may have', () => {
  test.each([
    ['token', 'unsupported_response_type'],
    ['none', 'unsupported_response_type'],
    ['code token', 'unsupported_response_type'],
    ['code id_token token', 'unsupported_response_type'],
    ['id_token', 'invalid_request'],
    ['code id_token', 'invalid_request'],
    ['CODE', 'unsupported_response_type'],
    ['password', 'unsupported_response_type'],
  ])('response_type=%s: %s', async (responseType, error) => {
    const page = await ask(strict, { response_type: responseType });
    const told = new URL(String(page.location?.href).replace('#', '?'));
    expect(page.status).toBe(303);
    expect(told.href.startsWith(STRICT)).toBe(true);
    expect(told.searchParams.get('error')).toBe(error);
  });

  test.each(['web_message', 'web_message.jwt', 'jwt', 'query.jwt', 'fragment.jwt', 'okta_post_message', 'x'])(
    'A-70: response_mode=%s is not supported',
    async (mode) => {
      const page = await ask(strict, { response_mode: mode });
      expect(errorAt(page, STRICT)).toMatchObject({ error: 'unsupported_response_mode' });
    },
  );

  test('an application that an admin gave the hybrid flow gets code and ID Token in the fragment', async () => {
    const request = authorizationRequest(hybrid, { response_type: 'code id_token' });
    const { end } = await walk(new HttpBrowser(), hybrid, request.url, ADA);
    expect(end?.search).toBe('');
    const told = new URLSearchParams(end?.hash.slice(1));
    const claims = claimsOf(told.get('id_token'));
    expect(claims).toMatchObject({ aud: 'hybrid', nonce: request.nonce, tenant: 'acme' });
    expect(claims['c_hash']).toMatch(/^[\w-]{22}$/);
    expect((await redeem(hybrid, told.get('code') ?? '', request.verifier)).status).toBe(200);
  });

  test.each([
    ['query', { response_type: 'code id_token', response_mode: 'query' }],
    ['no nonce', { response_type: 'code id_token', nonce: undefined }],
  ])('the hybrid flow keeps its rules: %s', async (_case, params) => {
    const page = await ask(hybrid, params);
    expect(page.location?.href).toContain('error=invalid_request');
  });

  test.each([
    'password',
    'implicit',
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:device_code',
    '',
  ])('grant_type=%j is not for this application', async (grantType) => {
    const { status, json } = await send(`${strict.issuer}/oauth2/v1/token`, {
      form: {
        grant_type: grantType,
        client_id: 'strict',
        client_secret: SECRET,
        username: ADA.username,
        password: ADA.password,
      },
    });
    expect(status).toBe(400);
    expect(['unsupported_grant_type', 'unauthorized_client', 'invalid_request']).toContain(json['error']);
  });

  test('RFC 6749 5.2: a grant that others have, but not this application, is named unauthorized_client', async () => {
    const form = {
      grant_type: 'refresh_token',
      refresh_token: 'x',
      client_id: 'strict',
      client_secret: SECRET,
    };
    const { status, json } = await send(`${strict.issuer}/oauth2/v1/token`, { form });
    expect([status, json['error']]).toEqual([400, 'unauthorized_client']);
  });

  test('a request that waits is kept here: what comes with its return counts nothing', async () => {
    const browser = new HttpBrowser();
    const trip = await leave(browser, strict, { scope: 'openid' });
    const edited = new URL(await signThere(browser, trip, ADA));
    for (const [name, value] of Object.entries({
      redirect_uri: 'https://evil.example/cb',
      client_id: 'spa',
      scope: 'openid email offline_access',
      nonce: 'edited',
    }))
      edited.searchParams.set(name, value);
    const page = await travelOurs(browser, strict, edited);
    expect(page.location?.href.startsWith(STRICT)).toBe(true);
    expect(page.location?.searchParams.get('state')).toBe(trip.request.state);
    const answer = await redeem(strict, page.location?.searchParams.get('code') ?? '', trip.request.verifier);
    expect(answer.body).toMatchObject({ scope: 'openid' });
    expect(claimsOf(answer.body['id_token'])).toMatchObject({ aud: 'strict' });
  });
});

describe('A-61, A-73: parameters that carry requests of their own', () => {
  test.each([
    ['request', 'eyJhbGciOiJub25lIn0.eyJjbGllbnRfaWQiOiJzdHJpY3QifQ.', 'request_not_supported'],
    ['registration', '{"redirect_uris":["https://evil.example"]}', 'registration_not_supported'],
  ])('%s is refused', async (name, value, error) => {
    expect(errorAt(await ask(strict, { [name]: value }), STRICT)).toMatchObject({ error });
  });

  test.each([
    'https://evil.example/request.jwt',
    'http://169.254.169.254/latest',
    'urn:ietf:params:oauth:request_uri:unknown',
    'x',
  ])('request_uri=%s leads nowhere', async (requestUri) => {
    const page = await ask(strict, { request_uri: requestUri });
    if (page.status === 400) expectPage(page, BAD_REQUEST);
    else
      expect(errorAt(page, STRICT)['error']).toMatch(/^(?:invalid_request_uri|request_uri_not_supported)$/);
  });

  test('claims asks for nothing that the scope does not give', async () => {
    const request = authorizationRequest(strict, {
      scope: 'openid',
      claims: JSON.stringify({
        id_token: { email: { essential: true }, sub: { value: 'somebody-else' } },
        userinfo: { name: null },
      }),
    });
    const { end } = await walk(new HttpBrowser(), strict, request.url, ADA);
    const answer = await redeem(strict, end?.searchParams.get('code') ?? '', request.verifier);
    expect(Object.keys(claimsOf(answer.body['id_token']))).not.toEqual(expect.arrayContaining(['email']));
  });
});

describe('POST (OpenID Connect Core 3.1.2.1)', () => {
  test('on plain http becomes a GET with the same parameters, because its cookies are Lax', async () => {
    const { url, state } = authorizationRequest(strict, { prompt: 'none', state: 'a b&c=ü' });
    const posted = await new HttpBrowser().open(`${url.origin}${url.pathname}`, { form: url.searchParams });
    expect(posted.status).toBe(303);
    expect(posted.location?.pathname).toBe(url.pathname);
    expect(Object.fromEntries(posted.location?.searchParams ?? [])).toEqual(
      Object.fromEntries(url.searchParams),
    );
    expect(state).not.toBe('');
    const page = await new HttpBrowser().open(posted.location ?? '');
    expect(errorAt(page, STRICT)).toMatchObject({ error: 'login_required', state: 'a b&c=ü' });
  });

  test('a huge one is refused', async () => {
    const { status } = await send(`${strict.issuer}/oauth2/v1/authorize`, {
      form: { client_id: 'strict', state: 'x'.repeat(60_000) },
    });
    expect(status).toBe(413);
  });
});
