import type { ConnectionId, GroupId, Ids } from '../../core/ids.js';
import type { Connection } from '../connection/connection.js';
import { countingGroups } from '../role/person-groups.js';
import type { GroupOfPerson } from '../role/role.js';
import type { Acquaintance, PersonChanges } from './people-store.js';
import type { UpstreamGroup, UpstreamPerson } from './upstream-identity.js';

/** What the upstream says of groups, as far as the connection listens; undefined: nothing. */
export function toldGroups(
  { settings }: Connection,
  { groups }: Pick<UpstreamPerson, 'groups'>,
): readonly UpstreamGroup[] | undefined {
  return settings.groupSource === 'scim' ? undefined : groups;
}

/** Groups to make, to join and to leave, and those that count afterwards. */
export interface MembershipPlan {
  readonly create: PersonChanges['newGroups'];
  readonly join: readonly GroupId[];
  readonly leave: readonly GroupId[];
  readonly after: readonly GroupOfPerson[];
}

/** A group of another id is another group: what a mapping gives to the one, the other doesn't inherit. */
const nameAndId = ({ name, upstreamId }: Pick<GroupOfPerson, 'name' | 'upstreamId'>): string =>
  JSON.stringify([name, upstreamId]);

/**
 * What the token's groups change. No claim: nothing. A name that SCIM has pushed is SCIM's alone; of the others the
 * token's list is complete, so an empty one removes (contract, Groups).
 */
export function planMembership(
  acquaintance: Acquaintance,
  told: readonly UpstreamGroup[] | undefined,
  connection: { readonly id: ConnectionId; readonly settings: Connection['settings'] },
  ids: Ids,
): MembershipPlan {
  const before = acquaintance.person?.groups ?? [];
  const { groupSource } = connection.settings;
  const counting = countingGroups(before, groupSource);
  if (told === undefined) return { create: [], join: [], leave: [], after: counting };
  const judgedByScim = new Set(groupSource === 'auto' ? acquaintance.scimNames : []);
  const wanted = new Map(
    told
      .filter((group) => !judgedByScim.has(group.name))
      .map(({ name, id = null }) => [nameAndId({ name, upstreamId: id }), { name, upstreamId: id }]),
  );
  const known = new Map(acquaintance.tokenGroups.map((group) => [nameAndId(group), group]));
  const create = [...wanted]
    .filter(([key]) => !known.has(key))
    .map(([, group]) => ({ id: ids.uuid<GroupId>(), ...group }));
  const target = [...[...known].filter(([key]) => wanted.has(key)).map(([, group]) => group), ...create];
  const fromToken = before.filter((group) => group.source === 'token');
  return {
    create,
    join: target.filter((group) => !fromToken.some((old) => old.id === group.id)).map((group) => group.id),
    leave: fromToken.filter((old) => !target.some((group) => group.id === old.id)).map((old) => old.id),
    after: [...counting.filter((group) => group.source === 'scim'), ...target],
  };
}
