import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { HostileProvider, makeKey } from '../support/hostile-provider.js';
import type { Behaviour } from '../support/hostile-provider.js';
import { SECRETS, aKit, aParty, closeKits, refusal, signIn } from './kit.js';
import type { Kit } from './kit.js';

const DISCOVERY = '/.well-known/openid-configuration';
const key = makeKey('kid-1');
let provider: HostileProvider;
let kit: Kit;

beforeAll(async () => {
  provider = await HostileProvider.start(key);
});
afterAll(async () => {
  await provider.close();
});
beforeEach(() => {
  provider.claims = {};
  provider.requests.length = 0;
  kit = aKit();
});
afterEach(async () => {
  provider.behaviours.clear();
  await closeKits();
});

const timed = async <T>(work: Promise<T>): Promise<{ result: T; ms: number }> => {
  const before = performance.now();
  const result = await work;
  return { result, ms: performance.now() - before };
};

const ofIssuer = (issuer: string) =>
  refusal(kit.rp.authorizationUrl(aParty({ issuer, clientId: 'x' }), SECRETS));

const drip: Behaviour = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 200);
  response.on('close', () => clearInterval(timer));
};

const answering =
  (body: string | Buffer, headers: Record<string, string> = {}): Behaviour =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body);

describe('F-07 nobody answers', () => {
  test('a refused connection is named at once, and the next good sign-in works', async () => {
    const party = aParty(provider);
    const comeBack = await provider.goAway();
    const { result, ms } = await timed(refusal(kit.rp.authorizationUrl(party, SECRETS)));
    expect([result.reason, result.oauthError, result.mayRetry]).toEqual([
      'unreachable',
      'temporarily_unavailable',
      true,
    ]);
    expect(ms).toBeLessThan(2_000);
    await comeBack();
    await expect(kit.rp.authorizationUrl(party, SECRETS)).resolves.toBeDefined();
  });

  test('a name that doesn’t exist, an address that may not be called', async () => {
    expect((await ofIssuer('http://acme.okta.com')).reason).toBe('metadata_invalid');
    expect((await ofIssuer('https://acme.okta.com.')).reason).toBe('metadata_invalid');
    expect((await ofIssuer('https://does-not-exist.invalid')).reason).toBe('unreachable');
  });

  test('TLS that isn’t there is named', async () => {
    const issuer = provider.issuer.replace('http:', 'https:');
    const error = await refusal(kit.rp.authorizationUrl(aParty({ issuer, clientId: 'x' }), SECRETS));
    expect([error.reason, error.mayRetry]).toEqual(['tls', false]);
  });

  test('after five failures nobody waits any more, and 10 s later it is tried again', async () => {
    const party = aParty(provider);
    provider.on(DISCOVERY, (_request, response) => void response.writeHead(503).end());
    for (let i = 0; i < 5; i += 1) await refusal(kit.rp.authorizationUrl(party, SECRETS));
    const asked = provider.count(DISCOVERY);
    expect((await refusal(kit.rp.authorizationUrl(party, SECRETS))).reason).toBe('okta_down');
    expect(provider.count(DISCOVERY)).toBe(asked);
    provider.behaviours.clear();
    kit.clock.offsetSeconds += 11;
    await expect(kit.rp.authorizationUrl(party, SECRETS)).resolves.toBeDefined();
  });

  test('a probe of a broken draft stops no sign-in of its connection', async () => {
    const party = aParty(provider);
    await signIn(kit, party);
    provider.on(DISCOVERY, (_request, response) => void response.writeHead(503).end());
    for (let i = 0; i < 6; i += 1) await kit.tester.probe(party);
    await expect(signIn(kit, party)).resolves.toBeDefined();
  });
});

describe('F-08 slow', () => {
  test('a byte at a time ends after 5 s for the whole sign-in, wherever it is slow', async () => {
    const party = aParty(provider);
    const [discovery, token, userinfo] = await Promise.all(
      [DISCOVERY, '/token', '/userinfo'].map(async (path) => {
        const slow = await HostileProvider.start(key);
        slow.claims = { groups: undefined, name: undefined };
        slow.on(path, drip);
        const timing = await timed(refusal(signIn(aKit(), aParty(slow))));
        await slow.close();
        return timing;
      }),
    );
    for (const timing of [discovery, token, userinfo]) {
      expect(timing?.result.reason).toBe('okta_down');
      expect(timing?.ms).toBeGreaterThan(4_500);
      expect(timing?.ms).toBeLessThan(5_600);
    }
    await expect(signIn(kit, party)).resolves.toBeDefined();
  }, 15_000);

  test('an old document that will do is waited for 2 s at most', async () => {
    const party = aParty(provider);
    await signIn(kit, party);
    provider.on(DISCOVERY, drip);
    kit.clock.offsetSeconds += 700;
    provider.clockAhead += 700;
    const { ms } = await timed(signIn(kit, party));
    provider.clockAhead = 0;
    expect(ms).toBeLessThan(3_000);
  });
});

describe('F-10 A-47 garbage', () => {
  const garbage: [what: string, behaviour: Behaviour][] = [
    ['a page', answering('<html>Welcome to the hotel</html>', { 'content-type': 'text/html' })],
    ['a page that calls itself JSON', answering('<html>')],
    ['JSON that calls itself a page', answering('{"issuer":"x"}', { 'content-type': 'text/html' })],
    ['half of it', answering('{"issuer":"htt')],
    ['nothing', answering('')],
    ['a list', answering('[]')],
    ['a number', answering('7')],
    ['bytes that are not UTF-8', answering(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]))],
    ['300 KiB', answering(`{"x":"${'x'.repeat(300 * 1024)}"}`)],
    [
      'a bomb of 20 MB',
      answering(gzipSync(Buffer.alloc(20 * 1024 * 1024, 0x20)), { 'content-encoding': 'gzip' }),
    ],
    ['a very deep one', answering('['.repeat(100_000))],
    ['prototype members', answering('{"__proto__":{"issuer":"x"},"constructor":{"prototype":{}}}')],
    ['no HTTP', (_request, response) => void response.socket?.end('SSH-2.0-OpenSSH_9.2\r\n')],
  ];

  test.each(garbage)('%s as metadata, keys, tokens and userinfo has a cause', async (_what, behaviour) => {
    const heapBefore = process.memoryUsage().rss;
    for (const path of [DISCOVERY, '/keys', '/token', '/userinfo']) {
      provider.claims = { name: undefined };
      provider.behaviours.clear();
      provider.on(path, behaviour);
      const error = await refusal(signIn(aKit(), aParty(provider)));
      expect([
        'metadata_invalid',
        'response_invalid',
        'keys_missing',
        'userinfo_mismatch',
        'unreachable',
      ]).toContain(error.reason);
      expect(error.message).not.toMatch(/hotel|OpenSSH/);
    }
    expect(process.memoryUsage().rss - heapBefore).toBeLessThan(80 * 1024 * 1024);
  });

  test('the key of a member named twice is the last, and is verified like any other', async () => {
    const idToken = await provider.idToken();
    provider.on(
      '/token',
      answering(`{"token_type":"Bearer","access_token":"a","id_token":"x.y.z","id_token":"${idToken}"}`),
    );
    await expect(signIn(kit, aParty(provider))).resolves.toBeDefined();
  });
});
