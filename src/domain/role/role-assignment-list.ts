import type { ApplicationId, RoleId, TenantId, UserId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { RoleAssignment } from './role-assignment.js';

/** An assignment as lists show it. */
export interface RoleAssignmentFacts extends RoleAssignment {
  readonly id: string;
  readonly since: Date;
  /** What brought it: an audit event, a SCIM request; null: from before causes were kept. */
  readonly cause: string | null;
}

export interface RoleAssignmentListQuery extends PageRequest {
  readonly userId?: UserId | undefined;
  readonly roleId?: RoleId | undefined;
  readonly applicationId?: ApplicationId | undefined;
  readonly source?: RoleAssignment['source'] | undefined;
}

/** Lists roles given to people directly, in no order that means anything. */
export interface RoleAssignmentListStore {
  list(tenantId: TenantId, query: RoleAssignmentListQuery): Promise<ListPage<RoleAssignmentFacts>>;
  find(tenantId: TenantId, id: string): Promise<RoleAssignmentFacts | undefined>;
}
