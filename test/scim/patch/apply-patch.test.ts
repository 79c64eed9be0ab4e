import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../../src/core/json.js';
import { ScimError } from '../../../src/scim/errors.js';
import { applyPatch } from '../../../src/scim/patch/apply-patch.js';
import { planGroupPatch } from '../../../src/scim/patch/plan-group-patch.js';
import { readPatch } from '../../../src/scim/patch/read-patch.js';
import { extensionSchema } from '../../../src/scim/schema/extension-schema.js';
import { groupResource, userResource } from '../../../src/scim/schema/resource-types.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const OWN = 'urn:acme:scim:schemas:User';
const users = userResource([
  extensionSchema({
    schema: OWN,
    name: 'Acme',
    attributes: [
      { name: 'badge', mutability: 'immutable' },
      { name: 'tags', multiValued: true, caseExact: true },
      { name: 'floor', type: 'integer' },
      { name: 'site', required: true },
      { name: 'since', type: 'dateTime' },
    ],
  }),
]);
const groups = groupResource();

const work = { value: 'ada@acme.example', type: 'work', primary: true };
const home = { value: 'ada@home.example', type: 'home' };
const ada = {
  userName: 'ada',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [work, home],
  [ENTERPRISE]: { department: 'Engines', manager: { value: 'boss', displayName: 'Boss' } },
  [OWN]: { badge: 'b1', tags: ['a', 'b'], site: 'London' },
};
const body = (operations: Json): Json => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: operations,
});
const patched = (operations: Json): ReturnType<typeof applyPatch> =>
  applyPatch(ada, readPatch(body(operations)), users);

function refusal(run: () => unknown): ScimError {
  try {
    run();
  } catch (error) {
    if (error instanceof ScimError) return error;
    throw error;
  }
  throw new Error('was taken');
}

const parsed = (json: string): unknown => JSON.parse(json);
const plan = (operations: Json): ReturnType<typeof planGroupPatch> =>
  planGroupPatch(readPatch(body(operations)), groups);
const ids = (count: number): string[] => Array.from({ length: count }, (_unused, index) => `u${index}`);

/** [operation, what of the user is different then]. */
const CHANGES: readonly (readonly [Json, Readonly<Record<string, Json | undefined>>])[] = [
  [{ op: 'add', path: 'nickName', value: 'A' }, { nickName: 'A' }],
  [{ op: 'ADD', path: `${CORE}:NICKNAME`, value: 'A' }, { nickName: 'A' }],
  [
    { op: 'add', value: { nickName: 'A', name: { middleName: 'K' } } },
    { nickName: 'A', name: { ...ada.name, middleName: 'K' } },
  ],
  [
    { op: 'replace', path: 'name', value: { givenName: 'B' } },
    { name: { givenName: 'B', familyName: 'Lovelace' } },
  ],
  [{ op: 'replace', path: 'name', value: { givenName: '' } }, { name: { familyName: 'Lovelace' } }],
  [{ op: 'replace', path: 'NAME.familyname', value: 'B' }, { name: { givenName: 'Ada', familyName: 'B' } }],
  [{ op: 'remove', path: 'name.familyName' }, { name: { givenName: 'Ada' } }],
  [{ op: 'remove', path: 'name' }, { name: undefined }],
  [
    { op: 'add', path: 'emails', value: [{ value: 'x@y', type: 'other' }] },
    { emails: [work, home, { value: 'x@y', type: 'other' }] },
  ],
  [{ op: 'add', path: 'emails', value: { value: 'x@y' } }, { emails: [work, home, { value: 'x@y' }] }],
  [{ op: 'add', path: 'emails', value: 'x@y' }, { emails: [work, home, { value: 'x@y' }] }],
  [{ op: 'add', path: 'emails', value: [home, work, home] }, {}],
  [{ op: 'add', path: 'emails', value: [{ value: home.value }] }, {}],
  [
    { op: 'add', path: 'emails', value: [{ ...home, display: 'H' }] },
    { emails: [work, { ...home, display: 'H' }] },
  ],
  [
    { op: 'add', path: 'emails', value: [{ value: 'x@y', primary: true }] },
    { emails: [{ ...work, primary: false }, home, { value: 'x@y', primary: true }] },
  ],
  [{ op: 'add', path: 'emails', value: null }, {}],
  [{ op: 'replace', path: 'emails', value: [{ value: 'x@y' }] }, { emails: [{ value: 'x@y' }] }],
  [{ op: 'replace', path: 'emails', value: [] }, { emails: undefined }],
  [{ op: 'replace', value: { emails: null } }, { emails: undefined }],
  [{ op: 'remove', path: 'emails' }, { emails: undefined }],
  [{ op: 'remove', path: 'emails[type eq "work"]' }, { emails: [home] }],
  [{ op: 'remove', path: 'emails[type eq "none"]' }, {}],
  [{ op: 'remove', path: 'emails[value co "ada"]' }, { emails: undefined }],
  [
    { op: 'remove', path: 'emails[type eq "work"].primary' },
    { emails: [{ value: work.value, type: 'work' }, home] },
  ],
  [
    { op: 'remove', path: 'emails.type' },
    { emails: [{ value: work.value, primary: true }, { value: home.value }] },
  ],
  [{ op: 'remove', path: 'emails', value: [{ value: work.value }] }, { emails: [home] }],
  [{ op: 'remove', path: 'emails', value: [{ value: work.value, type: 'home' }] }, {}],
  [
    { op: 'replace', path: 'emails[type eq "home"].primary', value: true },
    {
      emails: [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    },
  ],
  [
    { op: 'replace', path: 'emails[type eq "home"]', value: { value: 'x@y' } },
    { emails: [work, { type: 'home', value: 'x@y' }] },
  ],
  [
    { op: 'replace', path: 'emails[type eq "home"]', value: [{ value: 'x@y', type: 'other' }] },
    { emails: [work, { type: 'other', value: 'x@y' }] },
  ],
  [
    { op: 'add', path: 'emails[type eq "home"]', value: { display: 'H' } },
    { emails: [work, { ...home, display: 'H' }] },
  ],
  [
    { op: 'add', path: 'emails[type eq "other"]', value: { value: 'x@y' } },
    { emails: [work, home, { type: 'other', value: 'x@y' }] },
  ],
  [
    { op: 'add', path: 'emails[type eq "other" and primary eq true].value', value: 'x@y' },
    { emails: [{ ...work, primary: false }, home, { type: 'other', primary: true, value: 'x@y' }] },
  ],
  [{ op: 'replace', path: 'emails[type eq "none"].value', value: '' }, {}],
  [{ op: 'add', path: 'phoneNumbers.value', value: '1' }, { phoneNumbers: [{ value: '1' }] }],
  [{ op: 'remove', path: ENTERPRISE }, { [ENTERPRISE]: undefined }],
  [
    { op: 'add', path: ENTERPRISE, value: { division: 'D' } },
    { [ENTERPRISE]: { ...ada[ENTERPRISE], division: 'D' } },
  ],
  [
    { op: 'replace', value: { [ENTERPRISE]: { department: 'D' } } },
    { [ENTERPRISE]: { ...ada[ENTERPRISE], department: 'D' } },
  ],
  [
    { op: 'replace', path: `${ENTERPRISE}:manager.displayName`, value: 'B' },
    { [ENTERPRISE]: { department: 'Engines', manager: { value: 'boss', displayName: 'B' } } },
  ],
  [{ op: 'replace', path: `${ENTERPRISE}:manager`, value: 'boss' }, {}],
  [
    { op: 'replace', path: 'manager', value: 'chief' },
    { [ENTERPRISE]: { department: 'Engines', manager: { value: 'chief' } } },
  ],
  [{ op: 'add', path: `${OWN}:tags`, value: ['b', 'c'] }, { [OWN]: { ...ada[OWN], tags: ['a', 'b', 'c'] } }],
  [{ op: 'add', path: `${OWN}:tags`, value: 'c' }, { [OWN]: { ...ada[OWN], tags: ['a', 'b', 'c'] } }],
  [{ op: 'remove', path: `${OWN}:tags[value eq "a"]` }, { [OWN]: { ...ada[OWN], tags: ['b'] } }],
  [{ op: 'remove', path: `${OWN}:tags`, value: ['a', 'b'] }, { [OWN]: { badge: 'b1', site: 'London' } }],
  [{ op: 'replace', path: 'badge', value: 'b1' }, {}],
  [{ op: 'replace', path: 'floor', value: 3 }, { [OWN]: { ...ada[OWN], floor: 3 } }],
  [
    {
      op: 'replace',
      value: { id: 'x', meta: { version: 'y' }, groups: [{ value: 'g' }], schemas: [], password: 'p' },
    },
    {},
  ],
  [{ op: 'replace', value: { [CORE]: { nickName: 'A' } } }, { nickName: 'A' }],
  [{ op: 'replace', path: CORE, value: { nickName: 'A' } }, { nickName: 'A' }],
];

/** [operation, type of error, a part of the reason]. */
const REFUSED: readonly (readonly [Json, string, RegExp])[] = [
  [{ op: 'remove' }, 'noTarget', /path/],
  [{ op: 'replace', path: 'emails[type eq "none"]', value: { value: 'x' } }, 'noTarget', /emails/],
  [
    { op: 'replace', path: 'emails[type ne "work" and value co "zzz"].value', value: 'x' },
    'noTarget',
    /emails/,
  ],
  [{ op: 'add', path: 'emails[type sw "z"].value', value: 'x' }, 'noTarget', /emails/],
  [{ op: 'add', path: 'emails[type eq "a" and type eq "b"].value', value: 'x' }, 'noTarget', /emails/],
  [{ op: 'replace', path: 'id', value: 'x' }, 'mutability', /id/],
  [{ op: 'add', path: 'meta.version', value: 'x' }, 'mutability', /meta.version/],
  [{ op: 'add', path: 'groups', value: [{ value: 'g' }] }, 'mutability', /groups/],
  [{ op: 'remove', path: 'groups[value eq "g"]' }, 'mutability', /groups/],
  [{ op: 'remove', path: 'userName' }, 'mutability', /userName/],
  [{ op: 'replace', path: 'badge', value: 'b2' }, 'mutability', /badge/],
  [{ op: 'remove', path: 'badge' }, 'mutability', /badge/],
  [{ op: 'remove', path: `${OWN}:site` }, 'mutability', /site/],
  [{ op: 'replace', path: 'userName', value: '' }, 'invalidValue', /userName/],
  [{ op: 'replace', path: 'userName', value: '  ' }, 'invalidValue', /userName/],
  [{ op: 'replace', value: { userName: null } }, 'invalidValue', /userName/],
  [{ op: 'replace', path: 'userName', value: 5 }, 'invalidValue', /userName must be text, but is a number/],
  [{ op: 'replace', path: 'active', value: 0 }, 'invalidValue', /active must be true or false/],
  [{ op: 'replace', path: 'active', value: 'yes' }, 'invalidValue', /active must be true or false/],
  [{ op: 'replace', path: 'floor', value: 1.5 }, 'invalidValue', /floor must be a whole number/],
  [{ op: 'replace', path: 'since', value: 'today' }, 'invalidValue', /since must be a time/],
  [{ op: 'replace', path: 'name', value: 'Ada' }, 'invalidValue', /name must be an object/],
  [
    {
      op: 'replace',
      path: 'emails',
      value: [
        { value: 'a', primary: true },
        { value: 'b', primary: true },
      ],
    },
    'invalidValue',
    /primary/,
  ],
  [{ op: 'replace', path: 'emails.primary', value: true }, 'invalidValue', /primary/],
  [{ op: 'replace', path: 'emails[value pr].primary', value: true }, 'invalidValue', /primary/],
  [{ op: 'replace', value: 'x' }, 'invalidValue', /object/],
  [{ op: 'replace', path: 'nothing', value: 'x' }, 'invalidPath', /nothing/],
  [{ op: 'replace', path: 'name.nothing', value: 'x' }, 'invalidPath', /nothing/],
  [{ op: 'replace', path: 'name[givenName pr]', value: 'x' }, 'invalidPath', /list/],
  [{ op: 'replace', path: 'emails[type eq "work"', value: 'x' }, 'invalidPath', /bracket/],
  [{ op: 'replace', path: 'emails[type eq "work"].nothing', value: 'x' }, 'invalidPath', /nothing/],
  [{ op: 'replace', path: 'emails[type eq "work"] x', value: 'x' }, 'invalidPath', /end/],
  [{ op: 'replace', path: 'emails[nothing eq "work"].value', value: 'x' }, 'invalidFilter', /nothing/],
  [{ op: 'replace', path: 'emails[primary gt true].value', value: 'x' }, 'invalidFilter', /boolean/],
  [{ op: 'replace', path: '"x"', value: 'x' }, 'invalidPath', /attribute/],
  [{ op: 'replace', value: { active: true, ACTIVE: false } }, 'invalidSyntax', /twice/],
  [{ op: 'add', path: OWN, value: { floor: 1, nothing: { deep: 1 }, FLOOR: 2 } }, 'invalidSyntax', /twice/],
  [{ op: 'replace', path: 'nickName', value: '\u0000' }, 'invalidValue', /nickName/],
  [{ op: 'replace', path: 'nickName', value: '\ud800' }, 'invalidValue', /nickName/],
  [
    { op: 'add', path: 'emails', value: Array.from({ length: 250 }, (_unused, i) => `x${i}`) },
    'invalidValue',
    /250/,
  ],
];

describe('a PATCH', () => {
  test.each(CHANGES)('%j', (operation, different) => {
    const before = JSON.stringify(ada);
    const { resource, changed } = patched([operation]);
    const wanted = Object.fromEntries(
      Object.entries({ ...ada, ...different }).filter(([, value]) => value !== undefined),
    );
    expect(resource).toEqual(wanted);
    expect(changed).toBe(Object.keys(different).length > 0);
    expect(JSON.stringify(ada)).toBe(before);
    if (changed) return;
    expect(JSON.stringify(resource)).toBe(before);
  });

  test.each(REFUSED)('%j is refused: %s', (operation, scimType, reason) => {
    const before = JSON.stringify(ada);
    const error = refusal(() => patched([{ op: 'add', path: 'nickName', value: 'first' }, operation]));
    expect(error).toMatchObject({ status: 400, scimType });
    expect(error.message).toMatch(reason);
    expect(JSON.stringify(ada)).toBe(before);
  });

  test('operations see what those before them did', () => {
    const { resource } = patched([
      { op: 'remove', path: 'emails' },
      { op: 'add', path: 'emails[type eq "work"].primary', value: true },
      { op: 'add', path: 'emails[type eq "work"].value', value: 'new@acme.example' },
      { op: 'replace', path: 'emails[value eq "new@acme.example"].display', value: 'New' },
    ]);
    expect(resource['emails']).toEqual([
      { type: 'work', primary: true, value: 'new@acme.example', display: 'New' },
    ]);
  });

  test('members that become alike are one', () => {
    const { resource } = patched([
      { op: 'remove', path: 'emails.type' },
      { op: 'remove', path: 'emails.primary' },
      { op: 'replace', path: 'emails.value', value: 'same@acme.example' },
    ]);
    expect(resource['emails']).toEqual([{ value: 'same@acme.example' }]);
  });

  test('what is undone within one PATCH is no change', () => {
    const operations = [
      { op: 'replace', path: 'userName', value: 'b' },
      { op: 'replace', path: 'userName', value: 'ada' },
    ];
    expect(patched(operations).changed).toBe(false);
  });

  test('an extension’s required attribute is asked for when the extension is first written, not before', () => {
    const bare = { userName: 'ada' };
    const run = (operations: Json): unknown => applyPatch(bare, readPatch(body(operations)), users).resource;
    expect(run([{ op: 'replace', path: 'active', value: false }])).toEqual({
      userName: 'ada',
      active: false,
    });
    expect(refusal(() => run([{ op: 'add', path: OWN, value: { floor: 1 } }]))).toMatchObject({
      scimType: 'invalidValue',
    });
    expect(run([{ op: 'add', path: OWN, value: { floor: 1, site: 'B' } }])).toMatchObject({
      [OWN]: { floor: 1 },
    });
  });

  test('A-90 filters that compare too much are refused before they cost seconds', () => {
    const list = Array.from({ length: 250 }, (_unused, index) => ({ value: `v${index}` }));
    const filter = Array.from({ length: 90 }, (_unused, index) => `value co "${index}z"`).join(' or ');
    const operations = Array.from({ length: 1_000 }, () => ({ op: 'remove', path: `emails[${filter}]` }));
    const full = { userName: 'ada', emails: list };
    expect(refusal(() => applyPatch(full, readPatch(body(operations)), users))).toMatchObject({
      status: 413,
    });
  });
});

describe('a PATCH body', () => {
  test.each<readonly [string, Json, number, string | undefined]>([
    ['no object', [], 400, 'invalidSyntax'],
    ['null', null, 400, 'invalidSyntax'],
    ['no schemas', { Operations: [{ op: 'remove', path: 'x' }] }, 400, 'invalidSyntax'],
    ['another schema', { schemas: [CORE], Operations: [{ op: 'remove', path: 'x' }] }, 400, 'invalidSyntax'],
    ['no operations', { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] }, 400, 'invalidSyntax'],
    ['an empty list', body([]), 400, 'invalidSyntax'],
    ['a number as operation', body([1]), 400, 'invalidSyntax'],
    ['an unknown op', body([{ op: 'move', path: 'x' }]), 400, 'invalidSyntax'],
    ['an op that is none', body([{ op: 5 }]), 400, 'invalidSyntax'],
    ['a path that is no text', body([{ op: 'add', path: 5, value: 1 }]), 400, 'invalidPath'],
    ['no value', body([{ op: 'add', path: 'x' }]), 400, 'invalidValue'],
    ['one name twice', body([{ op: 'add', OP: 'remove', value: 1 }]), 400, 'invalidSyntax'],
    ['too many', body(Array.from({ length: 1_001 }, () => ({ op: 'remove', path: 'x' }))), 413, undefined],
  ])('%s is refused', (_name, sent, status, scimType) => {
    const error = refusal(() => readPatch(sent));
    expect([error.status, error.scimType]).toEqual([status, scimType]);
  });

  test('names and op are read in any case', () => {
    const sent = {
      SCHEMAS: ['URN:IETF:params:scim:api:messages:2.0:patchop'],
      operations: [{ Op: 'REPLACE', Path: ' x ', VALUE: 1 }],
    };
    expect(readPatch(sent)).toEqual([{ op: 'replace', path: 'x', value: 1 }]);
    expect(readPatch(body([{ op: 'remove', path: null }]))).toEqual([
      { op: 'remove', path: undefined, value: undefined },
    ]);
  });
});

describe('attacks by PATCH', () => {
  test.each([
    '{"op":"add","path":"__proto__.isAdmin","value":true}',
    '{"op":"add","path":"constructor.prototype.isAdmin","value":true}',
    '{"op":"add","path":"emails[type eq \\"x\\"].__proto__","value":true}',
    '{"op":"add","path":"emails[type eq \\"x\\"].constructor","value":true}',
    '{"op":"add","value":{"__proto__.polluted":true}}',
    '{"op":"add","value":{"name.__proto__.polluted":true}}',
    '{"op":"add","value":{"__proto__":{"polluted":true}}}',
    '{"op":"add","value":{"name":{"__proto__":{"polluted":true}}}}',
    '{"op":"add","value":{"constructor":{"prototype":{"polluted":true}}}}',
    `{"op":"add","value":{"${ENTERPRISE}:__proto__":{"polluted":true}}}`,
    `{"op":"add","value":{"emails[type eq \\"x\\"].__proto__":{"polluted":true}}}`,
  ])('A-88 %s leads nowhere', (operation) => {
    const error = refusal(() =>
      applyPatch(
        ada,
        readPatch({
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [parsed(operation)],
        }),
        users,
      ),
    );
    expect(error).toMatchObject({ status: 400, scimType: 'invalidPath' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  test('A-87 what a client may not say is ignored without a path, and refused with one', () => {
    const { resource, changed, ignored } = patched([
      {
        op: 'replace',
        value: { id: 'x', tenantId: 'y', isAdmin: true, connectionId: 'z', meta: {}, groups: [] },
      },
    ]);
    expect(resource).toEqual(ada);
    expect(changed).toBe(false);
    expect(ignored).toEqual(['tenantId', 'isAdmin', 'connectionId']);
    for (const path of ['tenantId', 'isAdmin', `${OWN}:tenantId`])
      expect(refusal(() => patched([{ op: 'replace', path, value: 'x' }]))).toMatchObject({
        scimType: 'invalidPath',
      });
  });

  test('A-93 nesting of 100,000 levels is refused without recursion', () => {
    const deep = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","value":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`;
    expect(refusal(() => readPatch(parsed(deep)))).toMatchObject({ status: 400, scimType: 'invalidSyntax' });
    expect(
      refusal(() => patched([{ op: 'add', path: `emails${'[type'.repeat(700)}`, value: 1 }])),
    ).toMatchObject({
      scimType: 'invalidPath',
    });
  });

  test.each([
    ['False', false],
    ['false', false],
    ['TRUE', true],
    [true, true],
  ])('A-96 active as %j', (sent, stored) => {
    expect(patched([{ op: 'Replace', value: { active: sent } }]).resource['active']).toBe(stored);
    expect(patched([{ op: 'REPLACE', path: 'Active', value: sent }]).resource['active']).toBe(stored);
  });

  test.each([0, 1, 'no', 'False ', {}, [false]])('A-96 active as %j is refused', (sent) => {
    expect(refusal(() => patched([{ op: 'replace', path: 'active', value: sent }]))).toMatchObject({
      scimType: 'invalidValue',
    });
  });
});

describe('members of a group', () => {
  const URN = 'urn:ietf:params:scim:schemas:core:2.0:Group';

  test.each<readonly [Json, unknown]>([
    [{ op: 'add', path: 'members', value: 'a' }, [{ kind: 'add', ids: ['a'] }]],
    [
      { op: 'add', path: `${URN}:Members`, value: ['a', { value: 'b' }, 'a'] },
      [{ kind: 'add', ids: ['a', 'b'] }],
    ],
    [{ op: 'add', path: 'members', value: [] }, []],
    [{ op: 'remove', path: 'members', value: [] }, []],
    [{ op: 'remove', path: 'members', value: null }, [{ kind: 'clear' }]],
    [{ op: 'remove', path: 'members[value eq "a" or value eq "b"]' }, [{ kind: 'remove', ids: ['a', 'b'] }]],
    [{ op: 'replace', value: { members: ['a'] } }, [{ kind: 'replace', ids: ['a'] }]],
    [{ op: 'replace', value: { [URN]: { members: ['a'] } } }, [{ kind: 'replace', ids: ['a'] }]],
    [{ op: 'replace', value: { members: null } }, [{ kind: 'clear' }]],
    [
      { op: 'add', path: 'members', value: { value: '0198A1B2-0000-7000-8000-00000000000F' } },
      [{ kind: 'add', ids: ['0198a1b2-0000-7000-8000-00000000000f'] }],
    ],
  ])('%j', (operation, members) => {
    expect(plan([operation])).toEqual({ attributes: [], members });
  });

  test('a filter that asks for more than ids stays a filter, relative to the member', () => {
    expect(plan([{ op: 'remove', path: 'members[display sw "a"]' }]).members).toMatchObject([
      { kind: 'removeWhere', filter: { kind: 'compare', attribute: { path: ['display'] } } },
    ]);
  });

  test('the rest of a value stays with the attributes, in order', () => {
    expect(
      plan([
        { op: 'replace', value: { displayName: 'G', members: ['a'], id: 'x' } },
        { op: 'add', path: 'externalId', value: 'e' },
        { op: 'add', path: 'members', value: ['b'] },
      ]),
    ).toEqual({
      attributes: [
        { op: 'replace', path: undefined, value: { displayName: 'G', id: 'x' } },
        { op: 'add', path: 'externalId', value: 'e' },
      ],
      members: [
        { kind: 'replace', ids: ['a'] },
        { kind: 'add', ids: ['b'] },
      ],
    });
  });

  test.each<readonly [Json, string]>([
    [{ op: 'add', path: 'members', value: [{ value: 'g', type: 'Group' }] }, 'invalidValue'],
    [{ op: 'add', path: 'members', value: [{ display: 'x' }] }, 'invalidValue'],
    [{ op: 'add', path: 'members', value: [5] }, 'invalidValue'],
    [{ op: 'replace', path: 'members[value eq "a"].value', value: 'b' }, 'mutability'],
    [{ op: 'remove', path: 'members[value eq "a"].value' }, 'mutability'],
    [{ op: 'replace', path: 'members.display', value: 'b' }, 'mutability'],
    [{ op: 'replace', path: 'members[value eq "a"]', value: { value: 'b' } }, 'mutability'],
    [{ op: 'replace', value: { 'members[value eq "a"].value': 'b' } }, 'mutability'],
    [{ op: 'remove', path: 'members[nothing eq "a"]' }, 'invalidFilter'],
  ])('%j is refused', (operation, scimType) => {
    expect(refusal(() => plan([operation]))).toMatchObject({ status: 400, scimType });
  });

  test('100,000 members are taken, more are not', () => {
    expect(plan([{ op: 'add', path: 'members', value: ids(100_000) }]).members).toHaveLength(1);
    expect(refusal(() => plan([{ op: 'add', path: 'members', value: ids(100_001) }]))).toMatchObject({
      status: 413,
    });
    const twice = [60_000, 60_000].map((count) => ({ op: 'add', path: 'members', value: ids(count) }));
    expect(refusal(() => plan(twice))).toMatchObject({ status: 413 });
  });
});
