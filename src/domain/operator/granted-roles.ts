import type { UserId } from '../../core/ids.js';
import { consoleRolesOf, type AccountReader } from '../account/console-roles.js';
import { rolesOfPerson } from '../application/person-in-application.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
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
  const grants = home.grants.filter(({ customers }) => customers === 'all' || customers.includes(customer));
  return rolesBy(grants, { accounts }, home, userId);
}

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
  const roleMappings = grants.flatMap(({ group, roles }) =>
    roles.map((role) => ({ group, role, application: null })),
  );
  const { roles } = rolesOfPerson({ ...home, roleMappings }, { ...account, assignments: [] });
  return [...new Set(roles.flatMap(({ key }) => consoleRole(key) ?? []))].toSorted();
}
