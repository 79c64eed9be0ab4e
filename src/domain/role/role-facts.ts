import type { ConnectionId, GroupId, TenantId, UserId } from '../../core/ids.js';
import type { Membership } from './person-groups.js';
import type { EffectiveRole, GroupOfPerson, RoleMapping } from './role.js';

/** Since when something is so, and what brought it (cause.ts); null: nobody said, or it is older than what is kept. */
export interface Since {
  readonly since: Date;
  readonly cause: string | null;
}

export interface MembershipFact extends Membership, Since {}
export interface MappingFact extends RoleMapping, Since {
  readonly id: string;
}
export interface AssignmentFact extends EffectiveRole, Since {
  readonly source: 'operator' | 'scim';
}

/** A membership that has ended. */
export interface EndedMembership extends Since {
  readonly groupId: GroupId;
  /** The group's name when it ended. */
  readonly name: string;
  readonly upstreamId: string | null;
  readonly until: Date;
  readonly endCause: string | null;
}

/** All that decides which roles a person has, now or at a time that has passed. */
export interface RoleFacts {
  readonly userId: UserId;
  readonly userName: string;
  /** What they are called; null: by their userName. */
  readonly name: string | null;
  readonly connectionId: ConnectionId | null;
  /** Not switched off. */
  readonly active: boolean;
  /** Also of a connection that people may use now, in its present version. */
  readonly mayEnter: boolean;
  /** Of an older version of their connection: nobody any more since its issuer changed. */
  readonly outdated: boolean;
  readonly memberships: readonly MembershipFact[];
  readonly assignments: readonly AssignmentFact[];
  readonly mappings: readonly MappingFact[];
  /** Groups of the person's connection that mappings mean now, or that bear the name that one goes by. */
  readonly mappedGroups: readonly GroupOfPerson[];
  /** Memberships that had ended by then, the latest first, a hundred at most. */
  readonly ended: readonly EndedMembership[];
  /** What was so before that time isn't known. */
  readonly historySince: Date;
}

/** What is known of a person's memberships and roles, and what was. */
export interface RoleFactsStore {
  /** @param at undefined: now; undefined is answered for somebody who isn't there */
  find(tenantId: TenantId, userId: UserId, at: Date | undefined): Promise<RoleFacts | undefined>;
}
