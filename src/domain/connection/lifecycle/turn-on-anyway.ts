import { DomainError } from '../../../core/errors.js';
import type { TenantScope } from '../../../core/scope.js';
import type { ConfiguredTenant } from '../../configuration/configuration-store.js';
import type { TenantPlan } from '../../configuration/plan.js';
import type { TenantConfiguration } from '../../configuration/tenant-configuration.js';
import type { Connection } from '../connection.js';
import { stepOf } from './impact.js';

/** A check that failed, in a sentence for an admin. */
export interface FailedCheck {
  readonly id: string;
  readonly seen: string;
}

/** What is wrong with a connection as far as it was looked at. Reads in the caller's transaction. */
export type FailedChecks = (
  scope: TenantScope,
  configuration: TenantConfiguration,
  connection: Connection,
) => Promise<readonly FailedCheck[]>;

/** Checks failed, and nobody has said why people are to sign in by it all the same. */
export class ReasonRequired extends DomainError {
  constructor(readonly checks: readonly FailedCheck[]) {
    const failed = checks.map(({ seen }) => seen.replace(/\.$/, '')).join('; ');
    super(
      'conflict',
      `What would fail: ${failed}. To turn it on anyway, say why: it is kept in the audit log.`,
    );
  }
}

/**
 * Whoever turns a connection on, or enforces it, while checks of it are red says why; the reason goes into the change's
 * audit event. It doesn't stand for a test: what wasn't tested as it is stays off. Loosening needs no reason.
 * @throws ReasonRequired
 */
export async function requireReason(
  failedChecks: FailedChecks,
  scope: TenantScope,
  asked: {
    readonly plan: TenantPlan;
    readonly current: ConfiguredTenant;
    readonly reason: string | undefined;
  },
): Promise<void> {
  const { plan, current, reason } = asked;
  if (reason !== undefined) return;
  for (const { kind, key } of plan.changes) {
    const before = current.configuration.connections.find((one) => one.key === key);
    if (kind !== 'connection' || before === undefined || before.status === 'enforced') continue;
    const step = stepOf(
      before,
      plan.target.connections.find((one) => one.key === key),
    );
    if (step !== 'enabled' && step !== 'enforced') continue;
    // oxlint-disable-next-line no-await-in-loop -- a request changes one
    const failed = await failedChecks(scope, current.configuration, before);
    if (failed.length > 0) throw new ReasonRequired(failed);
  }
}
