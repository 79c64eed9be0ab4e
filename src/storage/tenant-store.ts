import type { TenantId } from '../core/ids.js';
import type { StoredTenant, TenantStore, TenantVersion } from '../domain/tenant/tenant-store.js';
import type { Database } from './database.js';
import { tenantBySlug, tenantParts, toStoredTenant } from './tenant-statements.js';

/** Tenants from PostgreSQL: two flushes, whatever the tenant holds. */
export class PostgresTenantStore implements TenantStore {
  constructor(private readonly database: Database) {}

  async find(slug: string): Promise<StoredTenant | undefined> {
    const [row] = await this.database.query(tenantBySlug(slug));
    if (row === undefined) return undefined;
    const id = row['id'] as TenantId;
    return toStoredTenant(row, await this.database.inTenant(id, tenantParts(id)));
  }

  async changedWithin(seconds: number): Promise<readonly TenantVersion[]> {
    const rows = await this.database.query({
      name: 'tenants_changed',
      text: `SELECT id, slug, config_version FROM tenants WHERE config_changed_at > now() - make_interval(secs => $1)`,
      values: [seconds],
    });
    return rows.map((row) => ({
      id: row['id'],
      slug: row['slug'],
      configVersion: Number(row['config_version']),
    }));
  }
}
