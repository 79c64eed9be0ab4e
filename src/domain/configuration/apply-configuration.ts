import type { TenantId } from '../../core/ids.js';
import type { ApplyDeps } from './apply-deps.js';
import {
  appliedTenant,
  applyTenant,
  planOf,
  type AppliedTenant,
  type ApplyTenantOptions,
} from './apply-tenant.js';
import { endsAccess, type Change } from './change.js';
import type { TenantChange } from './change-tenant.js';
import type { DesiredTenant } from './desired.js';
import type { Fault } from './fault.js';
import type { TenantPlan } from './plan.js';
import { surveyFaults } from './survey.js';

export interface ApplyOptions extends ApplyTenantOptions {
  /** Only tell what would change. */
  readonly dryRun: boolean;
  /** As of one tenant's change: has the last word on what would be done, under the lock. */
  readonly judge?: TenantChange['judge'];
}

export type ApplyOutcome =
  | { readonly outcome: 'faulty'; readonly faults: readonly Fault[] }
  /** Nothing was done: these changes end somebody's access, and that was not allowed. */
  | { readonly outcome: 'refused'; readonly deletions: readonly Change[] }
  | {
      readonly outcome: 'planned' | 'applied';
      readonly changes: readonly Change[];
      readonly tenants: readonly AppliedTenant[];
    }
  /**
   * A tenant applies in one transaction: those before it are done, and secrets made for them must be told.
   */
  | {
      readonly outcome: 'interrupted';
      readonly changes: readonly Change[];
      readonly tenants: readonly AppliedTenant[];
      readonly slug: string;
      readonly error: unknown;
    };

/**
 * Makes the named tenants look like the file: all is planned and checked first, then each applies in one
 * transaction.
 */
export async function applyConfiguration(
  deps: ApplyDeps,
  desired: readonly DesiredTenant[],
  options: ApplyOptions,
): Promise<ApplyOutcome> {
  const plans: {
    readonly desired: DesiredTenant;
    readonly plan: TenantPlan;
    readonly id: TenantId | null;
  }[] = [];
  for (const tenant of desired) {
    const current = await deps.store.find(tenant.slug);
    const plan = planOf(deps, current, tenant, options.rules);
    plans.push({ desired: tenant, plan, id: current?.configuration.tenant.id ?? null });
  }
  const faults = [
    ...plans.flatMap(({ plan }) => plan.faults),
    ...(await surveyFaults(
      deps.store,
      plans.map(({ desired: tenant, plan }) => ({ desired: tenant, target: plan.target })),
    )),
  ];
  if (faults.length > 0) return { outcome: 'faulty', faults };
  const changes = plans.flatMap(({ plan }) => plan.changes);
  if (options.dryRun)
    return {
      outcome: 'planned',
      changes,
      tenants: plans.map(({ plan, id }) => appliedTenant(plan.target, id)),
    };
  const deletions = changes.filter(endsAccess);
  if (deletions.length > 0 && !options.allowDelete) return { outcome: 'refused', deletions };
  // Parents first: a customer's row refers to its parent's.
  const ordered = plans.toSorted(
    (one, other) => Number(one.plan.target.parent !== null) - Number(other.plan.target.parent !== null),
  );
  return applyEach(
    deps,
    ordered.map((planned) => planned.desired),
    options,
  );
}

async function applyEach(
  deps: ApplyDeps,
  desired: readonly DesiredTenant[],
  options: ApplyOptions,
): Promise<ApplyOutcome> {
  const changes: Change[] = [];
  const tenants: AppliedTenant[] = [];
  for (const tenant of desired) {
    try {
      const applied = await deps.store.change(tenant.slug, async (unit) => {
        await options.judge?.(planOf(deps, unit.current, tenant, options.rules), unit.current, unit);
        return applyTenant(deps, unit, tenant, options);
      });
      changes.push(...applied.changes);
      tenants.push(applied.tenant);
    } catch (error) {
      return { outcome: 'interrupted', changes, tenants, slug: tenant.slug, error };
    }
  }
  return { outcome: 'applied', changes, tenants };
}
