import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionSettings } from '../../src/domain/connection/connection.js';
import { HostileProvider, makeKey, sendJson } from '../support/hostile-provider.js';
import type { Json } from '../support/hostile-provider.js';
import { aKit, aParty, closeKits, refusal, signIn } from './kit.js';
import type { Kit } from './kit.js';

const key = makeKey('kid-1');
const thin = {
  name: undefined,
  preferred_username: undefined,
  email: undefined,
  email_verified: undefined,
  groups: undefined,
};
const USERINFO = '/userinfo';
let provider: HostileProvider;
let kit: Kit;

beforeAll(async () => {
  provider = await HostileProvider.start(key);
});
afterAll(async () => {
  await closeKits();
  await provider.close();
});
beforeEach(() => {
  Object.assign(provider, {
    claims: {},
    metadata: {},
    userinfo: {},
    tokenAnswer: {},
    accessToken: 'opaque-access-token',
  });
  provider.requests.length = 0;
  provider.behaviours.clear();
  kit = aKit();
});

const named = (...names: string[]) => names.map((name) => ({ id: undefined, name }));
const settings = (changes: Partial<ConnectionSettings>) => aParty(provider, { settings: changes });

describe('A3 thin and fat ID Tokens', () => {
  test('a fat one is enough: userinfo is not asked', async () => {
    const { identity, notes } = await signIn(kit, aParty(provider));
    expect([identity.groups, notes, provider.count(USERINFO)]).toEqual([named('Engineering'), [], 0]);
  });

  test('a thin one is completed from userinfo, once', async () => {
    provider.claims = thin;
    provider.userinfo = { groups: ['Sales'], preferred_username: 'ann', email_verified: true };
    const { identity, notes } = await signIn(kit, aParty(provider));
    expect(identity.groups).toEqual(named('Sales'));
    expect(identity.profile).toMatchObject({
      name: 'Ann Userinfo',
      userName: 'ann',
      email: 'ann@acme.example',
      emailVerified: true,
    });
    expect([notes, provider.count(USERINFO)]).toEqual([['thin_token'], 1]);
    expect(provider.requests.at(-1)?.headers.authorization).toBe('Bearer opaque-access-token');
  });

  test('the ID Token wins', async () => {
    provider.claims = { groups: undefined };
    provider.userinfo = { name: 'Mallory', email: 'mallory@x.example', groups: ['Sales'] };
    const { identity } = await signIn(kit, aParty(provider));
    expect(identity.profile).toMatchObject({ name: 'Ann Other', email: 'ann@acme.example' });
    expect(identity.groups).toEqual(named('Sales'));
  });

  test('userinfo is not asked for claims that nobody wants', async () => {
    provider.claims = thin;
    const { identity } = await signIn(kit, settings({ scopes: ['openid'], groupSource: 'scim' }));
    expect([identity.groups, identity.profile.email, provider.count(USERINFO)]).toEqual([
      undefined,
      undefined,
      0,
    ]);
  });

  test('the join claim is looked for in both', async () => {
    provider.userinfo = { oid: 'entra-object-1' };
    const { identity } = await signIn(kit, settings({ join: { claim: 'oid', attribute: 'externalId' } }));
    expect(identity.joinValue).toBe('entra-object-1');
    provider.userinfo = { oid: { a: 1 } };
    const again = await signIn(kit, settings({ join: { claim: 'oid', attribute: 'externalId' } }));
    expect(again.identity.joinValue).toBeUndefined();
  });

  test.each<[what: string, userinfo: Json]>([
    ['another subject', { sub: '00u1admin' }],
    ['no subject', { sub: null }],
    ['a subject in a list', { sub: ['00u1subject'] }],
  ])('A-34 userinfo with %s ends the sign-in', async (_what, userinfo) => {
    provider.claims = thin;
    provider.userinfo = userinfo;
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('userinfo_mismatch');
  });

  test('A-29 userinfo as a JWT, which nobody would have verified, is not read', async () => {
    provider.claims = thin;
    const jwt = await provider.sign({ sub: '00u1subject', groups: ['Admins'] });
    provider.on(
      USERINFO,
      (_request, response) => void response.writeHead(200, { 'content-type': 'application/jwt' }).end(jwt),
    );
    expect((await refusal(signIn(kit, aParty(provider)))).reason).toBe('response_invalid');
  });

  test.each([
    [401, 'response_invalid'],
    [429, 'rate_limited'],
    [503, 'okta_down'],
  ])('userinfo that answers %d ends the sign-in: half an answer decides nothing', async (status, reason) => {
    provider.claims = thin;
    provider.on(USERINFO, (_request, response) => sendJson(response, status, {}));
    const error = await refusal(signIn(kit, aParty(provider)));
    expect([error.reason, error.step]).toEqual([reason, 'userinfo']);
  });

  test('a provider without userinfo is asked nothing', async () => {
    provider.claims = thin;
    provider.metadata = { userinfo_endpoint: null };
    const { identity, notes } = await signIn(kit, aParty(provider));
    expect([identity.groups, notes]).toEqual([undefined, ['groups_missing']]);
  });
});

describe('A-16 groups', () => {
  test.each<[claim: unknown, groups: unknown, notes: string[]]>([
    [['A', 'B'], named('A', 'B'), []],
    ['A', named('A'), []],
    [[{ id: '00g1', name: 'A' }], [{ id: '00g1', name: 'A' }], []],
    [[], [], []],
    [undefined, undefined, ['groups_missing']],
    [['A', 1], undefined, ['groups_malformed']],
    [Array.from({ length: 1_001 }, (_, i) => `g${i}`), undefined, ['groups_too_many']],
  ])('%.40j', async (claim, groups, notes) => {
    provider.claims = { groups: claim };
    const done = await signIn(kit, settings({ groupsFrom: ['id_token'] }));
    expect([done.identity.groups, done.notes]).toEqual([groups, notes]);
  });

  test('a claim that can’t be used is not filled up from the next source', async () => {
    provider.claims = { groups: ['A', 1] };
    provider.userinfo = { groups: ['B'] };
    const { identity } = await signIn(kit, aParty(provider));
    expect([identity.groups, provider.count(USERINFO)]).toEqual([undefined, 0]);
  });

  test('sources are asked in the connection’s order', async () => {
    provider.userinfo = { groups: ['From userinfo'] };
    const { identity } = await signIn(kit, settings({ groupsFrom: ['userinfo', 'id_token'] }));
    expect(identity.groups).toEqual(named('From userinfo'));
  });

  test('the claim may have any name', async () => {
    provider.claims = { 'https://acme.example/teams': ['A'], constructor: ['B'] };
    expect(
      (await signIn(kit, settings({ groupsClaim: 'https://acme.example/teams' }))).identity.groups,
    ).toEqual(named('A'));
    provider.claims = {};
    expect((await signIn(kit, settings({ groupsClaim: 'constructor' }))).identity.groups).toBeUndefined();
  });
});

const oidc = (changes: Partial<ConnectionSettings> = {}) =>
  aParty(provider, { type: 'oidc', settings: { groupsFrom: ['access_token'], ...changes } });

const accessToken = async (
  changes: Json = {},
  options: Parameters<HostileProvider['sign']>[1] = {},
): Promise<void> => {
  const now = provider.nowSeconds();
  provider.claims = { groups: undefined };
  provider.accessToken = await provider.sign(
    {
      iss: provider.issuer,
      aud: 'api://default',
      sub: '00u1subject',
      cid: provider.clientId,
      iat: now,
      exp: now + 300,
      groups: ['From the API'],
      ...changes,
    },
    options,
  );
};

describe('groups of a JWT access token', () => {
  test('are read after the same verification', async () => {
    await accessToken();
    expect((await signIn(kit, oidc())).identity.groups).toEqual(named('From the API'));
    await accessToken(
      { cid: undefined, client_id: provider.clientId, aud: ['api://default'] },
      { header: { typ: 'at+jwt' } },
    );
    expect((await signIn(kit, oidc())).identity.groups).toEqual(named('From the API'));
  });

  test.each<[what: string, changes: () => Json]>([
    ['of another client', () => ({ cid: '0oaother' })],
    ['of no client', () => ({ cid: undefined })],
    ['about another person', () => ({ sub: '00u1admin' })],
    ['of another issuer', () => ({ iss: 'https://globex.okta.com' })],
    ['without an audience', () => ({ aud: undefined })],
    ['for several audiences', () => ({ aud: ['a', 'b'] })],
    ['that has expired', () => ({ exp: provider.nowSeconds() - 120 })],
  ])('an access token %s ends the sign-in', async (_what, changes) => {
    await accessToken(changes());
    const error = await refusal(signIn(kit, oidc()));
    expect(error.step).toBe('access_token');
  });

  test('A-29 one signed by a stranger ends the sign-in', async () => {
    await accessToken({}, { key: { ...makeKey('kid-1') } });
    expect((await refusal(signIn(kit, oidc()))).reason).toBe('token_invalid');
  });

  test('A-30 an ID Token is no access token for somebody else’s API', async () => {
    await accessToken({}, { header: { typ: 'logout+jwt' } });
    expect((await refusal(signIn(kit, oidc()))).reason).toBe('token_invalid');
  });

  test.each(['opaque', 'ya29.a0.Bc', 'eyJ.no'])('an opaque one has no groups: %s', async (opaque) => {
    provider.claims = { groups: undefined };
    provider.accessToken = opaque;
    const { identity, notes } = await signIn(kit, oidc());
    expect([identity.groups, notes]).toEqual([undefined, ['groups_missing']]);
  });

  test('one of Okta’s org server is never read: its keys are not published', async () => {
    await accessToken();
    const party = settings({ groupsFrom: ['access_token'] });
    expect((await signIn(kit, party)).identity.groups).toBeUndefined();
  });
});
