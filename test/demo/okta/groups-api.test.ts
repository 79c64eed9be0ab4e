import { describe, expect, test } from '@jest/globals';
import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import { HttpBrowser, type Page } from '../../support/okta-sign-in.js';
import { ADA, anOrg, jsonOf } from './support.js';

const TOKEN = '00test-api-token';

async function orgWithGroups(count: number): Promise<RunningOktaOrg> {
  const okta = await anOrg({
    apiTokens: [
      { name: 'reader', value: TOKEN, role: 'READ_ONLY_ADMIN' },
      { name: 'group admin', value: '00group-admin', role: 'GROUP_ADMIN' },
    ],
  });
  for (let i = 0; i < count; i += 1) okta.org.addGroup({ name: `Team ${i}` });
  return okta;
}

const ask = (url: string, authorization = `SSWS ${TOKEN}`): Promise<Page> =>
  new HttpBrowser().open(url, { headers: { Authorization: authorization } });

function namesOf(page: Page): string[] {
  const list: unknown = JSON.parse(page.text);
  if (!Array.isArray(list)) throw new Error(page.text);
  return list.map((group: { profile: { name: string } }) => group.profile.name);
}

const nextOf = (page: Page): string | undefined =>
  /<([^>]+)>; rel="next"/.exec(page.headers['link'] ?? '')?.[1];

describe('the Groups API', () => {
  test('pages by links, each group once, until there is no next', async () => {
    const okta = await orgWithGroups(25);
    const names: string[] = [];
    let pages = 0;
    for (let url: string | undefined = `${okta.url}/api/v1/groups?limit=10`; url !== undefined; pages += 1) {
      const page: Page = await ask(url);
      expect(page.headers['link']).toContain('rel="self"');
      names.push(...namesOf(page));
      url = nextOf(page);
    }
    expect([pages, names.length, new Set(names).size]).toEqual([3, 28, 28]);
  });

  test('an item, and what it holds', async () => {
    const okta = await orgWithGroups(0);
    const { id } = okta.org.directory.group('Engineering');
    expect(jsonOf(await ask(`${okta.url}/api/v1/groups/${id}`))).toMatchObject({
      id,
      type: 'OKTA_GROUP',
      objectClass: ['okta:user_group'],
      profile: { name: 'Engineering' },
      lastMembershipUpdated: expect.stringMatching(/Z$/),
    });
    expect(jsonOf(await ask(`${okta.url}/api/v1/groups/00gnope`))['errorCode']).toBe('E0000007');
  });

  test.each<[string, string[]]>([
    ['q=eng', ['Engineering']],
    ['search=profile.name sw "eng"', ['Engineering']],
    ['search=profile.name co "ROLL"', ['Payroll']],
    ['filter=type eq "BUILT_IN"', ['Everyone']],
    ['filter=type eq "APP_GROUP" or type eq "BUILT_IN"', ['Everyone', 'Payroll']],
  ])('%s', async (query, expected) => {
    const okta = await orgWithGroups(0);
    const address = new URL(`${okta.url}/api/v1/groups`);
    const equals = query.indexOf('=');
    address.searchParams.set(query.slice(0, equals), query.slice(equals + 1));
    expect(namesOf(await ask(address.href)).toSorted()).toEqual(expected);
  });

  test('a group admin does not see Everyone', async () => {
    const okta = await orgWithGroups(0);
    expect(namesOf(await ask(`${okta.url}/api/v1/groups`, 'SSWS 00group-admin'))).not.toContain('Everyone');
  });

  test.each([
    ['a wrong token', 'SSWS nope', 401, 'E0000011'],
    ['no token', '', 401, 'E0000011'],
    ['an unknown access token', 'Bearer nope', 401, 'E0000011'],
  ])('%s', async (_name, authorization, status, errorCode) => {
    const okta = await orgWithGroups(0);
    const page = await ask(`${okta.url}/api/v1/groups`, authorization);
    expect([page.status, jsonOf(page)]).toMatchObject([status, { errorCode }]);
  });

  test.each(['search=name', 'limit=0'])('%s is refused', async (query) => {
    const okta = await orgWithGroups(0);
    expect((await ask(`${okta.url}/api/v1/groups?${query}`)).status).toBe(400);
  });

  test('the limit of the minute: headers, then 429 until it is over', async () => {
    const okta = await orgWithGroups(0);
    okta.org.settings.rateLimit = 2;
    const first = await ask(`${okta.url}/api/v1/groups`);
    expect(first.headers).toMatchObject({ 'x-rate-limit-limit': '2', 'x-rate-limit-remaining': '1' });
    const reset = Number(first.headers['x-rate-limit-reset']);
    expect(reset - Date.parse(first.headers['date'] ?? '') / 1000).toBeLessThanOrEqual(60);
    await ask(`${okta.url}/api/v1/groups`);
    const refused = await ask(`${okta.url}/api/v1/groups`);
    expect([refused.status, jsonOf(refused)]).toMatchObject([429, { errorCode: 'E0000047' }]);
    okta.org.clock.advance(60);
    expect((await ask(`${okta.url}/api/v1/groups`)).status).toBe(200);
  });
});

describe('the groups of one person', () => {
  test('pages of at most 200, each group once; nobody’s are not found', async () => {
    const okta = await orgWithGroups(0);
    const { id } = okta.org.user(ADA.username);
    const address = `${okta.url}/api/v1/users/${id}/groups`;
    expect(namesOf(await ask(address)).toSorted()).toEqual(['Engineering', 'Everyone']);
    expect(namesOf(await ask(address, 'SSWS 00group-admin'))).toEqual(['Engineering']);
    okta.org.fail('groups.many', { value: ADA.username });
    for (let i = 0; i < 60; i += 1) {
      okta.org.addGroup({ name: `Team ${i}` });
      okta.org.joinGroup(id, `Team ${i}`);
    }
    const first = await ask(`${address}?limit=1000`);
    expect(namesOf(first)).toHaveLength(200);
    const second = await ask(nextOf(first) ?? '');
    expect([namesOf(second).length, nextOf(second)]).toEqual([12, undefined]);
    const unknown = await ask(`${okta.url}/api/v1/users/00unope/groups`);
    expect([unknown.status, jsonOf(unknown)['errorCode']]).toEqual([404, 'E0000007']);
    expect((await ask(address, 'SSWS nope')).status).toBe(401);
    okta.org.settings.rateLimit = 1;
    await ask(address);
    expect(jsonOf(await ask(address))['errorCode']).toBe('E0000047');
  });
});
