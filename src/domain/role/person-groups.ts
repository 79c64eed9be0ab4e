import type { GroupSource } from '../connection/connection.js';
import type { GroupOfPerson } from './role.js';

/** A membership as it is kept: with who said so. */
export interface Membership extends GroupOfPerson {
  readonly source: 'scim' | 'token';
  /** A token said so, and SCIM has pushed a group of that name on the same connection. */
  readonly judgedByScim: boolean;
}

/**
 * The groups of a person that count (contract, Groups): what the connection's source says; by `auto` what SCIM says, and
 * what the last token said of names that SCIM has never pushed.
 */
export function countingGroups(
  memberships: readonly Membership[],
  groupSource: GroupSource,
): readonly Membership[] {
  return memberships.filter(({ source, judgedByScim }) =>
    groupSource === 'auto' ? source === 'scim' || !judgedByScim : source === groupSource,
  );
}
