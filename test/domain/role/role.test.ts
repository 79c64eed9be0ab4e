import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GroupId } from '../../../src/core/ids.js';
import {
  effectiveRoles,
  rolesIn,
  type GroupOfPerson,
  type RoleMapping,
} from '../../../src/domain/role/role.js';

const group = (name: string, upstreamId: string | null = null): GroupOfPerson => ({
  id: `id-${name}` as GroupId,
  name,
  upstreamId,
});

describe('roles', () => {
  const mappings: RoleMapping[] = [
    { group: { name: 'Engineering' }, role: 'admin', application: null },
    { group: { scim: 'id-Support' as GroupId }, role: 'viewer', application: null },
    { group: { upstream: '00g1' }, role: 'editor', application: 'grafana' },
  ];

  test.each([
    ['by exact name', [group('Engineering')], 'grafana', ['admin']],
    ['by id', [group('Support')], 'grafana', ['viewer']],
    ['by the upstream’s id, in its application only', [group('x', '00g1')], 'grafana', ['editor']],
    ['in another application', [group('x', '00g1')], 'reports', []],
    [
      'sorted, without duplicates',
      [group('Support'), group('Engineering'), group('Engineering')],
      'reports',
      ['admin', 'viewer'],
    ],
  ])('are mapped %s', (_what, groups, application, roles) => {
    expect(rolesIn(effectiveRoles(groups, mappings, []), application, null)).toEqual(roles);
  });

  test.each(['engineering', 'Engineering ', 'Engineerin', 'Engineering2', '.*', 'Engineering\u0000'])(
    'A-15 a group named %j is not Engineering',
    (name) => {
      expect(effectiveRoles([group(name)], mappings, [])).toEqual([]);
    },
  );

  test.each(['.*', '${"Engineering"}', '/^E/', 'a => true', '{{name}}'])(
    'A-113 a mapping of %j is a name to the letter, and nothing that runs',
    (name) => {
      const literal: RoleMapping[] = [{ group: { name }, role: 'admin', application: null }];
      expect(effectiveRoles([group('Engineering')], literal, [])).toEqual([]);
      expect(effectiveRoles([group(name)], literal, [])).toMatchObject([{ key: 'admin' }]);
    },
  );

  test('A-14 a group without a mapping grants nothing; the default role is only for who has none', () => {
    const none = effectiveRoles([group('admin')], mappings, []);
    expect(rolesIn(none, 'grafana', null)).toEqual([]);
    expect(rolesIn(none, 'grafana', 'viewer')).toEqual(['viewer']);
    expect(rolesIn(effectiveRoles([group('Engineering')], mappings, []), 'grafana', 'viewer')).toEqual([
      'admin',
    ]);
  });

  test('direct assignments stand beside mapped ones', () => {
    const roles = effectiveRoles([group('Engineering')], mappings, [
      { key: 'auditor', application: 'grafana' },
    ]);
    expect(rolesIn(roles, 'grafana', null)).toEqual(['admin', 'auditor']);
    expect(rolesIn(roles, 'reports', null)).toEqual(['admin']);
  });

  test('console roles never reach an application', () => {
    const console = [{ group: { name: 'Engineering' }, role: 'console:owner', application: null }];
    expect(rolesIn(effectiveRoles([group('Engineering')], console, []), 'grafana', null)).toEqual([]);
  });

  test('never accumulate: the same groups give the same roles, fewer groups never more', () => {
    const names = fc.uniqueArray(fc.constantFrom('Engineering', 'Support', 'x', 'y'));
    fc.assert(
      fc.property(names, fc.nat(3), (all, drop) => {
        const before = rolesIn(
          effectiveRoles(
            all.map((name) => group(name)),
            mappings,
            [],
          ),
          'grafana',
          null,
        );
        const after = rolesIn(
          effectiveRoles(
            all.slice(drop).map((name) => group(name)),
            mappings,
            [],
          ),
          'grafana',
          null,
        );
        expect(after.every((role) => before.includes(role))).toBe(true);
      }),
    );
  });
});
