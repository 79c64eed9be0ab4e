import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { ConfiguredTenant, TenantPlace } from '../domain/configuration/configuration-store.js';
import type { Statement } from './database.js';
import { namelessIds, tenantParts, toStoredTenant } from './tenant-statements.js';

type Send = (statements: readonly Statement[]) => Promise<readonly (readonly QueryResultRow[])[]>;

/** Where tenants stand in the tree; costs the same whatever the number of others. */
export function placesStatement(slugs: readonly string[]): Statement {
  return {
    text: `SELECT t.id, t.slug, nullif(p.slug, 'system') AS parent_slug,
        t.kind <> 'system' AND EXISTS (SELECT FROM tenants c WHERE c.parent_id = t.id) AS has_customers
      FROM tenants t LEFT JOIN tenants p ON p.id = t.parent_id WHERE t.slug = ANY ($1)`,
    values: [slugs],
  };
}

export const toPlace = (row: QueryResultRow): TenantPlace => ({
  id: row['id'],
  slug: row['slug'],
  parentSlug: row['parent_slug'],
  hasCustomers: row['has_customers'],
});

/** Reads the rest of a tenant whose own row was read. `send` sends as the tenant. */
export async function readTenant(row: QueryResultRow, send: Send): Promise<ConfiguredTenant> {
  const tenantId: TenantId = row['id'];
  const hashes = { text: 'SELECT name, hash FROM scim_tokens WHERE tenant_id = $1', values: [tenantId] };
  const [scimTokens, ...parts] = await send([hashes, ...tenantParts(tenantId)]);
  return {
    ...toStoredTenant(row, parts),
    namelessIds: namelessIds(parts),
    scimTokenHashes: new Map(scimTokens?.map((token) => [token['name'], token['hash']])),
  };
}
