import type { TenantId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { AuditRecord } from './audit-record.js';

/** Writes audit events: in the transaction of the change they tell of, or alone for a refusal that changes nothing. */
export interface AuditStore {
  append(scope: TenantScope, records: readonly AuditRecord[]): void;
  /** In the scope's transaction, to the log of the tenant above the scope's. */
  appendAbove(scope: TenantScope, above: TenantId, records: readonly AuditRecord[]): void;
  appendAlone(tenantId: TenantId, records: readonly AuditRecord[]): Promise<void>;
}
