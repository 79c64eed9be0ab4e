import type { TenantId, UserId } from '../../core/ids.js';
import { rolesOfPerson } from '../application/person-in-application.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import { consoleRole, type ConsoleRole } from '../operator/console-role.js';
import type { Account } from '../user/account.js';

/** Reads a person's standing as it is now. */
export interface AccountReader {
  account(tenantId: TenantId, userId: UserId): Promise<Account | undefined>;
}

/**
 * The console roles of a person: those of their groups by the tenant's mappings, and those given to them directly; of
 * somebody who is switched off, or whose connection may not be used, none. Local accounts are in no group. Computed
 * whenever it is asked, so that a role that was taken is gone at once.
 */
export async function consoleRolesOf(
  { accounts }: { readonly accounts: AccountReader },
  configuration: TenantConfiguration,
  userId: UserId,
): Promise<readonly ConsoleRole[]> {
  const account = await accounts.account(configuration.tenant.id, userId);
  if (account === undefined || !account.active) return [];
  const roles = rolesOfPerson(configuration, account)
    .roles.filter((role) => role.application === null)
    .flatMap((role) => consoleRole(role.key) ?? []);
  return [...new Set(roles)].toSorted();
}
