import { DomainError } from '../../core/errors.js';
import type { TenantId } from '../../core/ids.js';
import type { Actor, RequestOrigin } from '../audit/audit-event.js';
import type { ApplyDeps } from './apply-deps.js';
import { endsAccess, type Change } from './change.js';
import type { ConfigurationChange, ConfiguredTenant } from './configuration-store.js';
import type { DesiredTenant } from './desired.js';
import { describeFault } from './fault.js';
import { knownSecrets } from './known-secrets.js';
import { makeTenant } from './make-tenant.js';
import { parentIdOf } from './place-tenant.js';
import { planTenant, type TenantPlan } from './plan.js';
import { NO_SECRETS, type ConfigurationRules } from './rules.js';
import { settleRoles } from './settle-roles.js';
import type { TargetTenant } from './target.js';
import { ChangeWriter, type MadeSecrets } from './write-changes.js';

export interface ApplyTenantOptions {
  readonly rules: ConfigurationRules;
  /** Whether changes that end anyone's access are wanted. */
  readonly allowDelete: boolean;
  readonly actor: Actor;
  /** Where it was asked for, if that was a request. */
  readonly origin?: RequestOrigin;
  /** Ids that new entries without a name are to have, by kind and what they say: `roleMapping name:A -> admin`. */
  readonly idsOfNew?: ReadonlyMap<string, string>;
  /** Key of a connection whose people go along to its new issuer, proved to be the same organization. */
  readonly rejoins?: string | undefined;
  /** Why, in the words of who asked for it: kept in the audit events. */
  readonly reason?: string | undefined;
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

/** One tenant, planned again under the lock: what another operator did since the survey counts. */
export async function applyTenant(
  deps: ApplyDeps,
  unit: ConfigurationChange,
  desired: DesiredTenant,
  options: ApplyTenantOptions,
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
    ...(options.origin === undefined ? {} : { origin: options.origin }),
    ...(options.idsOfNew === undefined ? {} : { idsOfNew: options.idsOfNew }),
    rejoins: options.rejoins,
    reason: options.reason,
  });
  await writer.write(plan.changes);
  if (known !== undefined)
    await settleRoles(deps, unit, {
      changes: plan.changes,
      before: known,
      after: plan.target,
      auditTools,
      actor: options.actor,
    });
  await unit.bumpVersion();
  return { changes: plan.changes, tenant: appliedTenant(plan.target, id, writer.made) };
}

/** What the file would change of a tenant, its secrets compared with those that are kept. */
export function planOf(
  deps: ApplyDeps,
  current: ConfiguredTenant | undefined,
  desired: DesiredTenant,
  rules: ConfigurationRules,
): TenantPlan {
  if (current === undefined) return planTenant(undefined, desired, rules, NO_SECRETS);
  const vault = deps.keys.openVault(current.configuration.tenant.id, current.wrappedDataKey);
  return planTenant(current.configuration, desired, rules, knownSecrets(current, deps.keys, vault));
}

/** @param made secrets that were made, told this once */
export function appliedTenant(target: TargetTenant, id: TenantId | null, made?: MadeSecrets): AppliedTenant {
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
