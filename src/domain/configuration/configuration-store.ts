import type { ConnectionId, TenantId, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { AccessPolicy, Api } from '../api/api.js';
import type { Application, ApplicationSecret } from '../application/application.js';
import type { Cause } from '../audit/cause.js';
import type { Registration } from '../application/registration.js';
import type { Connection } from '../connection/connection.js';
import type { SigningKey } from '../keys/signing-key.js';
import type { Role, RoleMapping } from '../role/role.js';
import type { StoredTenant } from '../tenant/tenant-store.js';
import type { Domain, Tenant } from '../tenant/tenant.js';
import type { CustomerGrant, ScimTokenName, TenantConfiguration } from './tenant-configuration.js';

/** A tenant as it is served, and what only changing it needs. */
export interface ConfiguredTenant extends StoredTenant {
  /** Hashes of SCIM tokens by the token's name. */
  readonly scimTokenHashes: ReadonlyMap<string, Uint8Array>;
  /**
   * Ids of entries without a name of their own: `roleMapping`, `accessPolicy` or `grant`, a space, the view's
   * key.
   */
  readonly namelessIds: ReadonlyMap<string, string>;
}

/** Where a tenant stands in the tree. */
export interface TenantPlace {
  readonly slug: string;
  readonly id: TenantId;
  /** null: directly below `system`, or `system` itself. */
  readonly parentSlug: string | null;
  readonly hasCustomers: boolean;
}

export interface VerifiedDomain {
  readonly name: string;
  readonly slug: string;
}

/** A tenant's own row, as it is made or changed. */
export type TenantRecord = Pick<Tenant, 'name' | 'status' | 'parentId' | 'settings'>;
export type NewTenantRecord = TenantRecord &
  Pick<Tenant, 'id' | 'slug' | 'kind'> & {
    /** The tenant's data key, sealed by a key of the deployment. */
    readonly wrappedDataKey: string;
  };

export interface ConnectionRecord extends Connection {
  /** Sealed; null: none. undefined: as it is. */
  readonly clientSecret?: string | null;
  readonly secondarySecret?: string | null;
}

export interface ApplicationRecord extends Application {
  /** null: it can't change itself any more. undefined: as it is. */
  readonly registration?: Registration | null;
  /** Takes the place of the first one. undefined: as it is. */
  readonly secret?: ApplicationSecret;
  /** Takes the place of the second one; null: there is none. undefined: as it is. */
  readonly secondarySecret?: ApplicationSecret | null;
  /** What its webhook is signed by, sealed; null: there is none. undefined: as it is. */
  readonly webhookSecret?: string | null;
}

export interface ScimTokenRecord extends ScimTokenName {
  /** undefined: as it is. */
  readonly hash?: Uint8Array;
}

/** An entry without a name of its own, under the id of its row. */
export type Nameless<T> = T & { readonly id: string };

/** Writes entries of one kind, found by their ids. */
export interface EntryWriter<T> {
  create(entry: T): Promise<void>;
  update(entry: T): Promise<void>;
  delete(entry: T): Promise<void>;
}

/** Writers of a tenant's entries, by kind. */
export interface EntryWriters {
  readonly connections: EntryWriter<ConnectionRecord>;
  readonly roles: EntryWriter<Role>;
  readonly apis: EntryWriter<Api>;
  readonly applications: EntryWriter<ApplicationRecord>;
  readonly roleMappings: EntryWriter<Nameless<RoleMapping>>;
  readonly accessPolicies: EntryWriter<Nameless<AccessPolicy>>;
  readonly scimTokens: EntryWriter<ScimTokenRecord>;
  readonly grants: EntryWriter<Nameless<CustomerGrant>>;
}

/**
 * One tenant's configuration in one transaction. The tenant's row is locked: no other change of it runs
 * beside.
 */
export interface ConfigurationChange {
  /** As it is in force; undefined when there is no such tenant. */
  readonly current: ConfiguredTenant | undefined;
  /** The right to the tenant's rows. @throws TypeError before the tenant was made. */
  readonly scope: TenantScope;
  /** @throws TypeError before the tenant was made. */
  readonly entries: EntryWriters;

  /**
   * Locks the place of another tenant against re-parenting, so that the tree can't grow a third level
   * meanwhile.
   */
  lockPlace(slug: string): Promise<TenantPlace | undefined>;
  /** Makes the tenant's row. @throws DomainError `already_exists` when somebody else made it just now. */
  createTenant(record: NewTenantRecord): Promise<void>;
  updateTenant(record: TenantRecord): Promise<void>;
  replaceDomains(domains: readonly Domain[]): Promise<void>;
  addSigningKey(key: SigningKey): Promise<void>;
  /** From here on, mappings and assignments that come or go are put down to it. */
  causedBy(cause: Cause): Promise<void>;
  /**
   * Lets mappings and grants by these names mean the SCIM groups that bear them now, on each connection; where there is none,
   * the first to come.
   */
  pinGroupNames(names: readonly string[]): Promise<void>;
  /** No mapping and no grant goes by these names any more. */
  releaseGroupNames(names: readonly string[]): Promise<void>;
  /** Lets a connection's people and groups go along to its next version, whose issuer is the same organization. */
  rejoinPeople(
    connectionId: ConnectionId,
    versions: { readonly from: number; readonly to: number; readonly issuer: string },
  ): Promise<void>;
  /** People who have a live session or grant. */
  peopleWithAccess(): Promise<readonly UserId[]>;
  /** The configuration as it is after the changes so far. */
  reread(): Promise<TenantConfiguration>;
  /** Gives the configuration its next version, by which nodes notice it. */
  bumpVersion(): Promise<void>;
}

/** Configuration of tenants, to be read for a plan and to be changed. */
export interface ConfigurationStore {
  find(slug: string): Promise<ConfiguredTenant | undefined>;
  /** Those of the slugs that are tenants. Costs the same whatever the number of others. */
  places(slugs: readonly string[]): Promise<readonly TenantPlace[]>;
  /** Those of the domains that are verified for a tenant. */
  verifiedDomains(names: readonly string[]): Promise<readonly VerifiedDomain[]>;
  /**
   * Runs `work` in one transaction with the tenant's row locked, again when PostgreSQL asks for that; what
   * `work` makes outside of it must not matter when it didn't commit.
   */
  change<T>(slug: string, work: (change: ConfigurationChange) => Promise<T>): Promise<T>;
}
