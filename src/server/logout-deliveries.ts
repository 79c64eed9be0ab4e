import type { Clock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { AuditStore } from '../domain/audit/audit-store.js';
import type { Receiver } from '../domain/delivery/delivery.js';
import { Dispatcher, type DispatcherOptions, type KnownReceiver } from '../events/dispatcher.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import type { Outbound } from '../outbound/outbound.js';
import type { Database } from '../storage/database.js';
import { PostgresOutboxStore } from '../storage/outbox-store.js';
import type { Metrics } from './metrics.js';

export interface LogoutDeliveriesDeps {
  readonly database: Database;
  readonly directory: TenantDirectory;
  readonly outbound: Outbound;
  readonly audit: AuditStore;
  readonly metrics: Metrics;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Puts together what tells applications that sessions have ended. It does nothing before it is started. */
export function composeLogoutDeliveries(
  { database, directory, metrics, ...shared }: LogoutDeliveriesDeps,
  options?: DispatcherOptions,
): Dispatcher {
  const deps = {
    ...shared,
    outbox: new PostgresOutboxStore(database),
    transactions: database,
    lookUp: (receiver: Receiver) => lookUp(directory, receiver),
    random: Math.random,
    onOutcome: (outcome: string, count: number) => metrics.logoutDeliveries.inc({ outcome }, count),
  };
  return new Dispatcher(deps, options);
}

/** A suspended tenant's applications are told like any other's: that is when it matters. */
async function lookUp(
  directory: TenantDirectory,
  { tenant: slug, clientId }: Receiver,
): Promise<KnownReceiver | undefined> {
  const tenant = await directory.find(slug);
  if (tenant === undefined) return undefined;
  const settings = tenant.application(clientId)?.settings;
  const uri = settings?.backchannelLogoutUri ?? null;
  if (settings === undefined || uri === null) return { vault: tenant.vault, endpoint: undefined };
  const key = tenant.signingKeys(null).find(({ alg }) => alg === settings.idTokenAlg);
  if (key === undefined) throw new TypeError(`tenant ${slug} has no key for ${settings.idTokenAlg}`);
  return { vault: tenant.vault, endpoint: { uri, issuer: tenant.issuer, key } };
}
