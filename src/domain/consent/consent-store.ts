import type { ApplicationId, TenantId } from '../../core/ids.js';
import type { AuditRecord } from '../audit/audit-record.js';

export interface ConsentKey {
  readonly userId: string;
  readonly applicationId: ApplicationId;
}

/** What people have allowed third-party applications (B14): remembered over sessions until withdrawn. */
export interface ConsentStore {
  /** Scopes allowed before; an API's scope is written `<identifier> <scope>`. */
  allowed(tenantId: TenantId, key: ConsentKey): Promise<readonly string[]>;
  /** Adds to what was allowed, with its audit event. */
  allow(tenantId: TenantId, key: ConsentKey, scopes: readonly string[], audit: AuditRecord): Promise<void>;
}
