import { randomFillSync } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Context } from 'koa';
import { Broker, createInteractions } from '../broker/broker.js';
import type { BrokerDeps } from '../broker/deps.js';
import { createRevalidate } from '../broker/revalidate.js';
import { createForwardSignOut } from '../broker/sign-out-trip.js';
import { systemClock } from '../core/clock.js';
import { createIds, type Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { endAccess } from '../domain/session/end-access.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { originOf, type TrustedProxies } from '../http/request-origin.js';
import type { TenantContext } from '../http/tenant-context.js';
import { TenantDirectory } from '../http/tenant-directory.js';
import { poolRandom } from '../keys/random-pool.js';
import type { KeyRing } from '../keys/sealing.js';
import { SecretUses } from '../op/client-secrets.js';
import { ProviderCache } from '../op/provider-cache.js';
import { createOutbound, type Outbound, type OutboundOptions } from '../outbound/outbound.js';
import { stylesheet } from '../pages/assets.js';
import type { RelyingPartyDeps } from '../rp/deps.js';
import { OktaGroups } from '../rp/okta-groups/okta-groups.js';
import { createRelyingParty, type RelyingParty } from '../rp/relying-party.js';
import { createConnectionTester } from '../rp/testing/tester.js';
import type { Dispatcher } from '../events/dispatcher.js';
import type { ClientRate } from '../http/client-rate.js';
import type { Recorder } from '../scim/recorder.js';
import { PostgresAccessStore } from '../storage/access-store.js';
import { PostgresArtifactStore } from '../storage/artifact-store.js';
import { PostgresAuditStore } from '../storage/audit-store.js';
import { PostgresConnectionTestStore } from '../storage/connection-test-store.js';
import { PostgresConsentStore } from '../storage/consent-store.js';
import { Database } from '../storage/database.js';
import { PostgresGroupsApiStore } from '../storage/groups-api-store.js';
import { PostgresLoginTransactionStore } from '../storage/login-transaction-store.js';
import { PostgresPeopleStore } from '../storage/people-store.js';
import { PostgresSecretUseStore } from '../storage/secret-use-store.js';
import { PostgresTryCounter } from '../storage/try-counter.js';
import { PostgresTenantStore } from '../storage/tenant-store.js';
import { PostgresTenantTree } from '../storage/tenant-tree.js';
import { PostgresUpstreamGrantStore } from '../storage/upstream-grant-store.js';
import { PostgresUpstreamKeySets } from '../storage/upstream-key-sets.js';
import { PostgresUpstreamSessionStore } from '../storage/upstream-session-store.js';
import type { DataSource } from 'typeorm';
import { ApiReference } from './api-reference.js';
import { createEdge } from './app.js';
import { composeLogoutDeliveries } from './logout-deliveries.js';
import { Metrics } from './metrics.js';
import { composeOperators, composeSignIn } from './operator-pages.js';
import { Operations } from './operations.js';
import { composeSetupPages } from './setup-links.js';
import { composeManagement, type Management } from './management.js';
import { composeRegistration } from './registration.js';
import { composeScim } from './scim-server.js';
import { findApiToken } from '../storage/api-tokens.js';
import { sha256 } from '../keys/hash.js';
import { readToken } from '../keys/tokens.js';

/** What a serving node is made of. */
export interface Settings {
  readonly version: string;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly trustedProxies: TrustedProxies;
  readonly privateUpstreams: OutboundOptions['privateAddresses'];
  readonly databaseKind: 'embedded' | 'external';
  readonly metricsElsewhere: boolean;
}

export interface Node {
  /** Answers requests. */
  readonly handle: RequestListener;
  readonly directory: TenantDirectory;
  readonly providers: ProviderCache;
  readonly metrics: Metrics;
  readonly operations: Operations;
  readonly relyingParty: RelyingParty;
  readonly database: Database;
  readonly ids: Ids;
  readonly scimRecorder: Recorder;
  readonly scimRate: ClientRate;
  readonly management: Management;
  readonly secretUses: SecretUses;
  /** Tells applications that sessions have ended, and of sign-ins on devices, once it is started. */
  readonly logoutDeliveries: Dispatcher;
  close(): Promise<void>;
}

export const systemIds = (): Ids => createIds(poolRandom(randomFillSync), () => systemClock.now().getTime());

const keySetsIn = (database: Database) => new PostgresUpstreamKeySets(database);
const isLoopback = (publicUrl: string): boolean => publicUrl.startsWith('http:');

/** The composition root: every part is made here, once, and given what it needs. */
export function compose(settings: Settings, dataSource: DataSource, keyRing: KeyRing, log: Logger): Node {
  const [ids, clock] = [systemIds(), systemClock];
  const { metrics, outbound } = composeOutbound(settings, log);
  const database = new Database(dataSource, () => metrics.databaseFlushes.inc());
  const stored = stores(database, log);
  const upstreams = composeUpstreams({ outbound, clock, ids, log }, database, stored.secretUses);
  const directory = composeDirectory(settings, database, keyRing, log);
  const stylesheetHref = `${settings.publicUrl}/assets/${stylesheet.path}`;
  const shared = { ...stored, originOf: originBy(settings), stylesheetHref, ids, clock, log };
  const signIn = composeSignIn(database, settings, shared);
  const broker = {
    ...shared,
    local: signIn,
    transactions: database,
    ...upstreams,
    onOutcome: (outcome: string) => metrics.signIns.inc({ outcome }),
  };
  const providers = composeProviders(broker, outbound, database);
  const operations = composeOperations(settings, database, metrics, stylesheetHref);
  const { scim, ...rest } = composeScim(database, shared);
  const operators = composeOperators(database, settings, directory, { ...shared, signIn });
  const management = composeManagement({
    ...shared,
    ...upstreams,
    publicUrl: settings.publicUrl,
    consoleOrigins: [new URL(settings.publicUrl).origin],
    database,
    keyRing,
    directory,
    providers,
    ...operators,
  });
  const handle = createEdge({
    publicUrl: settings.publicUrl,
    management: management.api,
    apiReference: new ApiReference(management.operations, { ...settings, stylesheetHref }),
    stylesheetHref,
    directory,
    providers,
    broker: new Broker(broker, providers),
    registration: composeRegistration({ settings, database, keyRing, directory, ids }),
    scim,
    operators: operators.pages,
    setup: composeSetupPages(database, settings, directory, shared),
    operations,
    metrics,
    ids,
    now: () => clock.now(),
    log,
  });
  const logoutDeliveries = composeLogoutDeliveries({ ...shared, database, directory, outbound, metrics });
  return {
    handle,
    directory,
    providers,
    metrics,
    operations,
    ...upstreams,
    database,
    ids,
    logoutDeliveries,
    ...rest,
    management,
    secretUses: shared.secretUses,
    close: () => closeAll({ ...shared, ...rest, management, logoutDeliveries, outbound, dataSource }),
  };
}

/** What still waits to be written is, before what it is written to is closed. */
async function closeAll(
  parts: Pick<Node, 'management' | 'logoutDeliveries' | 'scimRecorder' | 'secretUses'> & {
    readonly outbound: Outbound;
    readonly dataSource: DataSource;
  },
): Promise<void> {
  await parts.management.settle();
  await parts.logoutDeliveries.stop();
  await parts.scimRecorder.flush();
  await parts.secretUses.flush();
  await parts.outbound.close();
  await parts.dataSource.destroy();
}

/** The providers of tenants, and what takes on their interactions. */
function composeProviders(
  broker: BrokerDeps & ReturnType<typeof stores>,
  outbound: Outbound,
  database: Database,
): ProviderCache {
  return new ProviderCache({
    ...broker,
    interactions: createInteractions(broker),
    revalidate: createRevalidate(broker),
    forwardSignOut: createForwardSignOut(broker),
    endSession: (tenant, sessionUid) => endSession(tenant, sessionUid, broker, database),
    fetch: outbound.fetchFor({ name: 'client-keys', bytesMax: 64 * 1024 }),
  });
}

/** What talks to upstreams: for people who sign in, and for whoever tests a connection. */
function composeUpstreams(
  deps: Omit<RelyingPartyDeps, 'keySets' | 'lane' | 'secretUses'>,
  database: Database,
  secretUses: SecretUses,
) {
  return {
    relyingParty: createRelyingParty({ ...deps, keySets: keySetsIn(database), secretUses }),
    tester: createConnectionTester(deps),
    oktaGroups: new OktaGroups(deps),
  };
}

/** The tenants that this node serves. */
function composeDirectory(
  { publicUrl }: Settings,
  database: Database,
  keyRing: KeyRing,
  log: Logger,
): TenantDirectory {
  const store = new PostgresTenantStore(database);
  const tree = new PostgresTenantTree(database);
  return new TenantDirectory({ store, tree, keyRing, publicUrl, clock: systemClock, log });
}

/** The way out, and the counters that watch it. */
function composeOutbound(
  settings: Settings,
  log: Logger,
): { readonly metrics: Metrics; readonly outbound: Outbound } {
  let outbound: Outbound | undefined;
  const metrics = new Metrics(() => outbound?.lanes().filter((lane) => lane.circuit === 'open').length ?? 0);
  outbound = createOutbound({
    privateAddresses: settings.privateUpstreams,
    allowHttpLoopback: isLoopback(settings.publicUrl),
    clock: systemClock,
    log,
    onOutcome: (_lane, outcome, seconds) => metrics.outboundSeconds.observe({ outcome }, seconds),
  });
  return { metrics, outbound };
}

function stores(database: Database, log: Logger) {
  return {
    secretUses: new SecretUses(new PostgresSecretUseStore(database), systemClock, log),
    logins: new PostgresLoginTransactionStore(database),
    artifacts: new PostgresArtifactStore(database),
    people: new PostgresPeopleStore(database),
    access: new PostgresAccessStore(database),
    upstreamGrants: new PostgresUpstreamGrantStore(database),
    upstreamSessions: new PostgresUpstreamSessionStore(database),
    audit: new PostgresAuditStore(database),
    consents: new PostgresConsentStore(database),
    tests: new PostgresConnectionTestStore(database),
    groupsApis: new PostgresGroupsApiStore(database),
    tries: new PostgresTryCounter(database),
  };
}

const originBy =
  (settings: Settings) =>
  (ctx: Context): RequestOrigin =>
    originOf(ctx, settings.trustedProxies);

/** A person signed out: the same funnel as every other end of access. */
async function endSession(
  tenant: TenantContext,
  sessionUid: string,
  shared: ReturnType<typeof stores> & Pick<BrokerDeps, 'ids' | 'clock'>,
  database: Database,
): Promise<void> {
  await database.withTenant(tenant.id, async (scope) => {
    await endAccess({ ...shared, auditTools: { ...shared, vault: tenant.vault } }, scope, {
      target: { session: sessionUid },
      reason: 'signed_out',
      actor: { type: 'system', id: 'sign-out' },
    });
  });
}

function composeOperations(
  settings: Settings,
  database: Database,
  metrics: Metrics,
  stylesheetHref: string,
): Operations {
  return new Operations({
    version: settings.version,
    stylesheetHref,
    databaseKind: settings.databaseKind,
    metricsElsewhere: settings.metricsElsewhere,
    consolePath: '/console/',
    metrics,
    pingDatabase: async () => {
      await database.query({ name: 'ping', text: 'SELECT 1', values: [] });
    },
    // What a node counts is the deployment's, and no tenant's.
    isApiToken: async (token) =>
      readToken(token)?.kind === 'api' &&
      (await findApiToken(database, sha256(token)))?.tenant.slug === SYSTEM_SLUG,
  });
}
