import { systemClock } from '../core/clock.js';
import { DomainError } from '../core/errors.js';
import { NO_ORIGIN } from '../domain/audit/audit-event.js';
import type { ConfiguredTenant } from '../domain/configuration/configuration-store.js';
import { connectionView } from '../domain/configuration/views.js';
import { isInOutage } from '../domain/connection/connection.js';
import { changeConnectionStatus } from '../domain/connection/lifecycle/change-status.js';
import { declareOutage } from '../domain/connection/lifecycle/declare-outage.js';
import { impactOf } from '../domain/connection/lifecycle/impact.js';
import { impactSince } from '../domain/connection/lifecycle/judge-change.js';
import { dropCandidate } from '../domain/connection/lifecycle/keep-candidate.js';
import {
  finishSecretRotation,
  rotateConnectionSecret,
} from '../domain/connection/lifecycle/rotate-secret.js';
import { serveCandidate } from '../domain/connection/lifecycle/serve-candidate.js';
import type { FailedChecks } from '../domain/connection/lifecycle/turn-on-anyway.js';
import { failedChecks } from '../domain/setup-link/failed-checks.js';
import { shownLifecycle } from '../management/routes/configuration/shown-lifecycle.js';
import { configurationDeps } from '../server/configuration.js';
import type { Storage } from '../server/open-storage.js';
import { PostgresImpactStore } from '../storage/connection-impact-store.js';
import { PostgresConnectionLifecycleStore } from '../storage/connection-lifecycle-store.js';
import { PostgresConnectionTestStore } from '../storage/connection-test-store.js';
import { Database } from '../storage/database.js';
import { PostgresSameOrgStore } from '../storage/same-org-store.js';
import { PostgresSetupStatusStore } from '../storage/setup-status-store.js';
import type { CommandContext } from './command-context.js';
import { answerOf } from './remote/answers.js';
import { ConnectionFacts, factsOf, type OneConnection } from './remote/connections.js';
import { told } from './told.js';

/** A tenant's connections as the database has them, by key. */
export async function localConnections(
  database: Database,
  { configuration }: ConfiguredTenant,
): Promise<readonly ConnectionFacts[]> {
  const lifecycles = await new PostgresConnectionLifecycleStore(database).read(configuration.tenant.id);
  return configuration.connections
    .map((connection) => {
      const { key, members } = connectionView(connection);
      const outage = isInOutage(connection, systemClock.now()) ? { ...connection.outage } : null;
      const facts = { key, ...members, ...shownLifecycle(lifecycles.get(key)), outage };
      return factsOf(answerOf(ConnectionFacts, told(facts)));
    })
    .toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

/** A connection of the deployment that this machine is configured for, by the same commands as the API's. */
export function connectionHere(
  context: CommandContext,
  storage: Storage,
  { configuration, wrappedDataKey }: ConfiguredTenant,
  key: string,
): OneConnection {
  const database = new Database(storage.dataSource);
  const apply = configurationDeps(database, storage.keyRing, context.ids);
  const { tenant } = configuration;
  const failed = {
    status: new PostgresSetupStatusStore(database),
    publicUrl: context.config.publicUrl,
    now: () => systemClock.now(),
  };
  const deps = {
    ...apply,
    lifecycles: new PostgresConnectionLifecycleStore(database),
    impacts: new PostgresImpactStore(database),
    tests: new PostgresConnectionTestStore(database),
    proofs: new PostgresSameOrgStore(database),
    vault: apply.keys.openVault(tenant.id, wrappedDataKey),
    failedChecks: ((...of) => failedChecks(failed, undefined, ...of)) satisfies FailedChecks,
  };
  const asked = {
    key,
    rules: { allowHttpLoopback: context.config.loopback },
    actor: context.operator,
    authority: 'host' as const,
    origin: NO_ORIGIN,
    // What a command does is decided on what is in force then: nobody has read it before.
    expect: () => Promise.resolve(),
  };
  return {
    async impact(step) {
      const connection = configuration.connections.find((one) => one.key === key);
      if (connection === undefined) throw new DomainError('not_found', `There is no connection '${key}'.`);
      const counts = await database.withTenant(tenant.id, (scope) =>
        deps.impacts.count(scope, connection, impactSince(deps.clock)),
      );
      return impactOf(step, connection, counts, configuration);
    },
    setStatus: (status, confirm, reason) =>
      changeConnectionStatus(deps, tenant, { ...asked, status, confirm, reason }),
    async serveCandidate(rejoin, confirm) {
      await serveCandidate(deps, tenant, { ...asked, rejoin, confirm });
    },
    dropCandidate: () => dropCandidate(deps, tenant.slug, asked),
    declareOutage: (outage) => declareOutage(deps, tenant.slug, { ...asked, outage }),
    addSecret: (newSecret) => rotateConnectionSecret(deps, tenant, { ...asked, newSecret }),
    retireSecret: (confirm) => finishSecretRotation(deps, tenant, { ...asked, confirm }),
  };
}
