import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { RequestOrigin } from '../audit/audit-event.js';
import type { AccountTenant, SignInDeps } from './account-deps.js';
import type { SecondFactor } from './account-store.js';
import { totpSeedPlace, type AccountPurpose, type LocalAccount } from './local-account.js';
import { NOBODYS_SEED } from './one-time-codes.js';
import { userHandleOf } from './passkey.js';
import { logAttempt, recordOfAttempt, type Attempt, type RefusalReason } from './record-attempt.js';
import { recoveryCodeHash } from './recovery-codes.js';
import { countPasskeyTry, PasswordTries } from './tries.js';

/** Somebody who has just proved who they are, their row locked. */
export interface ProvenPerson {
  readonly userId: UserId;
  readonly purpose: AccountPurpose;
  /** RFC 8176. */
  readonly amr: readonly string[];
}

/**
 * What the proof is for, done in the transaction that uses it up: opening a console session, answering an interaction.
 * Nothing of it may have an effect outside of the transaction.
 */
export type Admit<T> = (scope: TenantScope, person: ProvenPerson) => Promise<T>;

/** `wrong`: no more is told. `late`: the challenge is over, and the person may try again. */
export type SignInOutcome<T> = { readonly admitted: T } | { readonly refused: 'wrong' | 'late' };

interface AttemptFrom {
  readonly during: 'sign_in' | 'step_up';
  /** Whose proof alone counts, where somebody is signed in already. */
  readonly only?: UserId | undefined;
  /** Which accounts may sign in here, by the tenant's policy. */
  readonly admits: (purpose: AccountPurpose) => boolean;
  readonly origin: RequestOrigin;
  /** The subscriber's network, as tries are counted by it. */
  readonly network: string;
}

export interface PasswordAttempt extends AttemptFrom {
  readonly userName: string;
  readonly password: string;
  /** Of the app, or one that was written down. */
  readonly code: string;
}

const REFUSED = { refused: 'wrong' } as const;

/**
 * Signs somebody in by password and one-time code, or a recovery code in its place. Who has no password, because they have
 * passkeys, gets in by a recovery code alone: 80 bits that nobody guesses, each good once. It takes the same time, and
 * says the same, whatever is wrong; a code counts once.
 * @throws DomainError `limit_exceeded`, with `retryAfterSeconds`, after too many tries, or while too many sign in at once
 */
export async function signInByPassword<T>(
  deps: SignInDeps,
  tenant: AccountTenant,
  attempt: PasswordAttempt,
  admit: Admit<T>,
): Promise<SignInOutcome<T>> {
  const tries = new PasswordTries(deps.tries, tenant.id, attempt);
  await tries.begin();
  const account = await deps.accounts.findByName(tenant.id, attempt.userName);
  const isPassword = await deps.passwords.verify(account?.passwordHash ?? null, attempt.password);
  const factor = secondFactor(deps, tenant, account, attempt.code);
  const { mayTry } = await tries.beginCode(isPassword ? account?.userId : undefined);
  const judged = judge(account, { ...attempt, isPassword, factor, mayTry });
  const method = recoveryCodeHash(attempt.code) === undefined ? 'password' : 'recovery_code';
  const facts = { account, method, during: attempt.during, origin: attempt.origin } as const;
  if ('reason' in judged) return refuse(deps, tenant, { ...facts, reason: judged.reason });
  const { userId, passwordHash, purpose } = judged;
  const admitted = await deps.transactions.withTenant(tenant.id, async (scope) => {
    const taken = await deps.accounts.takeSecondFactor(scope, { userId, passwordHash }, judged.factor);
    if (!taken) return undefined;
    deps.audit.append(scope, [recordOfAttempt(deps, tenant, facts)]);
    return { value: await admit(scope, { userId, purpose, amr: amrOf(judged) }) };
  });
  if (admitted === undefined) return refuse(deps, tenant, { ...facts, reason: 'used_code' });
  await tries.forgive(userId);
  logAttempt(deps, tenant, facts);
  return { admitted: admitted.value };
}

/** Which second factor a text is. A code of the app is looked for even where nobody has one. */
function secondFactor(
  { codes, clock }: SignInDeps,
  tenant: AccountTenant,
  account: LocalAccount | undefined,
  code: string,
): SecondFactor | undefined {
  const sealed = account?.totpSealed ?? null;
  const seed =
    account === undefined || sealed === null
      ? NOBODYS_SEED
      : tenant.vault.open(totpSeedPlace(tenant.id, account.userId), sealed);
  const step = codes.stepOf(seed, code.replace(/\s/g, '').slice(0, 20), clock.now());
  if (step !== undefined && sealed !== null) return { kind: 'code', step };
  const hash = recoveryCodeHash(code);
  return hash === undefined ? undefined : { kind: 'recovery', hash };
}

interface Accepted extends Pick<LocalAccount, 'userId' | 'purpose'> {
  /** null: the account has none, and the factor is a recovery code. */
  readonly passwordHash: string | null;
  readonly factor: SecondFactor;
}

function amrOf({ passwordHash, factor }: Accepted): readonly string[] {
  if (passwordHash === null) return ['otp'];
  return factor.kind === 'code' ? ['pwd', 'otp', 'mfa'] : ['pwd', 'mfa'];
}

/** Everything was looked at before anything is refused. */
function judge(
  account: LocalAccount | undefined,
  found: {
    readonly isPassword: boolean;
    readonly factor: SecondFactor | undefined;
    readonly mayTry: boolean;
  } & Pick<AttemptFrom, 'only' | 'admits'>,
): Accepted | { readonly reason: RefusalReason } {
  const { isPassword, factor, mayTry, only, admits } = found;
  if (account === undefined) return { reason: 'unknown_account' };
  const { userId, purpose, passwordHash } = account;
  const isCodeAlone = passwordHash === null && factor?.kind === 'recovery';
  if (!isPassword && !isCodeAlone) return { reason: 'wrong_password' };
  if (!account.active) return { reason: 'account_disabled' };
  if (!admits(purpose)) return { reason: 'not_admitted' };
  if (only !== undefined && only !== userId) return { reason: 'other_account' };
  if (factor?.kind !== 'recovery' && !mayTry) return { reason: 'too_many_codes' };
  if (factor === undefined) return { reason: 'wrong_code' };
  return { userId, purpose, passwordHash, factor };
}

export interface PasskeyAttempt extends AttemptFrom {
  /** SHA-256 of the cookie whose challenge is answered. */
  readonly pendingHash: Buffer | undefined;
  /** What the browser's script has sent. */
  readonly answer: unknown;
}

/**
 * Signs somebody in by a passkey. The challenge is taken first, so that it is answered once.
 * @throws DomainError `limit_exceeded`, with `retryAfterSeconds`
 */
export async function signInByPasskey<T>(
  deps: SignInDeps,
  tenant: AccountTenant,
  attempt: PasskeyAttempt,
  admit: Admit<T>,
): Promise<SignInOutcome<T>> {
  const { pendingHash, answer, during, only, admits, origin } = attempt;
  await countPasskeyTry(deps.tries, tenant.id, attempt.network);
  const challenge =
    pendingHash === undefined ? undefined : await deps.pending.take(tenant.id, pendingHash, during);
  if (typeof challenge?.state['challenge'] !== 'string') return { refused: 'late' };
  const credentialId = deps.passkeys.credentialOf(answer);
  const known =
    credentialId === undefined ? undefined : await deps.accounts.findPasskey(tenant.id, credentialId);
  const facts = { account: known?.account, method: 'passkey', during, origin } as const;
  if (known === undefined) return refuse(deps, tenant, { ...facts, reason: 'unknown_passkey' });
  const { account, passkey } = known;
  const { userId, purpose } = account;
  if (only !== undefined && only !== userId)
    return refuse(deps, tenant, { ...facts, reason: 'other_account' });
  const counter = await deps.passkeys.used(answer, {
    challenge: challenge.state['challenge'],
    passkey,
    userHandle: userHandleOf(tenant.id, userId),
  });
  if (counter === undefined) return refuse(deps, tenant, { ...facts, reason: 'wrong_passkey' });
  if (!account.active) return refuse(deps, tenant, { ...facts, reason: 'account_disabled' });
  if (!admits(purpose)) return refuse(deps, tenant, { ...facts, reason: 'not_admitted' });
  const admitted = await deps.transactions.withTenant(tenant.id, async (scope) => {
    if (!(await deps.accounts.takePasskey(scope, passkey, counter))) return undefined;
    deps.audit.append(scope, [recordOfAttempt(deps, tenant, facts)]);
    return { value: await admit(scope, { userId, purpose, amr: ['pop', 'user', 'mfa'] }) };
  });
  if (admitted === undefined) return refuse(deps, tenant, { ...facts, reason: 'wrong_passkey' });
  logAttempt(deps, tenant, facts);
  return { admitted: admitted.value };
}

async function refuse(deps: SignInDeps, tenant: AccountTenant, attempt: Attempt): Promise<typeof REFUSED> {
  await deps.audit.appendAlone(tenant.id, [recordOfAttempt(deps, tenant, attempt)]);
  logAttempt(deps, tenant, attempt);
  return REFUSED;
}
