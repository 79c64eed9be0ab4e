import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/json.js';
import { memberId, memberIds } from '../../../src/scim/resource/member-ids.js';
import { parseNames, present, projector, schemasOf } from '../../../src/scim/resource/present.js';
import { toProfile } from '../../../src/scim/resource/profile.js';
import { extensionSchema } from '../../../src/scim/schema/extension-schema.js';
import { userResource } from '../../../src/scim/schema/resource-types.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const OWN = 'urn:acme:scim:schemas:User';
const users = userResource([
  extensionSchema({
    schema: OWN,
    name: 'Acme',
    attributes: [
      { name: 'rare', returned: 'request' },
      { name: 'fixed', returned: 'always' },
      { name: 'usual' },
    ],
  }),
]);
const ada: JsonObject = {
  schemas: [CORE, ENTERPRISE, OWN],
  id: 'u',
  externalId: '00u',
  meta: { resourceType: 'User', version: 'W/"1"' },
  userName: 'ada',
  password: 'never',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [{ value: 'a@b', type: 'work' }, { value: 'c@d' }],
  [ENTERPRISE]: { department: 'D', manager: { value: 'boss', displayName: 'Boss' } },
  [OWN]: { rare: 'r', fixed: 'f', usual: 'u' },
};
const always = { schemas: ada['schemas'], id: 'u' };
const { password: _password, ...visible } = ada;
const whole = { ...visible, [OWN]: { fixed: 'f', usual: 'u' } };

describe('a projection', () => {
  const fixed = { [OWN]: { fixed: 'f' } };
  test.each<readonly [readonly string[], object]>([
    [['userName'], { userName: 'ada' }],
    [['USERNAME', 'password', 'nothing'], { userName: 'ada' }],
    [[`${CORE}:name.familyName`], { name: { familyName: 'Lovelace' } }],
    [['name.familyName', 'name'], { name: ada['name'] }],
    [['name', 'name.familyName'], { name: ada['name'] }],
    [['emails.type'], { emails: [{ type: 'work' }] }],
    [['emails.display'], {}],
    [['meta.version'], { meta: { version: 'W/"1"' } }],
    [[`${ENTERPRISE}:manager.value`], { [ENTERPRISE]: { manager: { value: 'boss' } } }],
    [['department'], { [ENTERPRISE]: { department: 'D' } }],
    [[ENTERPRISE], { [ENTERPRISE]: ada[ENTERPRISE] }],
    [[`${OWN}:rare`], { [OWN]: { rare: 'r', fixed: 'f' } }],
    [['__proto__', 'constructor'], {}],
  ])('attributes=%j', (attributes, shown) => {
    expect(present(ada, users, { attributes })).toEqual({ ...always, ...fixed, ...shown });
  });

  test.each<readonly [readonly string[], readonly string[]]>([
    [['userName'], ['userName']],
    [['id', 'schemas', 'nothing'], []],
    [
      ['emails', 'META', 'name'],
      ['emails', 'meta', 'name'],
    ],
    [[ENTERPRISE], [ENTERPRISE]],
  ])('excludedAttributes=%j', (excludedAttributes, gone) => {
    const left = Object.fromEntries(Object.entries(whole).filter(([name]) => !gone.includes(name)));
    expect(present(ada, users, { excludedAttributes })).toEqual(left);
  });

  test('excludes parts', () => {
    expect(
      present(ada, users, { excludedAttributes: ['name.familyName', 'emails.type', `${OWN}:fixed`] }),
    ).toEqual({
      ...whole,
      name: { givenName: 'Ada' },
      emails: [{ value: 'a@b' }, { value: 'c@d' }],
    });
  });

  test('nothing said: all but what is never shown or only on request', () => {
    expect(present(ada, users, {})).toEqual(whole);
    expect(projector(users, { attributes: [], excludedAttributes: [] })(ada)).toEqual(whole);
  });

  test('both said is refused', () => {
    expect(() => present(ada, users, { attributes: ['id'], excludedAttributes: ['name'] })).toThrow(
      /not both/,
    );
  });

  test('names are read from a query', () => {
    expect(parseNames(undefined)).toBeUndefined();
    expect(parseNames('')).toEqual([]);
    expect(parseNames(' userName , name.givenName,')).toEqual(['userName', 'name.givenName']);
  });

  test('A-91 ten thousand names are refused', () => {
    const names = Array.from({ length: 10_000 }, (_unused, index) => `a${index}`);
    expect(() => parseNames(names.join(','))).toThrow(
      expect.objectContaining({ status: 400, scimType: 'invalidValue' }),
    );
    expect(() => present(ada, users, { attributes: names })).toThrow(/200/);
    expect(parseNames(names.slice(0, 200).join(','))).toHaveLength(200);
  });

  test('schemas are those that have values', () => {
    expect(schemasOf({ userName: 'a' }, users)).toEqual([CORE]);
    expect(schemasOf(ada, users)).toEqual([CORE, ENTERPRISE, OWN]);
  });
});

describe('a profile', () => {
  test('tells what tokens tell', () => {
    expect(
      toProfile({
        userName: 'ada',
        name: { givenName: 'Ada', familyName: 'Lovelace', middleName: 'King' },
        displayName: 'Countess',
        nickName: 'A',
        emails: [
          { value: 'home@x', type: 'home' },
          { value: 'work@x', type: 'WORK' },
        ],
        phoneNumbers: [{ value: '1' }, { value: '2', primary: true }],
        photos: [
          { value: 'https://x.example/small', type: 'thumbnail', primary: true },
          { value: 'javascript:alert(1)', type: 'photo' },
          { value: 'https://x.example/big', type: 'photo' },
        ],
        locale: 'en-GB',
        timezone: 'Europe/London',
      }),
    ).toEqual({
      userName: 'ada',
      name: 'Ada Lovelace',
      givenName: 'Ada',
      familyName: 'Lovelace',
      middleName: 'King',
      nickname: 'A',
      email: 'work@x',
      phoneNumber: '2',
      picture: 'https://x.example/big',
      locale: 'en-GB',
      zoneinfo: 'Europe/London',
    });
  });

  test('prefers the formatted name and the primary address, and says nothing that it doesn’t know', () => {
    const emails = [
      { value: 'work@x', type: 'work' },
      { value: 'p@x', primary: true },
    ];
    expect(toProfile({ userName: 'a', name: { formatted: 'A B', givenName: 'A' }, emails })).toEqual({
      userName: 'a',
      name: 'A B',
      givenName: 'A',
      email: 'p@x',
    });
    expect(
      toProfile({ userName: 'a', displayName: 'D', emails: [{ display: 'x' }, { value: 'first' }] }),
    ).toEqual({
      userName: 'a',
      name: 'D',
      email: 'first',
    });
    expect(toProfile({ userName: 'a', photos: [{ value: 'http://x.example/p' }] })).toEqual({
      userName: 'a',
    });
  });
});

test('ids of members are folded where they are UUIDs, and each stands once', () => {
  const upper = '0198A1B2-0000-7000-8000-00000000000F';
  expect(memberId(upper)).toBe(upper.toLowerCase());
  expect(memberId('00uABC')).toBe('00uABC');
  expect(memberIds([{ value: upper }, { value: upper.toLowerCase() }, { value: 'X' }])).toEqual([
    upper.toLowerCase(),
    'X',
  ]);
  expect(memberIds(undefined)).toEqual([]);
});
