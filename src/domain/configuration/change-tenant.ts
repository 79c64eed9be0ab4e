import { DomainError } from '../../core/errors.js';
import type { Authority } from '../account/owners.js';
import type { Actor, RequestOrigin } from '../audit/audit-event.js';
import { judgeGroupChanges } from '../operator/group-authority.js';
import { keepOwners } from '../role/keep-owners.js';
import type { ApplyDeps } from './apply-deps.js';
import { applyTenant, planOf, type AppliedTenant } from './apply-tenant.js';
import type { Change } from './change.js';
import type { ConfigurationChange, ConfiguredTenant } from './configuration-store.js';
import type { DesiredTenant } from './desired.js';
import { describeFault, type Fault } from './fault.js';
import type { TenantPlan } from './plan.js';
import type { ConfigurationRules } from './rules.js';
import { surveyFaults } from './survey.js';

/** What is wanted can't be: each fault says where and why. */
export class FaultyConfiguration extends DomainError {
  constructor(readonly faults: readonly Fault[]) {
    super('invalid_argument', faults.map(describeFault).join('; '));
  }
}

/** One change of one tenant's configuration, asked for by itself and not as a part of a file. */
export interface TenantChange {
  readonly rules: ConfigurationRules;
  readonly actor: Actor;
  /** On whose word: nobody decides who is in groups that give a role above their own. */
  readonly authority: Authority;
  readonly origin: RequestOrigin;
  /**
   * What is wanted, made of what is in force; undefined: there is no such tenant. Asked again under the lock, so that
   * what another operator did meanwhile counts. What it throws is thrown on.
   */
  readonly wanted: (current: ConfiguredTenant | undefined) => DesiredTenant;
  /** Ids that new entries without a name are to have, as of what was wanted last. */
  readonly idsOfNew?: ReadonlyMap<string, string>;
  /** Has the last word on what would be done, under the lock. What it throws is thrown on. */
  readonly judge?: (
    plan: TenantPlan,
    current: ConfiguredTenant | undefined,
    unit: ConfigurationChange,
  ) => void | Promise<void>;
  /** Key of a connection whose people go along to its new issuer, proved to be the same organization. */
  readonly rejoins?: string | undefined;
  /** Why, in the words of who asked for it: kept in the audit events. */
  readonly reason?: string | undefined;
  /** Done after all else, in the same transaction. */
  readonly finish?: (unit: ConfigurationChange) => Promise<void>;
}

export interface ChangedTenant {
  readonly changes: readonly Change[];
  /** With the secrets that were made, told this once. */
  readonly applied: AppliedTenant;
  /** As it is afterwards. */
  readonly tenant: ConfiguredTenant;
}

/**
 * Changes one tenant by the same plan, checks, writes and audit events as a file does (F8): there is one way to change
 * configuration.
 * @throws FaultyConfiguration, DomainError (`conflict` where no owner could come in any more), and what the change's own
 *   functions throw
 */
export async function changeTenant(
  deps: ApplyDeps,
  slug: string,
  change: TenantChange,
): Promise<ChangedTenant> {
  const before = await deps.store.find(slug);
  const desired = change.wanted(before);
  const plan = planOf(deps, before, desired, change.rules);
  const faults = [...plan.faults, ...(await surveyFaults(deps.store, [{ desired, target: plan.target }]))];
  if (faults.length > 0) throw new FaultyConfiguration(faults);
  const { applied, changes } = await deps.store.change(slug, async (unit) => {
    const wanted = change.wanted(unit.current);
    const judged = planOf(deps, unit.current, wanted, change.rules);
    judgeGroupChanges(change.authority, judged);
    if (unit.current !== undefined)
      await keepOwners(deps, unit.scope, unit.current.configuration, judged, change.rejoins);
    await change.judge?.(judged, unit.current, unit);
    const outcome = await applyTenant(deps, unit, wanted, { ...change, allowDelete: true });
    await change.finish?.(unit);
    return { applied: outcome.tenant, changes: outcome.changes };
  });
  const tenant = await deps.store.find(slug);
  if (tenant === undefined) throw new DomainError('not_found', `there is no tenant '${slug}'`);
  return { applied, changes, tenant };
}
