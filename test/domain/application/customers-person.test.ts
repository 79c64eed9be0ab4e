import { describe, expect, test } from '@jest/globals';
import { customersPersonIn } from '../../../src/domain/application/customers-person.js';
import type { Assignment } from '../../../src/domain/application/application.js';
import type { PersonRoles } from '../../../src/domain/application/person-in-application.js';
import type { WhenNoRole } from '../../../src/domain/tenant/tenant.js';

const PERSON: PersonRoles = {
  groups: ['Support'],
  roles: [
    { key: 'viewer', application: null },
    { key: 'owner', application: null },
    { key: 'admin', application: 'tickets' },
    { key: 'console:owner', application: null },
  ],
  denied: false,
};

const judge = (
  change: {
    readonly person?: Partial<PersonRoles>;
    readonly audience?: 'tenant' | 'tenant-and-customers';
    readonly assignment?: Assignment;
    readonly defaultRole?: string | null;
    readonly whenNoRole?: WhenNoRole;
  } = {},
) =>
  customersPersonIn(
    {
      roles: ['admin', 'viewer', 'console:owner'].map((key) => ({ key })),
      settings: { defaultRole: change.defaultRole ?? null, whenNoRole: change.whenNoRole ?? 'allow' },
    },
    {
      clientId: 'tickets',
      settings: {
        audience: change.audience ?? 'tenant-and-customers',
        assignment: change.assignment ?? 'everyone',
      },
    },
    { ...PERSON, ...change.person },
  );

describe('a customer’s person in an application of the MSP', () => {
  test('has the roles that the customer gives for all applications and the MSP defines, and no other', () => {
    expect(judge()).toEqual({ roles: ['viewer'], groups: ['Support'], refusal: undefined });
  });

  test('has the MSP’s default role for want of one', () => {
    expect(judge({ person: { roles: [] }, defaultRole: 'viewer' }).roles).toEqual(['viewer']);
    expect(judge({ person: { roles: [] } }).roles).toEqual([]);
  });

  test('is nobody in one that is for the MSP alone, and nothing is told of them', () => {
    expect(judge({ audience: 'tenant' })).toEqual({ roles: [], groups: [], refusal: 'not_assigned' });
  });

  test.each<[string, Parameters<typeof judge>[0], string | undefined]>([
    ['the customer lets in nobody without a role', { person: { denied: true } }, 'no_role'],
    ['the MSP lets in nobody without a role', { person: { roles: [] }, whenNoRole: 'deny' }, 'no_role'],
    ['the role is not one that counts', { assignment: { groups: [], roles: ['admin'] } }, 'not_assigned'],
    ['the role counts', { assignment: { groups: [], roles: ['viewer'] } }, undefined],
    ['the group is the customer’s', { assignment: { groups: ['Support'], roles: [] } }, undefined],
    ['there is no such group', { assignment: { groups: ['Sales'], roles: [] } }, 'not_assigned'],
  ])('%s', (_, change, refusal) => {
    expect(judge(change).refusal).toBe(refusal);
  });
});
