import type { Json, JsonObject } from '../core/json.js';
import type { TenantTransactions } from '../domain/tenant/transactions.js';
import type { TenantScope } from '../core/scope.js';
import { pushCause } from '../domain/audit/cause.js';
import type { Clock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import type { AuditStore } from '../domain/audit/audit-store.js';
import type { ProvisioningDeps, Push } from '../domain/provisioning/provisioning.js';
import type { ProvisioningStore } from '../domain/provisioning/provisioning-store.js';
import type { AccessReviewStore } from '../domain/provisioning/review-access.js';
import type { ScimEffect } from '../domain/provisioning/scim-request.js';
import type { AccessStore } from '../domain/session/end-access.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { TenantSchemas } from './tenant-schemas.js';

/** What the routes need of the rest of the house. */
export interface ScimStores {
  readonly transactions: TenantTransactions;
  readonly provisioning: ProvisioningStore;
  readonly reviews: AccessReviewStore;
  readonly access: AccessStore;
  readonly audit: AuditStore;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** A request as the routes see it: one of HTTP, or one operation of a Bulk request. */
export interface ScimRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: Json | undefined;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

export interface ScimAnswer {
  readonly status: number;
  readonly body?: JsonObject;
  readonly etag?: string;
  readonly location?: string;
}

/** One authenticated call: who asks what, of which tenant, and what it came to so far. */
export class ScimCall {
  /** What was done, for the flight recorder. */
  readonly effects: ScimEffect[] = [];

  constructor(
    readonly tenant: TenantContext,
    readonly push: Push,
    /** Its id in the flight recorder. */
    readonly recordId: string,
    readonly schemas: TenantSchemas,
    readonly stores: ScimStores,
    /** Tells whoever runs the node of what failed on our side. */
    readonly report: (error: unknown) => void,
  ) {}

  /** `{issuer}/scim/v2` */
  get baseUrl(): string {
    return `${this.tenant.issuer}/scim/v2`;
  }

  /** Everything that one operation reads and writes: all of it, or nothing. May be run again. */
  transaction<T>(work: (deps: ProvisioningDeps, scope: TenantScope) => Promise<T>): Promise<T> {
    const { transactions, ids, clock, ...rest } = this.stores;
    const deps = { ...rest, auditTools: { ids, clock, vault: this.tenant.vault } };
    return transactions.withTenant(this.tenant.id, (scope) => work(deps, scope), pushCause(this.recordId));
  }
}
