import type { TenantId } from '../core/ids.js';
import type { Database } from './database.js';

/** A tenant's data key as it is sealed. */
export interface StoredDataKey {
  readonly id: TenantId;
  readonly slug: string;
  readonly wrapped: string;
}

/** Data keys of all tenants, for an operator who changes the deployment's keys. */
export class PostgresDataKeys {
  constructor(private readonly database: Database) {}

  /** How many there are, and how many of them don't begin with the prefix. */
  async count(prefix: string): Promise<{ readonly all: number; readonly others: number }> {
    const [row] = await this.database.query({
      text: `SELECT count(*) AS all, count(*) FILTER (WHERE NOT starts_with(data_key, $1)) AS others FROM tenants`,
      values: [prefix],
    });
    return { all: Number(row?.['all'] ?? 0), others: Number(row?.['others'] ?? 0) };
  }

  /** Some of those that don't begin with the prefix, in the order of their tenants' ids. */
  async others(prefix: string, after: TenantId | null, limit: number): Promise<readonly StoredDataKey[]> {
    const rows = await this.database.query({
      text: `SELECT id, slug, data_key FROM tenants
        WHERE ($2::uuid IS NULL OR id > $2) AND NOT starts_with(data_key, $1) ORDER BY id LIMIT $3`,
      values: [prefix, after, limit],
    });
    return rows.map((row) => ({ id: row['id'], slug: row['slug'], wrapped: row['data_key'] }));
  }

  /** Puts a data key in the place of what was read. @returns false when somebody else changed it meanwhile */
  async replace({ id, wrapped }: StoredDataKey, rewrapped: string): Promise<boolean> {
    const rows = await this.database.query({
      text: 'UPDATE tenants SET data_key = $3 WHERE id = $1 AND data_key = $2 RETURNING id',
      values: [id, wrapped, rewrapped],
    });
    return rows.length > 0;
  }
}
