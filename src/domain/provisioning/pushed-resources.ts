import type { ConnectionId, GroupId, UserId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';
import type { EffectiveRole } from '../role/role.js';
import type { PersonProfile } from '../user/account.js';

/** Whose resources a SCIM client sees: those that were pushed on one connection, in its present version (C15). */
export interface PushScope {
  readonly connectionId: ConnectionId;
  readonly connectionVersion: number;
}

/** What a push says of a user. */
export interface UserState {
  readonly userName: string;
  /** The upstream's id of the person: what their sign-in is joined by. */
  readonly externalId: string | null;
  readonly active: boolean;
  /** The rest of the resource, in its canonical form. */
  readonly attributes: JsonObject;
  /** The same as standard claims. */
  readonly profile: PersonProfile;
  /** All its addresses, as sent. */
  readonly emails: readonly string[];
  /** Roles given to the person directly; undefined: they stay as they are. */
  readonly roles: readonly EffectiveRole[] | undefined;
}

/** What every resource has. */
interface Versioned {
  /** Grows with every change: its ETag. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A user whom SCIM has pushed. */
export interface PushedUser extends Omit<UserState, 'profile' | 'emails' | 'roles'>, Versioned {
  readonly id: UserId;
  readonly groups: readonly { readonly id: GroupId; readonly name: string }[];
  readonly roles: readonly EffectiveRole[];
}

/** What a push says of a group, members aside. */
export interface GroupState {
  readonly name: string;
  readonly externalId: string | null;
  /** The rest of the resource, in its canonical form. */
  readonly attributes: JsonObject;
}

/** A member as a group shows it. */
export interface GroupMember {
  readonly id: UserId;
  readonly display: string;
}

/** A group that SCIM has pushed. */
export interface PushedGroup extends GroupState, Versioned {
  readonly id: GroupId;
  /** Undefined: they were not asked for. */
  readonly members: readonly GroupMember[] | undefined;
}

/** A change of a group's members; ids are UUIDs in lower case, or texts that are nobody's id. */
export type MembershipChange =
  | { readonly kind: 'add' | 'remove' | 'replace'; readonly ids: readonly string[] }
  | { readonly kind: 'clear' };
