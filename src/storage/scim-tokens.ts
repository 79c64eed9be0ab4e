import type { TenantId } from '../core/ids.js';
import type { Database } from './database.js';

/** A SCIM token as operators see it: never its value, nor its hash. */
export interface ScimTokenFacts {
  readonly name: string;
  /** Key of the connection whose users it sees. */
  readonly connection: string;
  /** When its value was made or last replaced. */
  readonly createdAt: Date;
  /** null: it never expires. */
  readonly expiresAt: Date | null;
  /** To the minute; null: never, or not since its value was replaced. */
  readonly lastUsedAt: Date | null;
}

/** A tenant's SCIM tokens, by name (C12). */
export async function listScimTokens(
  database: Database,
  tenantId: TenantId,
): Promise<readonly ScimTokenFacts[]> {
  const [rows] = await database.inTenant(tenantId, [
    {
      text: `SELECT s.name, c.key AS connection, s.created_at, s.expires_at, s.last_used_at FROM scim_tokens s
        JOIN connections c ON c.tenant_id = s.tenant_id AND c.id = s.connection_id
        WHERE s.tenant_id = $1 ORDER BY s.name`,
      values: [tenantId],
    },
  ]);
  return (rows ?? []).map((row) => ({
    name: row['name'],
    connection: row['connection'],
    createdAt: row['created_at'],
    expiresAt: row['expires_at'],
    lastUsedAt: row['last_used_at'],
  }));
}
