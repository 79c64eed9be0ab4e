import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/json.js';
import { oktaGroup, oktaUser, type ScimClient } from '../../support/scim-client.js';
import {
  acme,
  addUsers,
  at,
  clientOf,
  ENTERPRISE,
  ERROR,
  filtered,
  LIST,
  namesIn,
  SEARCH,
  startScim,
  textAt,
  type ScimStage,
} from './stage.js';

const OTHER = 'a-token-of-another-connection-0123456789';
const NAMES = ['ann', 'bea', 'cat', 'dan', 'eve', 'fay', 'gus'] as const;
const LOGINS = NAMES.map((name) => `${name}@acme.example`);
let stage: ScimStage;
let scim: ScimClient;

beforeAll(async () => {
  stage = await startScim([
    acme({
      connections: [
        { key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' },
        { key: 'other', issuer: 'https://other.okta.com', clientId: '0oa2' },
      ],
      scimTokens: [
        { name: 'okta', connection: 'okta', token: 'a-scim-token-of-acme-0123456789-0123456789' },
        { name: 'other', connection: 'other', token: OTHER },
      ],
    }),
    { ...acme({ scimTokens: [{ name: 'globex', token: `${OTHER}-globex` }] }), slug: 'globex' },
  ]);
  ({ scim } = stage);
  const titles = [undefined, 'b', 'a', 'C', undefined, 'a', 'b'];
  for (const [index, userName] of LOGINS.entries())
    await scim.post(
      '/Users',
      oktaUser(userName, {
        ...(titles[index] === undefined ? {} : { title: titles[index] }),
        active: index % 2 === 0,
        [ENTERPRISE]: { department: index < 3 ? 'Sales' : 'R&D "quoted" \\ 100%' },
      }),
    );
  const ids = (await scim.get('/Users')).body.Resources?.map((user) => textAt(user, 'id')) ?? [];
  await scim.post('/Groups', oktaGroup('First', ids.slice(0, 2)));
  await scim.post('/Groups', oktaGroup('Second', []));
}, 60_000);
afterAll(() => stage.stop());

const listed = (query: string) => scim.get(`/Groups?${query}`);

const pages = async (query: string, between: (page: number) => Promise<void>): Promise<readonly string[]> => {
  const seen: string[] = [];
  let cursor = '';
  for (let page = 0; ; page += 1) {
    const { status, body } = await scim.get(`/Users?${query}&count=3&cursor=${cursor}`);
    expect(status).toBe(200);
    expect(body['startIndex']).toBeUndefined();
    seen.push(...(body.Resources ?? []).map((user) => textAt(user, 'userName')));
    if (body['nextCursor'] === undefined) return seen;
    cursor = textAt(body, 'nextCursor');
    expect(cursor).toMatch(/^[\w.~-]+$/);
    await between(page);
  }
};

const cursorOf = async (client: ScimClient, query = ''): Promise<string> =>
  textAt((await client.get(`/Users?count=2&cursor=${query}`)).body, 'nextCursor');

const keys = (resource: JsonObject | undefined) => new Set(Object.keys(resource ?? {}));

describe('RFC 7644 section 3.4.2.4: paging', () => {
  test.each<readonly [string, JsonObject, readonly string[]]>([
    ['', { totalResults: 7, startIndex: 1, itemsPerPage: 7 }, LOGINS],
    ['count=0', { totalResults: 7, startIndex: 1, itemsPerPage: 0 }, []],
    ['count=-5', { totalResults: 7, itemsPerPage: 0 }, []],
    ['count=3', { totalResults: 7, startIndex: 1, itemsPerPage: 3 }, LOGINS.slice(0, 3)],
    ['startIndex=6&count=3', { totalResults: 7, startIndex: 6, itemsPerPage: 2 }, LOGINS.slice(5)],
    ['startIndex=0&count=1', { totalResults: 7, startIndex: 1, itemsPerPage: 1 }, LOGINS.slice(0, 1)],
    ['startIndex=-9&count=1', { totalResults: 7, startIndex: 1, itemsPerPage: 1 }, LOGINS.slice(0, 1)],
    ['startIndex=100', { totalResults: 7, startIndex: 100, itemsPerPage: 0 }, []],
    ['count=1000000000', { totalResults: 7, itemsPerPage: 7 }, LOGINS],
    ['count=99999999999999999999', { totalResults: 7, itemsPerPage: 7 }, LOGINS],
    [
      'filter=active eq true&count=2',
      { totalResults: 4, itemsPerPage: 2 },
      ['ann@acme.example', 'cat@acme.example'],
    ],
    ['filter=userName eq "ann@acme.example"&count=0', { totalResults: 1, itemsPerPage: 0 }, []],
    ['filter=userName eq "ann@acme.example"&startIndex=2', { totalResults: 1, itemsPerPage: 0 }, []],
    ['unknown=1&aadOptscim062020', { totalResults: 7 }, LOGINS],
    ['filter=', { totalResults: 7 }, LOGINS],
  ])('A-91: ?%s', async (query, wanted, names) => {
    const reply = await scim.get(`/Users?${query.replaceAll(' ', '+').replaceAll('"', '%22')}`);
    expect(reply).toMatchObject({ status: 200, body: { schemas: [LIST], ...wanted } });
    expect(namesIn(reply)).toEqual(names);
  });

  test.each([
    'count=NaN',
    'count=1e9',
    'count=ten',
    'startIndex=1e18',
    'startIndex=1.5',
    'count=',
    'sortOrder=up',
  ])('A-91: ?%s is a 400', async (query) => {
    expect(await scim.get(`/Users?${query}`)).toMatchObject({
      status: 400,
      body: { schemas: [ERROR], scimType: 'invalidValue' },
    });
  });
});

describe('RFC 7644 section 3.4.2.2: filters', () => {
  test.each<readonly [string, readonly number[]]>([
    ['title pr', [1, 2, 3, 5, 6]],
    ['not (title pr)', [0, 4]],
    ['title eq "A"', [2, 5]],
    ['title gt "a" and title lt "c"', [1, 6]],
    ['title eq "b" or active eq false and title eq "a"', [1, 5, 6]],
    ['(title eq "b" or active eq false) and title eq "a"', [5]],
    ['USERNAME SW "C"', [2]],
    [`${ENTERPRISE}:department co "100%"`, [3, 4, 5, 6]],
    [`${ENTERPRISE}:department eq "R&D \\"quoted\\" \\\\ 100%"`, [3, 4, 5, 6]],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName eq "gus@acme.example"', [6]],
    [
      'emails[type eq "work" and value ew "@acme.example"] and name.familyName co "lace"',
      [0, 1, 2, 3, 4, 5, 6],
    ],
    ['externalId eq "00uANN@acme.example"', []],
    ['meta.created gt "2020-01-01T00:00:00Z" and meta.lastModified lt "2020-01-01T00:00:00Z"', []],
    ['groups.display eq "first"', [0, 1]],
    ['title eq null', [0, 4]],
    ['active eq "False"', [1, 3, 5]],
  ])('%s', async (filter, wanted) => {
    expect(namesIn(await scim.get(filtered('/Users', filter)))).toEqual(wanted.map((index) => LOGINS[index]));
  });

  test.each([
    'userName zz "x"',
    'userName eq',
    'userName',
    'shoeSize eq 44',
    'active gt true',
    'userName eq "x" and',
    'password eq "x"',
    'meta.location eq "x"',
    '(userName eq "x"',
    'userName eq "x',
    'emails[type eq "work"',
  ])('%s is a 400 invalidFilter', async (filter) => {
    expect(await scim.get(filtered('/Users', filter))).toMatchObject({
      status: 400,
      body: { schemas: [ERROR], scimType: 'invalidFilter', detail: expect.any(String) },
    });
  });
});

describe('RFC 7644 section 3.4.2.3: sorting', () => {
  test.each<readonly [string, readonly number[]]>([
    ['sortBy=title', [2, 5, 1, 6, 3, 0, 4]],
    ['sortBy=title&sortOrder=descending', [4, 0, 3, 6, 1, 5, 2]],
    ['sortBy=userName&sortOrder=descending&count=2', [6, 5]],
    ['sortBy=emails&startIndex=7', [6]],
    ['sortBy=meta.created', [0, 1, 2, 3, 4, 5, 6]],
    [`sortBy=${ENTERPRISE}:department&count=3`, [3, 4, 5]],
  ])('%s', async (query, wanted) => {
    expect(namesIn(await scim.get(`/Users?${query}`))).toEqual(wanted.map((index) => LOGINS[index]));
  });

  test('by what there is not is a 400', async () => {
    expect(await scim.get('/Users?sortBy=shoeSize')).toMatchObject({
      status: 400,
      body: { scimType: 'invalidPath' },
    });
  });
});

describe('RFC 7644 section 3.9: what is shown', () => {
  test('attributes and excludedAttributes, in every request that answers with a resource', async () => {
    const [id = ''] = await addUsers(scim, 'shown');
    const only = new Set(['schemas', 'id', 'userName']);
    const user = oktaUser('shown@acme.example');
    const asked = '?attributes=userName';
    expect(keys((await scim.get(`/Users/${id}${asked}`)).body)).toEqual(only);
    expect(keys((await scim.put(`/Users/${id}${asked}`, user)).body)).toEqual(only);
    expect(
      keys((await scim.patch(`/Users/${id}${asked}`, [{ op: 'replace', value: { title: 'x' } }])).body),
    ).toEqual(only);
    expect(keys((await scim.post(`/Users${asked}`, oktaUser('shown2@acme.example'))).body)).toEqual(only);
    expect(
      keys(
        (await scim.get(filtered('/Users', `id eq "${id}"`, '&attributes=USERNAME,unknown'))).body
          .Resources?.[0],
      ),
    ).toEqual(only);
    const found = await scim.post('/Users/.search', {
      schemas: [SEARCH],
      filter: `id eq "${id}"`,
      attributes: ['userName'],
    });
    expect(keys(found.body.Resources?.[0])).toEqual(only);
    const less = await scim.get(`/Users/${id}?excludedAttributes=userName,name.givenName,emails,id,meta`);
    expect(keys(less.body)).toEqual(
      new Set(['schemas', 'id', 'externalId', 'name', 'displayName', 'locale', 'title', 'active']),
    );
    expect(less.body['name']).toEqual({ familyName: 'Lovelace' });
    expect((await scim.get(`/Users/${id}?attributes=emails.value`)).body['emails']).toEqual([
      { value: 'shown@acme.example' },
    ]);
    expect((await scim.get(`/Users/${id}?attributes=a&excludedAttributes=b`)).status).toBe(400);
    await scim.delete(`/Users/${id}`);
    await scim.delete(
      `/Users/${textAt((await scim.get(filtered('/Users', `userName eq "shown2@acme.example"`))).body, 'Resources', 0, 'id')}`,
    );
  });

  test('members are shown in lists of groups unless they are excluded', async () => {
    expect(at((await listed('')).body, 'Resources', 0, 'members')).toHaveLength(2);
    expect(at((await listed('excludedAttributes=members')).body, 'Resources', 0, 'members')).toBeUndefined();
    expect(at((await listed('attributes=displayName')).body, 'Resources', 0, 'members')).toBeUndefined();
    expect(at((await listed('attributes=members.value')).body, 'Resources', 0, 'members')).toHaveLength(2);
  });

  test('A-91: 10,000 names are refused', async () => {
    const names = Array.from({ length: 10_000 }, (_, n) => `a${n}`);
    const reply = await scim.post('/Users/.search', { schemas: [SEARCH], attributes: names });
    expect(reply).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
  });
});

describe('RFC 7644 section 3.4.3: .search', () => {
  test('answers as the query would, over one type and over both', async () => {
    const search = {
      schemas: [SEARCH],
      filter: 'active eq false',
      sortBy: 'userName',
      sortOrder: 'descending',
      startIndex: 2,
      count: 1,
    };
    const found = await scim.post('/Users/.search', search);
    expect(found).toMatchObject({
      status: 200,
      body: { schemas: [LIST], totalResults: 3, startIndex: 2, itemsPerPage: 1 },
    });
    expect(namesIn(found)).toEqual(['dan@acme.example']);
    const both = await scim.post('/.search', {
      schemas: [SEARCH],
      filter: 'meta.created pr',
      startIndex: 7,
      count: 2,
    });
    expect(both.body).toMatchObject({ totalResults: 9, itemsPerPage: 2 });
    expect(both.body.Resources?.map((resource) => at(resource, 'meta', 'resourceType'))).toEqual([
      'User',
      'Group',
    ]);
    expect((await scim.get(filtered('', 'displayName eq "First"'))).body).toMatchObject({ totalResults: 1 });
    expect((await scim.post('/Users/.search', {})).body).toMatchObject({
      status: '400',
      scimType: 'invalidSyntax',
    });
    expect((await scim.post('/Users/.search', { schemas: [SEARCH], filter: 5 })).status).toBe(400);
  });
});

describe('RFC 9865: cursors', () => {
  test.each(['', 'sortBy=userName', 'sortBy=title&sortOrder=descending', 'filter=userName+co+%22%40acme%22'])(
    'pages by ?%s lose nobody while others come and go',
    async (query) => {
      const passing = await addUsers(scim, 'aaa-1', 'aaa-2', 'aaa-3');
      const seen = await pages(query, async (page) => {
        if (passing[page] !== undefined) await scim.delete(`/Users/${passing[page]}`);
        if (page < 2) await addUsers(scim, `aab-${page}`);
      });
      expect(LOGINS.every((name) => seen.includes(name))).toBe(true);
      expect(new Set(seen).size).toBe(seen.length);
      for (const prefix of ['aaa', 'aab'])
        for (const user of (await scim.get(filtered('/Users', `userName sw "${prefix}"`))).body.Resources ??
          [])
          await scim.delete(`/Users/${textAt(user, 'id')}`);
    },
  );

  test('foreign, altered and old cursors, and those of another query, are refused by name', async () => {
    const good = await cursorOf(scim);
    expect((await scim.get(`/Users?count=2&cursor=${good}`)).status).toBe(200);
    const other = clientOf(stage.node, OTHER);
    const globex = clientOf(stage.node, `${OTHER}-globex`, 'globex');
    await addUsers(other, 'o1', 'o2', 'o3');
    await addUsers(globex, 'g1', 'g2', 'g3');
    const middle = Math.floor(good.length / 2);
    const altered = `${good.slice(0, middle)}${good[middle] === 'A' ? 'B' : 'A'}${good.slice(middle + 1)}`;
    const cases: readonly (readonly [string, string])[] = [
      ['altered', `/Users?cursor=${altered}`],
      ['invented', '/Users?cursor=abc'],
      ['of another connection', `/Users?cursor=${await cursorOf(other)}`],
      ['of another tenant', `/Users?cursor=${await cursorOf(globex)}`],
      ['of another filter', `/Users?filter=active+eq+true&cursor=${good}`],
      ['of another order', `/Users?sortBy=userName&cursor=${good}`],
      ['of another type', `/Groups?cursor=${good}`],
    ];
    for (const [what, path] of cases)
      expect({ what, reply: await scim.get(path) }).toMatchObject({
        what,
        reply: { status: 400, body: { schemas: [ERROR], scimType: 'invalidCursor' } },
      });
    expect(await scim.get('/Users?cursor=&count=x')).toMatchObject({
      status: 400,
      body: { scimType: 'invalidCount' },
    });
    const searched = await scim.post('/Users/.search', { schemas: [SEARCH], count: 2, cursor: good });
    expect(searched.body.Resources).toHaveLength(2);
  });
});
