import { describe, expect, test } from '@jest/globals';
import type { GroupsClaim } from '../../../demo/okta/groups-claim.js';
import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import { HttpBrowser, signInAtOkta } from '../../support/okta-sign-in.js';
import { ADA, anOrg, authorizeUrl, claimsOf, CLIENT_ID, jsonOf, signIn } from './support.js';

const filter = (match: 'STARTS_WITH' | 'EQUALS' | 'CONTAINS' | 'REGEX', value: string): GroupsClaim => ({
  name: 'groups',
  type: 'FILTER',
  match,
  value,
});
const expression = (text: string): GroupsClaim => ({ name: 'groups', type: 'EXPRESSION', expression: text });

/** Ada is in Everyone (built in), Engineering (Okta) and Payroll (Active Directory). */
async function orgWith(claim: GroupsClaim | undefined): Promise<RunningOktaOrg> {
  const okta = await anOrg();
  okta.org.joinGroup(ADA.username, 'Payroll');
  okta.org.directory.change(okta.org.user(ADA.username), { profile: { department: 'R&D' } });
  okta.org.app(CLIENT_ID).groupsClaim = claim;
  return okta;
}

async function userinfo(okta: RunningOktaOrg, token: unknown, base = '/oauth2') {
  const headers = { Authorization: `Bearer ${String(token)}` };
  return jsonOf(await new HttpBrowser().open(`${okta.url}${base}/v1/userinfo`, { headers }));
}

describe('the groups claim of the org server', () => {
  test.each<[string, GroupsClaim, unknown]>([
    ['starts with', filter('STARTS_WITH', 'Eng'), ['Engineering']],
    ['equals', filter('EQUALS', 'Engineering'), ['Engineering']],
    ['contains', filter('CONTAINS', 'very'), ['Everyone']],
    ['regex over the whole name', filter('REGEX', 'E.*'), ['Everyone', 'Engineering']],
    ['a filter sees no directory groups', filter('EQUALS', 'Payroll'), undefined],
    ['nothing matches: no claim', filter('EQUALS', 'Nobody'), undefined],
    ['function over a directory', expression('Groups.startsWith("active_directory","Pay",100)'), ['Payroll']],
    ['function over Okta', expression('Groups.contains("OKTA", "gineer", 10)'), ['Engineering']],
    ['names', expression("user.getGroups({'group.type': {'OKTA_GROUP'}}).![name]"), ['Engineering']],
    ['one string', expression('user.department'), 'R&D'],
    ['an attribute that is not set', expression('user.costCenter'), undefined],
  ])('%s', async (_name, claim, expected) => {
    const okta = await orgWith(claim);
    expect(claimsOf((await signIn(okta))['id_token'])['groups']).toEqual(expected);
  });

  test('objects with name and id', async () => {
    const okta = await orgWith(expression('user.getGroups({}).![{name, id}]'));
    const { id } = okta.org.directory.group('Payroll');
    expect(claimsOf((await signIn(okta))['id_token'])['groups']).toContainEqual({ name: 'Payroll', id });
  });

  test('filtered by id', async () => {
    const okta = await orgWith(undefined);
    const { id } = okta.org.directory.group('Payroll');
    okta.org.app(CLIENT_ID).groupsClaim = expression(`getFilteredGroups({"${id}"}, "group.name", 40)`);
    expect(claimsOf((await signIn(okta))['id_token'])['groups']).toEqual(['Payroll']);
  });

  test('needs the scope, and may be an empty array by switch', async () => {
    const okta = await orgWith(filter('EQUALS', 'Nobody'));
    okta.org.app(CLIENT_ID).emptyGroups = 'empty';
    expect(claimsOf((await signIn(okta))['id_token'])['groups']).toEqual([]);
    expect(claimsOf((await signIn(okta, { scope: 'openid' }))['id_token'])).not.toHaveProperty('groups');
  });

  test.each([
    ['a limit above 100', 'Groups.startsWith("OKTA","",101)'],
    ['an expression that cannot be read', 'user.getGroups({'],
  ])('%s can not be evaluated: an error instead of a code', async (_name, text) => {
    const okta = await orgWith(expression(text));
    const callback = await signInAtOkta(new HttpBrowser(), authorizeUrl(okta), ADA);
    expect(Object.fromEntries(callback.searchParams)).toMatchObject({
      error_description: "The 'groups' user claim could not be evaluated.",
    });
  });

  test('more than 100 groups: all of them, or an error, by switch', async () => {
    const okta = await orgWith(filter('STARTS_WITH', 'Team'));
    for (let i = 0; i < 101; i += 1) {
      okta.org.addGroup({ name: `Team ${i}` });
      okta.org.joinGroup(ADA.username, `Team ${i}`);
    }
    expect(claimsOf((await signIn(okta))['id_token'])['groups']).toHaveLength(101);
    okta.org.settings.groupsOver100 = 'error';
    const callback = await signInAtOkta(new HttpBrowser(), authorizeUrl(okta), ADA);
    expect(callback.searchParams.get('error_description')).toBe(
      'The groups claim matched too many groups and must be configured to match fewer groups',
    );
  });
});

test('thin ID tokens: the rest is in userinfo', async () => {
  const okta = await anOrg({ settings: { idToken: 'thin' } });
  const tokens = await signIn(okta);
  const claims = claimsOf(tokens['id_token']);
  expect(claims).toMatchObject({ name: 'Ada Byron', preferred_username: ADA.username, email: ADA.username });
  for (const absent of ['groups', 'given_name', 'email_verified', 'locale'])
    expect(claims).not.toHaveProperty(absent);
  expect(await userinfo(okta, tokens['access_token'])).toMatchObject({
    sub: claims['sub'],
    groups: ['Everyone', 'Engineering'],
    given_name: 'Ada',
    email_verified: true,
    locale: 'en-US',
    zoneinfo: 'America/Los_Angeles',
  });
});

test('sid comes with single logout, or in every token by switch', async () => {
  const okta = await anOrg();
  const sid = async () => claimsOf((await signIn(okta))['id_token'])['sid'];
  expect(await sid()).toBeUndefined();
  okta.org.settings.sid = 'all';
  expect(await sid()).toEqual(expect.any(String));
  okta.org.settings.sid = 'slo';
  okta.org.app(CLIENT_ID).participateSlo = true;
  expect(await sid()).toEqual(expect.any(String));
});

test('claims of a custom server: always in the token, only in userinfo, in access tokens', async () => {
  const groups = { name: 'groups', type: 'FILTER', match: 'EQUALS', value: 'Engineering' } as const;
  const okta = await anOrg({
    authorizationServers: [
      {
        id: 'default',
        claims: [
          { groups, token: 'ID', always: true, scopes: [] },
          { groups: { ...groups, name: 'teams' }, token: 'ID', always: false, scopes: ['profile'] },
          { groups: { ...groups, name: 'roles' }, token: 'ACCESS', always: true, scopes: [] },
        ],
      },
    ],
  });
  const tokens = await signIn(okta, { scope: 'openid profile' }, { base: '/oauth2/default' });
  expect(claimsOf(tokens['id_token'])).toMatchObject({ groups: ['Engineering'] });
  expect(claimsOf(tokens['id_token'])).not.toHaveProperty('teams');
  expect(claimsOf(tokens['access_token'])).toMatchObject({ roles: ['Engineering'], aud: 'api://default' });
  expect(await userinfo(okta, tokens['access_token'], '/oauth2/default')).toMatchObject({
    groups: ['Engineering'],
    teams: ['Engineering'],
  });
});
