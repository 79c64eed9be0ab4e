import type { GroupSource } from '../connection/connection.js';
import { readCause } from '../audit/cause.js';
import type { MissingLink } from './explanation.js';
import type { EndedMembership, MappingFact, MembershipFact, RoleFacts } from './role-facts.js';
import { means, type GroupReference } from './role.js';

/** What a rule lacks that gives the person nothing where it is asked for. */
export function missingLink(
  rule: MappingFact,
  facts: Pick<RoleFacts, 'memberships' | 'mappedGroups' | 'ended'>,
  asked: {
    readonly counting: readonly MembershipFact[];
    readonly groupSource: GroupSource;
    /** clientId; null: whatever the application. */
    readonly application: string | null;
  },
): MissingLink {
  const { application, counting, groupSource } = asked;
  if (application !== null && rule.application !== null && rule.application !== application)
    return { kind: 'other_application' };
  const meant = facts.mappedGroups.filter((group) => means(rule.group, group));
  const namesake = counting.find((membership) => isNamesake(rule.group, membership));
  if (namesake !== undefined) {
    const pinned = meant.find(({ mappedAs }) => mappedAs !== undefined);
    return { kind: 'means_other_group', group: namesake.name, meant: pinned?.name ?? null };
  }
  const unheard = facts.memberships.find(
    (membership) => means(rule.group, membership) && !counting.includes(membership),
  );
  if (unheard !== undefined)
    return groupSource === 'auto'
      ? { kind: 'judged_by_scim', group: unheard.name }
      : { kind: 'source_not_heard', group: unheard.name, groupSource };
  const left = facts.ended.find(
    (ended) => meant.some(({ id }) => id === ended.groupId) || meansEnded(rule.group, ended),
  );
  if (left !== undefined)
    return { kind: 'left', group: left.name, until: left.until, cause: readCause(left.endCause) };
  if (meant.length === 0) return { kind: 'no_such_group' };
  return { kind: 'not_a_member', groups: [...new Set(meant.map(({ name }) => name))] };
}

/** In a group that bears the name the rule goes by, which isn't the one that the rule means. */
const isNamesake = (reference: GroupReference, membership: MembershipFact): boolean =>
  'name' in reference && reference.name === membership.name && !means(reference, membership);

/** Of a group that is gone there is but what it was called. */
function meansEnded(reference: GroupReference, ended: EndedMembership): boolean {
  if ('name' in reference) return reference.name === ended.name;
  if ('scim' in reference) return reference.scim === ended.groupId;
  return reference.upstream === ended.upstreamId;
}
