import type { TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { AuditRecord } from '../domain/audit/audit-record.js';
import type { AuditStore } from '../domain/audit/audit-store.js';
import { showTenant } from './brokered-sql.js';
import type { Database, Statement } from './database.js';

/** The statements that write audit events: to be sent with the change that they tell of. */
export function auditStatements(tenantId: TenantId, records: readonly AuditRecord[]): readonly Statement[] {
  return records.flatMap((record) => [
    {
      name: 'audit_event',
      text: `INSERT INTO audit_events (tenant_id, id, at, action, outcome, reference, body, hash, actor, target,
          application, connection)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      values: [
        tenantId,
        record.id,
        record.at,
        record.action,
        record.outcome,
        record.reference,
        record.body,
        record.hash,
        record.found.actor,
        record.found.target,
        record.found.application,
        record.found.connection,
      ],
    },
    ...(record.sealedPersonal === null
      ? []
      : [
          {
            name: 'audit_personal',
            text: `INSERT INTO audit_personal (tenant_id, event_id, subject, sealed) VALUES ($1, $2, $3, $4)`,
            values: [tenantId, record.id, record.subject, record.sealedPersonal],
          },
        ]),
  ]);
}

export class PostgresAuditStore implements AuditStore {
  constructor(private readonly database: Database) {}

  append(scope: TenantScope, records: readonly AuditRecord[]): void {
    this.database.transaction(scope).defer(auditStatements(scope.tenantId, records));
  }

  appendAbove(scope: TenantScope, above: TenantId, records: readonly AuditRecord[]): void {
    this.database
      .transaction(scope)
      .defer([showTenant(above), ...auditStatements(above, records), showTenant(scope.tenantId)]);
  }

  async appendAlone(tenantId: TenantId, records: readonly AuditRecord[]): Promise<void> {
    await this.database.inTenant(tenantId, auditStatements(tenantId, records));
  }
}
