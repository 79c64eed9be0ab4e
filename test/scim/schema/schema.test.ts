import { describe, expect, test } from '@jest/globals';
import { DomainError } from '../../../src/core/errors.js';
import { ScimError, scimErrorBody, quoted } from '../../../src/scim/errors.js';
import { applyPatch } from '../../../src/scim/patch/apply-patch.js';
import type { AttributeDefinition } from '../../../src/scim/schema/definitions.js';
import { extensionSchema, type ExtensionInput } from '../../../src/scim/schema/extension-schema.js';
import { toResourceTypeResource, toSchemaResource } from '../../../src/scim/schema/render.js';
import {
  entitlementResource,
  groupResource,
  roleResource,
  userResource,
} from '../../../src/scim/schema/resource-types.js';
import { instantOf } from '../../../src/scim/schema/value-forms.js';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const OWN = 'urn:acme:scim:schemas:User';
const attribute = (name: string): ExtensionInput => ({ schema: OWN, name: 'Acme', attributes: [{ name }] });
const users = userResource([extensionSchema(attribute('badge'))]);

describe('names', () => {
  test.each<readonly [string, readonly string[], number | undefined]>([
    ['username', ['userName'], undefined],
    ['URN:ietf:params:scim:schemas:core:2.0:user:Name.FAMILYname', ['name', 'familyName'], undefined],
    ['emails.value', ['emails', 'value'], 0],
    ['emails', ['emails'], 0],
    ['schemas', ['schemas'], 0],
    ['ID', ['id'], undefined],
    ['externalid', ['externalId'], undefined],
    ['meta.lastModified', ['meta', 'lastModified'], undefined],
    ['groups.value', ['groups', 'value'], 0],
    [`${ENTERPRISE}:manager.$ref`, [ENTERPRISE, 'manager', '$ref'], undefined],
    ['MANAGER.value', [ENTERPRISE, 'manager', 'value'], undefined],
    ['badge', [OWN, 'badge'], undefined],
    [ENTERPRISE.toLowerCase(), [ENTERPRISE], undefined],
  ])('%s', (name, path, listAt) => {
    expect(users.resolve(name, 'invalidPath')).toMatchObject({ path, listAt });
  });

  test.each([
    '',
    '.',
    'nothing',
    'name.',
    'name.nothing',
    'userName.x',
    'name.givenName.x',
    'urn:x',
    `${ENTERPRISE}:`,
  ])('%j is none', (name) => {
    expect(() => users.resolve(name, 'invalidPath')).toThrow(
      expect.objectContaining({ status: 400, scimType: 'invalidPath' }),
    );
    expect(users.find(name)).toBeUndefined();
  });

  test('A-88 A-89 names of the language are none', () => {
    for (const name of [
      '__proto__',
      'constructor',
      'name.__proto__',
      'toString',
      `${ENTERPRISE}:constructor`,
    ])
      expect(users.find(name)).toBeUndefined();
  });

  test('an extension’s name without its URN is found if it is the only one', () => {
    const two = userResource([
      extensionSchema(attribute('department')),
      extensionSchema({ ...attribute('userName'), schema: `${OWN}2` }),
    ]);
    expect(two.find('department')).toBeUndefined();
    expect(two.resolve(`${OWN}:department`, 'invalidPath').path).toEqual([OWN, 'department']);
    expect(two.resolve('userName', 'invalidPath').path).toEqual(['userName']);
    expect(two.resolve(`${OWN}2:userName`, 'invalidPath').path).toEqual([`${OWN}2`, 'userName']);
  });

  test('where values are compared, a complex attribute stands for its value', () => {
    expect(users.resolveValue('emails', 'invalidPath').path).toEqual(['emails', 'value']);
    expect(users.resolveValue('manager', 'invalidPath').path).toEqual([ENTERPRISE, 'manager', 'value']);
    expect(() => users.resolveValue('name', 'invalidPath')).toThrow(/parts/);
  });
});

describe('schemas tell the truth', () => {
  const all = [users, groupResource(), roleResource(), entitlementResource()];
  const listed = (definitions: readonly AttributeDefinition[]): AttributeDefinition[] =>
    definitions.flatMap((definition) => [definition, ...listed(definition.subAttributes ?? [])]);

  test('every attribute is described, and only complex ones have parts', () => {
    for (const { attributes } of all)
      for (const definition of listed(attributes)) {
        expect(definition.description).not.toBe('');
        expect(definition.subAttributes !== undefined).toBe(definition.type === 'complex');
        expect(definition.referenceTypes !== undefined).toBe(definition.type === 'reference');
      }
  });

  /** A value that fits. */
  const sample = (definition: AttributeDefinition): unknown => {
    if (definition.type !== 'complex') {
      return (
        { boolean: true, integer: 1, decimal: 0.5, dateTime: '2026-11-22T00:13:19Z', binary: 'AQID' }[
          definition.type as string
        ] ?? 'x'
      );
    }
    const parts = (definition.subAttributes ?? []).filter(({ mutability }) => mutability !== 'readOnly');
    return Object.fromEntries(parts.map((part) => [part.name, sample(part)]));
  };

  test('what is listed as writable can be written by PATCH and read back, what is readOnly can’t', () => {
    for (const definition of users.attributes.filter(({ name }) => name !== 'password')) {
      const value = definition.multiValued ? [sample(definition)] : sample(definition);
      const write = (): unknown =>
        applyPatch({ userName: 'ada' }, [{ op: 'add', path: definition.name, value: value as never }], users)
          .resource[definition.name];
      if (definition.mutability === 'readOnly')
        expect(write).toThrow(expect.objectContaining({ scimType: 'mutability' }));
      else expect(write()).toEqual(value);
    }
  });

  test('a schema is shown as RFC 7643 section 7 has it', () => {
    const base = 'https://acme.example/scim/v2';
    const shown = toSchemaResource(groupResource().core, base);
    expect(shown).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
      id: 'urn:ietf:params:scim:schemas:core:2.0:Group',
      meta: {
        resourceType: 'Schema',
        location: `${base}/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group`,
      },
    });
    expect(shown['attributes']).toMatchObject([
      { name: 'displayName', type: 'string', required: true, uniqueness: 'server', mutability: 'readWrite' },
      {
        name: 'members',
        type: 'complex',
        multiValued: true,
        subAttributes: [
          { name: 'value', mutability: 'immutable' },
          {},
          { name: 'type', canonicalValues: ['User'] },
          {},
        ],
      },
    ]);
    expect(toResourceTypeResource(users.type, base)).toEqual({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
      id: 'User',
      name: 'User',
      description: 'User Account',
      endpoint: '/Users',
      schema: 'urn:ietf:params:scim:schemas:core:2.0:User',
      schemaExtensions: [
        { schema: ENTERPRISE, required: false },
        { schema: OWN, required: false },
      ],
      meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/User` },
    });
  });

  test('User has every attribute of RFC 7643 section 4.1', () => {
    expect(users.core.attributes.map(({ name }) => name).toSorted()).toEqual(
      'active addresses displayName emails entitlements groups ims locale name nickName password phoneNumbers photos preferredLanguage profileUrl roles timezone title userName userType x509Certificates'.split(
        ' ',
      ),
    );
  });
});

describe('an extension of a tenant', () => {
  test('has the defaults of the RFC', () => {
    expect(
      extensionSchema({
        schema: OWN,
        name: 'Acme',
        attributes: [
          { name: 'a' },
          { name: 'b', type: 'complex', subAttributes: [{ name: 'c', type: 'integer' }] },
        ],
      }),
    ).toMatchObject({
      id: OWN,
      description: 'Acme',
      attributes: [
        {
          name: 'a',
          type: 'string',
          multiValued: false,
          mutability: 'readWrite',
          returned: 'default',
          uniqueness: 'none',
        },
        { name: 'b', type: 'complex', subAttributes: [{ name: 'c', type: 'integer' }] },
      ],
    });
  });

  const refused: readonly (readonly [string, object])[] = [
    ['no URN', { schema: 'acme' }],
    ['a URN with a bracket', { schema: 'urn:acme:x[y' }],
    ['the IETF’s', { schema: 'urn:ietf:params:scim:schemas:core:2.0:User' }],
    ['the IETF’s in capitals', { schema: 'URN:IETF:params:scim:x' }],
    ['Okta’s', { schema: 'urn:okta:scim:schemas:core:1.0:Role' }],
    ['no attributes', { attributes: [] }],
    ['too many', { attributes: Array.from({ length: 101 }, (_unused, index) => ({ name: `a${index}` })) }],
    ...[
      '__proto__',
      'constructor',
      'Prototype',
      '',
      '1a',
      'a.b',
      'a b',
      'a[',
      'a:b',
      'ü',
      'a'.repeat(65),
    ].map((name) => [`the name ${name}`, { attributes: [{ name }] }] as const),
    ['one name twice', { attributes: [{ name: 'a' }, { name: 'A' }] }],
    ['an unknown type', { attributes: [{ name: 'a', type: 'text' }] }],
    ['readOnly', { attributes: [{ name: 'a', mutability: 'readOnly' }] }],
    ['never returned', { attributes: [{ name: 'a', returned: 'never' }] }],
    ['complex without parts', { attributes: [{ name: 'a', type: 'complex' }] }],
    ['parts without complex', { attributes: [{ name: 'a', subAttributes: [{ name: 'b' }] }] }],
    [
      'a part with parts',
      { attributes: [{ name: 'a', type: 'complex', subAttributes: [{ name: 'b', type: 'complex' }] }] },
    ],
    [
      'a part that is a list',
      { attributes: [{ name: 'a', type: 'complex', subAttributes: [{ name: 'b', multiValued: true }] }] },
    ],
    [
      'a part of a bad name',
      { attributes: [{ name: 'a', type: 'complex', subAttributes: [{ name: '__proto__' }] }] },
    ],
  ];
  test.each(refused)('%s is refused', (_name, different) => {
    expect(() => extensionSchema({ ...attribute('a'), ...different })).toThrow(DomainError);
  });

  test('one URN twice is refused', () => {
    const one = extensionSchema(attribute('a'));
    expect(() => userResource([one, { ...one, id: OWN.toUpperCase() }])).toThrow(DomainError);
  });
});

test.each([
  ['2026-11-22T00:13:19Z', Date.UTC(2026, 10, 22, 0, 13, 19)],
  ['2026-11-22T00:13:19', Date.UTC(2026, 10, 22, 0, 13, 19)],
  ['2026-11-22T01:13:19.123456+01:00', Date.UTC(2026, 10, 22, 0, 13, 19, 123)],
  ['2026-11-22', Number.NaN],
  ['2026-11-22T25:00:00Z', Number.NaN],
  ['2026-02-29T00:00:00Z', Number.NaN],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['0000-01-01T00:00:00Z', Number.NaN],
  ['12026-01-01T00:00:00Z', Number.NaN],
  ['-2026-01-01T00:00:00Z', Number.NaN],
  ['2026-01-01T00:00:00+15:00', Number.NaN],
  ['22 Nov 2026 00:13:19', Number.NaN],
])('%s is an instant or isn’t', (text, instant) => {
  expect(instantOf(text)).toBe(instant);
});

test('an error’s body has its status as text, and what it repeats is short and plain', () => {
  expect(scimErrorBody(new ScimError(409, 'userName is taken', 'uniqueness'))).toEqual({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: '409',
    scimType: 'uniqueness',
    detail: 'userName is taken',
  });
  expect(scimErrorBody(new ScimError(404, 'gone'))).not.toHaveProperty('scimType');
  expect(quoted(`\u001b${'x'.repeat(500)}`)).toBe(`" ${'x'.repeat(99)}…"`);
});
