/** A group as Okta knows it. */
export interface OktaGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  /** `OKTA_GROUP`, `APP_GROUP`, `BUILT_IN`. */
  readonly type: string;
}

/** Why groups can't be had, for whoever looks for one. */
export const GROUPS_TROUBLES = [
  'not_authorized',
  'forbidden',
  'rate_limited',
  'unreachable',
  'foreign_page',
  'invalid_answer',
  'no_key',
  // Of one person's groups only.
  'unknown_person',
  'too_many',
] as const;
export type GroupsTrouble = (typeof GROUPS_TROUBLES)[number];

/** What came instead of groups. */
export interface NoGroups {
  readonly trouble: GroupsTrouble;
  readonly message: string;
  /** How long Okta wants not to be asked. */
  readonly seconds?: number;
}

/** Groups of an org, or why there are none: groups can be picked without them. */
export type FoundGroups = { readonly groups: readonly OktaGroup[]; readonly isMore: boolean } | NoGroups;

/** All groups of one person, as Okta's API tells them, or why there are none: never a part of them. */
export type PersonGroups = { readonly groups: readonly PersonGroup[] } | NoGroups;

export type PersonGroup = Pick<OktaGroup, 'id' | 'name' | 'type'>;
