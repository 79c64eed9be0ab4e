import type { ApplicationId, TenantId, UserId } from '../../core/ids.js';
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

/** What one person has allowed one application, as operators see it. */
export interface GivenConsent extends Consent {
  readonly userId: UserId;
  readonly userName: string;
  /** When it was given, or last added to. */
  readonly grantedAt: Date;
}

export interface ConsentQuery {
  readonly userId?: UserId | undefined;
  readonly applicationId?: ApplicationId | undefined;
  readonly limit: number;
}

/** What people have allowed third-party applications (B14): remembered over sessions until withdrawn. */
export interface ConsentStore {
  /** Scopes allowed before; an API's scope is written `<identifier> <scope>`. */
  allowed(tenantId: TenantId, key: ConsentKey): Promise<readonly string[]>;
  /** Everything that a person has allowed. */
  list(tenantId: TenantId, userId: string): Promise<readonly Consent[]>;
  /** What people have allowed, newest first. */
  search(tenantId: TenantId, query: ConsentQuery): Promise<readonly GivenConsent[]>;
  /** Forgets what was allowed, with the transaction's next flush. */
  forget(scope: TenantScope, key: ConsentKey): void;
  /** Adds to what was allowed, with its audit event. */
  allow(tenantId: TenantId, key: ConsentKey, scopes: readonly string[], audit: AuditRecord): Promise<void>;
}
