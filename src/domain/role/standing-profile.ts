import type { ConnectionId, UserId } from '../../core/ids.js';
import type { AccountPurpose } from '../account/local-account.js';
import type { TenantScope } from '../../core/scope.js';
import type { Membership } from './person-groups.js';
import type { EffectiveRole, GroupReference } from './role.js';

/**
 * People of one connection who are in the same groups of those that matter and have the same assignments: one evaluation
 * says for all of them what a change of mappings does. So a tenant of a hundred thousand takes as many evaluations as
 * there are combinations of groups that mappings mean.
 */
export interface StandingProfile {
  /** Tells it from the others of one reading. */
  readonly key: string;
  readonly connectionId: ConnectionId | null;
  /** Of local accounts that have a way to sign in: what they are for. */
  readonly localAs: AccountPurpose | null;
  /** Of those that matter alone. */
  readonly groups: readonly Membership[];
  readonly assignments: readonly EffectiveRole[];
  readonly people: number;
  /** Of who they are: another as soon as somebody came or went. */
  readonly mark: bigint;
  /** Whether the person who asked is one of them. */
  readonly self: boolean;
}

/** Which groups matter: those that mappings mean, in force or wanted, and those that applications ask for by name. */
export interface MatteringGroups {
  readonly references: readonly GroupReference[];
  readonly names: readonly string[];
}

/** A person of whom a preview tells. */
export interface PreviewedPerson {
  readonly id: UserId;
  readonly userName: string;
  readonly name: string | null;
  /** Whether they are signed in now. */
  readonly signedIn: boolean;
  readonly profile: string;
}

/** Where a list of people ended: by folded name, then id. */
export interface PersonPlace {
  readonly name: string;
  readonly id: string;
}

/**
 * How the people of a tenant stand, for previews. Those who are switched off, and those of an older version of their
 * connection, are left out: they have nothing that could be taken.
 */
export interface StandingProfileStore {
  /** Reads it within the transaction, and can list people of it until that ends. */
  read(scope: TenantScope, groups: MatteringGroups, self: UserId | null): Promise<StandingReading>;
}

export interface StandingReading {
  readonly profiles: readonly StandingProfile[];
  /** People of these profiles, by name. */
  readonly list: (
    profiles: readonly string[],
    after: PersonPlace | undefined,
    limit: number,
  ) => Promise<readonly { readonly person: PreviewedPerson; readonly place: PersonPlace }[]>;
}
