import type { TenantId } from '../core/ids.js';
import type { AuditRecord } from '../domain/audit/audit-record.js';
import type { ConsentKey, ConsentStore } from '../domain/consent/consent-store.js';
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
