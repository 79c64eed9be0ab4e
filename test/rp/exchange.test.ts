import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { createSigningKey, publicJwk } from '../../src/keys/signing-keys.js';
import type { PrivateJwk } from '../../src/keys/signing-keys.js';
import { HostileProvider, makeKey, oktaError, sendJson } from '../support/hostile-provider.js';
import { SECRETS, aKit, aParty, callback, closeKits, refusal, signIn } from './kit.js';
import type { Kit } from './kit.js';

const TOKEN = '/token';
let provider: HostileProvider;
let clientKey: PrivateJwk;
let kit: Kit;

beforeAll(async () => {
  provider = await HostileProvider.start(makeKey('kid-1'));
  clientKey = await createSigningKey('client-key-1', 'RS256');
});
afterAll(async () => {
  await closeKits();
  await provider.close();
});
beforeEach(() => {
  Object.assign(provider, {
    claims: {},
    metadata: {},
    tokenAnswer: {},
    userinfo: {},
    secrets: ['a-good-client-secret'],
  });
  provider.requests.length = 0;
  provider.behaviours.clear();
  kit = aKit();
});

const tokenRequests = () => provider.requests.filter(({ path }) => path === TOKEN);
const lastForm = () => new URLSearchParams(tokenRequests().at(-1)?.body);

describe('the authorization request', () => {
  test('is a code flow with PKCE S256, state and nonce, whatever is configured', async () => {
    const url = await kit.rp.authorizationUrl(
      aParty(provider, { settings: { scopes: ['email', 'groups'] } }),
      SECRETS,
    );
    expect(url.origin + url.pathname).toBe(`${provider.origin}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: provider.clientId,
      redirect_uri: 'http://localhost:3000/t/acme/callback/okta',
      response_type: 'code',
      scope: 'openid email groups',
      state: SECRETS.state,
      nonce: SECRETS.nonce,
      // SHA-256 of 43 times "v"
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
  });

  test('carries what the application demands (A12)', async () => {
    const party = aParty(provider, { settings: { acrValues: ['urn:okta:loa:2fa:any'] } });
    const url = await kit.rp.authorizationUrl(party, {
      ...SECRETS,
      loginHint: 'ann+1@acme.example',
      maxAgeSeconds: 0,
      acrValues: ['urn:okta:loa:1fa:any'],
    });
    const { searchParams } = url;
    expect([searchParams.get('login_hint'), searchParams.get('max_age'), searchParams.get('prompt')]).toEqual(
      ['ann+1@acme.example', '0', 'login'],
    );
    expect(searchParams.get('acr_values')).toBe('urn:okta:loa:2fa:any');
    const silent = await kit.rp.authorizationUrl(party, { ...SECRETS, prompt: 'none' });
    expect([silent.searchParams.get('prompt'), silent.searchParams.get('max_age')]).toEqual(['none', null]);
  });

  test.each(['', 'with space', 'a+b', 'a=', 'a/b', 'a~b', 'x'.repeat(513)])(
    'a state that Okta refuses is ours to refuse: %j',
    async (state) => {
      await expect(kit.rp.authorizationUrl(aParty(provider), { ...SECRETS, state })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    },
  );
});

describe('the callback', () => {
  test.each<[what: string, parameters: () => URLSearchParams, reason: string]>([
    ['A-20 the state of another sign-in', () => callback({ state: 'state-2' }), 'nonce_mismatch'],
    ['no state', () => new URLSearchParams({ code: 'abc' }), 'nonce_mismatch'],
    ['A-21 iss of another server', () => callback({ iss: 'https://globex.okta.com' }), 'issuer_mismatch'],
    ['A-21 iss with a slash', () => callback({ iss: `${provider.issuer}/` }), 'issuer_mismatch'],
    ['no code', () => new URLSearchParams({ state: SECRETS.state }), 'response_invalid'],
    ['an empty code', () => callback({ code: '' }), 'response_invalid'],
    ['two codes', () => new URLSearchParams(`${callback().toString()}&code=other`), 'response_invalid'],
    [
      'two states',
      () => new URLSearchParams(`${callback().toString()}&state=${SECRETS.state}`),
      'response_invalid',
    ],
    ['an ID Token beside the code', () => callback({ id_token: 'eyJ.eyJ.x' }), 'response_invalid'],
    ['a JWT response', () => callback({ response: 'eyJ.eyJ.x' }), 'response_invalid'],
  ])('%s: refused before any request is made', async (_what, parameters, reason) => {
    await kit.rp.authorizationUrl(aParty(provider), SECRETS);
    const error = await refusal(signIn(kit, aParty(provider), { parameters: parameters() }));
    expect(error.reason).toBe(reason);
    expect(tokenRequests()).toEqual([]);
  });

  test('A-21 without iss, where the metadata promises it', async () => {
    provider.metadata = { authorization_response_iss_parameter_supported: true };
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('issuer_mismatch');
    expect(tokenRequests()).toEqual([]);
    await expect(
      signIn(kit, aParty(provider), { parameters: callback({ iss: provider.issuer }) }),
    ).resolves.toBeDefined();
  });

  test('A-21 an error of another server is no error of this one', async () => {
    const parameters = new URLSearchParams({
      error: 'access_denied',
      state: SECRETS.state,
      iss: 'https://globex.okta.com',
    });
    expect((await refusal(signIn(kit, aParty(provider), { parameters }))).reason).toBe('issuer_mismatch');
  });

  test('A-35 an error comes out with a cause, and its words as plain text', async () => {
    const parameters = new URLSearchParams({
      error: 'access_denied',
      error_description: `User isn't assigned to the client app.\r\n<script>alert(1)</script>${'x'.repeat(1_000)}`,
      state: SECRETS.state,
    });
    const error = await refusal(signIn(kit, aParty(provider), { parameters }));
    expect(error).toMatchObject({
      reason: 'user_not_assigned',
      step: 'authorization',
      oauthError: 'access_denied',
      mayRetry: false,
    });
    expect(error.message).toMatch(/^[^\r\n]{1,350}$/);
    expect(error.facts).toEqual({ upstreamError: 'access_denied' });
  });

  test('A-23 the verifier and the redirect URI go with the code', async () => {
    const parameters = callback();
    await signIn(kit, aParty(provider), { parameters });
    expect(Object.fromEntries(lastForm())).toEqual({
      grant_type: 'authorization_code',
      code: parameters.get('code'),
      redirect_uri: 'http://localhost:3000/t/acme/callback/okta',
      code_verifier: SECRETS.codeVerifier,
      client_id: provider.clientId,
      client_secret: 'a-good-client-secret',
    });
  });
});

describe('A4 client authentication', () => {
  test('client_secret_basic, in a form that a server may decode or not', async () => {
    provider.secrets = ['Zx-9_aB.c~d/e+f:g'];
    const party = aParty(
      provider,
      { settings: { clientAuth: 'client_secret_basic' } },
      { secrets: { clientSecret: 'Zx-9_aB.c~d/e+f:g' } },
    );
    await signIn(kit, party);
    const header = tokenRequests().at(-1)?.headers.authorization ?? '';
    expect(Buffer.from(header.replace('Basic ', ''), 'base64').toString()).toBe(
      `${provider.clientId}:Zx-9_aB.c%7Ed%2Fe%2Bf%3Ag`,
    );
    expect([...lastForm().keys()]).not.toContain('client_secret');
  });

  test.each<[type: 'okta' | 'oidc', audience: () => string]>([
    ['okta', () => `${provider.origin}/token`],
    ['oidc', () => provider.issuer],
  ])('private_key_jwt names as audience what %s wants, and its key', async (type, audience) => {
    const party = aParty(
      provider,
      { type, settings: { clientAuth: 'private_key_jwt' } },
      { secrets: {}, clientKeys: [clientKey] },
    );
    await signIn(kit, party);
    const assertion = lastForm().get('client_assertion') ?? '';
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: 'RS256', kid: 'client-key-1', typ: 'JWT' });
    const { payload } = await jwtVerify(assertion, await importJWK(publicJwk(clientKey), 'RS256'));
    expect(payload).toMatchObject({ iss: provider.clientId, sub: provider.clientId, aud: audience() });
    const [issued = 0, expires = 0] = [payload.iat, payload.exp];
    expect(expires - issued).toBe(300);
    expect(issued).toBeLessThanOrEqual(Math.floor(Date.now() / 1_000) - 59);
    expect(lastForm().has('client_secret')).toBe(false);
  });

  test('each assertion is new', async () => {
    const party = aParty(
      provider,
      { settings: { clientAuth: 'private_key_jwt' } },
      { secrets: {}, clientKeys: [clientKey] },
    );
    await signIn(kit, party);
    await signIn(kit, party);
    const [first, second] = tokenRequests().map(({ body }) =>
      new URLSearchParams(body).get('client_assertion'),
    );
    expect(first).not.toBe(second);
  });

  test('a connection without a credential says so', async () => {
    expect((await refusal(signIn(kit, aParty(provider, {}, { secrets: {} })))).reason).toBe('bad_secret');
    const keyless = aParty(provider, { settings: { clientAuth: 'private_key_jwt' } });
    expect((await refusal(signIn(kit, keyless))).reason).toBe('auth_method_mismatch');
    expect(tokenRequests()).toEqual([]);
  });
});

const both = () =>
  aParty(
    provider,
    {},
    { secrets: { clientSecret: 'the-old-secret-1', secondarySecret: 'the-new-secret-2' } },
  );

const sent = () => tokenRequests().map(({ body }) => new URLSearchParams(body).get('client_secret'));

describe('A5 two secrets', () => {
  test('the second is tried when the first is refused, with the same code, and remembered', async () => {
    provider.secrets = ['the-new-secret-2'];
    await signIn(kit, both());
    expect(sent()).toEqual(['the-old-secret-1', 'the-new-secret-2']);
    expect(new Set(tokenRequests().map(({ body }) => new URLSearchParams(body).get('code'))).size).toBe(1);
    await signIn(kit, both());
    expect(sent().slice(2)).toEqual(['the-new-secret-2']);
    provider.secrets = ['the-old-secret-1'];
    await signIn(kit, both());
    expect(sent().slice(3)).toEqual(['the-new-secret-2', 'the-old-secret-1']);
  });

  test('when both are refused, that is the end', async () => {
    provider.secrets = [];
    expect((await refusal(signIn(kit, both()))).reason).toBe('bad_secret');
    expect(sent()).toHaveLength(2);
  });

  test.each<[what: string, status: number, body: unknown]>([
    ['another refusal', 400, { error: 'invalid_grant' }],
    ['an unknown client', 401, oktaError('invalid_client', "Invalid value for 'client_id' parameter.")],
    ['an outage', 503, {}],
    ['a limit', 429, oktaError('E0000047', 'API call exceeded rate limit')],
    ['nonsense', 200, { access_token: 'x', token_type: 'Bearer' }],
  ])('after %s the code is not sent again', async (_what, status, body) => {
    provider.on(TOKEN, (_request, response) => sendJson(response, status, body));
    await refusal(signIn(kit, both()));
    expect(sent()).toEqual(['the-old-secret-1']);
  });

  test('nor after a connection that broke, or an answer that never came whole', async () => {
    provider.on(TOKEN, (_request, response) => void response.destroy());
    expect((await refusal(signIn(kit, both()))).reason).toBe('unreachable');
    provider.on(TOKEN, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
      response.write('{"access_token":', () => response.destroy());
    });
    await refusal(signIn(kit, both()));
    expect(sent()).toHaveLength(2);
  });
});

describe('what the token endpoint says', () => {
  test.each<[status: number, body: unknown, reason: string]>([
    [401, oktaError('invalid_client', "Invalid value for 'client_id' parameter."), 'unknown_client'],
    [
      400,
      { error: 'invalid_grant', error_description: 'The authorization code is invalid or has expired.' },
      'code_invalid',
    ],
    [
      403,
      {
        error: 'access_denied',
        error_description: "The request is made from outside the client's permitted network zones.",
      },
      'network_zone',
    ],
    [
      400,
      { error: 'invalid_dpop_proof', error_description: 'The DPoP proof JWT header is missing.' },
      'dpop_required',
    ],
    [
      401,
      { error: 'invalid_client', error_description: 'The client_assertion JWT kid is invalid.' },
      'assertion_kid',
    ],
    [429, oktaError('E0000047', 'API call exceeded rate limit due to too many requests.'), 'rate_limited'],
    [500, oktaError('E0000009', 'Internal Server Error'), 'okta_down'],
    [200, { error: 'invalid_grant' }, 'response_invalid'],
    [204, {}, 'response_invalid'],
    [302, {}, 'response_invalid'],
  ])('%d %j is %s', async (status, body, reason) => {
    provider.on(TOKEN, (_request, response) => sendJson(response, status, body));
    const error = await refusal(signIn(kit, aParty(provider)));
    expect([error.reason, error.step]).toEqual([reason, 'token']);
  });

  test('an answer with a WWW-Authenticate header is read like others', async () => {
    provider.on(TOKEN, (_request, response) =>
      sendJson(
        response,
        401,
        { error: 'invalid_client', error_description: 'No client credentials found.' },
        { 'www-authenticate': 'Basic realm="okta"' },
      ),
    );
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('auth_method_mismatch');
  });

  test.each<[header: string, value: () => string]>([
    ['retry-after', () => '30'],
    ['x-rate-limit-reset', () => String(Math.floor(Date.now() / 1_000) + 30)],
  ])('a limit tells when to come back, by %s', async (header, value) => {
    provider.on(TOKEN, (_request, response) => sendJson(response, 429, {}, { [header]: value() }));
    const { facts } = await refusal(signIn(kit, aParty(provider)));
    expect(Math.abs(Number(facts.seconds) - 30)).toBeLessThan(2);
  });

  test('A-39 a refresh token goes nowhere', async () => {
    provider.tokenAnswer = { refresh_token: 'canary-refresh-token' };
    const done = await signIn(kit, aParty(provider));
    expect(JSON.stringify([done, kit.log.lines, [...kit.keySets.rows.values()]])).not.toContain('canary');
  });
});

describe('sign-out', () => {
  const request = {
    idToken: 'eyJ.eyJ.x',
    postLogoutRedirectUri: 'http://localhost:3000/t/acme/signed-out/okta',
    state: 's-1',
  };

  test('carries the ID Token as hint', async () => {
    const url = await kit.rp.logoutUrl(aParty(provider), request);
    expect(Object.fromEntries(url instanceof URL ? url.searchParams : [])).toEqual({
      id_token_hint: 'eyJ.eyJ.x',
      post_logout_redirect_uri: request.postLogoutRedirectUri,
      state: 's-1',
      client_id: provider.clientId,
    });
  });

  test('ends here when the upstream has none, or doesn’t answer', async () => {
    provider.metadata = { end_session_endpoint: null };
    await expect(kit.rp.logoutUrl(aParty(provider), request)).resolves.toBe('none');
    provider.on(
      '/.well-known/openid-configuration',
      (_request, response) => void response.writeHead(503).end(),
    );
    const other = aKit();
    await expect(other.rp.logoutUrl(aParty(provider), request)).resolves.toBe('unreachable');
    expect(other.log.events()).toContain('upstream.logout_skipped');
  });
});
