import type { TenantId } from '../../core/ids.js';

/** Looks tenants up by what others call them. Each method is one flush. */
export interface TenantTree {
  /** The slug of a tenant; a tenant never gets another one. */
  slugOf(id: TenantId): Promise<string | undefined>;
  /** The slug of the tenant directly below that has verified the domain. */
  customerOfDomain(parentId: TenantId, domain: string): Promise<string | undefined>;
}
