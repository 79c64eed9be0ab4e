import { DomainError } from '../../core/errors.js';
import type { TenantId } from '../../core/ids.js';
import type { Actor } from '../audit/audit-event.js';
import type { ApplyDeps } from './apply-deps.js';
import { endsAccess, type Change } from './change.js';
import type { ConfigurationChange, ConfiguredTenant } from './configuration-store.js';
import type { DesiredTenant } from './desired.js';
import { describeFault, type Fault } from './fault.js';
import { knownSecrets } from './known-secrets.js';
import { makeTenant } from './make-tenant.js';
import { parentIdOf } from './place-tenant.js';
import { planTenant, type TenantPlan } from './plan.js';
import { NO_SECRETS, type ConfigurationRules } from './rules.js';
import { settleRoles } from './settle-roles.js';
import { surveyFaults } from './survey.js';
import type { TargetTenant } from './target.js';
import { ChangeWriter, type MadeSecrets } from './write-changes.js';

export interface ApplyOptions {
  readonly rules: ConfigurationRules;
  /** Whether changes that end anyone's access are wanted. */
  readonly allowDelete: boolean;
  /** Only tell what would change. */
  readonly dryRun: boolean;
  readonly actor: Actor;
}

/** A tenant that the file names, as it is afterwards. */
export interface AppliedTenant {
  readonly slug: string;
  /** null: it would be made, had this not been a dry run. */
  readonly id: TenantId | null;
  readonly connections: readonly string[];
  readonly applications: readonly {
    readonly clientId: string;
    readonly clientSecret?: string;
    readonly deviceWebhookSecret?: string;
  }[];
  readonly scimTokens: readonly { readonly name: string; readonly token?: string }[];
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
      const applied = await deps.store.change(tenant.slug, (unit) =>
        applyTenant(deps, unit, tenant, options),
      );
      changes.push(...applied.changes);
      tenants.push(applied.tenant);
    } catch (error) {
      return { outcome: 'interrupted', changes, tenants, slug: tenant.slug, error };
    }
  }
  return { outcome: 'applied', changes, tenants };
}

/** One tenant, planned again under the lock: what another operator did since the survey counts. */
async function applyTenant(
  deps: ApplyDeps,
  unit: ConfigurationChange,
  desired: DesiredTenant,
  options: ApplyOptions,
): Promise<{ readonly changes: readonly Change[]; readonly tenant: AppliedTenant }> {
  const { current } = unit;
  const plan = planOf(deps, current, desired, options.rules);
  const [fault] = plan.faults;
  if (fault !== undefined)
    throw new DomainError('conflict', `the configuration changed meanwhile: ${describeFault(fault)}`);
  if (!options.allowDelete && plan.changes.some(endsAccess))
    throw new DomainError(
      'conflict',
      'the configuration changed meanwhile: somebody would now lose access by it',
    );
  const known = current?.configuration;
  if (known !== undefined && plan.changes.length === 0)
    return { changes: [], tenant: appliedTenant(plan.target, known.tenant.id) };
  const { id, vault } =
    current === undefined
      ? await makeTenant(deps, unit, {
          slug: desired.slug,
          name: plan.target.name,
          kind: 'organization',
          status: plan.target.status,
          parentId: await parentIdOf(unit, plan.target.parent, null),
          settings: plan.target.settings,
        })
      : {
          id: current.configuration.tenant.id,
          vault: deps.keys.openVault(current.configuration.tenant.id, current.wrappedDataKey),
        };
  const auditTools = { ids: deps.ids, clock: deps.clock, vault };
  const writer = new ChangeWriter(deps, unit, {
    tenantId: id,
    target: plan.target,
    current: known,
    auditTools,
    actor: options.actor,
  });
  await writer.write(plan.changes);
  if (known !== undefined)
    await settleRoles(deps, unit, {
      changes: plan.changes,
      before: known.roleMappings,
      after: plan.target.roleMappings,
      auditTools,
      actor: options.actor,
    });
  await unit.bumpVersion();
  return { changes: plan.changes, tenant: appliedTenant(plan.target, id, writer.made) };
}

function planOf(
  deps: ApplyDeps,
  current: ConfiguredTenant | undefined,
  desired: DesiredTenant,
  rules: ConfigurationRules,
): TenantPlan {
  if (current === undefined) return planTenant(undefined, desired, rules, NO_SECRETS);
  const vault = deps.keys.openVault(current.configuration.tenant.id, current.wrappedDataKey);
  return planTenant(current.configuration, desired, rules, knownSecrets(current, deps.keys, vault));
}

function appliedTenant(target: TargetTenant, id: TenantId | null, made?: MadeSecrets): AppliedTenant {
  return {
    slug: target.slug,
    id,
    connections: target.connections.map((connection) => connection.key),
    applications: target.applications.map(({ clientId }) => {
      const clientSecret = made?.applications.get(clientId);
      const deviceWebhookSecret = made?.webhooks.get(clientId);
      return {
        clientId,
        ...(clientSecret === undefined ? {} : { clientSecret }),
        ...(deviceWebhookSecret === undefined ? {} : { deviceWebhookSecret }),
      };
    }),
    scimTokens: target.scimTokens.map(({ name }) => {
      const token = made?.scimTokens.get(name);
      return { name, ...(token === undefined ? {} : { token }) };
    }),
  };
}
