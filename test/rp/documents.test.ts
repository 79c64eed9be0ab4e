import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HostileProvider, makeKey, oktaError, sendJson } from '../support/hostile-provider.js';
import { CONNECTION, SECRETS, TENANT, aKit, aParty, closeKits, refusal, signIn } from './kit.js';
import type { Kit } from './kit.js';

const first = makeKey('kid-1');
const second = makeKey('kid-2');
const third = makeKey('kid-3');
const KEYS = '/keys';
const DISCOVERY = '/.well-known/openid-configuration';
let provider: HostileProvider;
let kit: Kit;

beforeAll(async () => {
  provider = await HostileProvider.start(first);
});
afterAll(async () => {
  await closeKits();
  await provider.close();
});
beforeEach(() => {
  Object.assign(provider, { claims: {}, metadata: {}, keysHeaders: {}, signer: first, clockAhead: 0 });
  provider.published = [first.publicJwk];
  provider.requests.length = 0;
  provider.behaviours.clear();
  kit = aKit();
});

const down = (path: string): void =>
  provider.on(path, (_request, response) => void response.writeHead(503).end());
/** Our clock moves and the provider's with it. */
const wait = (seconds: number): void => {
  kit.clock.offsetSeconds += seconds;
  provider.clockAhead += seconds;
};

describe('metadata', () => {
  test('is fetched once for many sign-ins at once, and again after 10 minutes', async () => {
    const party = aParty(provider);
    await Promise.all(Array.from({ length: 20 }, () => signIn(kit, party)));
    expect([provider.count(DISCOVERY), provider.count(KEYS)]).toEqual([1, 1]);
    wait(599);
    await kit.rp.authorizationUrl(party, SECRETS);
    expect(provider.count(DISCOVERY)).toBe(1);
    wait(2);
    await kit.rp.authorizationUrl(party, SECRETS);
    expect(provider.count(DISCOVERY)).toBe(2);
  });

  test('F-07 is served stale for a day while the upstream is down, without asking at each sign-in', async () => {
    const party = aParty(provider);
    await kit.rp.authorizationUrl(party, SECRETS);
    down(DISCOVERY);
    wait(23 * 3_600);
    await kit.rp.authorizationUrl(party, SECRETS);
    await kit.rp.authorizationUrl(party, SECRETS);
    expect(provider.count(DISCOVERY)).toBe(2);
    expect(kit.log.events()).toContain('upstream.served_stale');
    wait(2 * 3_600);
    const error = await refusal(kit.rp.authorizationUrl(party, SECRETS));
    expect([error.reason, error.oauthError]).toEqual(['okta_down', 'temporarily_unavailable']);
  });

  test('is asked again within 30 s of the upstream’s recovery', async () => {
    const party = aParty(provider);
    await kit.rp.authorizationUrl(party, SECRETS);
    down(DISCOVERY);
    wait(3_600);
    await kit.rp.authorizationUrl(party, SECRETS);
    provider.behaviours.clear();
    wait(11);
    await kit.rp.authorizationUrl(party, SECRETS);
    expect(provider.count(DISCOVERY)).toBe(3);
  });

  test('serves a node that starts during an outage', async () => {
    await signIn(kit, aParty(provider));
    down(DISCOVERY);
    wait(3_600);
    await expect(kit.otherNode().authorizationUrl(aParty(provider), SECRETS)).resolves.toBeDefined();
  });

  test('of an older version of the connection is not used (A-10)', async () => {
    await signIn(kit, aParty(provider));
    down(DISCOVERY);
    const error = await refusal(kit.rp.authorizationUrl(aParty(provider, { version: 2 }), SECRETS));
    expect(error.reason).toBe('okta_down');
  });

  test('of another issuer in the store brings neither itself nor its keys', async () => {
    await signIn(kit, aParty(provider));
    const other = await HostileProvider.start(second);
    await signIn({ rp: kit.otherNode() }, aParty(other));
    // The other provider's row, under the version of a connection that names the first one.
    down(KEYS);
    expect((await refusal(signIn({ rp: kit.otherNode() }, aParty(provider)))).step).toBe('keys');
    await other.close();
  });

  test('in the store passes the checks again', async () => {
    await signIn(kit, aParty(provider));
    const key = `${TENANT} ${CONNECTION}`;
    const row = kit.keySets.rows.get(key);
    if (row === undefined) throw new Error('nothing was stored');
    const body = { ...row.metadata.body, token_endpoint: 'https://evil.example/token' };
    kit.keySets.rows.set(key, { ...row, metadata: { ...row.metadata, body } });
    down(DISCOVERY);
    expect((await refusal(kit.otherNode().authorizationUrl(aParty(provider), SECRETS))).reason).toBe(
      'okta_down',
    );
  });

  test('a store that can’t save stops nobody', async () => {
    const party = aParty(provider);
    kit.keySets.save = () => Promise.reject(new Error('disk full'));
    await expect(signIn(kit, party)).resolves.toBeDefined();
    expect(kit.log.events()).toContain('upstream.documents_not_saved');
  });

  test.each<[what: string, metadata: () => object, reason: string]>([
    ['A-26 another issuer', () => ({ issuer: 'https://globex.okta.com' }), 'issuer_mismatch'],
    ['A-26 the issuer with a slash', () => ({ issuer: `${provider.issuer}/` }), 'issuer_mismatch'],
    ['no issuer', () => ({ issuer: null }), 'metadata_invalid'],
    [
      'A-43 a foreign token endpoint',
      () => ({ token_endpoint: 'https://evil.example/token' }),
      'metadata_invalid',
    ],
    ['A-43 an internal key set', () => ({ jwks_uri: 'http://169.254.169.254/keys' }), 'metadata_invalid'],
    ['A-43 another port', () => ({ userinfo_endpoint: 'http://127.0.0.1:1/userinfo' }), 'metadata_invalid'],
    ['A-43 a foreign logout', () => ({ end_session_endpoint: 'https://evil.example/' }), 'metadata_invalid'],
    [
      'credentials in an endpoint',
      () => ({ token_endpoint: 'https://a:b@evil.example' }),
      'metadata_invalid',
    ],
    ['a script as endpoint', () => ({ authorization_endpoint: 'javascript:alert(1)' }), 'metadata_invalid'],
    ['an endpoint that is no text', () => ({ token_endpoint: ['https://a.example'] }), 'metadata_invalid'],
    ['no token endpoint', () => ({ token_endpoint: null }), 'metadata_invalid'],
    ['no key set', () => ({ jwks_uri: null }), 'metadata_invalid'],
    ['A-27 only alg none', () => ({ id_token_signing_alg_values_supported: ['none'] }), 'metadata_invalid'],
    [
      'A-27 only shared secrets',
      () => ({ id_token_signing_alg_values_supported: ['HS256'] }),
      'metadata_invalid',
    ],
  ])('%s: refused', async (_what, metadata, reason) => {
    provider.metadata = { ...metadata() };
    expect((await refusal(kit.rp.authorizationUrl(aParty(provider), SECRETS))).reason).toBe(reason);
    expect(provider.requests).toHaveLength(1);
  });

  test('another provider may have endpoints elsewhere, but not on http elsewhere', async () => {
    provider.metadata = { token_endpoint: 'https://oauth2.example/token' };
    await expect(kit.rp.authorizationUrl(aParty(provider, { type: 'oidc' }), SECRETS)).resolves.toBeDefined();
    provider.metadata = { token_endpoint: 'http://oauth2.example/token' };
    const error = await refusal(aKit().rp.authorizationUrl(aParty(provider, { type: 'oidc' }), SECRETS));
    expect(error.reason).toBe('metadata_invalid');
  });

  test.each<[status: number, body: unknown, reason: string]>([
    [
      404,
      oktaError('E0000007', 'Not found: Resource not found: ausx (AuthorizationServer)'),
      'custom_as_missing',
    ],
    [
      401,
      oktaError('E0000015', 'You do not have permission to access the feature you are requesting.'),
      'no_api_am',
    ],
    [429, oktaError('E0000047', 'API call exceeded rate limit due to too many requests.'), 'rate_limited'],
    [404, { message: 'no' }, 'metadata_invalid'],
    [301, {}, 'metadata_invalid'],
    [500, {}, 'okta_down'],
  ])('an answer of %d %j is %s', async (status, body, reason) => {
    provider.on(DISCOVERY, (_request, response) => sendJson(response, status, body));
    expect((await refusal(kit.rp.authorizationUrl(aParty(provider), SECRETS))).reason).toBe(reason);
  });
});

describe('F-11 key sets', () => {
  test('a rotated key is fetched once, and the sign-in succeeds', async () => {
    const party = aParty(provider);
    await signIn(kit, party);
    provider.signer = second;
    provider.published = [first.publicJwk, second.publicJwk];
    await Promise.all(Array.from({ length: 10 }, () => signIn(kit, party)));
    expect(provider.count(KEYS)).toBe(2);
  });

  test('A-28 unknown keys cause one fetch in 60 s, on all nodes together', async () => {
    const party = aParty(provider);
    const other = kit.otherNode();
    await signIn(kit, party);
    await signIn({ rp: other }, party);
    const before = provider.count(KEYS);
    provider.signer = third;
    for (let round = 0; round < 5; round += 1) {
      for (const rp of [kit.rp, other]) {
        const error = await refusal(signIn({ rp }, party));
        expect([error.reason, error.mayRetry]).toEqual(['key_unknown', true]);
      }
    }
    expect(provider.count(KEYS)).toBe(before + 1);
    wait(61);
    provider.published = [third.publicJwk];
    await expect(signIn(kit, party)).resolves.toBeDefined();
    await expect(signIn({ rp: other }, party)).resolves.toBeDefined();
    expect(provider.count(KEYS)).toBe(before + 2);
  });

  test('F-14 a rotation that two nodes see at the same moment costs one fetch and nobody a sign-in', async () => {
    const party = aParty(provider);
    const other = kit.otherNode();
    await signIn(kit, party);
    await signIn({ rp: other }, party);
    const before = provider.count(KEYS);
    provider.signer = second;
    provider.published = [second.publicJwk];
    await Promise.all([signIn(kit, party), signIn({ rp: other }, party)]);
    expect(provider.count(KEYS)).toBe(before + 1);
  });

  test('a key that was published right after an ordinary fetch is found', async () => {
    provider.published = [first.publicJwk, second.publicJwk];
    const party = aParty(provider);
    await signIn(kit, party);
    provider.published = [third.publicJwk];
    provider.signer = third;
    await expect(signIn(kit, party)).resolves.toBeDefined();
  });

  test('a known key verifies from what is stored while the key set is down; an unknown one says try again', async () => {
    const party = aParty(provider);
    await signIn(kit, party);
    down(KEYS);
    wait(20 * 3_600);
    const fresh = kit.otherNode();
    await expect(signIn({ rp: fresh }, party)).resolves.toBeDefined();
    provider.signer = second;
    const error = await refusal(signIn({ rp: fresh }, party));
    expect([error.reason, error.step, error.mayRetry]).toEqual(['okta_down', 'keys', true]);
  });

  test('recovers within 30 s after the key set is back', async () => {
    const party = aParty(provider);
    await signIn(kit, party);
    down(KEYS);
    provider.signer = second;
    provider.published = [second.publicJwk];
    await refusal(signIn(kit, party));
    provider.behaviours.clear();
    expect((await refusal(signIn(kit, party))).reason).toBe('key_unknown');
    wait(11);
    await expect(signIn(kit, party)).resolves.toBeDefined();
  });

  test('stored keys are used for a day, not longer', async () => {
    const party = aParty(provider);
    await signIn(kit, party);
    down(KEYS);
    wait(26 * 3_600);
    expect((await refusal(signIn(kit, party))).step).toBe('keys');
  });

  test('a key that is gone from the set is refused once the cache has aged', async () => {
    const party = aParty(provider);
    provider.keysHeaders = { 'cache-control': 'max-age=60' };
    await signIn(kit, party);
    provider.published = [second.publicJwk];
    wait(301);
    expect((await refusal(signIn(kit, party))).reason).toBe('key_unknown');
  });

  test.each([
    ['max-age=3832304, must-revalidate', 86_400],
    ['max-age=1', 300],
    ['max-age=900', 900],
    ['public, max-age="1200"', 1_200],
    ['no-store', 300],
    ['s-maxage=7', 3_600],
    ['max-age=99999999999999', 86_400],
  ])('Cache-Control: %s keeps the set for %d s', async (control, seconds) => {
    const party = aParty(provider);
    provider.keysHeaders = { 'cache-control': control };
    await signIn(kit, party);
    wait(seconds - 5);
    await signIn(kit, party);
    expect(provider.count(KEYS)).toBe(1);
    wait(10);
    await signIn(kit, party);
    expect(provider.count(KEYS)).toBe(2);
  });

  test('A-47 a set of 10,000 keys, and one of 51', async () => {
    for (const length of [51, 10_000]) {
      provider.published = Array.from({ length }, () => ({ kty: 'RSA', kid: 'x', n: 'AQAB', e: 'AQAB' }));
      expect((await refusal(signIn(aKit(), aParty(provider)))).reason).toBe('response_invalid');
    }
  });

  test.each<[what: string, document: unknown, reason: string]>([
    ['no set', { error: 'no' }, 'response_invalid'],
    ['a list', [], 'response_invalid'],
    ['an empty set', { keys: [] }, 'keys_missing'],
    ['only shared keys', { keys: [{ kty: 'oct', k: 'AAAA', kid: 'kid-1' }] }, 'keys_missing'],
    ['nonsense', { keys: [null, 7, 'x', [], { kty: 1 }] }, 'keys_missing'],
    [
      'half a key',
      {
        keys: [
          { kty: 'RSA', kid: 'kid-1' },
          { kty: 'EC', crv: 'P-256', x: 'AA' },
        ],
      },
      'keys_missing',
    ],
    ['a giant', { keys: [{ ...first.publicJwk, n: 'x'.repeat(1_400) }] }, 'keys_missing'],
  ])('%s instead of keys', async (_what, document, reason) => {
    provider.on(KEYS, (_request, response) => sendJson(response, 200, document));
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe(reason);
  });

  test('only public members are kept', async () => {
    const leaked = first.privateKey.export({ format: 'jwk' });
    provider.published = [{ ...first.publicJwk, ...leaked, x5u: 'https://evil.example' }];
    await signIn(kit, aParty(provider));
    const row = kit.keySets.rows.get(`${TENANT} ${CONNECTION}`);
    expect(row?.keys?.body).toEqual({ keys: [first.publicJwk] });
  });

  test('two keys under one kid are both tried', async () => {
    provider.published = [{ ...second.publicJwk, kid: 'kid-1' }, first.publicJwk];
    await expect(signIn(kit, aParty(provider))).resolves.toBeDefined();
  });
});
