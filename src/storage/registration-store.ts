import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type {
  InitialAccessToken,
  RegisteredApplication,
  RegistrationStore,
} from '../domain/application/registration.js';
import type { Database, Statement } from './database.js';
import { toApplication } from './tenant-statements.js';

/** Initial access tokens and registered applications in PostgreSQL. */
export class PostgresRegistrationStore implements RegistrationStore {
  constructor(private readonly database: Database) {}

  async findToken(tenantId: TenantId, hash: Uint8Array): Promise<InitialAccessToken | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'initial_access_find',
        text: `SELECT * FROM initial_access_tokens
          WHERE tenant_id = $1 AND hash = $2 AND (expires_at IS NULL OR expires_at > now())`,
        values: [tenantId, hash],
      },
    ]);
    return rows?.map(toToken)[0];
  }

  async useToken(scope: TenantScope, hash: Uint8Array): Promise<InitialAccessToken | undefined> {
    const rows = await this.database.transaction(scope).query({
      name: 'initial_access_use',
      text: `UPDATE initial_access_tokens SET last_used_at = now()
        WHERE tenant_id = $1 AND hash = $2 AND (expires_at IS NULL OR expires_at > clock_timestamp())
        RETURNING *`,
      values: [scope.tenantId, hash],
    });
    return rows.map(toToken)[0];
  }

  async createToken(
    scope: TenantScope,
    token: Parameters<RegistrationStore['createToken']>[1],
  ): Promise<void> {
    const { id, name, hash, bounds, expiresAt } = token;
    await this.database.transaction(scope).query({
      text: `INSERT INTO initial_access_tokens (tenant_id, id, name, hash, settings, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)`,
      values: [scope.tenantId, id, name, hash, JSON.stringify(bounds), expiresAt],
    });
  }

  async listTokens(tenantId: TenantId): Promise<readonly InitialAccessToken[]> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        text: 'SELECT * FROM initial_access_tokens WHERE tenant_id = $1 ORDER BY id',
        values: [tenantId],
      },
    ]);
    return (rows ?? []).map(toToken);
  }

  async deleteToken(scope: TenantScope, id: string): Promise<string | undefined> {
    const [row] = await this.database.transaction(scope).query({
      text: 'DELETE FROM initial_access_tokens WHERE tenant_id = $1 AND id = $2 RETURNING name',
      values: [scope.tenantId, id],
    });
    return row?.['name'];
  }

  async findApplication(tenantId: TenantId, clientId: string): Promise<RegisteredApplication | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [registered(tenantId, clientId)]);
    return rows?.map(toRegistered)[0];
  }

  async readApplication(scope: TenantScope, clientId: string): Promise<RegisteredApplication | undefined> {
    const rows = await this.database.transaction(scope).query(registered(scope.tenantId, clientId));
    return rows.map(toRegistered)[0];
  }
}

const registered = (tenantId: TenantId, clientId: string): Statement => ({
  name: 'registered_application',
  text: `SELECT * FROM applications WHERE tenant_id = $1 AND client_id = $2
    AND source = 'registration' AND registration_token_hash IS NOT NULL`,
  values: [tenantId, clientId],
});

const toToken = (row: QueryResultRow): InitialAccessToken => ({
  id: row['id'],
  name: row['name'],
  bounds: row['settings'],
  createdAt: row['created_at'],
  expiresAt: row['expires_at'],
  lastUsedAt: row['last_used_at'],
});

const toRegistered = (row: QueryResultRow): RegisteredApplication => ({
  application: toApplication(row),
  tokenHash: row['registration_token_hash'],
  bounds: row['registration_bounds'],
  issuedAt: row['created_at'],
});
