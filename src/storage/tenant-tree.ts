import type { TenantId } from '../core/ids.js';
import type { TenantTree } from '../domain/tenant/tenant-tree.js';
import type { Database } from './database.js';

/** The tree of tenants in PostgreSQL. */
export class PostgresTenantTree implements TenantTree {
  constructor(private readonly database: Database) {}

  async slugOf(id: TenantId): Promise<string | undefined> {
    const [row] = await this.database.query({
      name: 'tenant_slug',
      text: 'SELECT slug FROM tenants WHERE id = $1',
      values: [id],
    });
    return row?.['slug'];
  }

  async customerOfDomain(parentId: TenantId, domain: string): Promise<string | undefined> {
    const [row] = await this.database.query({
      name: 'customer_of_domain',
      text: `SELECT t.slug FROM domains d JOIN tenants t ON t.id = d.tenant_id
        WHERE d.name = $2 AND d.verified AND t.parent_id = $1`,
      values: [parentId, domain],
    });
    return row?.['slug'];
  }
}
