import { DomainError } from '../../core/errors.js';
import { isUuid, type UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import { auditEntry, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf, sha256 } from '../audit/audit-record.js';
import type { AccountTenant, SignInDeps } from './account-deps.js';
import type { Challenge } from './begin-challenge.js';
import { CONSOLE_SESSION } from './console-session.js';
import { userHandleOf } from './passkey.js';
import { CHALLENGE_SECONDS } from './pending-sign-in.js';
import { newRecoveryCodes, recoveryCodeHash } from './recovery-codes.js';

/** A person who changes what they themselves sign in by. */
export interface OwnChange {
  readonly userId: UserId;
  /** When they last proved who they are. */
  readonly authenticatedAt: Date;
  readonly origin: RequestOrigin;
}

/**
 * What a person signs in by changes only right after they have proved who they are.
 * @throws DomainError `forbidden` without a fresh proof
 */
function requireFresh({ clock }: SignInDeps, { authenticatedAt }: OwnChange): void {
  const ageSeconds = (clock.now().getTime() - authenticatedAt.getTime()) / 1000;
  if (ageSeconds > CONSOLE_SESSION.fresh)
    throw new DomainError('forbidden', 'prove again who you are', { stepUp: 'required' });
}

/**
 * Begins adding a passkey to the account of whoever is signed in.
 * @throws DomainError `forbidden` without a fresh proof, and for somebody who is no local account
 */
export async function beginPasskey(
  deps: SignInDeps,
  tenant: AccountTenant,
  change: OwnChange,
): Promise<Challenge> {
  requireFresh(deps, change);
  const { userId } = change;
  const account = await deps.accounts.facts(tenant.id, userId);
  if (account === undefined) throw new DomainError('forbidden', 'your organization signs you in');
  const [secret, challenge] = [deps.ids.secret(32), deps.ids.secret(32)];
  await deps.pending.begin(tenant.id, {
    id: deps.ids.uuid(),
    hash: sha256(secret),
    purpose: 'enrolment',
    userId,
    state: { challenge, adds: true },
    seconds: CHALLENGE_SECONDS,
  });
  const options = await deps.passkeys.creation({
    challenge,
    userHandle: userHandleOf(tenant.id, userId),
    userName: account.userName,
    known: await deps.accounts.credentialsOf(tenant.id, userId),
  });
  return { secret, options };
}

/**
 * Adds the passkey that the browser has made.
 * @throws DomainError `forbidden` without a fresh proof; `invalid_argument` when it isn't one, or not for this challenge
 */
export async function addPasskey(
  deps: SignInDeps,
  tenant: AccountTenant,
  change: OwnChange & { readonly pendingHash: Buffer; readonly answer: unknown; readonly name: string },
): Promise<{ readonly id: string }> {
  requireFresh(deps, change);
  const { userId } = change;
  const begun = await deps.pending.take(tenant.id, change.pendingHash, 'enrolment');
  const challenge = begun?.state['challenge'];
  const isOwn = begun?.userId === userId && begun.state['adds'] === true;
  const passkey =
    isOwn && typeof challenge === 'string'
      ? await deps.passkeys.created(change.answer, challenge)
      : undefined;
  if (passkey === undefined)
    throw new DomainError('invalid_argument', 'the passkey could not be added: begin again');
  const id = deps.ids.uuid();
  await deps.transactions.withTenant(tenant.id, async (scope) => {
    await requireAccount(deps, scope, change);
    await deps.accounts.addPasskey(scope, userId, { ...passkey, id, name: change.name });
    record(deps, tenant, scope, change, 'account.passkey_added', id);
  });
  return { id };
}

/**
 * Takes a passkey away from the account of whoever is signed in, unless they sign in by nothing else.
 * @throws DomainError `forbidden` without a fresh proof; `not_found`; `conflict` for the last way in
 */
export async function removePasskey(
  deps: SignInDeps,
  tenant: AccountTenant,
  change: OwnChange & { readonly passkeyId: string },
): Promise<void> {
  requireFresh(deps, change);
  const { userId } = change;
  await deps.transactions.withTenant(tenant.id, async (scope) => {
    const account = await requireAccount(deps, scope, change);
    if (account.passkeys === 1 && !account.password)
      throw new DomainError('conflict', 'this is your only way in: add another one first');
    if (!isUuid(change.passkeyId) || !(await deps.accounts.removePasskey(scope, userId, change.passkeyId)))
      throw new DomainError('not_found', 'there is no such passkey');
    record(deps, tenant, scope, change, 'account.passkey_removed', change.passkeyId);
  });
}

/**
 * Gives ten new recovery codes, shown once; those before count no more.
 * @throws DomainError `forbidden` without a fresh proof
 */
export async function renewRecoveryCodes(
  deps: SignInDeps,
  tenant: AccountTenant,
  change: OwnChange,
): Promise<readonly string[]> {
  requireFresh(deps, change);
  const codes = newRecoveryCodes(deps.ids);
  await deps.transactions.withTenant(tenant.id, async (scope) => {
    await requireAccount(deps, scope, change);
    const hashes = codes.flatMap((code) => recoveryCodeHash(code) ?? []);
    await deps.accounts.replaceRecoveryCodes(scope, change.userId, hashes);
    record(deps, tenant, scope, change, 'account.recovery_codes_renewed', null);
  });
  return codes;
}

async function requireAccount({ accounts }: SignInDeps, scope: TenantScope, { userId }: OwnChange) {
  const account = await accounts.lock(scope, userId);
  if (account === undefined || !account.active)
    throw new DomainError('forbidden', 'your organization signs you in');
  return account;
}

function record(
  { audit, ids, clock }: SignInDeps,
  tenant: AccountTenant,
  scope: TenantScope,
  { userId, origin }: OwnChange,
  action: string,
  passkey: string | null,
): void {
  const entry = auditEntry({
    action,
    actor: { type: 'user', id: userId },
    target: `user:${userId}`,
    origin,
    details: passkey === null ? {} : { passkey },
  });
  audit.append(scope, [recordOf(tenant.id, entry, { ids, clock, vault: tenant.vault })]);
}
