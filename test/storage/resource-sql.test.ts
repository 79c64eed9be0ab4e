import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../src/core/json.js';
import type { PageKey } from '../../src/domain/provisioning/provisioning-store.js';
import type { ResourceSort } from '../../src/domain/provisioning/resource-query.js';
import { matches } from '../../src/scim/filter/matches.js';
import { parseFilter } from '../../src/scim/filter/parse-filter.js';
import { attributes, groupFilters, text, userFilters, type Known } from './support/pushed-people.js';
import { GROUPS, idOf, idsOf, PushedStage, USERS } from './support/pushed-stage.js';

const PEOPLE = 40;
let stage: PushedStage;
let all: readonly JsonObject[];
let groups: readonly JsonObject[];
let known: Known;

beforeAll(async () => {
  stage = await PushedStage.open();
  const drawn = fc.sample(
    fc.record({
      attributes,
      active: fc.boolean(),
      externalId: fc.option(text),
      name: text,
      roles: fc.nat(3),
    }),
    { numRuns: PEOPLE, seed: 7 },
  );
  const ids = await stage.add(
    drawn.map(({ externalId, name, roles, ...rest }, index) => ({
      ...rest,
      userName: `${name}${index}`,
      ...(externalId === null ? {} : { externalId: `${externalId}${index}` }),
      roles: [
        ...(roles % 2 === 1 ? [{ key: 'admin', application: null }] : []),
        ...(roles > 1
          ? [
              { key: 'viewer', application: 'grafana' },
              { key: 'viewer', application: null },
            ]
          : []),
      ],
    })),
  );
  await stage.addGroup('Engineering', ids.slice(0, 10));
  await stage.addGroup('Enginé%', ids.slice(5, 15), 'a%');
  await stage.addGroup('Nobody', []);
  all = (await stage.users()).resources;
  groups = (await stage.groups()).resources;
  known = {
    ids: ids.slice(0, 12),
    groups: groups.map(idOf),
    roles: stage.roleIds,
    times: [
      '2026-01-01T00:00:05Z',
      '2026-01-01T01:00:07+01:00',
      '2026-01-01T00:00:05.000Z',
      '2030-01-01T00:00:00Z',
    ],
    names: all
      .flatMap(({ userName, externalId }) => [userName, externalId])
      .filter((name) => typeof name === 'string'),
  };
}, 60_000);
afterAll(() => stage.close());

describe('filters', () => {
  test('of users: SQL answers what the model answers', async () => {
    expect(all).toHaveLength(PEOPLE);
    let telling = 0;
    await fc.assert(
      fc.asyncProperty(userFilters(known), async (filter) => {
        const wanted = parseFilter(filter, USERS);
        const found = await stage.users({ text: filter });
        expect(idsOf(found)).toEqual(all.filter((user) => matches(wanted, user)).map(({ id }) => id));
        expect(found.total).toBe(found.resources.length);
        if (found.total > 0 && found.total < PEOPLE) telling += 1;
      }),
      { numRuns: 400 },
    );
    expect(telling).toBeGreaterThan(100);
  }, 60_000);

  test('of groups: SQL answers what the model answers', async () => {
    expect(groups).toHaveLength(3);
    await fc.assert(
      fc.asyncProperty(groupFilters(known), async (filter) => {
        const wanted = parseFilter(filter, GROUPS);
        const found = await stage.groups({ text: filter });
        expect(idsOf(found)).toEqual(groups.filter((group) => matches(wanted, group)).map(({ id }) => id));
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test.each(['id eq "nobody"', 'id eq "0192a000-0000-7000-8000-000000000000"', 'userName eq ""'])(
    '%s finds nobody, whatever was asked before by the same attribute',
    async (filter) => {
      expect(idsOf(await stage.users({ text: `id eq "${idOf(all[0] ?? {})}"` }))).toHaveLength(1);
      expect((await stage.users({ text: filter })).total).toBe(0);
      expect((await stage.groups({ text: filter.replace('userName', 'displayName') })).total).toBe(0);
    },
  );
});

const sortBy = (name: string, order: ResourceSort['order']): ResourceSort => ({
  attribute: USERS.resolveValue(name, 'invalidPath'),
  order,
});

describe('sorting', () => {
  const names = [
    'userName',
    'externalId',
    'displayName',
    'name.familyName',
    'emails',
    'active',
    'meta.created',
    'id',
  ];
  const cases = names.flatMap((name) =>
    (['ascending', 'descending'] as const).map((order) => [name, order] as const),
  );

  test.each(cases)('by %s %s: what is missing comes last ascending, ties go by id', async (name, order) => {
    const keyOf = (user: JsonObject): string | undefined => sortKey(user, name);
    const sign = order === 'ascending' ? 1 : -1;
    const compare = (a: JsonObject, b: JsonObject): number => {
      const [left, right] = [keyOf(a), keyOf(b)];
      if (left === right) return sign * (idOf(a) < idOf(b) ? -1 : 1);
      if (left === undefined) return sign;
      if (right === undefined) return -sign;
      return sign * (left < right ? -1 : 1);
    };
    const found = await stage.users({ sort: sortBy(name, order) });
    expect(idsOf(found)).toEqual(all.toSorted(compare).map(({ id }) => id));
  });

  test.each(cases)('by %s %s: pages by key and pages by index are the whole list', async (name, order) => {
    const sort = sortBy(name, order);
    const whole = idsOf(await stage.users({ sort }));
    const byKey: string[] = [];
    let after: PageKey | null = null;
    for (let page = 0; page < PEOPLE; page += 1) {
      const found = await stage.users({ sort, page: { after, count: 7 } });
      byKey.push(...idsOf(found));
      if (found.next === undefined) break;
      after = found.next;
    }
    expect(byKey).toEqual(whole);
    const byIndex: string[] = [];
    for (let startIndex = 1; startIndex <= PEOPLE; startIndex += 9)
      byIndex.push(...idsOf(await stage.users({ sort, page: { startIndex, count: 9 } })));
    expect(byIndex).toEqual(whole);
  });

  test('texts that differ behind the first 200 characters are both shown, page by page', async () => {
    const long = 'x'.repeat(5_000);
    const added = await stage.add([
      { userName: 'long-1', attributes: { title: `${long}2` } },
      { userName: 'long-2', attributes: { title: `${long}1` } },
    ]);
    const sort = sortBy('title', 'ascending');
    const first = await stage.users({ sort, text: 'title sw "xxxx"', page: { after: null, count: 1 } });
    const second = await stage.users({
      sort,
      text: 'title sw "xxxx"',
      page: { after: first.next ?? null, count: 1 },
    });
    expect([...idsOf(first), ...idsOf(second)]).toEqual(added);
    expect(first.next?.sortedBy?.length).toBe(200);
    for (const id of added) await stage.remove(id, null);
  });
});

/** What a user is sorted by, from the words of RFC 7644 section 3.4.2.3. */
function sortKey(user: JsonObject, name: string): string | undefined {
  if (name === 'emails') {
    const emails = (user['emails'] ?? []) as readonly { value: string; primary?: boolean }[];
    return (emails.find(({ primary }) => primary === true) ?? emails[0])?.value.toLowerCase();
  }
  let value: unknown = user;
  for (const part of name.split('.')) value = (value as JsonObject | undefined)?.[part];
  if (value === undefined) return undefined;
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  return name === 'id' || name === 'externalId' ? shown : shown.toLowerCase();
}

test('pages by key lose nobody while others come and go', async () => {
  const staying = new Set(idsOf(await stage.users()));
  const passing = await stage.add(
    Array.from({ length: 20 }, (_, index) => ({ userName: `b passing ${index}` })),
  );
  const sort: ResourceSort = { attribute: USERS.resolveValue('userName', 'invalidPath'), order: 'ascending' };
  const seen: string[] = [];
  let after: PageKey | null = null;
  let next = 0;
  for (;;) {
    const found = await stage.users({ sort, page: { after, count: 5 } });
    seen.push(...idsOf(found));
    const leaving = passing[next];
    if (leaving !== undefined) await stage.remove(leaving, null);
    await stage.add([{ userName: `${next % 2 === 0 ? ' ' : 'z'} new ${next}` }]);
    next += 1;
    if (found.next === undefined || next > 200) break;
    after = found.next;
  }
  expect(seen).toHaveLength(new Set(seen).size);
  expect(seen.filter((id) => staying.has(id))).toHaveLength(staying.size);
}, 60_000);
