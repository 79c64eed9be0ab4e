import type { ConnectionId, UserId } from '../../core/ids.js';
import type { Membership } from '../role/person-groups.js';
import type { EffectiveRole } from '../role/role.js';

/** Standard claims of a person as the store keeps them (OpenID Connect Core 5.1). */
export interface PersonProfile {
  readonly userName: string;
  readonly name?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly middleName?: string;
  readonly nickname?: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
  readonly locale?: string;
  readonly zoneinfo?: string;
  readonly phoneNumber?: string;
  readonly picture?: string;
}

/** A person as tokens tell of them: read fresh each time one is made. */
export interface Account {
  readonly userId: UserId;
  readonly connectionId: ConnectionId | null;
  /** Not switched off, and of a connection that people may use now, in its present version. */
  readonly active: boolean;
  readonly profile: PersonProfile;
  /** By what SCIM and the last token said. */
  readonly groups: readonly Membership[];
  /** Roles given directly, beside those that groups give. */
  readonly assignments: readonly EffectiveRole[];
  /** A mark of groups and assignments: another as soon as one came or went. */
  readonly standing: string;
  /** Seconds since the epoch. */
  readonly updatedAt: number;
}

/** Where a user came from: whoever made it may change it. */
export type UserSource = 'scim' | 'just_in_time' | 'operator';
