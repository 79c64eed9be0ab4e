import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { ApplicationSecretStore, SecretFacts } from '../domain/application/application-secret-store.js';
import type { ApplicationSecret } from '../domain/application/application.js';
import type { Database, Statement } from './database.js';

/** Client secrets in PostgreSQL. */
export class PostgresApplicationSecretStore implements ApplicationSecretStore {
  constructor(private readonly database: Database) {}

  async list(tenantId: TenantId): Promise<readonly SecretFacts[]> {
    const [rows] = await this.database.inTenant(tenantId, [listing(tenantId)]);
    return (rows ?? []).map(toFacts);
  }

  async listHere(scope: TenantScope): Promise<readonly SecretFacts[]> {
    return (await this.database.transaction(scope).query(listing(scope.tenantId))).map(toFacts);
  }

  succeed(
    scope: TenantScope,
    { applicationId, id, hash }: ApplicationSecret & { readonly applicationId: string },
    overlapSeconds: number,
  ): void {
    const whose = [scope.tenantId, applicationId];
    this.database.transaction(scope).defer([
      {
        name: 'application_secret_second_goes',
        text: `DELETE FROM application_secrets WHERE tenant_id = $1 AND application_id = $2 AND slot = 'secondary'`,
        values: whose,
      },
      {
        name: 'application_secret_first_ends',
        text: `UPDATE application_secrets SET slot = 'secondary',
            expires_at = clock_timestamp() + make_interval(secs => $3::float8)
          WHERE tenant_id = $1 AND application_id = $2 AND slot = 'primary'`,
        values: [...whose, overlapSeconds],
      },
      {
        name: 'application_secret_add',
        text: `INSERT INTO application_secrets (tenant_id, application_id, id, hash, slot, created_at)
          VALUES ($1, $2, $3, $4, 'primary', clock_timestamp())`,
        values: [...whose, id, Buffer.from(hash)],
      },
    ]);
  }

  async noteUsed(tenantId: TenantId, ids: readonly string[]): Promise<void> {
    await this.database.inTenant(tenantId, [
      {
        name: 'application_secrets_used',
        text: `UPDATE application_secrets SET last_used_at = now() WHERE tenant_id = $1 AND id = ANY ($2::uuid[])
          AND (last_used_at IS NULL OR last_used_at < now() - interval '1 hour')`,
        values: [tenantId, ids],
      },
    ]);
  }
}

const listing = (tenantId: TenantId): Statement => ({
  name: 'application_secrets_facts',
  text: `SELECT s.id, a.client_id, s.slot, s.created_at, s.expires_at, s.last_used_at,
      coalesce(s.expires_at <= now(), false) AS is_expired
    FROM application_secrets s JOIN applications a ON a.tenant_id = s.tenant_id AND a.id = s.application_id
    WHERE s.tenant_id = $1 ORDER BY a.client_id, s.slot, s.created_at`,
  values: [tenantId],
});

const toFacts = (row: QueryResultRow): SecretFacts => ({
  id: row['id'],
  clientId: row['client_id'],
  slot: row['slot'],
  createdAt: row['created_at'],
  expiresAt: row['expires_at'],
  lastUsedAt: row['last_used_at'],
  isExpired: row['is_expired'],
});
