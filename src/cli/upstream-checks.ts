import { systemClock } from '../core/clock.js';
import { PostgresConfigurationStore } from '../storage/configuration-store.js';
import { TenantContext } from '../http/tenant-context.js';
import type { KeyRing } from '../keys/sealing.js';
import { createOutbound, type Outbound } from '../outbound/outbound.js';
import type { ProbeResult } from '../rp/probe.js';
import { createRelyingParty, type RelyingParty } from '../rp/relying-party.js';
import type { Database } from '../storage/database.js';
import { PostgresUpstreamKeySets } from '../storage/upstream-key-sets.js';
import type { Check } from './checks.js';
import type { CommandContext } from './command-context.js';

/** Asks the upstreams of connections, through the one client for calls that leave. */
export class UpstreamProber {
  readonly #context: CommandContext;
  readonly #database: Database;
  readonly #keyRing: KeyRing;
  readonly #outbound: Outbound;
  readonly #relyingParty: RelyingParty;

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
    this.#relyingParty = createRelyingParty({
      outbound: this.#outbound,
      keySets: new PostgresUpstreamKeySets(database),
      clock: systemClock,
      ids,
      log,
    });
  }

  /** A check for each connection that people may use, or an operator may test. */
  async checkTenant(slug: string): Promise<readonly Check[]> {
    const stored = await new PostgresConfigurationStore(this.#database).find(slug);
    if (stored === undefined) return [];
    const tenant = new TenantContext(stored, this.#context.config.publicUrl, this.#keyRing);
    const checks: Check[] = [];
    for (const connection of tenant.configuration.connections) {
      if (connection.status === 'disabled') continue;
      const results = await this.#relyingParty.probe({
        tenantId: tenant.id,
        connection,
        secrets: tenant.connectionSecrets(connection),
        clientKeys: tenant.signingKeys(connection.id),
        redirectUri: tenant.redirectUri(connection),
      });
      checks.push({
        id: `upstream:${slug}/${connection.key}`,
        ...judge(results, connection.status === 'draft'),
      });
    }
    return checks;
  }

  async close(): Promise<void> {
    await this.#outbound.close();
  }
}

/** A draft that fails disturbs nobody yet. */
function judge(results: readonly ProbeResult[], isDraft: boolean): Omit<Check, 'id'> {
  const failed = results.filter((result) => result.status === 'failed');
  if (failed.length > 0)
    return {
      status: isDraft ? 'warn' : 'fail',
      detail: failed.map((result) => `${result.id}: ${result.detail}`).join('; '),
    };
  const passed = results.filter((result) => result.status === 'passed');
  return { status: 'ok', detail: passed.map((result) => result.detail).join('; ') };
}
