import { DomainError } from '../../core/errors.js';
import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import { auditEntry, NO_ORIGIN, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf } from '../audit/audit-record.js';
import type { KeyMaker } from '../keys/key-maker.js';
import type { ConsoleRole } from '../operator/console-role.js';
import { endAccess, type EndAccessDeps } from '../session/end-access.js';
import type { AccountLinkStore } from './account-link.js';
import type { AccountStore } from './account-store.js';
import { isUserName, type AccountFacts, type AccountPurpose } from './local-account.js';
import { keepAnOwner, requireAuthority, type Authority } from './owners.js';

export interface ChangeAccountDeps extends EndAccessDeps {
  readonly accounts: AccountStore;
  readonly links: Pick<AccountLinkStore, 'make'>;
  readonly keys: Pick<KeyMaker, 'createToken'>;
}

interface Asked {
  readonly actor: Actor;
  readonly authority: Authority;
  readonly origin?: RequestOrigin | undefined;
}

export interface CreateAccountRequest extends Asked {
  readonly userName: string;
  readonly purpose: AccountPurpose;
  /** Console roles that it is given. */
  readonly roles: readonly ConsoleRole[];
}

/** The account, and the one-time link by which its person makes their way in. */
export interface EnrolmentLink {
  readonly userId: UserId;
  /** Shown once: the end of `{PUBLIC_URL}/console/enrol/{token}`. */
  readonly token: string;
  readonly expiresAt: Date;
}

/**
 * Makes a local account, and a link for its person (F4, F5). Nobody signs in before the link was used.
 * @throws DomainError `already_exists` when a local account has the name; `invalid_argument` for a name that none may have;
 *   `forbidden` for a role above the caller's
 */
export async function createAccount(
  deps: ChangeAccountDeps,
  scope: TenantScope,
  request: CreateAccountRequest,
): Promise<EnrolmentLink> {
  const { userName, purpose, roles } = request;
  if (!isUserName(userName))
    throw new DomainError('invalid_argument', 'a user name has 1 to 100 characters and no blanks');
  requireAuthority(request.authority, roles);
  const userId = deps.auditTools.ids.uuid<UserId>();
  await deps.accounts.create(scope, { userId, userName, purpose });
  for (const role of roles)
    if (!(await deps.accounts.giveRole(scope, userId, role)))
      throw new DomainError('invalid_argument', `the tenant has no role ${role}`);
  record(deps, scope, request, { userId, userName }, 'account.created', { purpose, roles });
  return link(deps, scope, userId, request.actor);
}

/**
 * Takes away all that an account signs in by, ends its access, and makes a link by which its person begins anew. There is
 * no other reset.
 * @throws DomainError `not_found`; `forbidden` when the account has a role above the caller's
 */
export async function resetAccount(
  deps: ChangeAccountDeps,
  scope: TenantScope,
  request: Asked & { readonly userId: UserId },
): Promise<EnrolmentLink> {
  const account = await lockedAccount(deps, scope, request);
  await deps.accounts.clearCredentials(scope, account.userId);
  await endAll(deps, scope, request);
  record(deps, scope, request, account, 'account.reset', { purpose: account.purpose });
  return link(deps, scope, account.userId, request.actor);
}

/**
 * Switches an account off, or on again. Off, its access ends in the same transaction.
 * @throws DomainError `not_found`; `conflict` for the tenant's last owner; `forbidden` as above
 */
export async function setAccountActive(
  deps: ChangeAccountDeps,
  scope: TenantScope,
  request: Asked & { readonly userId: UserId; readonly active: boolean },
): Promise<{ readonly changed: boolean }> {
  if (!request.active) await keepAnOwner(deps, scope, request.userId);
  const account = await lockedAccount(deps, scope, request);
  if (account.active === request.active) return { changed: false };
  await deps.accounts.setActive(scope, account.userId, request.active);
  if (!request.active) await endAll(deps, scope, request);
  record(deps, scope, request, account, request.active ? 'account.enabled' : 'account.disabled', {});
  return { changed: true };
}

/**
 * Deletes an account for good, its access first. Its name is free again, its id never is.
 * @throws DomainError `not_found`; `conflict` for the tenant's last owner; `forbidden` as above
 */
export async function deleteAccount(
  deps: ChangeAccountDeps,
  scope: TenantScope,
  request: Asked & { readonly userId: UserId },
): Promise<void> {
  await keepAnOwner(deps, scope, request.userId);
  const account = await lockedAccount(deps, scope, request);
  await endAll(deps, scope, request);
  await deps.accounts.delete(scope, account.userId);
  record(deps, scope, request, account, 'account.deleted', { purpose: account.purpose });
}

async function lockedAccount(
  { accounts }: ChangeAccountDeps,
  scope: TenantScope,
  { userId, authority }: Asked & { readonly userId: UserId },
): Promise<AccountFacts> {
  const account = await accounts.lock(scope, userId);
  if (account === undefined) throw new DomainError('not_found', 'there is no such local account');
  requireAuthority(authority, account.roles);
  return account;
}

async function endAll(
  deps: ChangeAccountDeps,
  scope: TenantScope,
  { userId, actor }: Asked & { readonly userId: UserId },
): Promise<void> {
  await endAccess(deps, scope, { target: { user: userId }, reason: 'revoked_by_operator', actor });
}

async function link(
  { links, keys }: ChangeAccountDeps,
  scope: TenantScope,
  userId: UserId,
  actor: Actor,
): Promise<EnrolmentLink> {
  const { id, token, hash } = keys.createToken('setup');
  const createdBy = `${actor.type}:${actor.id}`;
  const { expiresAt } = await links.make(scope, { id, hash: Buffer.from(hash), userId, createdBy });
  return { userId, token, expiresAt };
}

function record(
  { audit, auditTools }: ChangeAccountDeps,
  scope: TenantScope,
  { actor, origin }: Asked,
  { userId, userName }: Pick<AccountFacts, 'userId' | 'userName'>,
  action: string,
  details: Readonly<Record<string, string | readonly string[]>>,
): void {
  const target = `user:${userId}`;
  const entry = auditEntry({
    action,
    actor,
    target,
    origin: origin ?? NO_ORIGIN,
    details,
    personal: { userName },
  });
  audit.append(scope, [recordOf(scope.tenantId, entry, auditTools)]);
}
