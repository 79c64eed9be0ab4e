import type { PoolClient } from 'pg';
import { DomainError } from '../core/errors.js';
import type {
  ConfigurationChange,
  ConfigurationStore,
  ConfiguredTenant,
  TenantPlace,
  VerifiedDomain,
} from '../domain/configuration/configuration-store.js';
import { PostgresConfigurationChange } from './configuration-change.js';
import { placesStatement, readTenant, toPlace } from './configuration-reading.js';
import type { Database } from './database.js';
import { isRetryable, translate } from './errors.js';
import { tenantBySlug } from './tenant-statements.js';

const ATTEMPTS_MAX = 3;

/** Configuration in PostgreSQL, written by TypeORM's entity manager over one connection per transaction. */
export class PostgresConfigurationStore implements ConfigurationStore {
  constructor(private readonly database: Database) {}

  async find(slug: string): Promise<ConfiguredTenant | undefined> {
    const [row] = await this.database.query(tenantBySlug(slug));
    if (row === undefined) return undefined;
    return readTenant(row, (statements) => this.database.inTenant(row['id'], statements));
  }

  async places(slugs: readonly string[]): Promise<readonly TenantPlace[]> {
    return (await this.database.query(placesStatement(slugs))).map(toPlace);
  }

  async verifiedDomains(names: readonly string[]): Promise<readonly VerifiedDomain[]> {
    const rows = await this.database.query({
      text: `SELECT d.name, t.slug FROM domains d JOIN tenants t ON t.id = d.tenant_id
        WHERE d.verified AND d.name = ANY ($1)`,
      values: [names],
    });
    return rows.map((row) => ({ name: row['name'], slug: row['slug'] }));
  }

  async change<T>(slug: string, work: (change: ConfigurationChange) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(slug, work);
      } catch (error) {
        if (attempt >= ATTEMPTS_MAX || !(isRetryable(error) || wasMadeMeanwhile(error))) throw error;
      }
    }
  }

  async #once<T>(slug: string, work: (change: ConfigurationChange) => Promise<T>): Promise<T> {
    const runner = this.database.dataSource.createQueryRunner();
    try {
      const client: PoolClient = await runner.connect();
      await runner.startTransaction();
      const change = new PostgresConfigurationChange(this.database, runner.manager, client);
      await change.open(slug);
      const result = await work(change);
      await change.close();
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      return translate(error);
    } finally {
      await runner.release();
    }
  }
}

/** Two who made the same tenant at once: the second one finds it there when it tries again. */
function wasMadeMeanwhile(error: unknown): boolean {
  return error instanceof DomainError && error.details['constraint'] === 'tenants_slug_key';
}
