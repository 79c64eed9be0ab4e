import type { Clock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { Application } from '../domain/application/application.js';
import type { ArtifactStore } from '../domain/artifact/artifact-store.js';
import type { AuditStore } from '../domain/audit/audit-store.js';
import type { DeliveryKind, Receiver } from '../domain/delivery/delivery.js';
import { Dispatcher, type DispatcherOptions, type KnownReceiver } from '../events/dispatcher.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import { deviceSignIn } from '../op/device-webhook.js';
import type { Outbound } from '../outbound/outbound.js';
import type { Database } from '../storage/database.js';
import { PostgresOutboxStore } from '../storage/outbox-store.js';
import type { Metrics } from './metrics.js';

export interface LogoutDeliveriesDeps {
  readonly database: Database;
  readonly directory: TenantDirectory;
  readonly artifacts: ArtifactStore;
  readonly outbound: Outbound;
  readonly audit: AuditStore;
  readonly metrics: Metrics;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Puts together what tells applications that sessions have ended, and that devices have signed in. It does nothing before
 * it is started.
 */
export function composeLogoutDeliveries(
  { database, directory, artifacts, metrics, ...shared }: LogoutDeliveriesDeps,
  options?: DispatcherOptions,
): Dispatcher {
  const counters = { logout: metrics.logoutDeliveries, device: metrics.deviceWebhooks };
  const deps = {
    ...shared,
    outbox: new PostgresOutboxStore(database),
    transactions: database,
    lookUp: (receiver: Receiver) => lookUp(directory, artifacts, receiver),
    random: Math.random,
    onOutcome: (kind: DeliveryKind, outcome: string, count: number) => counters[kind].inc({ outcome }, count),
  };
  return new Dispatcher(deps, options);
}

async function lookUp(
  directory: TenantDirectory,
  artifacts: ArtifactStore,
  { kind, tenant: slug, clientId }: Receiver,
): Promise<KnownReceiver | undefined> {
  const tenant = await directory.find(slug);
  if (tenant === undefined) return undefined;
  const application = tenant.application(clientId);
  const endpoint =
    application === undefined
      ? undefined
      : kind === 'logout'
        ? logoutEndpoint(tenant, application)
        : deviceEndpoint(tenant, application, artifacts);
  return { vault: tenant.vault, endpoint };
}

/** A suspended tenant's applications are told like any other's: that is when it matters. */
function logoutEndpoint(tenant: TenantContext, { settings }: Application): KnownReceiver['endpoint'] {
  const { backchannelLogoutUri: uri, idTokenAlg } = settings;
  if (uri === null) return undefined;
  const key = tenant.signingKeys(null).find(({ alg }) => alg === idTokenAlg);
  if (key === undefined) throw new TypeError(`tenant ${tenant.slug} has no key for ${idTokenAlg}`);
  return { kind: 'logout', uri, issuer: tenant.issuer, key };
}

function deviceEndpoint(
  tenant: TenantContext,
  application: Application,
  artifacts: ArtifactStore,
): KnownReceiver['endpoint'] {
  const { deviceWebhookUri: uri } = application.settings;
  const secret = tenant.webhookSecret(application);
  if (uri === null || secret === undefined) return undefined;
  return {
    kind: 'device',
    uri,
    secret,
    tellOf: (delivery) => deviceSignIn(tenant, application, delivery, artifacts),
  };
}
