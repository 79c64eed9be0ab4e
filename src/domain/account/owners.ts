import { DomainError } from '../../core/errors.js';
import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import { admitsSignIn } from '../connection/connection.js';
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

/**
 * Who, of the tenant's people, can come in as its owner before a change of its sign-in policy; null: groups make owners
 * by a connection that people may use, so the policy takes no last one away.
 */
export async function ownersBefore(
  { accounts }: { readonly accounts: Pick<AccountStore, 'lockOwners'> },
  scope: TenantScope,
  { roleMappings, connections }: Pick<TenantConfiguration, 'roleMappings' | 'connections'>,
): Promise<readonly UserId[] | null> {
  const byGroup = roleMappings.some(({ role }) => role === 'console:owner');
  return byGroup && connections.some(admitsSignIn) ? null : accounts.lockOwners(scope);
}

/**
 * Refuses a policy with which none of those could come in any more (F4). To be called after it was written.
 * @throws DomainError `conflict`
 */
export async function keepAWayIn(
  { accounts }: { readonly accounts: Pick<AccountStore, 'lockOwners'> },
  scope: TenantScope,
  before: readonly UserId[] | null,
): Promise<void> {
  if (before === null || before.length === 0 || (await accounts.lockOwners(scope)).length > 0) return;
  throw new DomainError(
    'conflict',
    'with this, no owner could sign in any more: give that role to somebody who comes by a connection first',
  );
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
