import type { QueryResultRow } from 'pg';
import type { TenantId, UserId } from '../core/ids.js';
import type { PersonOfTenant } from '../domain/operator/person-of-tenant.js';
import type { Database } from './database.js';

/** An API token in force: whose it is, the role that it carries, and what it may of that. */
export interface ApiToken {
  readonly id: string;
  readonly tenant: { readonly id: TenantId; readonly slug: string };
  readonly roleId: string;
  /** null: all that its role may. */
  readonly scopes: readonly string[] | null;
  /** Whose it is, of the tenant or of one above; null: nobody's own. */
  readonly person: PersonOfTenant | null;
}

/**
 * Finds a token by the hash of its value, which is its own proof, and notes that it was used, once a minute. A
 * token of somebody who is switched off is none.
 */
export async function findApiToken(database: Database, hash: Buffer): Promise<ApiToken | undefined> {
  const [row] = await database.query({
    name: 'api_token_find',
    text: `WITH used AS (
        UPDATE api_tokens SET last_used_at = now()
        WHERE hash = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute'))
      SELECT a.id, a.tenant_id, t.slug, a.role_id, a.scopes, a.owner_id, a.owner_tenant, a.owner_elsewhere_id
      FROM api_tokens a
      JOIN tenants t ON t.id = a.tenant_id
      WHERE a.hash = $1 AND (a.expires_at IS NULL OR a.expires_at > now())`,
    values: [hash],
  });
  if (row === undefined) return undefined;
  const tenantId: TenantId = row['tenant_id'];
  if (row['owner_id'] !== null) {
    const [owners] = await database.inTenant(tenantId, [
      {
        name: 'api_token_owner',
        text: 'SELECT FROM users WHERE tenant_id = $1 AND id = $2 AND active',
        values: [tenantId, row['owner_id']],
      },
    ]);
    if (owners?.length !== 1) return undefined;
  }
  return {
    id: row['id'],
    tenant: { id: tenantId, slug: row['slug'] },
    roleId: row['role_id'],
    scopes: row['scopes'],
    person: personIn(row),
  };
}

function personIn(row: QueryResultRow): PersonOfTenant | null {
  const own: UserId | null = row['owner_id'];
  if (own !== null) return { tenant: row['slug'], userId: own };
  const userId: UserId | null = row['owner_elsewhere_id'];
  return userId === null ? null : { tenant: row['owner_tenant'], userId };
}
