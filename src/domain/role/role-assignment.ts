import type { ApplicationId, RoleId, TenantId, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { Cause } from '../audit/cause.js';

/** A role given to one person directly, as operators see it. */
export interface RoleAssignment {
  readonly userId: UserId;
  readonly userName: string;
  /** Key of the person's connection; null: a local user. */
  readonly connection: string | null;
  readonly role: string;
  /** clientId, or null for every application. */
  readonly application: string | null;
  /** Who gave it: what SCIM gave only SCIM takes. */
  readonly source: 'operator' | 'scim';
}

export interface RoleAssignmentQuery {
  readonly userId?: UserId | undefined;
  readonly roleId?: RoleId | undefined;
  readonly applicationId?: ApplicationId | undefined;
  readonly limit: number;
}

/** Which role of which person. */
export interface RoleAssignmentKey {
  readonly userId: UserId;
  readonly roleId: RoleId;
  /** null: in every application. */
  readonly applicationId: ApplicationId | null;
  /** What the change is put down to. */
  readonly cause: Cause;
}

/** What a change found, once it held the person's lock. */
export interface AssignmentOutcome {
  /** The person, the role or the application is gone: nothing was changed. */
  readonly missing: boolean;
  readonly changed: boolean;
  /** SCIM has given the person the same. */
  readonly givenByScim: boolean;
}

/** Roles given to people directly, beside those that groups give (D3). */
export interface RoleAssignmentStore {
  /** By userName. */
  list(tenantId: TenantId, query: RoleAssignmentQuery): Promise<readonly RoleAssignment[]>;
  /** Locks the person, then gives them the role or takes it, as an operator does. One flush. */
  change(
    scope: TenantScope,
    change: 'assign' | 'unassign',
    key: RoleAssignmentKey,
  ): Promise<AssignmentOutcome>;
}
