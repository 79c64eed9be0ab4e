import { DomainError } from '../../../core/errors.js';
import { canonicalJson } from '../../../core/json.js';
import type { TenantScope } from '../../../core/scope.js';
import type { Authority } from '../../account/owners.js';
import { auditEntry, type Actor, type RequestOrigin } from '../../audit/audit-event.js';
import { recordOf } from '../../audit/audit-record.js';
import { changeTenant, type ChangedTenant } from '../../configuration/change-tenant.js';
import type { ConfigurationChange, ConfiguredTenant } from '../../configuration/configuration-store.js';
import type { DesiredConnection, DesiredTenant } from '../../configuration/desired.js';
import type { ConfigurationRules } from '../../configuration/rules.js';
import { connectionSecretPlace } from '../../keys/sealed-places.js';
import type { Vault } from '../../keys/vault.js';
import { subjectOf } from '../candidate.js';
import { admitsSignIn } from '../connection.js';
import { assertConfirmed, impactOf, type ImpactStore } from './impact.js';
import { impactSince } from './judge-change.js';
import { noCandidate, type CandidateDeps } from './keep-candidate.js';
import { candidateTest, isServedTested, type ConnectionLifecycle } from './lifecycle.js';
import { notTheSameOrg, type SameOrgDeps } from './same-org.js';

export interface ServeCandidateDeps extends CandidateDeps, SameOrgDeps {
  readonly impacts: ImpactStore;
  readonly vault: Vault;
}

export interface ServeCandidate {
  readonly key: string;
  readonly rules: ConfigurationRules;
  /** Whether people go along to the new issuer: it must be proved to be the same organization. */
  readonly rejoin: boolean;
  readonly confirm: string | undefined;
  readonly actor: Actor;
  readonly authority: Authority;
  readonly origin: RequestOrigin;
  /** Called under the lock. */
  readonly expect: (current: ConfiguredTenant, scope: TenantScope) => Promise<void>;
}

/**
 * Serves a connection's candidate that has passed its test, exactly as it was tested: a change of the configuration like
 * any other. People of another issuer are other people and everybody's access ends, unless they rejoin.
 * @throws DomainError `not_found` without a candidate; `conflict` (`not_tested`) or when people can't rejoin;
 *   ConfirmationRequired
 */
export async function serveCandidate(
  deps: ServeCandidateDeps,
  tenant: { readonly id: TenantScope['tenantId']; readonly slug: string },
  request: ServeCandidate,
): Promise<ChangedTenant> {
  const seen = (await deps.lifecycles.read(tenant.id)).get(request.key);
  if (seen?.candidate === null || seen === undefined) throw noCandidate();
  return changeTenant(deps, tenant.slug, {
    rules: request.rules,
    actor: request.actor,
    authority: request.authority,
    origin: request.origin,
    rejoins: request.rejoin ? request.key : undefined,
    wanted: (current) => wantedOf(tenant.slug, current, seen, deps.vault),
    judge: (_plan, current, unit) => judge(deps, unit, current, seen, request),
    finish: (unit) => finish(deps, unit, seen, request),
  });
}

/** All connections as they are, but for this one, which is as its candidate. */
function wantedOf(
  slug: string,
  current: ConfiguredTenant | undefined,
  seen: ConnectionLifecycle,
  vault: Vault,
): DesiredTenant {
  if (current === undefined) throw new DomainError('not_found', `There is no tenant '${slug}'.`);
  const { connection, secrets } = subjectOf(seen, 'candidate');
  const open = (member: 'clientSecret' | 'secondarySecret'): string | null => {
    const sealed = secrets[member];
    if (sealed === null) return null;
    return vault.open(connectionSecretPlace(seen.tenantId, connection.id, member), sealed);
  };
  const wanted: DesiredConnection = {
    ...connection.settings,
    key: connection.key,
    type: connection.type,
    issuer: connection.issuer,
    clientSecret: open('clientSecret'),
    secondarySecret: open('secondarySecret'),
  };
  const connections = current.configuration.connections.map(({ key }) =>
    key === seen.served.key ? wanted : { key },
  );
  return { path: '', slug, connections };
}

async function judge(
  deps: ServeCandidateDeps,
  unit: ConfigurationChange,
  current: ConfiguredTenant | undefined,
  seen: ConnectionLifecycle,
  request: ServeCandidate,
): Promise<void> {
  const stored = current && (await deps.lifecycles.readHere(unit.scope)).get(request.key);
  if (current === undefined || stored === undefined || stored.candidate === null) throw noCandidate();
  await request.expect(current, unit.scope);
  if (contentOf(stored) !== contentOf(seen))
    throw new DomainError('conflict', 'Somebody has just changed the candidate. Read it again.');
  const { served } = stored;
  const tested = candidateTest(stored);
  if (tested === undefined)
    throw new DomainError(
      'conflict',
      'The candidate has not passed its test as it is. Test it, then serve it.',
      {
        problem: 'not_tested',
      },
    );
  const candidate = subjectOf(stored, 'candidate').connection;
  const hasNewIssuer = candidate.issuer !== served.issuer;
  if (request.rejoin) {
    const reason = hasNewIssuer
      ? await notTheSameOrg(deps, unit.scope, served, { type: candidate.type, test: tested.id })
      : undefined;
    if (reason !== undefined)
      throw new DomainError('conflict', `People can't go along to the new issuer: ${reason}.`);
  } else if (hasNewIssuer && admitsSignIn(served)) {
    const counts = await deps.impacts.count(unit.scope, served, impactSince(deps.clock));
    assertConfirmed(impactOf('served', served, counts, current.configuration), served, request.confirm);
  }
}

/** All that would be served, with its secrets as they are sealed. */
const contentOf = (stored: ConnectionLifecycle): string => {
  const { tested: _, ...candidate } = { ...stored.candidate };
  return canonicalJson([stored.served.version, candidate, stored.candidateSecrets]);
};

async function finish(
  deps: ServeCandidateDeps,
  unit: ConfigurationChange,
  seen: ConnectionLifecycle,
  { key, actor, origin, rejoin }: ServeCandidate,
): Promise<void> {
  await deps.lifecycles.serveCandidate(unit.scope, seen.served.id);
  const now = (await deps.lifecycles.readHere(unit.scope)).get(key);
  if (now === undefined || !isServedTested(now))
    throw new DomainError(
      'conflict',
      'What would be served is not what was tested. Test the candidate again.',
      {
        problem: 'not_tested',
      },
    );
  const entry = auditEntry({
    action: 'connection.candidate_served',
    actor,
    origin,
    target: `connection:${key}`,
    connection: key,
    details: {
      issuer: { before: seen.served.issuer, after: now.served.issuer },
      version: now.served.version,
      rejoined: rejoin && now.served.version !== seen.served.version,
    },
  });
  deps.audit.append(unit.scope, [recordOf(seen.tenantId, entry, { ...deps, vault: deps.vault })]);
  await unit.bumpVersion();
}
