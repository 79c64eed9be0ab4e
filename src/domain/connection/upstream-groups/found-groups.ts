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
] as const;
export type GroupsTrouble = (typeof GROUPS_TROUBLES)[number];

/** Groups of an org, or why there are none: groups can be picked without them. */
export type FoundGroups =
  | { readonly groups: readonly OktaGroup[]; readonly isMore: boolean }
  | { readonly trouble: GroupsTrouble; readonly message: string; readonly seconds?: number };
