import type { UserId } from '../../core/ids.js';
import { consoleRolesOf, type AccountReader } from '../account/console-roles.js';
import { rolesOfPerson } from '../application/person-in-application.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { Account } from '../user/account.js';
import { consoleRole, type ConsoleRole } from './console-role.js';

/**
 * The console roles that one of an MSP's people has in a customer's tenant, by the MSP's grants to their groups (E2);
 * none of who is switched off.
 * @param home the MSP's configuration
 * @param customer slug
 */
export async function grantedRolesOf(
  { accounts }: { readonly accounts: AccountReader },
  home: TenantConfiguration,
  userId: UserId,
  customer: string,
): Promise<readonly ConsoleRole[]> {
  return rolesBy(grantsIn(home, customer), { accounts }, home, userId);
}

/** Those of an MSP's grants that are about a customer. @param customer slug */
export const grantsIn = ({ grants }: TenantConfiguration, customer: string): TenantConfiguration['grants'] =>
  grants.filter(({ customers }) => customers === 'all' || customers.includes(customer));

/** The console roles that follow for a person in a customer's tenant, whether or not they may come in. @param customer slug */
export const grantedRoles = (
  home: TenantConfiguration,
  customer: string,
  person: Pick<Account, 'connectionId' | 'groups'>,
): readonly ConsoleRole[] => rolesFrom(grantsIn(home, customer), home, person);

/** Whether a person has any console role: in their own tenant, or by its grants in one below. */
export async function hasConsoleRole(
  deps: { readonly accounts: AccountReader },
  home: TenantConfiguration,
  userId: UserId,
): Promise<boolean> {
  const [own, granted] = await Promise.all([
    consoleRolesOf(deps, home, userId),
    rolesBy(home.grants, deps, home, userId),
  ]);
  return own.length + granted.length > 0;
}

async function rolesBy(
  grants: TenantConfiguration['grants'],
  { accounts }: { readonly accounts: AccountReader },
  home: TenantConfiguration,
  userId: UserId,
): Promise<readonly ConsoleRole[]> {
  if (grants.length === 0) return [];
  const account = await accounts.account(home.tenant.id, userId);
  if (account === undefined || !account.active) return [];
  return rolesFrom(grants, home, account);
}

function rolesFrom(
  grants: TenantConfiguration['grants'],
  home: TenantConfiguration,
  { connectionId, groups }: Pick<Account, 'connectionId' | 'groups'>,
): readonly ConsoleRole[] {
  const roleMappings = grants.flatMap(({ group, roles }) =>
    roles.map((role) => ({ group, role, application: null })),
  );
  const { roles } = rolesOfPerson({ ...home, roleMappings }, { connectionId, groups, assignments: [] });
  return [...new Set(roles.flatMap(({ key }) => consoleRole(key) ?? []))].toSorted();
}
