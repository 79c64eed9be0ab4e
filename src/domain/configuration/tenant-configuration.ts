import type { AccessPolicy, Api } from '../api/api.js';
import type { Application } from '../application/application.js';
import type { Connection } from '../connection/connection.js';
import type { GroupReference, Role, RoleMapping } from '../role/role.js';
import type { Domain, Tenant } from '../tenant/tenant.js';

/** What an MSP's people may do in its customers' tenants: MSP group → roles, in all customers or in some. */
export interface CustomerGrant {
  readonly group: GroupReference;
  /** Slugs of customers, or `all`. */
  readonly customers: 'all' | readonly string[];
  readonly roles: readonly string[];
}

/** A SCIM token as configuration knows it: never its value. */
export interface ScimTokenName {
  readonly id: string;
  readonly name: string;
  /** Key of the connection whose users it sees. */
  readonly connection: string;
  /** null: it never expires. */
  readonly expiresAt: Date | null;
}

/** All that operators configure of one tenant, as it is in force: secrets aside. */
export interface TenantConfiguration {
  readonly tenant: Tenant;
  /** Slug of the tenant above; null directly below `system`. */
  readonly parentSlug: string | null;
  readonly domains: readonly Domain[];
  readonly connections: readonly Connection[];
  readonly roles: readonly Role[];
  readonly roleMappings: readonly RoleMapping[];
  readonly apis: readonly Api[];
  readonly accessPolicies: readonly AccessPolicy[];
  readonly applications: readonly Application[];
  readonly scimTokens: readonly ScimTokenName[];
  readonly grants: readonly CustomerGrant[];
}
