import type { RoleId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { ApiToken, ApiTokenStore } from '../domain/api-token/api-token-store.js';
import type { Database } from './database.js';

/** Tokens for the management API, written in the tenant's transaction. */
export class PostgresApiTokenStore implements ApiTokenStore {
  constructor(private readonly database: Database) {}

  async create(scope: TenantScope, token: ApiToken): Promise<void> {
    await this.database.transaction(scope).query({
      text: `INSERT INTO api_tokens (tenant_id, id, role_id, name, hash, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)`,
      values: [scope.tenantId, token.id, token.role, token.name, token.hash, token.expiresAt],
    });
  }

  async findRole(scope: TenantScope, key: string): Promise<RoleId | undefined> {
    const [row] = await this.database.transaction(scope).query({
      text: 'SELECT id FROM roles WHERE tenant_id = $1 AND key = $2',
      values: [scope.tenantId, key],
    });
    return row?.['id'];
  }
}
