import type { ApplicationId, TenantId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { AuditRecord } from '../audit/audit-record.js';

export interface ConsentKey {
  readonly userId: string;
  readonly applicationId: ApplicationId;
}

/** What one application was allowed. */
export interface Consent {
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** What people have allowed third-party applications (B14): remembered over sessions until withdrawn. */
export interface ConsentStore {
  /** Scopes allowed before; an API's scope is written `<identifier> <scope>`. */
  allowed(tenantId: TenantId, key: ConsentKey): Promise<readonly string[]>;
  /** Everything that a person has allowed. */
  list(tenantId: TenantId, userId: string): Promise<readonly Consent[]>;
  /** Forgets what was allowed, with the transaction's next flush. */
  forget(scope: TenantScope, key: ConsentKey): void;
  /** Adds to what was allowed, with its audit event. */
  allow(tenantId: TenantId, key: ConsentKey, scopes: readonly string[], audit: AuditRecord): Promise<void>;
}
