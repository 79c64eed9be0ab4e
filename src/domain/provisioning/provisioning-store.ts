import type { GroupId, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { EffectiveRole } from '../role/role.js';
import type {
  GroupMember,
  GroupState,
  MembershipChange,
  PushedGroup,
  PushedUser,
  PushScope,
  UserState,
} from './pushed-resources.js';
import type { ResourceFilter, ResourceSort } from './resource-query.js';

/** Which part of a list (RFC 7644 section 3.4.2.4, RFC 9865). */
export type Page =
  /** `startIndex` counts from 1. */
  | { readonly startIndex: number; readonly count: number }
  /** What follows the resource with this key; null: from the beginning. */
  | { readonly after: PageKey | null; readonly count: number };

/** Where a page ended: the id of its last resource, and what it was sorted by. */
export interface PageKey {
  readonly id: string;
  readonly sortedBy: string | null;
}

export interface ListRequest {
  readonly filter: ResourceFilter | undefined;
  readonly sort: ResourceSort | undefined;
  readonly page: Page;
}

export interface ListResult<T> {
  readonly resources: readonly T[];
  /** How many match. */
  readonly total: number;
  /** Where to go on; undefined: nothing follows. */
  readonly next: PageKey | undefined;
}

/** What a change of members came to. */
export interface MembershipOutcome {
  /** Ids that are nobody's: nothing was changed if there are any. */
  readonly unknown: readonly string[];
  readonly joined: readonly UserId[];
  readonly left: readonly UserId[];
}

/** What is written with a change, in the same flush: made by the command, which knows the time. */
export interface Write {
  readonly at: Date;
  readonly version: number;
}

/**
 * Users and groups that SCIM pushes. Writes that return nothing leave with the transaction's next flush; a name or
 * externalId that is taken makes that flush fail with DomainError `already_exists`, `details.constraint` says which.
 */
export interface ProvisioningStore {
  /** One flush. `lock`: nobody else changes the user until the transaction ends. */
  user(scope: TenantScope, of: PushScope, id: UserId, lock: boolean): Promise<PushedUser | undefined>;
  /**
   * The connection's just-in-time user whose upstream id is the externalId, locked: who was here before SCIM knew them, or
   * is just coming in, which is waited for. Undefined: there is none, the user was created. One flush, two if something is
   * taken.
   */
  adoptOrCreateUser(
    scope: TenantScope,
    of: PushScope,
    id: UserId,
    state: UserState,
    write: Write,
  ): Promise<PushedUser | undefined>;
  /** `adopts`: the user was just-in-time and is SCIM's from now on. */
  updateUser(
    scope: TenantScope,
    of: PushScope,
    id: UserId,
    state: UserState,
    write: Write,
    adopts: boolean,
  ): void;
  /** Before the user: the groups that they are in, locked in the order in which changes of groups lock. */
  lockGroupsOf(scope: TenantScope, of: PushScope, id: UserId): void;
  /** Frees the userName, and remembers the externalId: nobody comes back by it but by a new push. */
  deleteUser(scope: TenantScope, of: PushScope, user: Pick<PushedUser, 'id' | 'externalId'>): void;
  /** Makes the roles that were given by SCIM these. Roles that others gave stay. */
  assignRoles(scope: TenantScope, id: UserId, roles: readonly EffectiveRole[]): void;
  users(scope: TenantScope, of: PushScope, request: ListRequest): Promise<ListResult<PushedUser>>;

  group(
    scope: TenantScope,
    of: PushScope,
    id: GroupId,
    options: { readonly lock: boolean; readonly members: boolean },
  ): Promise<PushedGroup | undefined>;
  /** Claims the name for the connection, and for the mappings that mean a group by it. */
  createGroup(scope: TenantScope, of: PushScope, id: GroupId, state: GroupState, write: Write): void;
  updateGroup(scope: TenantScope, of: PushScope, id: GroupId, state: GroupState, write: Write): void;
  /** Locks the group and makes the changes that are known before it is, in one flush. A group that isn't there has none. */
  openGroup(
    scope: TenantScope,
    of: PushScope,
    id: GroupId,
    changes: readonly MembershipChange[],
  ): Promise<{ readonly group: PushedGroup | undefined; readonly outcomes: readonly MembershipOutcome[] }>;
  /** One flush; the group's row is locked already. */
  changeMembers(
    scope: TenantScope,
    of: PushScope,
    id: GroupId,
    changes: readonly MembershipChange[],
  ): Promise<readonly MembershipOutcome[]>;
  members(scope: TenantScope, id: GroupId): Promise<readonly GroupMember[]>;
  deleteGroup(scope: TenantScope, of: PushScope, id: GroupId): void;
  groups(
    scope: TenantScope,
    of: PushScope,
    request: ListRequest,
    options: { readonly members: boolean },
  ): Promise<ListResult<PushedGroup>>;
}
