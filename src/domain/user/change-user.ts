import { DomainError } from '../../core/errors.js';
import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { AccountStore } from '../account/account-store.js';
import { keepAnOwner, requireAuthority, type Authority } from '../account/owners.js';
import { rolesOfPerson } from '../application/person-in-application.js';
import { auditEntry, NO_ORIGIN, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf } from '../audit/audit-record.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import { endAccess, type EndAccessDeps } from '../session/end-access.js';
import type { Account, UserSource } from './account.js';

/** A user as a change finds it, under its lock. */
export interface LockedUser {
  readonly userName: string;
  readonly source: UserSource;
  readonly active: boolean;
  readonly version: number;
}

/** What operators change of users. Writes leave with the transaction's next flush. */
export interface UserChangeStore {
  /** Locks the person, as every change of a person does; undefined: there is none. */
  lock(scope: TenantScope, id: UserId): Promise<LockedUser | undefined>;
  setActive(scope: TenantScope, id: UserId, active: boolean): void;
  delete(scope: TenantScope, id: UserId): void;
}

export interface ChangeUserDeps extends EndAccessDeps {
  readonly users: UserChangeStore;
  readonly accounts: Pick<AccountStore, 'lockOwners'>;
}

export interface ChangeUserRequest {
  readonly userId: UserId;
  /** The person's console roles, as `consoleKeysOf` tells them. */
  readonly roles: readonly string[];
  readonly authority: Authority;
  readonly actor: Actor;
  readonly origin?: RequestOrigin;
  /** Called once the person is locked; may throw. */
  readonly check?: (current: LockedUser) => void;
}

/** Keys of the console roles that a person has, or would have if they were switched on. */
export function consoleKeysOf(configuration: TenantConfiguration, account: Account): readonly string[] {
  return rolesOfPerson(configuration, account)
    .roles.filter(({ key, application }) => application === null && key.startsWith('console:'))
    .map(({ key }) => key);
}

/**
 * Switches a person off, or on again, whom no push owns. Off, all their access ends in the same transaction, and nobody
 * comes in as them (G1).
 * @throws DomainError `not_found`; `conflict` for a person of SCIM's, and for the last owner; `forbidden` for a person with
 *   console roles, of anybody but an owner; whatever `check` throws
 */
export async function setUserActive(
  deps: ChangeUserDeps,
  scope: TenantScope,
  request: ChangeUserRequest & { readonly active: boolean },
): Promise<void> {
  const { userId, active } = request;
  if (!active) await keepAnOwner(deps, scope, userId);
  const user = await lockUser(deps, scope, request);
  if (user.source === 'scim')
    throw new DomainError(
      'conflict',
      'The upstream owns this person by SCIM: unassign them there. Here their sessions can be ended.',
    );
  if (user.active === active) return;
  deps.users.setActive(scope, userId, active);
  if (!active) await endTheirs(deps, scope, request);
  record(deps, scope, request, user, active ? 'user.activated' : 'user.deactivated');
}

/**
 * Deletes a person who came in just in time, their access first. Their id is never used again; if their upstream lets
 * them in again, they come back as somebody new: who is to stay out is switched off instead.
 * @throws DomainError `not_found`; `conflict` for a person of SCIM's, a local account, and the last owner; `forbidden` as
 *   above; whatever `check` throws
 */
export async function deleteUser(
  deps: ChangeUserDeps,
  scope: TenantScope,
  request: ChangeUserRequest,
): Promise<void> {
  await keepAnOwner(deps, scope, request.userId);
  const user = await lockUser(deps, scope, request);
  if (user.source !== 'just_in_time')
    throw new DomainError(
      'conflict',
      user.source === 'scim'
        ? 'The upstream owns this person by SCIM: delete or unassign them there.'
        : 'This is a local account: delete it as one.',
    );
  await endTheirs(deps, scope, request);
  deps.users.delete(scope, request.userId);
  record(deps, scope, request, user, 'user.deleted');
}

async function lockUser(
  { users }: ChangeUserDeps,
  scope: TenantScope,
  { userId, roles, authority, check }: ChangeUserRequest,
): Promise<LockedUser> {
  const user = await users.lock(scope, userId);
  if (user === undefined) throw new DomainError('not_found', 'There is no such person.');
  requireAuthority(authority, roles);
  check?.(user);
  return user;
}

async function endTheirs(
  deps: ChangeUserDeps,
  scope: TenantScope,
  { userId, actor, origin }: ChangeUserRequest,
): Promise<void> {
  const ending = { target: { user: userId }, reason: 'revoked_by_operator', actor } as const;
  await endAccess(deps, scope, { ...ending, origin: origin ?? NO_ORIGIN });
}

function record(
  { audit, auditTools }: ChangeUserDeps,
  scope: TenantScope,
  { userId, actor, origin }: ChangeUserRequest,
  { source, userName }: LockedUser,
  action: string,
): void {
  const entry = auditEntry({
    action,
    actor,
    target: `user:${userId}`,
    origin: origin ?? NO_ORIGIN,
    details: { source },
    personal: { userName },
  });
  audit.append(scope, [recordOf(scope.tenantId, entry, auditTools)]);
}
