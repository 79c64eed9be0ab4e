import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionSettings } from '../../src/domain/connection/connection.js';
import type { Revalidation } from '../../src/rp/revalidation.js';
import { HostileProvider, makeKey, sendJson, type Json } from '../support/hostile-provider.js';
import { aKit, aParty, closeKits, signIn, type Kit } from './kit.js';

const SUBJECT = '00u1subject';
const OLD = 'the-refresh-token-of-the-sign-in';
const REVALIDATES: Partial<ConnectionSettings> = {
  scopes: ['openid', 'profile', 'email', 'groups', 'offline_access'],
  revalidateSeconds: 300,
};

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

const refreshes = () =>
  provider.requests.filter(({ path }) => path === '/token').map(({ body }) => new URLSearchParams(body));

/** What the token endpoint says to a refresh: an ID Token without a nonce, and whatever else. */
function answers(claims: Json | undefined, more: Json = {}, status = 200): void {
  provider.on('/token', (_request, response) => {
    const send = (idToken: string | undefined): void =>
      sendJson(response, status, {
        token_type: 'Bearer',
        expires_in: 3_600,
        access_token: provider.accessToken,
        ...(idToken === undefined ? {} : { id_token: idToken }),
        ...more,
      });
    if (claims === undefined) send(undefined);
    else void provider.sign({ ...provider.honestClaims(), nonce: undefined, ...claims }).then(send);
  });
}

const refuses = (status: number, body: Json): void =>
  provider.on('/token', (_request, response) => sendJson(response, status, body));

const revalidate = (settings: Partial<ConnectionSettings> = {}): Promise<Revalidation> =>
  kit.rp.revalidate(aParty(provider, { settings: { ...REVALIDATES, ...settings } }), {
    refreshToken: OLD,
    subject: SUBJECT,
  });

/** Kind, and reason where it isn't a yes. */
async function outcome(settings: Partial<ConnectionSettings> = {}): Promise<readonly (string | undefined)[]> {
  const told = await revalidate(settings);
  return told.kind === 'confirmed' ? [told.kind] : [told.kind, told.error.reason];
}

describe('A-39 the refresh token of a sign-in', () => {
  test.each<[what: string, settings: Partial<ConnectionSettings>, kept: boolean]>([
    ['is kept where the connection revalidates', REVALIDATES, true],
    ['is dropped without revalidation', { scopes: REVALIDATES.scopes ?? [] }, false],
    ['is dropped where the scope was not asked for', { revalidateSeconds: 300 }, false],
  ])('%s', async (_what, settings, kept) => {
    provider.tokenAnswer = { refresh_token: OLD };
    const { refreshToken } = await signIn(kit, aParty(provider, { settings }));
    expect(refreshToken).toBe(kept ? OLD : undefined);
  });
});

describe('A19 asking again', () => {
  test('sends the refresh token once, with our credentials, and takes groups and profile from what comes', async () => {
    answers({ groups: ['Support'], name: 'Ann Newname' });
    const told = await revalidate();
    expect(told).toMatchObject({
      kind: 'confirmed',
      refreshToken: undefined,
      person: {
        issuer: provider.issuer,
        subject: SUBJECT,
        groups: [{ name: 'Support' }],
        profile: { name: 'Ann Newname' },
      },
    });
    expect(refreshes().map((form) => Object.fromEntries(form))).toEqual([
      {
        grant_type: 'refresh_token',
        refresh_token: OLD,
        client_id: provider.clientId,
        client_secret: 'a-good-client-secret',
      },
    ]);
  });

  test('a groups claim that is absent says nothing, an empty one says none', async () => {
    answers({ groups: undefined });
    expect(await revalidate()).toMatchObject({ person: { groups: undefined } });
    answers({ groups: [] });
    expect(await revalidate()).toMatchObject({ person: { groups: [] } });
    answers({ groups: undefined });
    provider.userinfo = { groups: ['From userinfo'] };
    expect(await revalidate()).toMatchObject({ person: { groups: [{ name: 'From userinfo' }] } });
  });

  test('without an ID Token userinfo says whom it is about', async () => {
    answers(undefined);
    provider.userinfo = { groups: ['Support'] };
    expect(await revalidate()).toMatchObject({
      kind: 'confirmed',
      person: { subject: SUBJECT, groups: [{ name: 'Support' }], profile: { name: 'Ann Userinfo' } },
    });
    expect(provider.count('/userinfo')).toBe(1);
    provider.metadata = { userinfo_endpoint: null };
    kit = aKit();
    expect(await outcome()).toEqual(['unknown', 'response_invalid']);
  });

  test('a rotated token is handed over, also when what came with it is no use', async () => {
    answers({}, { refresh_token: 'the-next-one' });
    expect(await revalidate()).toMatchObject({ kind: 'confirmed', refreshToken: 'the-next-one' });
    answers({ aud: 'somebody' }, { refresh_token: 'the-one-after' });
    expect(await revalidate()).toMatchObject({ kind: 'unknown', refreshToken: 'the-one-after' });
  });

  test('the second secret is tried when the first is refused', async () => {
    answers({});
    const honest = provider.behaviours.get('/token');
    provider.on('/token', (request, response) => {
      if (new URLSearchParams(request.body).get('client_secret') === 'the-second-secret')
        return honest?.(request, response);
      sendJson(response, 401, { error: 'invalid_client' });
    });
    const secrets = { clientSecret: 'the-first-secret', secondarySecret: 'the-second-secret' };
    const party = aParty(provider, { settings: REVALIDATES }, { secrets });
    expect(await kit.rp.revalidate(party, { refreshToken: OLD, subject: SUBJECT })).toMatchObject({
      kind: 'confirmed',
    });
    expect(refreshes()).toHaveLength(2);
  });
});

describe('what an answer means', () => {
  test.each<[status: number, body: Json]>([
    [400, { error: 'invalid_grant', error_description: 'The refresh token is invalid or expired.' }],
    [400, { error: 'invalid_grant' }],
    [400, { error: 'access_denied', error_description: 'User is not assigned to the client application.' }],
  ])('%i %j is the upstream’s no to the person', async (status, body) => {
    refuses(status, body);
    expect((await outcome())[0]).toBe('refused');
  });

  test.each<[status: number, body: Json]>([
    [401, { error: 'invalid_client' }],
    [400, { error: 'unauthorized_client' }],
    [400, { error: 'invalid_scope' }],
    [400, { error: 'invalid_request' }],
    [400, { error: 'access_denied', error_description: 'Policy evaluation failed for this request.' }],
    [400, { errorCode: 'invalid_grant', errorSummary: 'in the form of another interface' }],
    [403, { error: 'invalid_grant' }],
    [429, { errorCode: 'E0000047', errorSummary: 'API call exceeded rate limit' }],
    [500, { error: 'invalid_grant' }],
    [503, {}],
  ])('%i %j says nothing about the person', async (status, body) => {
    refuses(status, body);
    expect((await outcome())[0]).toBe('unknown');
  });

  test.each<[what: string, claims: Json]>([
    ['another subject', { sub: '00u2other' }],
    ['the subject in other case', { sub: '00U1SUBJECT' }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['the issuer with a slash', { iss: 'PLACEHOLDER/' }],
  ])('Core 12.2: %s is someone else', async (_what, claims) => {
    answers(claims['iss'] === 'PLACEHOLDER/' ? { iss: `${provider.issuer}/` } : claims);
    expect((await outcome())[0]).toBe('someone_else');
  });

  test('userinfo of another subject is someone else, of nobody is no answer', async () => {
    answers({ groups: undefined });
    provider.userinfo = { sub: '00u2other' };
    expect(await outcome()).toEqual(['someone_else', 'userinfo_mismatch']);
    provider.userinfo = { sub: null };
    expect(await outcome()).toEqual(['unknown', 'userinfo_mismatch']);
  });

  test.each<[what: string, claims: Json]>([
    ['another audience', { aud: '0oa2other' }],
    ['another azp', { azp: '0oa2other' }],
    ['an expired token', { exp: 1 }],
    ['a token of long ago', { iat: 1 }],
    ['a token from the future', { iat: 9_999_999_999 }],
    ['a sign-in in the future', { auth_time: 9_999_999_999 }],
    ['another access token', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }],
  ])('%s is not believed', async (_what, claims) => {
    answers(claims);
    expect(await outcome()).toEqual(['unknown', 'token_invalid']);
  });

  test('a forged signature is not believed, whatever it says', async () => {
    const forger = makeKey('kid-1');
    provider.on('/token', (_request, response) => {
      const claims = { ...provider.honestClaims(), sub: '00u2other', iss: 'https://evil.example' };
      void provider
        .sign(claims, { key: forger })
        .then((idToken) =>
          sendJson(response, 200, { token_type: 'Bearer', access_token: 'a', id_token: idToken }),
        );
    });
    expect(await outcome()).toEqual(['unknown', 'token_invalid']);
  });

  test('an upstream that is away is not asked about with an error of ours', async () => {
    answers({});
    expect(await outcome()).toEqual(['confirmed']);
    const party = aParty(provider, { settings: REVALIDATES });
    const comeBack = await provider.goAway();
    const told = await kit.rp.revalidate(party, { refreshToken: OLD, subject: SUBJECT });
    expect(told).toMatchObject({ kind: 'unknown', error: { reason: 'unreachable' } });
    await comeBack();
    expect(await outcome()).toEqual(['confirmed']);
  });

  test('no word of an answer repeats the refresh token', async () => {
    refuses(400, { error: 'invalid_request', error_description: `what is ${OLD}?` });
    const told = await revalidate();
    expect(told.kind === 'unknown' && told.error.message).not.toContain(OLD);
  });
});
