import type { TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { AuditRecord } from '../domain/audit/audit-record.js';
import type {
  Consent,
  ConsentKey,
  ConsentQuery,
  ConsentStore,
  GivenConsent,
} from '../domain/consent/consent-store.js';
import { auditStatements } from './audit-store.js';
import type { Database } from './database.js';

export class PostgresConsentStore implements ConsentStore {
  constructor(private readonly database: Database) {}

  async allowed(tenantId: TenantId, { userId, applicationId }: ConsentKey): Promise<readonly string[]> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'consent_find',
        text: 'SELECT scopes FROM consents WHERE tenant_id = $1 AND user_id = $2 AND application_id = $3',
        values: [tenantId, userId, applicationId],
      },
    ]);
    return rows?.[0]?.['scopes'] ?? [];
  }

  async list(tenantId: TenantId, userId: string): Promise<readonly Consent[]> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'consent_list',
        text: `SELECT a.client_id, c.scopes FROM consents c
          JOIN applications a ON a.tenant_id = c.tenant_id AND a.id = c.application_id
          WHERE c.tenant_id = $1 AND c.user_id = $2 ORDER BY a.name, a.client_id`,
        values: [tenantId, userId],
      },
    ]);
    return (rows ?? []).map((row) => ({ clientId: row['client_id'], scopes: row['scopes'] }));
  }

  async search(
    tenantId: TenantId,
    { userId, applicationId, limit }: ConsentQuery,
  ): Promise<readonly GivenConsent[]> {
    const values: unknown[] = [tenantId, limit];
    const narrowed = Object.entries({ user_id: userId, application_id: applicationId }).flatMap(
      ([column, value]) => (value === undefined ? [] : [`AND c.${column} = $${values.push(value)}`]),
    );
    const [rows] = await this.database.inTenant(tenantId, [
      {
        text: `SELECT c.user_id, u.user_name, a.client_id, c.scopes, c.granted_at FROM consents c
          JOIN applications a ON a.tenant_id = c.tenant_id AND a.id = c.application_id
          JOIN users u ON u.tenant_id = c.tenant_id AND u.id = c.user_id
          WHERE c.tenant_id = $1 ${narrowed.join(' ')} ORDER BY c.granted_at DESC, c.user_id, a.client_id LIMIT $2`,
        values,
      },
    ]);
    return (rows ?? []).map((row) => ({
      userId: row['user_id'],
      userName: row['user_name'],
      clientId: row['client_id'],
      scopes: row['scopes'],
      grantedAt: row['granted_at'],
    }));
  }

  forget(scope: TenantScope, { userId, applicationId }: ConsentKey): void {
    this.database.transaction(scope).defer([
      {
        name: 'consent_forget',
        text: 'DELETE FROM consents WHERE tenant_id = $1 AND user_id = $2 AND application_id = $3',
        values: [scope.tenantId, userId, applicationId],
      },
    ]);
  }

  async allow(
    tenantId: TenantId,
    { userId, applicationId }: ConsentKey,
    scopes: readonly string[],
    audit: AuditRecord,
  ): Promise<void> {
    await this.database.inTenant(tenantId, [
      {
        name: 'consent_allow',
        text: `INSERT INTO consents AS c (tenant_id, user_id, application_id, scopes) VALUES ($1, $2, $3, $4)
          ON CONFLICT (tenant_id, user_id, application_id) DO UPDATE SET granted_at = now(),
            scopes = ARRAY(SELECT DISTINCT unnest(c.scopes || excluded.scopes))`,
        values: [tenantId, userId, applicationId, scopes],
      },
      ...auditStatements(tenantId, [audit]),
    ]);
  }
}
