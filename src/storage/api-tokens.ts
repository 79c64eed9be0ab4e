import type { TenantId } from '../core/ids.js';
import type { Database } from './database.js';

/** An API token in force: whose it is, and the role that it carries. */
export interface ApiToken {
  readonly id: string;
  readonly tenantId: TenantId;
}

/** Finds a token by the hash of its value, which is its own proof. */
export async function findApiToken(database: Database, hash: Buffer): Promise<ApiToken | undefined> {
  const [row] = await database.query({
    name: 'api_token_find',
    text: `SELECT id, tenant_id FROM api_tokens WHERE hash = $1 AND (expires_at IS NULL OR expires_at > now())`,
    values: [hash],
  });
  return row === undefined ? undefined : { id: row['id'], tenantId: row['tenant_id'] };
}
