import { auditEntry, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf, type AuditRecord } from '../audit/audit-record.js';
import type { AccountTenant, SignInDeps } from './account-deps.js';
import type { LocalAccount } from './local-account.js';

/** Why a local sign-in was refused: for audit and log; the person is told the same of all. */
export type RefusalReason =
  | 'unknown_account'
  | 'unknown_passkey'
  | 'account_disabled'
  /** The tenant's policy keeps accounts of its kind out (F4). */
  | 'not_admitted'
  | 'wrong_password'
  | 'wrong_code'
  | 'too_many_codes'
  | 'used_code'
  | 'wrong_passkey'
  | 'other_account';

export type SignInMethod = 'passkey' | 'password' | 'recovery_code';

/** One try of a local sign-in, and how it ended. */
export interface Attempt {
  /** undefined: it was for nobody. */
  readonly account: Pick<LocalAccount, 'userId' | 'userName' | 'purpose'> | undefined;
  readonly method: SignInMethod;
  readonly during: 'sign_in' | 'step_up';
  readonly origin: RequestOrigin;
  /** Absent: it succeeded. */
  readonly reason?: RefusalReason;
}

/** The audit event of a try. Break-glass accounts have actions of their own, so that nobody overlooks them. */
export function recordOfAttempt(
  { ids, clock }: Pick<SignInDeps, 'ids' | 'clock'>,
  tenant: AccountTenant,
  { account, method, during, origin, reason }: Attempt,
): AuditRecord {
  const noun = account?.purpose === 'break-glass' ? 'break_glass' : 'local_sign_in';
  const succeeded = reason === undefined;
  const entry = auditEntry({
    action: `${noun}.${succeeded ? 'succeeded' : 'refused'}`,
    outcome: succeeded ? 'success' : 'refused',
    reason: reason ?? null,
    // Whoever was refused hasn't shown that they are the one whom they tried to be.
    actor:
      succeeded && account !== undefined
        ? { type: 'user', id: account.userId }
        : { type: 'system', id: 'local-sign-in' },
    target: account === undefined ? null : `user:${account.userId}`,
    origin,
    details: { method, during },
    personal: account === undefined ? null : { userName: account.userName },
  });
  return recordOf(tenant.id, entry, { ids, clock, vault: tenant.vault });
}

/** The log line of a try: break-glass and written-down codes are warnings, whatever came of them. */
export function logAttempt({ log }: Pick<SignInDeps, 'log'>, tenant: AccountTenant, attempt: Attempt): void {
  const { account, method, during, origin, reason } = attempt;
  const isBreakGlass = account?.purpose === 'break-glass';
  const level = isBreakGlass || (method === 'recovery_code' && reason === undefined) ? 'warn' : 'info';
  const event = isBreakGlass ? 'break_glass' : 'local_sign_in';
  log[level](`${event}.${reason === undefined ? 'succeeded' : 'refused'}`, {
    tenant: tenant.slug,
    userId: account?.userId,
    method,
    during,
    reason,
    ip: origin.ip,
    requestId: origin.requestId,
  });
}
