import { DomainError } from '../../core/errors.js';
import type { UserId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';
import type { TenantScope } from '../../core/scope.js';
import { auditEntry, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf, sha256, type AuditTools } from '../audit/audit-record.js';
import type { AccountTenant, SignInDeps } from './account-deps.js';
import { ENROLMENT_SECONDS, type AccountLink } from './account-link.js';
import { isUserName, totpSeedPlace, type AccountPurpose } from './local-account.js';
import { userHandleOf, type NewPasskey } from './passkey.js';
import { passwordFault, type PasswordFault } from './password.js';
import { CHALLENGE_SECONDS } from './pending-sign-in.js';
import { newRecoveryCodes, recoveryCodeHash } from './recovery-codes.js';
import type { Admit } from './sign-in-locally.js';

/** By what somebody will sign in. */
export type EnrolmentMethod = 'passkey' | 'password';

/** What a browser needs to make a way in. */
export interface Enrolment {
  /** Cookie by which it goes on. */
  readonly secret: string;
  /** Options of `navigator.credentials.create`; absent for a password. */
  readonly options?: JsonObject;
  /** Seed of one-time codes and its `otpauth:` address; absent for a passkey. */
  readonly codes?: { readonly seed: string; readonly address: string };
}

/** What a person can mend, and that their link counts no more. */
export type EnrolmentFault =
  'link' | 'late' | 'passkey' | 'code' | 'user_name' | 'user_name_taken' | PasswordFault;

export type EnrolmentOutcome<T> =
  { readonly recoveryCodes: readonly string[]; readonly admitted: T } | { readonly fault: EnrolmentFault };

/**
 * Begins making a way in behind a live link. Nothing of the link is used up. A seed that this browser was given for the
 * link before is given again: a second tab shows what the app has read in the first.
 * @param before hash of the browser's cookie, if it has one
 */
export async function beginEnrolment(
  deps: SignInDeps,
  tenant: AccountTenant,
  request: {
    readonly link: AccountLink;
    readonly linkHash: Buffer;
    readonly method: EnrolmentMethod;
    readonly before: Buffer | undefined;
  },
): Promise<Enrolment> {
  const { link, method, linkHash } = request;
  const known = await enrolling(deps, tenant, linkHash, request.before);
  const userId = link.userId ?? known?.userId ?? deps.ids.uuid<UserId>();
  const secret = deps.ids.secret(32);
  const begin = (state: JsonObject, seconds: number): Promise<void> =>
    deps.pending.begin(tenant.id, {
      id: deps.ids.uuid(),
      hash: sha256(secret),
      purpose: 'enrolment',
      userId,
      state: { link: linkHash.toString('base64'), ...state },
      seconds,
    });
  if (method === 'passkey') {
    const challenge = deps.ids.secret(32);
    await begin({ challenge }, CHALLENGE_SECONDS);
    const options = await deps.passkeys.creation({
      challenge,
      userHandle: userHandleOf(tenant.id, userId),
      // The page puts in the name that is chosen on a first run.
      userName: link.userName ?? 'owner',
      known: link.userId === null ? [] : await deps.accounts.credentialsOf(tenant.id, link.userId),
    });
    return { secret, options };
  }
  const place = totpSeedPlace(tenant.id, userId);
  const seed = known?.sealed === undefined ? deps.codes.newSeed() : tenant.vault.open(place, known.sealed);
  await begin({ totpSealed: tenant.vault.seal(place, seed) }, ENROLMENT_SECONDS);
  const address = deps.codes.address(seed, link.userName ?? 'owner', 'Causeway');
  return { secret, codes: { seed, address } };
}

interface Enrolling {
  readonly userId: UserId;
  readonly challenge: string | undefined;
  readonly sealed: string | undefined;
}

/** What the browser was given for this very link. */
async function enrolling(
  { pending }: SignInDeps,
  tenant: AccountTenant,
  linkHash: Buffer,
  pendingHash: Buffer | undefined,
  once = false,
): Promise<Enrolling | undefined> {
  if (pendingHash === undefined) return undefined;
  const ask = once ? pending.take.bind(pending) : pending.find.bind(pending);
  const found = await ask(tenant.id, pendingHash, 'enrolment');
  if (found?.userId === undefined || found.userId === null) return undefined;
  const { link, challenge, totpSealed } = found.state;
  if (link !== linkHash.toString('base64')) return undefined;
  return {
    userId: found.userId,
    challenge: typeof challenge === 'string' ? challenge : undefined,
    sealed: typeof totpSealed === 'string' ? totpSealed : undefined,
  };
}

interface EnrolmentRequest {
  readonly link: AccountLink;
  readonly linkHash: Buffer;
  /** SHA-256 of the browser's cookie. */
  readonly pendingHash: Buffer | undefined;
  /** The name that the first owner chooses; counts for a first run only. */
  readonly userName: string;
  readonly origin: RequestOrigin;
}

/** Completes an enrolment by a passkey that the browser has made. Its challenge is used up, whatever comes of it. */
export async function enrolByPasskey<T>(
  deps: SignInDeps,
  tenant: AccountTenant,
  request: EnrolmentRequest & { readonly answer: unknown },
  admit: Admit<T>,
): Promise<EnrolmentOutcome<T>> {
  const begun = await enrolling(deps, tenant, request.linkHash, request.pendingHash, true);
  if (begun?.challenge === undefined) return { fault: 'late' };
  const userName = request.link.userName ?? request.userName;
  if (!isUserName(userName)) return { fault: 'user_name' };
  const passkey = await deps.passkeys.created(request.answer, begun.challenge);
  if (passkey === undefined) return { fault: 'passkey' };
  return complete(deps, tenant, { ...request, userName, userId: begun.userId, passkey }, admit);
}

/** Completes an enrolment by a password, and a code that shows that the app has the seed. */
export async function enrolByPassword<T>(
  deps: SignInDeps,
  tenant: AccountTenant,
  request: EnrolmentRequest & { readonly password: string; readonly code: string },
  admit: Admit<T>,
): Promise<EnrolmentOutcome<T>> {
  const begun = await enrolling(deps, tenant, request.linkHash, request.pendingHash);
  if (begun?.sealed === undefined) return { fault: 'late' };
  const userName = request.link.userName ?? request.userName;
  if (!isUserName(userName)) return { fault: 'user_name' };
  const fault = passwordFault(request.password, userName);
  if (fault !== undefined) return { fault };
  const { userId, sealed: totpSealed } = begun;
  const seed = tenant.vault.open(totpSeedPlace(tenant.id, userId), totpSealed);
  const totpStep = deps.codes.stepOf(seed, request.code.replace(/\s/g, ''), deps.clock.now());
  if (totpStep === undefined) return { fault: 'code' };
  const hash = await deps.passwords.hash(request.password);
  const password = { hash, totpSealed, totpStep };
  return complete(deps, tenant, { ...request, userName, userId, password }, admit);
}

type Credential =
  | { readonly passkey: NewPasskey }
  | {
      readonly password: { readonly hash: string; readonly totpSealed: string; readonly totpStep: number };
    };

type Completion = Pick<EnrolmentRequest, 'link' | 'linkHash' | 'origin'> &
  Credential & { readonly userId: UserId; readonly userName: string };

/** Something that undoes the transaction and is told as a fault. */
class Undone extends Error {
  constructor(readonly fault: EnrolmentFault) {
    super(fault);
  }
}

/** Uses up the link, and gives the account what it signs in by: all of it, or nothing. */
async function complete<T>(
  deps: SignInDeps,
  tenant: AccountTenant,
  completion: Completion,
  admit: Admit<T>,
): Promise<EnrolmentOutcome<T>> {
  const { link, linkHash, userId } = completion;
  const recoveryCodes = newRecoveryCodes(deps.ids);
  try {
    const done = await deps.transactions.withTenant(tenant.id, async (scope) => {
      if (!(await deps.links.take(scope, link.kind, linkHash))) throw new Undone('link');
      const purpose = await accountOf(deps, tenant, scope, completion);
      await giveCredential(deps, scope, completion);
      const hashes = recoveryCodes.flatMap((code) => recoveryCodeHash(code) ?? []);
      await deps.accounts.replaceRecoveryCodes(scope, userId, hashes);
      recordEnrolment(deps, tenant, scope, completion);
      const amr = 'passkey' in completion ? ['pop', 'user', 'mfa'] : ['pwd', 'otp', 'mfa'];
      return { admitted: await admit(scope, { userId, purpose, amr }), purpose };
    });
    deps.log[done.purpose === 'break-glass' ? 'warn' : 'info']('account.enrolled', {
      tenant: tenant.slug,
      userId,
      purpose: done.purpose,
    });
    return { recoveryCodes, admitted: done.admitted };
  } catch (error) {
    if (error instanceof Undone) return { fault: error.fault };
    if (link.kind === 'first_run' && error instanceof DomainError && error.code === 'already_exists')
      return { fault: 'user_name_taken' };
    throw error;
  }
}

/** The account whose the link is, still there and active; on a first run it is made, if nobody else came first. */
async function accountOf(
  deps: SignInDeps,
  tenant: AccountTenant,
  scope: TenantScope,
  { link, userId, userName, origin }: Completion,
): Promise<AccountPurpose> {
  const { accounts } = deps;
  if (link.kind === 'enrolment') {
    const account = await accounts.lock(scope, userId);
    if (account === undefined || !account.active) throw new Undone('link');
    return account.purpose;
  }
  // Several links may have been printed, by several starts: one of them makes the first owner.
  if ((await accounts.lockOwners(scope)).length > 0) throw new Undone('link');
  await accounts.create(scope, { userId, userName, purpose: 'operator' });
  await accounts.giveRole(scope, userId, 'console:owner');
  const entry = auditEntry({
    action: 'account.created',
    actor: { type: 'system', id: 'first-run' },
    target: `user:${userId}`,
    origin,
    details: { purpose: 'operator', role: 'console:owner' },
    personal: { userName },
  });
  deps.audit.append(scope, [recordOf(tenant.id, entry, toolsOf(deps, tenant))]);
  return 'operator';
}

async function giveCredential(
  { accounts, ids }: SignInDeps,
  scope: TenantScope,
  completion: Credential & { readonly userId: UserId },
): Promise<void> {
  const { userId } = completion;
  if ('password' in completion) return accounts.setPassword(scope, userId, completion.password);
  return accounts.addPasskey(scope, userId, { ...completion.passkey, id: ids.uuid(), name: 'Passkey' });
}

function recordEnrolment(
  deps: SignInDeps,
  tenant: AccountTenant,
  scope: TenantScope,
  completion: Completion,
): void {
  const { userId, userName, origin, link } = completion;
  const entry = auditEntry({
    action: 'account.enrolled',
    actor: { type: 'user', id: userId },
    target: `user:${userId}`,
    origin,
    details: { method: 'passkey' in completion ? 'passkey' : 'password', link: link.kind },
    personal: { userName },
  });
  deps.audit.append(scope, [recordOf(tenant.id, entry, toolsOf(deps, tenant))]);
}

const toolsOf = ({ ids, clock }: SignInDeps, { vault }: AccountTenant): AuditTools => ({ ids, clock, vault });
