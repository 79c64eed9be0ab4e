import type { RoleId, TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { ApiToken, ApiTokenStore } from '../domain/api-token/api-token-store.js';
import type { ApiTokenFacts } from '../domain/api-token/token-list.js';
import type { Database } from './database.js';

/** Tokens for the management API, written in the tenant's transaction. */
export class PostgresApiTokenStore implements ApiTokenStore {
  constructor(private readonly database: Database) {}

  async create(scope: TenantScope, token: ApiToken): Promise<void> {
    await this.database.transaction(scope).query({
      text: `INSERT INTO api_tokens (tenant_id, id, role_id, name, hash, expires_at, scopes, owner_id, created_by,
          owner_tenant, owner_elsewhere_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      values: [
        scope.tenantId,
        token.id,
        token.role,
        token.name,
        token.hash,
        token.expiresAt,
        token.scopes,
        token.ownerId,
        token.createdBy,
        token.ownerElsewhere?.tenant ?? null,
        token.ownerElsewhere?.userId ?? null,
      ],
    });
  }

  async find(tenantId: TenantId, id: string): Promise<ApiTokenFacts | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        text: `SELECT a.*, r.key AS role FROM api_tokens a
          JOIN roles r ON r.tenant_id = a.tenant_id AND r.id = a.role_id WHERE a.tenant_id = $1 AND a.id = $2`,
        values: [tenantId, id],
      },
    ]);
    const row = rows?.[0];
    if (row === undefined) return undefined;
    return {
      id: row['id'],
      name: row['name'],
      role: row['role'],
      scopes: row['scopes'],
      createdAt: row['created_at'],
      createdBy: row['created_by'],
      ownerId: row['owner_id'],
      expiresAt: row['expires_at'],
      lastUsedAt: row['last_used_at'],
    };
  }

  async delete(scope: TenantScope, id: string): Promise<string | undefined> {
    const [row] = await this.database.transaction(scope).query({
      text: 'DELETE FROM api_tokens WHERE tenant_id = $1 AND id = $2 RETURNING name',
      values: [scope.tenantId, id],
    });
    return row?.['name'];
  }

  async findRole(scope: TenantScope, key: string): Promise<RoleId | undefined> {
    const [row] = await this.database.transaction(scope).query({
      text: 'SELECT id FROM roles WHERE tenant_id = $1 AND key = $2',
      values: [scope.tenantId, key],
    });
    return row?.['id'];
  }
}
