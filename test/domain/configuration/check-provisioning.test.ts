import { describe, expect, test } from '@jest/globals';
import type { DesiredTenant } from '../../../src/domain/configuration/desired.js';
import { describeFault } from '../../../src/domain/configuration/fault.js';
import { planTenant } from '../../../src/domain/configuration/plan.js';
import { NO_SECRETS } from '../../../src/domain/configuration/rules.js';
import { InForce } from './in-force.js';

type Wanted = Omit<DesiredTenant, 'path' | 'slug'>;

function planOf(wanted: Wanted, before?: InForce) {
  const desired = { path: 'tenants[0]', slug: 'acme', ...wanted };
  return planTenant(before?.configuration, desired, { allowHttpLoopback: true }, before ?? NO_SECRETS);
}

const lines = (wanted: Wanted, before?: InForce): readonly string[] =>
  planOf(wanted, before).faults.map(describeFault);

type Mapping = NonNullable<Wanted['roleMappings']>[number];
const mapping = (name: string, role: string, application?: string): Mapping => ({
  group: { name },
  role,
  ...(application === undefined ? {} : { application }),
});

const lineOf = (index: number): string => `tenants[0].roleMappings[${index}]`;

describe('roleMappingMode one-to-one', () => {
  const roles = ['admin', 'viewer'].map((key) => ({ key }));
  const applications = ['wiki', 'shop'].map((clientId) => ({
    clientId,
    redirectUris: ['https://a.example/cb'],
  }));
  const tenant = (...roleMappings: readonly Mapping[]): Wanted => ({
    roles,
    applications,
    roleMappings,
    roleMappingMode: 'one-to-one',
  });
  const mode = '(roleMappingMode is one-to-one)';

  test.each<[what: string, mappings: readonly Mapping[], faults: readonly string[]]>([
    [
      'a group with two roles',
      [mapping('Eng', 'admin'), mapping('Eng', 'viewer')],
      [`${lineOf(1)}: 'name:Eng' has a role by ${lineOf(0)} already ${mode}`],
    ],
    [
      'a role with two groups',
      [mapping('Eng', 'admin'), mapping('Ops', 'viewer'), mapping('IT', 'admin')],
      [`${lineOf(2)}: 'admin' has a group by ${lineOf(0)} already ${mode}`],
    ],
    [
      'in one application',
      [mapping('Eng', 'admin', 'wiki'), mapping('Eng', 'viewer', 'wiki')],
      [`${lineOf(1)}: 'name:Eng' has a role by ${lineOf(0)} already ${mode}`],
    ],
    [
      'everywhere, and in one application',
      [mapping('Eng', 'admin'), mapping('Ops', 'admin', 'wiki')],
      [`${lineOf(1)}: 'admin' has a group by ${lineOf(0)} already ${mode}`],
    ],
    [
      'in one application, and everywhere',
      [mapping('Eng', 'admin', 'wiki'), mapping('Eng', 'viewer')],
      [`${lineOf(1)}: 'name:Eng' has a role by ${lineOf(0)} already ${mode}`],
    ],
    [
      'one each, in each application',
      [mapping('Eng', 'admin', 'wiki'), mapping('Eng', 'viewer', 'shop')],
      [],
    ],
    ['a role of the console beside another', [mapping('Eng', 'console:owner'), mapping('Eng', 'admin')], []],
    [
      'two roles of the console',
      [mapping('Eng', 'console:owner'), mapping('Eng', 'console:admin', 'wiki')],
      [`${lineOf(1)}: 'name:Eng' has a role by ${lineOf(0)} already ${mode}`],
    ],
  ])('%s', (_what, mappings, faults) => {
    expect(lines(tenant(...mappings))).toEqual(faults);
    expect(lines({ ...tenant(...mappings), roleMappingMode: 'many-to-many' })).toEqual([]);
  });

  test('a file that only sets the mode is told which mappings in force are in the way', () => {
    const { target } = planOf({
      ...tenant(mapping('Eng', 'admin'), mapping('Eng', 'viewer')),
      roleMappingMode: 'many-to-many',
    });
    expect(lines({ roleMappingMode: 'one-to-one' }, new InForce(target))).toEqual([
      `tenants[0].roleMappings['name:Eng -> viewer']: 'name:Eng' has a role by tenants[0].roleMappings['name:Eng -> admin'] already ${mode}`,
    ]);
  });
});

describe('SCIM extensions', () => {
  const schema = 'urn:acme:scim:User';
  const own = { schema, name: 'Acme', attributes: [{ name: 'badge' }] };
  const at = 'tenants[0].scimExtensions[0]';

  test.each<[faults: readonly string[], extensions: NonNullable<Wanted['scimExtensions']>]>([
    [[], [own, { ...own, schema: 'urn:acme:scim:Group', resource: 'Group' }]],
    [
      ["tenants[0].scimExtensions[1]: repeats entry 0 ('urn:acme:scim:user')"],
      [own, { ...own, schema: schema.toUpperCase().replace('URN', 'urn'), resource: 'Group' }],
    ],
    [[`${at}: "acme" is not a URN such as urn:example:scim:schemas:User.`], [{ ...own, schema: 'acme' }]],
    [
      [`${at}: urn:ietf:params:scim:schemas:core:2.0:User is taken: choose a URN of your own.`],
      [{ ...own, schema: 'urn:ietf:params:scim:schemas:core:2.0:User' }],
    ],
    [
      [
        `${at}: ${schema}: "__proto__" can't be an attribute's name: a letter, then letters, digits, _, - or $.`,
        `${at}: ${schema} has Badge twice: names ignore case.`,
      ],
      [{ ...own, attributes: [{ name: '__proto__' }, { name: 'badge' }, { name: 'Badge' }] }],
    ],
    [
      [`${at}: ${schema}.badge: subAttributes belong to type complex, and only to it.`],
      [{ ...own, attributes: [{ name: 'badge', type: 'complex' }] }],
    ],
  ])('%j', (faults, extensions) => {
    expect(lines({ scimExtensions: extensions })).toEqual(faults);
  });

  test('they are the tenant’s settings: compared whole, left alone where the file is silent', () => {
    const before = new InForce(planOf({ scimExtensions: [own] }).target);
    expect(before.configuration.tenant.settings.scimExtensions).toEqual([{ ...own, resource: 'User' }]);
    expect(planOf({}, before).changes).toEqual([]);
    expect(planOf({ scimExtensions: [{ ...own, resource: 'User' }] }, before).changes).toEqual([]);
    expect(planOf({ scimExtensions: [] }, before).changes).toMatchObject([
      { action: 'update', kind: 'tenant', changes: ['scimExtensions'] },
    ]);
  });
});

test('a SCIM token’s end is kept where the file is silent, and taken away by null', () => {
  const connections = [{ key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' }];
  const token = { name: 'okta', token: 'a-scim-token-of-16' };
  const expiresAt = new Date('2040-01-31T12:00:00Z');
  const before = new InForce(planOf({ connections, scimTokens: [{ ...token, expiresAt }] }).target);
  expect(planOf({ scimTokens: [token] }, before).changes).toEqual([]);
  expect(planOf({ scimTokens: [{ ...token, expiresAt: null }] }, before).changes).toMatchObject([
    {
      action: 'update',
      kind: 'scimToken',
      key: 'okta',
      changes: ['expiresAt'],
      before: { expiresAt: '2040-01-31T12:00:00.000Z' },
      after: { expiresAt: null },
    },
  ]);
});
