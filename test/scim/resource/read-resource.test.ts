import { describe, expect, test } from '@jest/globals';
import { ScimError } from '../../../src/scim/errors.js';
import { readResource } from '../../../src/scim/resource/read-resource.js';
import { extensionSchema } from '../../../src/scim/schema/extension-schema.js';
import { groupResource, userResource } from '../../../src/scim/schema/resource-types.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const OWN = 'urn:acme:scim:schemas:User';
const users = userResource([
  extensionSchema({
    schema: OWN,
    name: 'Acme',
    attributes: [
      { name: 'floor', type: 'integer' },
      { name: 'share', type: 'decimal' },
      { name: 'since', type: 'dateTime' },
      { name: 'key', type: 'binary' },
      { name: 'page', type: 'reference' },
      { name: 'tags', multiValued: true },
      { name: 'desk', type: 'complex', subAttributes: [{ name: 'code', required: true }, { name: 'note' }] },
    ],
  }),
]);
const groups = groupResource();
const read = (members: object, ignored: string[] = []): unknown =>
  readResource({ schemas: [CORE], userName: 'ada', ...members }, users, 'create', ignored);

function refusal(run: () => unknown): ScimError {
  try {
    run();
  } catch (error) {
    if (error instanceof ScimError) return error;
    throw error;
  }
  throw new Error('was taken');
}

/** [members sent beside userName, what is stored beside it]. */
const READ: readonly (readonly [object, object])[] = [
  [{}, {}],
  [
    { DISPLAYNAME: 'A', Name: { GIVENNAME: 'B' } },
    { displayName: 'A', name: { givenName: 'B' } },
  ],
  [{ id: 'x', meta: { version: 1 }, groups: 'anything', password: { any: 'thing' } }, {}],
  [{ displayName: null, nickName: '', emails: [], name: {}, title: [] }, {}],
  [{ name: { givenName: '', familyName: null } }, {}],
  [{ active: 'True' }, { active: true }],
  [{ active: 'false' }, { active: false }],
  [{ emails: { value: 'a@b' } }, { emails: [{ value: 'a@b' }] }],
  [{ emails: 'a@b' }, { emails: [{ value: 'a@b' }] }],
  [{ emails: ['a@b', { value: 'a@b' }, null, ''] }, { emails: [{ value: 'a@b' }] }],
  [{ roles: ['x', 'y'] }, { roles: [{ value: 'x' }, { value: 'y' }] }],
  [{ emails: [{ type: 'work', primary: true }] }, {}],
  [
    {
      emails: [
        { value: 'a', primary: 'True' },
        { value: 'b', primary: 'False' },
      ],
    },
    {
      emails: [
        { value: 'a', primary: true },
        { value: 'b', primary: false },
      ],
    },
  ],
  [
    { addresses: [{ type: 'work', formatted: '1 Road\nLondon' }] },
    { addresses: [{ type: 'work', formatted: '1 Road\nLondon' }] },
  ],
  [
    { emails: [{ value: 'a', type: 'other than the canonical ones' }] },
    { emails: [{ value: 'a', type: 'other than the canonical ones' }] },
  ],
  [
    { [ENTERPRISE.toUpperCase()]: { Department: 'D', manager: 'boss' } },
    { [ENTERPRISE]: { department: 'D', manager: { value: 'boss' } } },
  ],
  [{ [ENTERPRISE]: {} }, {}],
  [{ [ENTERPRISE]: null }, {}],
  [
    {
      [OWN]: {
        floor: 3,
        share: 0.5,
        since: '2026-11-22T00:13:19+01:00',
        key: 'AQID',
        page: 'x',
        tags: ['a', 'a', 'b'],
      },
    },
    {
      [OWN]: {
        floor: 3,
        share: 0.5,
        since: '2026-11-22T00:13:19+01:00',
        key: 'AQID',
        page: 'x',
        tags: ['a', 'b'],
      },
    },
  ],
  [{ [OWN]: { desk: { code: 'c' } } }, { [OWN]: { desk: { code: 'c' } } }],
  [{ [OWN]: { desk: { code: null } } }, {}],
  [
    { displayName: '=cmd|x <script>\u202e 👩‍🚀\ttab\r\n' },
    { displayName: '=cmd|x <script>\u202e 👩‍🚀\ttab\r\n' },
  ],
];

/** [members sent beside userName, type of error, a part of the reason]. */
const REFUSED: readonly (readonly [object, string, RegExp])[] = [
  [{ schemas: null }, 'invalidSyntax', /schemas/],
  [{ schemas: [] }, 'invalidSyntax', /schemas/],
  [{ schemas: CORE }, 'invalidSyntax', /schemas/],
  [{ schemas: [GROUP] }, 'invalidSyntax', /schemas must name/],
  [{ schemas: [5] }, 'invalidSyntax', /schemas/],
  [{ userName: '' }, 'invalidValue', /userName is required/],
  [{ userName: '   ' }, 'invalidValue', /userName is required/],
  [{ userName: null }, 'invalidValue', /userName is required/],
  [{ userName: 5 }, 'invalidValue', /userName must be text, but is a number/],
  [{ USERNAME: 'b' }, 'invalidSyntax', /twice/],
  [{ name: { givenName: 'a', givenname: 'b' } }, 'invalidSyntax', /twice/],
  [{ name: 'Ada' }, 'invalidValue', /name must be an object, but is "Ada"/],
  [{ name: [{ givenName: 'a' }] }, 'invalidValue', /name must be an object, but is a list/],
  [{ name: { givenName: ['a'] } }, 'invalidValue', /name.givenName must be text, but is a list/],
  [{ active: 1 }, 'invalidValue', /active must be true or false, but is a number/],
  [{ active: 'yes' }, 'invalidValue', /active must be true or false, but is "yes"/],
  [{ emails: [5] }, 'invalidValue', /emails.value must be text/],
  [{ emails: [['a']] }, 'invalidValue', /emails must be an object/],
  [{ emails: [{ value: { deep: 1 } }] }, 'invalidValue', /emails.value must be text, but is an object/],
  [
    {
      emails: [
        { value: 'a', primary: true },
        { value: 'b', primary: 'True' },
      ],
    },
    'invalidValue',
    /primary/,
  ],
  [{ emails: Array.from({ length: 251 }, (_unused, index) => `${index}`) }, 'invalidValue', /250/],
  [{ displayName: 'a'.repeat(10_001) }, 'invalidValue', /10000 characters/],
  [{ [ENTERPRISE]: 'x' }, 'invalidValue', /must be an object/],
  [{ [ENTERPRISE]: { department: false } }, 'invalidValue', /User:department must be text, but is false/],
  [{ [OWN]: { floor: '3' } }, 'invalidValue', /User:floor must be a whole number/],
  [{ [OWN]: { floor: 1e300 } }, 'invalidValue', /floor/],
  [{ [OWN]: { share: Number.POSITIVE_INFINITY } }, 'invalidValue', /share/],
  [{ [OWN]: { since: '2026-11-22' } }, 'invalidValue', /since must be a time/],
  [{ [OWN]: { since: '2026-02-31T25:00:00Z' } }, 'invalidValue', /since/],
  [{ [OWN]: { key: 'no base64!' } }, 'invalidValue', /base64/],
  [{ [OWN]: { desk: { note: 'n' } } }, 'invalidValue', /desk.code is required/],
];

const group = (members: object): unknown => readResource({ schemas: [GROUP], ...members }, groups, 'create');

describe('a body', () => {
  test.each(READ)('%j', (sent, stored) => {
    expect(read(sent)).toEqual({ userName: 'ada', ...stored });
  });

  test.each(REFUSED)('%j is refused: %s', (sent, scimType, reason) => {
    const error = refusal(() => read(sent));
    expect(error).toMatchObject({ status: 400, scimType });
    expect(error.message).toMatch(reason);
    expect(error.message.length).toBeLessThan(400);
  });

  test.each([null, undefined, 5, 'x', [], [{}], () => 1, 5n])('%p is no resource', (body) => {
    expect(refusal(() => readResource(body, users, 'create'))).toMatchObject({ scimType: 'invalidSyntax' });
  });

  test('a PUT that forgets what is required is told that it replaces everything', () => {
    expect(refusal(() => readResource({ schemas: [CORE] }, users, 'replace')).message).toContain(
      'replaces the whole',
    );
  });

  test('a group needs a name that isn’t blank, and members that are users', () => {
    expect(group({ displayName: 'G', members: ['a', { value: 'b', type: 'user' }] })).toEqual({
      displayName: 'G',
      members: [{ value: 'a' }, { value: 'b', type: 'User' }],
    });
    expect(refusal(() => group({ displayName: ' ' })).message).toContain('displayName is required');
    for (const members of [[{ value: 'g', type: 'Group' }], [{ display: 'x' }], [{}], [5]])
      expect(refusal(() => group({ displayName: 'G', members }))).toMatchObject({ scimType: 'invalidValue' });
    const many = Array.from({ length: 100_001 }, (_unused, index) => ({ value: `u${index}` }));
    expect(refusal(() => group({ displayName: 'G', members: many }))).toMatchObject({ status: 413 });
  });
});

describe('attacks by body', () => {
  test('A-87 what the schema doesn’t have is ignored and noted, as are passwords, unnoted', () => {
    const ignored: string[] = [];
    const sent = {
      tenantId: 't',
      isAdmin: true,
      password: 'secret',
      name: { evil: 1 },
      [ENTERPRISE]: { rank: 1 },
    };
    expect(read(sent, ignored)).toEqual({ userName: 'ada' });
    expect(ignored).toEqual(['tenantId', 'isAdmin', 'name.evil', `${ENTERPRISE}:rank`]);
  });

  test('A-87 ten thousand unknown names leave a short note', () => {
    const ignored: string[] = [];
    read(Object.fromEntries(Array.from({ length: 10_000 }, (_unused, index) => [`x${index}`, 1])), ignored);
    expect(ignored).toHaveLength(100);
  });

  test.each([
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"name":{"__proto__":{"polluted":true}}}',
    '{"unknown":[{"deep":{"prototype":1}}]}',
    '{"name.__proto__.polluted":true}',
    '{"emails":[{"value":"a","__PROTO__":1}]}',
  ])('A-88 %s is refused', (json) => {
    const sent = { schemas: [CORE], userName: 'ada', extra: JSON.parse(json) as unknown };
    expect(refusal(() => readResource(sent, users, 'create'))).toMatchObject({
      status: 400,
      scimType: 'invalidSyntax',
    });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('A-93 nesting of 100,000 levels is refused without recursion', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const json = `{"schemas":["${CORE}"],"userName":"a","x":${open.repeat(100_000)}1${close.repeat(100_000)}}`;
      expect(refusal(() => readResource(JSON.parse(json), users, 'create'))).toMatchObject({
        status: 400,
        scimType: 'invalidSyntax',
      });
    }
  });

  test.each(['\u0000', 'a\ud800', '\udc00a', '\u001b[31m', '\u0007', '\u009b', '\u007f'])(
    'A-93 A-101 %j is refused in every text',
    (text) => {
      for (const sent of [
        { displayName: text },
        { emails: [{ value: text }] },
        { name: { givenName: text } },
        { roles: text },
      ]) {
        const error = refusal(() => read(sent));
        expect(error).toMatchObject({ status: 400, scimType: 'invalidValue' });
        // oxlint-disable-next-line no-control-regex -- none of them may come back
        expect(error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]|\p{Cs}/u);
      }
    },
  );

  test('A-101 what an error repeats of a request is short and plain', () => {
    const error = refusal(() => read({ active: `\u001b[31m${'x'.repeat(5_000)}` }));
    expect(error.message.length).toBeLessThan(200);
    expect(error.message).not.toContain('\u001b');
  });
});
