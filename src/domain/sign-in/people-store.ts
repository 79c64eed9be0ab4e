import type { ConnectionId, GroupId, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { AuditRecord } from '../audit/audit-record.js';
import type { Membership } from '../role/person-groups.js';
import type { EffectiveRole } from '../role/role.js';
import type { PersonProfile, UserSource } from '../user/account.js';
import type { UpstreamGroup } from './upstream-identity.js';

/** Whom an upstream identity may be: invariant 2, never an e-mail address. */
export interface IdentityKey {
  readonly connectionId: ConnectionId;
  readonly connectionVersion: number;
  readonly issuer: string;
  readonly subject: string;
  /** Matches the `externalId` of a user whom SCIM has pushed on the same connection and version. */
  readonly joinValue: string | undefined;
}

/** What the store knows of a person who signs in; their row is locked until the transaction ends. */
export interface KnownPerson {
  readonly userId: UserId;
  readonly active: boolean;
  readonly source: UserSource;
  readonly profile: PersonProfile;
  readonly externalId: string | null;
  /** Whether the identity was there already, or the user was found by the join value. */
  readonly linked: boolean;
  readonly groups: readonly Membership[];
  readonly assignments: readonly EffectiveRole[];
}

export interface Acquaintance {
  readonly person: KnownPerson | undefined;
  /** Token-made groups of the connection whose names or ids the sign-in brought: ids to reuse. */
  readonly tokenGroups: readonly {
    readonly id: GroupId;
    readonly name: string;
    readonly upstreamId: string | null;
  }[];
  /** Which of the names SCIM has pushed on this connection: SCIM alone judges them. */
  readonly scimNames: readonly string[];
  /** SCIM has deleted the user of this join value, and has pushed none since. */
  readonly departed: boolean;
}

/** What a sign-in changes, written in one flush. */
export interface PersonChanges {
  readonly userId: UserId;
  readonly connectionId: ConnectionId;
  readonly connectionVersion: number;
  readonly create?: {
    readonly userName: string;
    /** Stands in for a `userName` that is taken. */
    readonly fallbackName: string;
    /** The join value; null: the upstream gave none, so there is nothing by which SCIM could mean this user. */
    readonly externalId: string | null;
    readonly profile: PersonProfile;
  };
  readonly profile?: PersonProfile;
  readonly link?: Omit<IdentityKey, 'joinValue'>;
  /** Groups that the token made known: inserted where new. */
  readonly newGroups: readonly {
    readonly id: GroupId;
    readonly name: string;
    readonly upstreamId: string | null;
  }[];
  readonly joinGroups: readonly GroupId[];
  readonly leaveGroups: readonly GroupId[];
  readonly audit: readonly AuditRecord[];
}

/** People at sign-in. */
export interface PeopleStore {
  /** Finds and locks in one flush. */
  meet(scope: TenantScope, key: IdentityKey, groups: readonly UpstreamGroup[]): Promise<Acquaintance>;
  /**
   * Written with the transaction's next flush. The commit fails with DomainError `already_exists` when the same person
   * was created in parallel: run the transaction again.
   */
  change(scope: TenantScope, changes: PersonChanges): void;
}
