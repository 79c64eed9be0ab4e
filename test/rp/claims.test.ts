import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { readGroups } from '../../src/rp/groups.js';
import { identifier, readMethods, readProfile, readSeconds } from '../../src/rp/profile.js';

const named = (...names: string[]) => ({
  kind: 'groups',
  groups: names.map((name) => ({ id: undefined, name })),
});

describe('A-16 a groups claim', () => {
  test.each<[value: unknown, read: unknown]>([
    [undefined, { kind: 'absent' }],
    [null, { kind: 'absent' }],
    [[], named()],
    [['Engineering', 'Sales'], named('Engineering', 'Sales')],
    ['Engineering', named('Engineering')],
    [['Engineering', 'Engineering'], named('Engineering')],
    [[' Admins', 'admins', 'Admins'], named(' Admins', 'admins', 'Admins')],
    [
      [{ id: '00g1', name: 'Engineering' }],
      { kind: 'groups', groups: [{ id: '00g1', name: 'Engineering' }] },
    ],
    [
      { id: '00g1', name: 'Engineering' },
      { kind: 'groups', groups: [{ id: '00g1', name: 'Engineering' }] },
    ],
    [[{ name: 'Engineering' }, 'Sales'], named('Engineering', 'Sales')],
    [[{ id: null, name: 'Engineering' }], named('Engineering')],
    [['Engineering', 7], { kind: 'unusable', note: 'groups_malformed' }],
    [['Engineering', ''], { kind: 'unusable', note: 'groups_malformed' }],
    [['Engineering', null], { kind: 'unusable', note: 'groups_malformed' }],
    [['Engineering', ['Sales']], { kind: 'unusable', note: 'groups_malformed' }],
    [['Eng\u0000ineering'], { kind: 'unusable', note: 'groups_malformed' }],
    [['x'.repeat(513)], { kind: 'unusable', note: 'groups_malformed' }],
    [[{ id: 7, name: 'Engineering' }], { kind: 'unusable', note: 'groups_malformed' }],
    [true, { kind: 'unusable', note: 'groups_malformed' }],
    [{}, { kind: 'unusable', note: 'groups_malformed' }],
    [Array.from({ length: 1_001 }, (_, i) => `g${i}`), { kind: 'unusable', note: 'groups_too_many' }],
  ])('%.60j', (value, read) => {
    expect(readGroups(value)).toEqual(read);
  });

  test('1,000 groups are all taken', () => {
    expect(readGroups(Array.from({ length: 1_000 }, (_, i) => `g${i}`))).toMatchObject({
      kind: 'groups',
      groups: { length: 1_000 },
    });
  });

  test('is never taken in part', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.jsonValue()), { maxLength: 20 }), (value) => {
        const read = readGroups(value);
        if (read.kind !== 'groups') return;
        const told = new Set(value.map((entry) => (typeof entry === 'string' ? entry : '(object)')));
        const taken = new Set(read.groups.map(({ name }) => (told.has(name) ? name : '(object)')));
        expect(taken).toEqual(told);
      }),
    );
  });
});

describe('a profile', () => {
  test('takes from userinfo only what the ID Token lacks', () => {
    const profile = readProfile(
      { name: 'Ann', email: 'ann@acme.example', email_verified: true },
      { name: 'Bob', email: 'bob@acme.example', email_verified: false, given_name: 'Ann', locale: 'de-CH' },
    );
    expect(profile).toMatchObject({
      name: 'Ann',
      email: 'ann@acme.example',
      emailVerified: true,
      givenName: 'Ann',
      locale: 'de-CH',
    });
  });

  test.each<[idToken: object, userinfo: object, email: string | undefined, verified: boolean]>([
    [{ email: 'a@x.example', email_verified: true }, {}, 'a@x.example', true],
    [{ email: 'a@x.example', email_verified: 'true' }, {}, 'a@x.example', false],
    [{ email: 'a@x.example', email_verified: 1 }, {}, 'a@x.example', false],
    [{ email: 'a@x.example' }, {}, 'a@x.example', false],
    [{ email: 'a@x.example' }, { email: 'a@x.example', email_verified: true }, 'a@x.example', true],
    [{ email: 'a@x.example' }, { email: 'b@x.example', email_verified: true }, 'a@x.example', false],
    [{ email: 'a@x.example' }, { email_verified: true }, 'a@x.example', false],
    [
      { email: 'a@x.example', email_verified: false },
      { email: 'a@x.example', email_verified: true },
      'a@x.example',
      false,
    ],
    [{ email_verified: true }, { email: 'b@x.example' }, 'b@x.example', false],
    [{ email_verified: true }, {}, undefined, false],
    [{ email: ['a@x.example'] }, {}, undefined, false],
    [{ email: 'a@x.example\u0000' }, {}, undefined, false],
    [{ email: 'a'.repeat(300) }, {}, undefined, false],
  ])('A-02 %j and %j: %s, verified %s', (idToken, userinfo, email, verified) => {
    expect(readProfile({ ...idToken }, { ...userinfo })).toMatchObject({ email, emailVerified: verified });
  });

  test('A-101 text is plain and bounded, addresses of pictures are web addresses', () => {
    const profile = readProfile(
      {
        name: `A\u0000n\u202en${'x'.repeat(2_000)}`,
        nickname: '  ',
        picture: 'javascript:alert(1)',
        preferred_username: 'a\u200eb',
      },
      {},
    );
    expect(profile.name).toHaveLength(1_000);
    // oxlint-disable-next-line no-control-regex -- that is what is tested
    expect(profile.name).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect([profile.nickname, profile.picture, profile.userName]).toEqual([undefined, undefined, undefined]);
  });

  test('members of the prototype are no claims', () => {
    expect(readProfile(JSON.parse('{"__proto__":{"email":"evil@x.example"}}'), {}).email).toBeUndefined();
  });
});

test.each<[value: unknown, id: string | undefined]>([
  ['00u1', '00u1'],
  [' 00u1 ', ' 00u1 '],
  ['', undefined],
  ['x'.repeat(256), undefined],
  ['a\nb', undefined],
  [7, undefined],
])('A-07 %.20j as an identifier', (value, id) => expect(identifier(value)).toBe(id));

test.each<[value: unknown, methods: string[] | undefined]>([
  [
    ['pwd', 'mfa'],
    ['pwd', 'mfa'],
  ],
  [[], []],
  ['pwd', undefined],
  [['pwd', 7], undefined],
  [Array.from({ length: 33 }, () => 'pwd'), undefined],
])('%.30j as amr', (value, methods) => expect(readMethods(value)).toEqual(methods));

test.each([
  ['1', undefined],
  [Number.NaN, undefined],
  [-1, undefined],
  [0, undefined],
  [1.5, 1.5],
  [17, 17],
])('%s as seconds', (value, seconds) => expect(readSeconds(value)).toBe(seconds));
