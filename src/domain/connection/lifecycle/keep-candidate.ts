import { DomainError } from '../../../core/errors.js';
import type { TenantScope } from '../../../core/scope.js';
import { canonicalJson, type Json, type JsonObject } from '../../../core/json.js';
import { auditEntry, type Actor, type AuditEntry, type RequestOrigin } from '../../audit/audit-event.js';
import { recordOf } from '../../audit/audit-record.js';
import type { ApplyDeps } from '../../configuration/apply-deps.js';
import { planOf } from '../../configuration/apply-tenant.js';
import { FaultyConfiguration } from '../../configuration/change-tenant.js';
import type { ConfigurationChange, ConfiguredTenant } from '../../configuration/configuration-store.js';
import type { DesiredTenant } from '../../configuration/desired.js';
import { addSigningKey } from '../../configuration/make-tenant.js';
import type { ConfigurationRules } from '../../configuration/rules.js';
import type { TargetConnection } from '../../configuration/target.js';
import { connectionView } from '../../configuration/views.js';
import { connectionSecretPlace } from '../../keys/sealed-places.js';
import type { Connection } from '../connection.js';
import { waitsAsCandidate } from './judge-change.js';
import type { ConnectionLifecycle, ConnectionLifecycleStore } from './lifecycle.js';

export interface CandidateDeps extends ApplyDeps {
  readonly lifecycles: ConnectionLifecycleStore;
}

interface CandidateRequest {
  readonly key: string;
  readonly actor: Actor;
  readonly origin: RequestOrigin;
}

export interface KeepCandidate extends CandidateRequest {
  readonly rules: ConfigurationRules;
  /** What is wanted, with the connection as it would be served; called under the lock, so that it may refuse. */
  readonly wanted: (
    current: ConfiguredTenant,
    lifecycle: ConnectionLifecycle,
    scope: TenantScope,
  ) => DesiredTenant | Promise<DesiredTenant>;
}

/**
 * Keeps a change of the upstream of a connection through which people sign in as its candidate: nothing of what is served
 * changes, and nobody's access ends. Its secrets are sealed for the place of the served ones.
 * @throws DomainError `not_found`; `conflict` when it isn't such a change (any more); FaultyConfiguration
 */
export async function keepCandidate(
  deps: CandidateDeps,
  slug: string,
  request: KeepCandidate,
): Promise<void> {
  await deps.store.change(slug, async (unit) => {
    const { current, lifecycle } = await lockedConnection(deps, unit, request.key);
    const desired = await request.wanted(current, lifecycle, unit.scope);
    const plan = planOf(deps, current, desired, request.rules);
    if (plan.faults.length > 0) throw new FaultyConfiguration(plan.faults);
    const wanted = plan.target.connections.find(({ key }) => key === request.key);
    const { served } = lifecycle;
    if (wanted === undefined || !waitsAsCandidate(served, wanted))
      throw new DomainError('conflict', 'Somebody has just changed the connection. Read it again.');
    if (wanted.status !== served.status || wanted.name !== served.name)
      throw new DomainError(
        'conflict',
        'Another issuer or client waits as a candidate until it was tested: change name and status by themselves.',
      );
    const vault = deps.keys.openVault(current.configuration.tenant.id, current.wrappedDataKey);
    const secrets = (['clientSecret', 'secondarySecret'] as const).flatMap((member) => {
      const value = wanted[member];
      if (value === undefined) return [];
      const place = connectionSecretPlace(current.configuration.tenant.id, served.id, member);
      return [[member, value === null ? null : vault.seal(place, value)] as const];
    });
    const candidateSecrets = { ...lifecycle.candidateSecrets, ...Object.fromEntries(secrets) };
    const candidate = candidateOf(served, wanted);
    await deps.lifecycles.setCandidate(unit.scope, served.id, { candidate, candidateSecrets });
    if (wanted.settings.clientAuth === 'private_key_jwt' && !hasKey(current, served)) {
      const owner = {
        tenantId: current.configuration.tenant.id,
        alg: 'RS256',
        connectionId: served.id,
      } as const;
      await addSigningKey(deps, unit, vault, owner);
    }
    note(deps, unit, current, request, {
      action: 'connection.candidate_kept',
      details: { candidate, secrets: secrets.map(([member]) => member) },
    });
    await unit.bumpVersion();
  });
}

/** Takes a candidate away. @throws DomainError `not_found`, also when there is none */
export async function dropCandidate(
  deps: CandidateDeps,
  slug: string,
  request: CandidateRequest & {
    readonly expect?: (current: ConfiguredTenant, scope: TenantScope) => Promise<void>;
  },
): Promise<void> {
  await deps.store.change(slug, async (unit) => {
    const { current, lifecycle } = await lockedConnection(deps, unit, request.key);
    if (lifecycle.candidate === null) throw noCandidate();
    await request.expect?.(current, unit.scope);
    await deps.lifecycles.setCandidate(unit.scope, lifecycle.served.id, null);
    note(deps, unit, current, request, {
      action: 'connection.candidate_dropped',
      details: { candidate: lifecycle.candidate },
    });
    await unit.bumpVersion();
  });
}

export const noCandidate = (): DomainError =>
  new DomainError('not_found', 'The connection has no candidate: what is served is all there is.');

async function lockedConnection(
  { lifecycles }: CandidateDeps,
  unit: ConfigurationChange,
  key: string,
): Promise<{ readonly current: ConfiguredTenant; readonly lifecycle: ConnectionLifecycle }> {
  const { current } = unit;
  const lifecycle = current === undefined ? undefined : (await lifecycles.readHere(unit.scope)).get(key);
  if (current === undefined || lifecycle === undefined)
    throw new DomainError('not_found', `There is no connection '${key}'.`);
  return { current, lifecycle };
}

const hasKey = (current: ConfiguredTenant, { id }: Connection): boolean =>
  current.signingKeys.some(({ connectionId, state }) => connectionId === id && state !== 'retired');

/** Only what differs: what is changed of the served configuration meanwhile isn't undone when the candidate is served. */
function candidateOf(served: Connection, wanted: TargetConnection): JsonObject {
  const before = connectionView(served).members;
  const { type, issuer, name: _, status: __, ...settings } = connectionView(wanted).members;
  const differs = (member: string, value: Json | undefined): boolean =>
    canonicalJson(value ?? null) !== canonicalJson(before[member] ?? null);
  const changed = Object.entries(settings).filter(([member, value]) => differs(member, value));
  return {
    ...(type !== undefined && differs('type', type) ? { type } : {}),
    ...(issuer !== undefined && differs('issuer', issuer) ? { issuer } : {}),
    ...(changed.length === 0 ? {} : { settings: Object.fromEntries(changed) }),
  };
}

function note(
  deps: CandidateDeps,
  unit: ConfigurationChange,
  current: ConfiguredTenant,
  { key, actor, origin }: CandidateRequest,
  entry: Pick<AuditEntry, 'action' | 'details'>,
): void {
  const { tenant } = current.configuration;
  const vault = deps.keys.openVault(tenant.id, current.wrappedDataKey);
  const event = auditEntry({ ...entry, actor, origin, target: `connection:${key}`, connection: key });
  deps.audit.append(unit.scope, [recordOf(tenant.id, event, { ...deps, vault })]);
}
