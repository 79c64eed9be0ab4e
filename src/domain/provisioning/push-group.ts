import { DomainError } from '../../core/errors.js';
import type { GroupId, UserId } from '../../core/ids.js';
import { canonicalJson, type JsonObject } from '../../core/json.js';
import type { TenantScope } from '../../core/scope.js';
import { auditPush, type ProvisioningDeps, type Push } from './provisioning.js';
import type { MembershipOutcome } from './provisioning-store.js';
import type { GroupState, MembershipChange, PushedGroup } from './pushed-resources.js';
import { reviewAccess } from './review-access.js';

/** Somebody was named as a member who is no user of the connection: nothing was changed. */
export class UnknownMembersError extends Error {
  override readonly name = 'UnknownMembersError';

  /** @param ids as they were sent */
  constructor(readonly ids: readonly string[]) {
    super(`${ids.length} members are unknown`);
  }
}

/** Takes a new group with its members. @throws UnknownMembersError; DomainError `already_exists` when the name is taken */
export async function createGroup(
  deps: ProvisioningDeps,
  scope: TenantScope,
  push: Push,
  state: GroupState,
  members: readonly string[],
): Promise<PushedGroup> {
  const at = deps.auditTools.clock.now();
  const id = deps.auditTools.ids.uuid<GroupId>();
  deps.provisioning.createGroup(scope, push, id, state, { at, version: 1 });
  const added = members.length === 0 ? [] : [{ kind: 'add', ids: members } as const];
  const moved = movedBy(await deps.provisioning.changeMembers(scope, push, id, added));
  auditPush(deps, scope, push, {
    action: 'group.created',
    target: `group:${id}`,
    details: { name: state.name, joined: moved.joined.size },
  });
  return { ...state, id, version: 1, createdAt: at, updatedAt: at, members: undefined };
}

/** What a request makes of a group. */
export interface GroupChange {
  /** What is known of its members before the group is: done with the look at it. */
  readonly members: readonly MembershipChange[];
  /** What follows from the group as it is. May throw: then nothing is changed. */
  readonly to: (current: PushedGroup) => GroupOutcome | Promise<GroupOutcome>;
}

export interface GroupOutcome {
  readonly state: GroupState;
  /** Changes of members that only the group as it is could tell. */
  readonly members: readonly MembershipChange[];
}

/**
 * Changes a group and its members in one transaction, under the group's lock: of changes that come in parallel none is
 * lost. Whoever leaves is judged anew. Nothing is written when nothing changes.
 * @throws DomainError `not_found`, `already_exists`; UnknownMembersError; whatever `change.to` throws
 */
export async function changeGroup(
  deps: ProvisioningDeps,
  scope: TenantScope,
  push: Push,
  id: GroupId,
  change: GroupChange,
): Promise<PushedGroup> {
  const { group: current, outcomes } = await deps.provisioning.openGroup(scope, push, id, change.members);
  if (current === undefined) throw new DomainError('not_found', 'no such group');
  const { state, members } = await change.to(current);
  const after = await deps.provisioning.changeMembers(scope, push, id, members);
  const moved = movedBy([...outcomes, ...after]);
  const differs = !isSame(current, state);
  if (!differs && moved.joined.size + moved.left.size === 0) return current;
  const write = { at: deps.auditTools.clock.now(), version: current.version + 1 };
  deps.provisioning.updateGroup(scope, push, id, state, write);
  auditChange(deps, scope, push, current, state, moved);
  // A name may be what a mapping goes by: whoever is in the group may lose what the old one gave.
  const judged =
    current.name === state.name ? [...moved.left] : [...moved.left, ...(await allOf(deps, scope, id))];
  await reviewAccess(deps, scope, { ...push, users: judged });
  return { ...current, ...state, version: write.version, updatedAt: write.at };
}

/** Deletes a group: its members are judged anew. @throws DomainError `not_found`; whatever `check` throws */
export async function deleteGroup(
  deps: ProvisioningDeps,
  scope: TenantScope,
  push: Push,
  id: GroupId,
  check: (current: PushedGroup) => void,
): Promise<void> {
  const current = await deps.provisioning.group(scope, push, id, { lock: true, members: false });
  if (current === undefined) throw new DomainError('not_found', 'no such group');
  check(current);
  const left = await allOf(deps, scope, id);
  deps.provisioning.deleteGroup(scope, push, id);
  auditPush(deps, scope, push, {
    action: 'group.deleted',
    target: `group:${id}`,
    details: { name: current.name, left: left.length },
  });
  await reviewAccess(deps, scope, { ...push, users: left });
}

interface Moved {
  readonly joined: ReadonlySet<UserId>;
  readonly left: ReadonlySet<UserId>;
}

/** Who came and who went, over several changes. @throws UnknownMembersError */
function movedBy(outcomes: readonly MembershipOutcome[]): Moved {
  const joined = new Set<UserId>();
  const left = new Set<UserId>();
  for (const outcome of outcomes) {
    if (outcome.unknown.length > 0) throw new UnknownMembersError(outcome.unknown);
    // Who leaves and comes back within one request was never away.
    for (const user of outcome.left) if (!joined.delete(user)) left.add(user);
    for (const user of outcome.joined) if (!left.delete(user)) joined.add(user);
  }
  return { joined, left };
}

async function allOf(deps: ProvisioningDeps, scope: TenantScope, id: GroupId): Promise<readonly UserId[]> {
  return (await deps.provisioning.members(scope, id)).map((member) => member.id);
}

/** Members named by id in an event, at most. */
const NAMED_MAX = 100;

function auditChange(
  deps: ProvisioningDeps,
  scope: TenantScope,
  push: Push,
  current: PushedGroup,
  state: GroupState,
  { joined, left }: Moved,
): void {
  const renamed = current.name !== state.name;
  const name: JsonObject = renamed ? { before: { name: current.name }, after: { name: state.name } } : {};
  auditPush(deps, scope, push, {
    action: renamed ? 'group.renamed' : 'group.updated',
    target: `group:${current.id}`,
    details: {
      ...name,
      joined: joined.size,
      left: left.size,
      joinedUsers: [...joined].slice(0, NAMED_MAX),
      leftUsers: [...left].slice(0, NAMED_MAX),
    },
  });
}

function isSame(current: GroupState, state: GroupState): boolean {
  return (
    current.name === state.name &&
    current.externalId === state.externalId &&
    canonicalJson(current.attributes) === canonicalJson(state.attributes)
  );
}
