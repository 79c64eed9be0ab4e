import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import { countingGroups } from '../role/person-groups.js';
import { effectiveRoles, rolesIn, type EffectiveRole } from '../role/role.js';
import type { Account } from '../user/account.js';
import { CONSOLE_CLIENT_ID } from './console-client-id.js';
import { isAssigned, type Application } from './application.js';

/** What follows of a person's groups and assignments, whatever the application. */
export interface PersonRoles {
  /** Names of the groups that count, sorted. */
  readonly groups: readonly string[];
  readonly roles: readonly EffectiveRole[];
  /** The tenant refuses whoever has no role at all, and this person has none. */
  readonly denied: boolean;
}

/** Computes them from the store's facts and the tenant's mappings: whenever they are asked for, so they never accumulate (D3). */
export function rolesOfPerson(
  configuration: TenantConfiguration,
  account: Pick<Account, 'connectionId' | 'groups' | 'assignments'>,
): PersonRoles {
  const connection = configuration.connections.find(({ id }) => id === account.connectionId);
  const memberships = countingGroups(account.groups, connection?.settings.groupSource ?? 'auto');
  const roles = effectiveRoles(memberships, configuration.roleMappings, account.assignments);
  const { whenNoRole, defaultRole } = configuration.tenant.settings;
  return {
    groups: [...new Set(memberships.map((group) => group.name))].toSorted(),
    roles,
    denied: whenNoRole === 'deny' && defaultRole === null && roles.length === 0,
  };
}

/** A person in an application. */
export interface PersonInApplication {
  /** What the application is told. */
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** Why the person may not use the application; undefined: they may. */
  readonly refusal: 'not_assigned' | 'no_role' | undefined;
}

/** What a person is in an application, and whether they may use it (B13, D4). */
export function personInApplication(
  configuration: TenantConfiguration,
  application: Application,
  { groups, roles: all }: PersonRoles,
): PersonInApplication {
  // Roles of the console are told to no application; it looks at them itself.
  if (application.clientId === CONSOLE_CLIENT_ID) return { roles: [], groups, refusal: undefined };
  const { whenNoRole, defaultRole } = configuration.tenant.settings;
  const roles = rolesIn(all, application.clientId, defaultRole);
  if (!isAssigned(application.settings.assignment, { groups, roles }))
    return { roles, groups, refusal: 'not_assigned' };
  return { roles, groups, refusal: whenNoRole === 'deny' && roles.length === 0 ? 'no_role' : undefined };
}
