import type { Context } from 'koa';
import { systemClock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { SignInDeps } from '../domain/account/account-deps.js';
import { consoleRolesOf } from '../domain/account/console-roles.js';
import type { RequestOrigin } from '../domain/audit/audit-event.js';
import { grantedRolesOf } from '../domain/operator/granted-roles.js';
import { ClientRate } from '../http/client-rate.js';
import type { Rate } from '../http/rate-limit.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import type { KeyRing } from '../keys/sealing.js';
import type { PresentedSession } from '../management/api/authenticate.js';
import { ManagementApi } from '../management/api/management-api.js';
import type { Operation } from '../management/api/operation.js';
import { apiTokenOperations } from '../management/routes/api-tokens.js';
import { APPLICATIONS, SCIM_TOKENS } from '../management/routes/configuration/application-kinds.js';
import {
  entryOperations,
  type ConfigurationDeps,
} from '../management/routes/configuration/entry-operations.js';
import {
  ACCESS_POLICIES,
  APIS,
  GRANTS,
  ROLE_MAPPINGS,
  ROLES,
} from '../management/routes/configuration/plain-kinds.js';
import { configurationFileOperations } from '../management/routes/configuration-file.js';
import { ofKnownGroups } from '../management/routes/configuration/known-groups.js';
import { healthOperations } from '../management/routes/health.js';
import { integrationOperations } from '../management/routes/integration.js';
import { meOperations } from '../management/routes/me.js';
import { jobOperations } from '../management/routes/jobs.js';
import { domainOperations } from '../management/routes/domains.js';
import { tenantOperations } from '../management/routes/tenants.js';
import { recordHash } from '../op/jwt-handles.js';
import type { ProviderCache } from '../op/provider-cache.js';
import { createTextRecords } from '../outbound/text-records.js';
import type { OktaGroups } from '../rp/okta-groups/okta-groups.js';
import type { ConnectionTester } from '../rp/testing/tester.js';
import { findApiToken } from '../storage/api-tokens.js';
import { PostgresApiTokenStore } from '../storage/api-token-store.js';
import { PostgresArtifactStore } from '../storage/artifact-store.js';
import { PostgresClientUseStore } from '../storage/client-use-store.js';
import { PostgresConnectionLifecycleStore } from '../storage/connection-lifecycle-store.js';
import type { Database } from '../storage/database.js';
import { PostgresJobStore } from '../storage/job-store.js';
import { PostgresGroupListStore } from '../storage/group-list-store.js';
import { PostgresIdempotencyStore } from '../storage/idempotency-store.js';
import { PostgresSecretStates } from '../storage/secret-state-store.js';
import { PostgresTenantHealthStore } from '../storage/tenant-health-store.js';
import { PostgresTenantListStore } from '../storage/tenant-list-store.js';
import { PostgresTokenListStore } from '../storage/token-list-store.js';
import { accountOperations } from './account-operations.js';
import { configurationDeps } from './configuration.js';
import { readSnippet } from './snippets.js';
import { connectionOperations } from './connection-lifecycle.js';
import { peopleOperations } from './people-operations.js';
import { composeConnectionTests } from './connection-tests.js';
import { roleInsightOperations } from './role-insight.js';
import { composeSetupLinks, findSetupLinkIn } from './setup-links.js';

/** Of one caller, and of all that is asked of one tenant (E9): over all nodes together. */
const CALLER_RATE: Rate = { burst: 1_000, perSecond: 100 };
const TENANT_RATE: Rate = { burst: 3_000, perSecond: 300 };

export interface ManagementParts {
  readonly publicUrl: string;
  readonly consoleOrigins: readonly string[];
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly directory: TenantDirectory;
  readonly providers: ProviderCache;
  readonly ids: Ids;
  readonly originOf: (ctx: Context) => RequestOrigin;
  readonly findSession: (ctx: Context) => Promise<PresentedSession | undefined>;
  readonly signIn: SignInDeps;
  readonly tester: ConnectionTester;
  readonly oktaGroups: OktaGroups;
  readonly log: Logger;
}

export interface Management {
  readonly api: ManagementApi;
  /** Everything that the API serves. */
  readonly operations: readonly Operation[];
  /** What each caller may ask for, over all nodes. */
  readonly callerRate: ClientRate;
  /** Tells the other nodes what callers used, and learns from them. */
  exchangeRates(): Promise<void>;
  /** Waits for what goes on after its answer: before the way out or the database closes. */
  settle(): Promise<void>;
}

/** The management API over the stores of this node. */
export function composeManagement(parts: ManagementParts): Management {
  const { database, directory, ids, publicUrl } = parts;
  const clock = systemClock;
  const artifacts = new PostgresArtifactStore(database);
  const rates = [CALLER_RATE, TENANT_RATE].map(
    (rate) => new ClientRate(rate, { uses: new PostgresClientUseStore(database), clock, node: ids.uuid() }),
  );
  const [callerRate, tenantRate] = rates;
  if (callerRate === undefined || tenantRate === undefined) throw new TypeError('there are two rates');
  const connectionTests = composeConnectionTests(parts);
  const operations = operationsOf(parts, connectionTests.operations);
  const accounts = { accounts: artifacts };
  const api = new ManagementApi({
    publicUrl,
    consoleOrigins: parts.consoleOrigins,
    directory,
    operations,
    idempotency: new PostgresIdempotencyStore(database),
    callerRate,
    tenantRate,
    clock,
    now: () => clock.now(),
    originOf: parts.originOf,
    findToken: (hash) => findApiToken(database, hash),
    findSession: parts.findSession,
    findSetupLink: findSetupLinkIn(database),
    rolesOf: (tenant, userId) => consoleRolesOf(accounts, tenant.configuration, userId),
    grantedRoles: (home, userId, customer) => grantedRolesOf(accounts, home.configuration, userId, customer),
    accessTokenLives: async (tenant: TenantContext, jti) =>
      (await artifacts.tokenRecord(tenant.id, recordHash(jti))) !== undefined,
    log: parts.log,
  });
  return {
    api,
    operations,
    callerRate,
    settle: () => connectionTests.settle(),
    async exchangeRates() {
      for (const rate of rates) {
        // oxlint-disable-next-line no-await-in-loop -- two, one after the other
        await rate.exchange();
      }
    },
  };
}

/** The table of operations: what isn't here isn't served, documented or tested. */
function operationsOf(parts: ManagementParts, tests: readonly Operation[]): readonly Operation[] {
  const { database, directory, ids, keyRing, publicUrl } = parts;
  const apply = configurationDeps(database, keyRing, ids);
  const configuration: ConfigurationDeps = {
    apply,
    secrets: new PostgresSecretStates(database),
    rules: { allowHttpLoopback: publicUrl.startsWith('http:') },
    publicUrl,
    directory,
    lifecycles: new PostgresConnectionLifecycleStore(database),
  };
  const tenants = new PostgresTenantListStore(database);
  const groups = new PostgresGroupListStore(database);
  const named = [ROLE_MAPPINGS, GRANTS].map((kind) => ofKnownGroups(kind, groups));
  const kinds = [ROLES, ...named, APIS, ACCESS_POLICIES, APPLICATIONS, SCIM_TOKENS];
  return [
    ...tenantOperations({ ...configuration, tenants }),
    ...domainOperations({ ...configuration, findTexts: createTextRecords() }),
    ...connectionOperations(configuration, parts),
    ...kinds.flatMap((kind) => entryOperations(kind, configuration)),
    ...roleInsightOperations({ ...configuration, database, directory }),
    ...tests,
    ...composeSetupLinks(configuration, { database, directory }),
    ...configurationFileOperations({ ...configuration, tenants }),
    ...integrationOperations({ publicUrl, readSnippet }),
    ...meOperations({ now: () => systemClock.now() }),
    ...healthOperations({ health: new PostgresTenantHealthStore(database), now: () => systemClock.now() }),
    ...jobOperations({
      ...apply,
      transactions: database,
      jobs: new PostgresJobStore(database),
      auditTools: { ids, clock: systemClock },
    }),
    ...apiTokenOperations({
      ...apply,
      transactions: database,
      tokens: new PostgresApiTokenStore(database),
      lists: new PostgresTokenListStore(database),
      auditTools: { ids, clock: systemClock },
    }),
    ...peopleOperations(parts, apply),
    ...accountOperations(parts, apply),
  ];
}
