import { systemClock } from '../core/clock.js';
import type { Connection } from '../domain/connection/connection.js';
import { diagnosisOf } from '../domain/connection/diagnosis/causes.js';
import { verdictOf, type Check as ConnectionCheck } from '../domain/connection/testing/check.js';
import { TenantContext } from '../http/tenant-context.js';
import type { KeyRing } from '../keys/sealing.js';
import { createOutbound, type Outbound } from '../outbound/outbound.js';
import { createConnectionTester, type ConnectionTester } from '../rp/testing/tester.js';
import { PostgresConfigurationStore } from '../storage/configuration-store.js';
import type { Database } from '../storage/database.js';
import type { Check } from './checks.js';
import type { CommandContext } from './command-context.js';

/** What was found of one connection. */
export interface ProbedConnection {
  readonly connection: Connection;
  readonly checks: readonly ConnectionCheck[];
}

/** Asks the upstreams of connections, through the one client for calls that leave. */
export class UpstreamProber {
  readonly #context: CommandContext;
  readonly #database: Database;
  readonly #keyRing: KeyRing;
  readonly #outbound: Outbound;
  readonly #tester: ConnectionTester;

  constructor(context: CommandContext, database: Database, keyRing: KeyRing) {
    const { config, ids, log } = context;
    this.#context = context;
    this.#database = database;
    this.#keyRing = keyRing;
    this.#outbound = createOutbound({
      privateAddresses: config.privateUpstreams,
      allowHttpLoopback: config.loopback,
      clock: systemClock,
      log,
    });
    this.#tester = createConnectionTester({ outbound: this.#outbound, clock: systemClock, ids, log });
  }

  /** Probes the connections of a tenant that are chosen; none when there is no such tenant. */
  async probeTenant(
    slug: string,
    chosen: (connection: Connection) => boolean,
  ): Promise<readonly ProbedConnection[]> {
    const stored = await new PostgresConfigurationStore(this.#database).find(slug);
    if (stored === undefined) return [];
    const tenant = new TenantContext(stored, this.#context.config.publicUrl, this.#keyRing);
    const probed: ProbedConnection[] = [];
    for (const connection of tenant.configuration.connections.filter(chosen)) {
      const checks = await this.#tester.probe({
        tenantId: tenant.id,
        connection,
        secrets: tenant.connectionSecrets(connection),
        clientKeys: tenant.signingKeys(connection.id),
        redirectUri: tenant.redirectUri(connection),
      });
      probed.push({ connection, checks });
    }
    return probed;
  }

  /** A line for each connection that people may use, or an operator may test. */
  async checkTenant(slug: string): Promise<readonly Check[]> {
    const probed = await this.probeTenant(slug, ({ status }) => status !== 'disabled');
    return probed.map(({ connection, checks }) => ({
      id: `upstream:${slug}/${connection.key}`,
      ...judge(checks, connection.status === 'draft'),
    }));
  }

  async close(): Promise<void> {
    await this.#outbound.close();
  }
}

/** A draft that fails disturbs nobody yet. */
function judge(checks: readonly ConnectionCheck[], isDraft: boolean): Omit<Check, 'id'> {
  const verdict = verdictOf(checks);
  const told = checks.filter(({ status }) =>
    verdict === 'ready' ? status === 'passed' : status === 'failed' || status === 'warning',
  );
  const detail = told.map((check) => (verdict === 'ready' ? check.seen : describe(check))).join('; ');
  if (verdict === 'ready') return { status: 'ok', detail };
  return { status: verdict === 'broken' && !isDraft ? 'fail' : 'warn', detail };
}

const describe = ({ id, seen, cause }: ConnectionCheck): string =>
  cause === undefined ? `${id}: ${seen}` : `${id}: ${seen} (${diagnosisOf(cause).admin.cure})`;
