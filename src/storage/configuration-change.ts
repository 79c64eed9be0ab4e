import type { PoolClient } from 'pg';
import type { EntityManager } from 'typeorm';
import type { ConnectionId, TenantId, UserId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { Cause } from '../domain/audit/cause.js';
import type {
  ConfigurationChange,
  ConfiguredTenant,
  EntryWriters,
  NewTenantRecord,
  TenantPlace,
  TenantRecord,
} from '../domain/configuration/configuration-store.js';
import type { TenantConfiguration } from '../domain/configuration/tenant-configuration.js';
import type { SigningKey } from '../domain/keys/signing-key.js';
import type { Domain } from '../domain/tenant/tenant.js';
import { placesStatement, readTenant, toPlace } from './configuration-reading.js';
import { SHOWN_TENANT, showParent, showTenant } from './brokered-sql.js';
import type { Database } from './database.js';
import { createEntryWriters } from './entry-writers.js';
import { SigningKeyTable } from './rows/connections.js';
import { rejoinStatements } from './rejoin-people.js';
import { beforePinning, pinNames, releaseNames } from './role-mapping-pins.js';
import { DomainTable, TenantTable } from './rows/tenants.js';
import { deleteRows, insertRows, updateRows } from './rows/write.js';
import { tenantBySlug } from './tenant-statements.js';

interface Joined {
  readonly scope: TenantScope;
  readonly entries: EntryWriters;
  leave(): Promise<void>;
}

/**
 * One tenant's configuration in an open transaction. It begins as the database user, who may write tenants
 * and domains, locks the tenant's row, and is the tenant's (`causeway_app`, row security) for all else. The
 * lock is one that foreign keys pass (`NO KEY`), so sign-ins of the tenant go on meanwhile.
 */
export class PostgresConfigurationChange implements ConfigurationChange {
  #slug = '';
  #current: ConfiguredTenant | undefined;
  #joined: Joined | undefined;

  constructor(
    private readonly database: Database,
    private readonly manager: EntityManager,
    private readonly client: PoolClient,
  ) {}

  /** Locks and reads the tenant, if there is one. */
  async open(slug: string): Promise<void> {
    this.#slug = slug;
    await this.client.query('SELECT FROM tenants WHERE slug = $1 FOR NO KEY UPDATE', [slug]);
    const { rows } = await this.client.query(tenantBySlug(slug).text, [slug]);
    const [row] = rows;
    if (row === undefined) return;
    const { scope } = await this.#enter(row['id']);
    this.#current = await readTenant(row, (statements) => this.database.transaction(scope).send(statements));
  }

  /** Before the commit: sends what stores have put off. */
  async close(): Promise<void> {
    await this.#joined?.leave();
  }

  get current(): ConfiguredTenant | undefined {
    return this.#current;
  }

  get scope(): TenantScope {
    return this.#tenant().scope;
  }

  get entries(): EntryWriters {
    return this.#tenant().entries;
  }

  async lockPlace(slug: string): Promise<TenantPlace | undefined> {
    return this.#asOwner(async () => {
      await this.client.query('SELECT FROM tenants WHERE slug = $1 FOR SHARE', [slug]);
      const { text, values } = placesStatement([slug]);
      const { rows } = await this.client.query(text, [...values]);
      return rows.map(toPlace)[0];
    });
  }

  async createTenant({ wrappedDataKey, ...record }: NewTenantRecord): Promise<void> {
    await insertRows(this.manager, TenantTable, [{ ...record, dataKey: wrappedDataKey }]);
    await this.#enter(record.id);
  }

  async updateTenant(record: TenantRecord): Promise<void> {
    await this.#asOwner(() =>
      updateRows(this.manager, TenantTable, { id: this.scope.tenantId }, { ...record }),
    );
  }

  async replaceDomains(domains: readonly Domain[]): Promise<void> {
    const { tenantId } = this.scope;
    const rows = domains.map(({ connection, ...domain }) => ({
      ...domain,
      tenantId,
      connectionKey: connection,
    }));
    await this.#asOwner(async () => {
      await deleteRows(this.manager, DomainTable, { tenantId });
      await insertRows(this.manager, DomainTable, rows);
    });
  }

  async addSigningKey({ sealedPrivateJwk, ...key }: SigningKey): Promise<void> {
    const { tenantId } = this.scope;
    await insertRows(this.manager, SigningKeyTable, [
      { ...key, tenantId, privateJwkSealed: sealedPrivateJwk },
    ]);
  }

  async causedBy(cause: Cause): Promise<void> {
    await this.client.query(`SELECT set_config('app.cause', $1, true)`, [cause]);
  }

  async pinGroupNames(names: readonly string[]): Promise<void> {
    const { tenantId } = this.scope;
    // Statements of their own: what the lock waited for is seen by the second.
    await this.database.transaction(this.scope).send([beforePinning(tenantId), pinNames(tenantId, names)]);
  }

  async releaseGroupNames(names: readonly string[]): Promise<void> {
    await this.database.transaction(this.scope).query(releaseNames(this.scope.tenantId, names));
  }

  async rejoinPeople(
    connectionId: ConnectionId,
    versions: { readonly from: number; readonly to: number; readonly issuer: string },
  ): Promise<void> {
    const moved = rejoinStatements(this.scope.tenantId, { connectionId, ...versions });
    await this.database.transaction(this.scope).send(moved);
  }

  async peopleWithAccess(): Promise<readonly UserId[]> {
    const rows = await this.database.transaction(this.scope).query({
      text: `SELECT user_id FROM sessions WHERE tenant_id = $1 AND user_id IS NOT NULL AND ended_at IS NULL
        UNION SELECT user_id FROM oidc_artifacts WHERE tenant_id = $1 AND user_id IS NOT NULL AND kind = 'Grant'
        UNION SELECT a.user_id FROM tenants t
          JOIN oidc_artifacts a ON a.tenant_id = t.parent_id AND a.brokered_tenant_id = $1 AND a.kind = 'Grant'
          WHERE t.id = $1
        ORDER BY user_id`,
      values: [this.scope.tenantId],
    });
    const { tenantId } = this.scope;
    const [, above = []] = await this.database.transaction(this.scope).send([
      showParent(tenantId),
      {
        text: `SELECT DISTINCT brokered_user_id AS user_id FROM sessions
          WHERE tenant_id = ${SHOWN_TENANT} AND brokered_tenant_id = $1 AND ended_at IS NULL`,
        values: [tenantId],
      },
      showTenant(tenantId),
    ]);
    return [...new Set<UserId>([...rows, ...above].map((row) => row['user_id']))].toSorted();
  }

  async reread(): Promise<TenantConfiguration> {
    const transaction = this.database.transaction(this.scope);
    const [row] = await transaction.query(tenantBySlug(this.#slug));
    if (row === undefined) throw new TypeError('the tenant has not been made yet');
    return (await readTenant(row, (statements) => transaction.send(statements))).configuration;
  }

  async bumpVersion(): Promise<void> {
    // The time of the statement, not of the transaction's begin: nodes ask for what changed lately.
    const version = {
      configVersion: () => 'config_version + 1',
      configChangedAt: () => 'clock_timestamp()',
    };
    await this.#asOwner(() => updateRows(this.manager, TenantTable, { id: this.scope.tenantId }, version));
  }

  #tenant(): Joined {
    if (this.#joined === undefined) throw new TypeError('the tenant has not been made yet');
    return this.#joined;
  }

  async #enter(tenantId: TenantId): Promise<Joined> {
    await this.client.query('SET LOCAL ROLE causeway_app');
    await this.client.query(`SELECT set_config('app.tenant_id', $1, true)`, [tenantId]);
    const entries = createEntryWriters(this.manager, tenantId);
    this.#joined = { ...this.database.join(this.client, tenantId), entries };
    return this.#joined;
  }

  /** The application's role may read tenants and domains, not write them. */
  async #asOwner<T>(work: () => Promise<T>): Promise<T> {
    if (this.#joined === undefined) return work();
    await this.client.query('RESET ROLE');
    const result = await work();
    await this.client.query('SET LOCAL ROLE causeway_app');
    return result;
  }
}
