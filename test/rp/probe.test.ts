import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Check } from '../../src/domain/connection/testing/check.js';
import { HostileProvider, makeKey, oktaError, sendJson } from '../support/hostile-provider.js';
import { aKit, aParty, closeKits } from './kit.js';
import type { Kit } from './kit.js';

const DISCOVERY = '/.well-known/openid-configuration';
let provider: HostileProvider;
let kit: Kit;

beforeAll(async () => {
  provider = await HostileProvider.start(makeKey('kid-1'));
});
afterAll(async () => {
  await closeKits();
  await provider.close();
});
beforeEach(() => {
  Object.assign(provider, { metadata: {}, secrets: ['a-good-client-secret'], clockAhead: 0 });
  provider.published = [provider.signer.publicJwk];
  provider.requests.length = 0;
  provider.behaviours.clear();
  kit = aKit();
});

const brief = (results: readonly Check[]): string[] =>
  results.map(({ id, status, cause }) => [id, status, ...(cause === undefined ? [] : [cause])].join(' '));

test('A17 a sound connection passes', async () => {
  provider.metadata = { pushed_authorization_request_endpoint: `${provider.origin}/par` };
  provider.on('/par', (_request, response) =>
    sendJson(response, 201, { request_uri: 'urn:okta:1', expires_in: 60 }),
  );
  const party = aParty(
    provider,
    {},
    { secrets: { clientSecret: 'a-good-client-secret', secondarySecret: 'a-mistyped-secret' } },
  );
  expect(brief(await kit.tester.probe(party))).toEqual([
    'discovery passed',
    'clock passed',
    'client passed',
    'keys passed',
    'client_authentication passed',
    'secondary_secret warning bad_secret',
    'callback passed',
    'introspection not_applicable',
  ]);
  const pushed = new URLSearchParams(provider.requests.find(({ path }) => path === '/par')?.body);
  expect(pushed.get('redirect_uri')).toBe(party.redirectUri);
  expect(pushed.get('scope')).toBe('openid profile email groups');
});

test('it asks past every cache, and keeps nothing', async () => {
  const party = aParty(provider);
  await kit.tester.probe(party);
  await kit.tester.probe(party);
  expect(provider.count('/keys')).toBe(2);
  expect(kit.keySets.rows.size).toBe(0);
});

test('without an address there is nothing else to try', async () => {
  provider.metadata = { issuer: 'https://login.acme.example' };
  const results = await kit.tester.probe(aParty(provider));
  expect(brief(results).slice(0, 3)).toEqual([
    'discovery failed issuer_mismatch',
    'clock passed',
    'client not_tried',
  ]);
  expect(results[0]?.facts).toEqual({ issuer: 'https://login.acme.example' });
  expect(
    brief(results)
      .slice(2)
      .every((line) => line.endsWith('not_tried')),
  ).toBe(true);
});

test('an unknown client, and one whose tokens come from a custom domain', async () => {
  provider.on(DISCOVERY, ({ path }, response) => {
    if (!path.includes('client_id=')) return sendJson(response, 200, provider.honestMetadata());
    return sendJson(response, 400, oktaError('invalid_client', 'Invalid value for `client_id` parameter'));
  });
  expect(brief(await kit.tester.probe(aParty(provider)))).toContain('client failed unknown_client');
  provider.on(DISCOVERY, ({ path }, response) => {
    const issuer = path.includes('client_id=') ? 'https://login.acme.example' : provider.issuer;
    sendJson(response, 200, { ...provider.honestMetadata(), issuer });
  });
  expect(brief(await kit.tester.probe(aParty(provider)))).toContain('client failed issuer_mismatch');
});

test('a wrong secret, wrong keys, a wrong clock', async () => {
  provider.secrets = [];
  provider.published = [];
  provider.clockAhead = -240;
  const results = await kit.tester.probe(aParty(provider));
  expect(brief(results)).toEqual([
    'discovery passed',
    'clock failed clock_skew',
    'client passed',
    'keys failed keys_missing',
    'client_authentication failed bad_secret',
    'secondary_secret not_applicable',
    'callback not_applicable',
    'introspection not_applicable',
  ]);
  expect(results[1]?.seen).toMatch(/24\d s behind ours|239 s behind ours/);
});

test('a callback address that the app doesn’t have', async () => {
  provider.metadata = { pushed_authorization_request_endpoint: `${provider.origin}/par` };
  provider.on('/par', (_request, response) =>
    sendJson(response, 400, {
      error: 'invalid_request',
      error_description:
        "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.",
    }),
  );
  expect(brief(await kit.tester.probe(aParty(provider))).at(-2)).toBe(
    'callback failed redirect_uri_mismatch',
  );
  provider.on('/par', (_request, response) => void response.destroy());
  expect(brief(await kit.tester.probe(aParty(provider))).at(-2)).toBe('callback failed unreachable');
});

test('a draft without a secret, and an upstream that isn’t Okta', async () => {
  const results = await kit.tester.probe(aParty(provider, { type: 'oidc' }, { secrets: {} }));
  expect(brief(results)).toEqual([
    'discovery passed',
    'clock passed',
    'client not_applicable',
    'keys passed',
    'client_authentication failed bad_secret',
    'secondary_secret not_applicable',
    'callback not_applicable',
    'introspection not_applicable',
  ]);
});

test('an upstream that takes any code is reported', async () => {
  provider.on('/token', (_request, response) => {
    void provider
      .idToken()
      .then((id_token) => sendJson(response, 200, { access_token: 'a', token_type: 'Bearer', id_token }));
  });
  expect(brief(await kit.tester.probe(aParty(provider)))).toContain(
    'client_authentication failed response_invalid',
  );
});
