import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger, type Logger } from '../../src/core/logger.js';
import { applyConfiguration, type ApplyOutcome } from '../../src/domain/configuration/apply-configuration.js';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import { ensureSystemTenant } from '../../src/domain/configuration/system-tenant.js';
import { KeyRing } from '../../src/keys/sealing.js';
import { normalizeIssuer } from '../../src/domain/connection/issuer.js';
import { compose, systemIds, type Node, type Settings } from '../../src/server/compose.js';
import { PostgresAccessReviewStore } from '../../src/storage/access-review-store.js';
import { PostgresAccountStore } from '../../src/storage/account-store.js';
import { PostgresStandingProfileStore } from '../../src/storage/standing-profile-store.js';
import { PostgresAccessStore } from '../../src/storage/access-store.js';
import { PostgresAuditStore } from '../../src/storage/audit-store.js';
import { PostgresConfigurationStore } from '../../src/storage/configuration-store.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { freshDatabase, PATIENT } from './database.js';
import { testKeyMaker } from './signing-keys.js';

/** A serving node of a test: the real composition on a real socket and a database of its own. */
export interface TestNode {
  readonly url: string;
  readonly node: Node;
  readonly databaseUrl: string;
  /** Opens what the deployment has sealed. */
  readonly keyRing: KeyRing;
  /** Makes tenants look like this; and the node knows of it at once. */
  apply(tenants: readonly Omit<DesiredTenant, 'path'>[], allowDelete?: boolean): Promise<ApplyOutcome>;
  /** A second node over the same database and keys. */
  sibling(): Promise<TestNode>;
  /** Stops this node; the others go on. */
  leave(): Promise<void>;
  /** Stops all of them and drops the database. */
  stop(): Promise<void>;
}

export interface TestNodeOptions {
  readonly log?: Logger;
  readonly settings?: Partial<Settings>;
  /** What the deployment is sealed with, for tests that also open it by the command line; random when absent. */
  readonly keyRing?: KeyRing;
}

export async function startTestNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const database = await freshDatabase();
  const keyRing = options.keyRing ?? new KeyRing([{ id: 'test', secret: randomBytes(32) }]);
  const ids = systemIds();
  const store = new PostgresConfigurationStore(database.database);
  const keys = testKeyMaker(keyRing, ids);
  const audit = new PostgresAuditStore(database.database);
  await ensureSystemTenant({ store, keys, ids, audit, clock: systemClock });
  const nodes: TestNode[] = [];
  const start = async (publicUrl?: string): Promise<TestNode> => {
    const { server, url } = await listen(publicUrl);
    const dataSource = await createDataSource(database.url, PATIENT).initialize();
    const node = compose(
      {
        version: '0.0.0-test',
        publicUrl: publicUrl ?? url,
        trustedProxies: { kind: 'none' },
        privateUpstreams: 'allow',
        databaseKind: 'external',
        metricsElsewhere: false,
        ...options.settings,
      },
      dataSource,
      keyRing,
      options.log ?? silentLogger,
    );
    server.on('request', node.handle);
    const own = new Database(dataSource);
    const deps = {
      store: new PostgresConfigurationStore(own),
      keys,
      access: new PostgresAccessStore(own),
      reviews: new PostgresAccessReviewStore(own),
      standings: new PostgresStandingProfileStore(own),
      owners: new PostgresAccountStore(own),
      audit: new PostgresAuditStore(own),
      ids,
      clock: systemClock,
    };
    const testNode: TestNode = {
      url,
      node,
      databaseUrl: database.url,
      keyRing,
      async apply(tenants, allowDelete = true) {
        const desired = tenants.map((tenant, index) => ({ ...tenant, path: `tenants[${index}]` }));
        const outcome = await applyConfiguration(deps, desired, {
          rules: RULES,
          allowDelete,
          dryRun: false,
          actor: { type: 'operator', id: 'test' },
        });
        if (outcome.outcome !== 'applied') throw new Error(`apply: ${JSON.stringify(outcome)}`);
        await Promise.all(nodes.map((other) => other.node.directory.refresh()));
        return outcome;
      },
      sibling: () => start(publicUrl ?? url),
      async leave() {
        nodes.splice(nodes.indexOf(testNode), 1);
        await close(testNode);
      },
      async stop() {
        await Promise.all(nodes.splice(0).map((one) => close(one)));
        await database.destroy();
      },
    };
    const close = async (one: TestNode): Promise<void> => {
      await closers.get(one)?.();
      await one.node.close();
    };
    closers.set(testNode, () => closeServer(server));
    nodes.push(testNode);
    return testNode;
  };
  const closers = new Map<TestNode, () => Promise<void>>();
  return start(options.settings?.publicUrl);
}

const RULES = {
  allowHttpLoopback: true,
  readIssuer: (input: Parameters<typeof normalizeIssuer>[0], type: 'okta' | 'oidc') => {
    const read = normalizeIssuer(input, { type, allowHttpLoopback: true });
    return 'issuer' in read ? { issuer: read.issuer } : { fault: JSON.stringify(read) };
  },
};

async function listen(publicUrl: string | undefined): Promise<{ server: Server; url: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { server, url: publicUrl === undefined ? `http://localhost:${port}` : `http://127.0.0.1:${port}` };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
