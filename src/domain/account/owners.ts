import { DomainError } from '../../core/errors.js';
import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import { consoleRole, mayGrantConsoleRoles, type ConsoleRole } from '../operator/console-role.js';
import type { AccountStore } from './account-store.js';

/**
 * Refuses what would take a tenant's last owner away. To be called in the transaction of the change, before it: two who
 * each take one of the last two wait for each other here.
 * @throws DomainError `conflict`
 */
export async function keepAnOwner(
  { accounts }: { readonly accounts: Pick<AccountStore, 'lockOwners'> },
  scope: TenantScope,
  leaving: UserId,
): Promise<void> {
  const owners = await accounts.lockOwners(scope);
  if (owners.length === 1 && owners[0] === leaving)
    throw new DomainError('conflict', 'this is the last owner: make another one first');
}

/** On whose word something is done: `host`, who works on the machine itself, or a caller with these console roles. */
export type Authority = 'host' | readonly ConsoleRole[];

/**
 * Refuses to make or to touch an account with console roles for anybody but an owner: a link to an account is as
 * good as the account.
 * @param roles of the account
 * @throws DomainError `forbidden`
 */
export function requireAuthority(authority: Authority, roles: readonly string[]): void {
  if (authority === 'host' || roles.every((role) => consoleRole(role) === undefined)) return;
  if (mayGrantConsoleRoles(authority)) return;
  throw new DomainError('forbidden', 'only an owner makes or changes an account with roles of the console');
}
