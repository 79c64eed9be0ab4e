import { DomainError } from '../../core/errors.js';
import type { UserId } from '../../core/ids.js';
import { canonicalJson } from '../../core/json.js';
import type { TenantScope } from '../../core/scope.js';
import type { EffectiveRole } from '../role/role.js';
import { endAccess } from '../session/end-access.js';
import { auditPush, type ProvisioningDeps, type Push } from './provisioning.js';
import type { PushedUser, UserState } from './pushed-resources.js';
import { reviewAccess } from './review-access.js';

/**
 * Takes a new user. Who came in just in time by the same upstream id is this user: they keep their id and are SCIM's from
 * now on (A10). Two flushes.
 * @throws DomainError `already_exists` (at the commit) when the userName or externalId is taken
 */
export async function createUser(
  deps: ProvisioningDeps,
  scope: TenantScope,
  push: Push,
  state: UserState,
): Promise<PushedUser> {
  const at = deps.auditTools.clock.now();
  const id = deps.auditTools.ids.uuid<UserId>();
  const known = await deps.provisioning.adoptOrCreateUser(scope, push, id, state, { at, version: 1 });
  if (known !== undefined) return changeTo(deps, scope, push, known, state, 'user.adopted');
  if (state.roles !== undefined && state.roles.length > 0)
    deps.provisioning.assignRoles(scope, id, state.roles);
  auditPush(deps, scope, push, {
    action: 'user.created',
    target: `user:${id}`,
    details: { source: 'scim', active: state.active },
    personal: { userName: state.userName, externalId: state.externalId },
  });
  return {
    ...shown(state),
    id,
    version: 1,
    createdAt: at,
    updatedAt: at,
    groups: [],
    roles: state.roles ?? [],
  };
}

/**
 * Changes a user to what `change` makes of it, in one transaction under the user's lock. Nothing is written when nothing
 * changes. Who is switched off loses all access with it (G1).
 * @throws DomainError `not_found`; `already_exists` (at the commit); whatever `change` throws
 */
export async function changeUser(
  deps: ProvisioningDeps,
  scope: TenantScope,
  push: Push,
  id: UserId,
  change: (current: PushedUser) => UserState,
): Promise<PushedUser> {
  const current = await deps.provisioning.user(scope, push, id, true);
  if (current === undefined) throw new DomainError('not_found', 'no such user');
  const state = change(current);
  if (isSame(current, state)) return current;
  return changeTo(deps, scope, push, current, state, 'user.updated');
}

async function changeTo(
  deps: ProvisioningDeps,
  scope: TenantScope,
  push: Push,
  current: PushedUser,
  state: UserState,
  action: 'user.updated' | 'user.adopted',
): Promise<PushedUser> {
  const { id } = current;
  const write = { at: deps.auditTools.clock.now(), version: current.version + 1 };
  deps.provisioning.updateUser(scope, push, id, state, write, action === 'user.adopted');
  if (state.roles !== undefined) deps.provisioning.assignRoles(scope, id, state.roles);
  auditPush(deps, scope, push, {
    action: current.active === state.active ? action : state.active ? 'user.activated' : 'user.deactivated',
    target: `user:${id}`,
    details: { source: 'scim', changed: changedNames(current, state) },
    personal: { userName: state.userName, externalId: state.externalId },
  });
  if (current.active && !state.active)
    await endAccess(deps, scope, { target: { user: id }, reason: 'scim_deprovisioned', actor: push.actor });
  else if (state.roles !== undefined && takesRoles(current.roles, state.roles))
    await reviewAccess(deps, scope, { ...push, users: [id] });
  return {
    ...current,
    ...shown(state),
    version: write.version,
    updatedAt: write.at,
    roles: state.roles ?? current.roles,
  };
}

/**
 * Deletes a user: their access ends, their userName is free again, their id is never used again, and they don't come back
 * just in time.
 * @throws DomainError `not_found`; whatever `check` throws
 */
export async function deleteUser(
  deps: ProvisioningDeps,
  scope: TenantScope,
  push: Push,
  id: UserId,
  check: (current: PushedUser) => void,
): Promise<void> {
  deps.provisioning.lockGroupsOf(scope, push, id);
  const current = await deps.provisioning.user(scope, push, id, true);
  if (current === undefined) throw new DomainError('not_found', 'no such user');
  check(current);
  await endAccess(deps, scope, { target: { user: id }, reason: 'scim_deprovisioned', actor: push.actor });
  deps.provisioning.deleteUser(scope, push, current);
  auditPush(deps, scope, push, {
    action: 'user.deleted',
    target: `user:${id}`,
    details: { source: 'scim' },
    personal: { userName: current.userName, externalId: current.externalId },
  });
}

const shown = ({ userName, externalId, active, attributes }: UserState) => ({
  userName,
  externalId,
  active,
  attributes,
});

const roleName = ({ key, application }: EffectiveRole): string => JSON.stringify([key, application]);

function takesRoles(before: readonly EffectiveRole[], after: readonly EffectiveRole[]): boolean {
  const kept = new Set(after.map(roleName));
  return before.some((role) => !kept.has(roleName(role)));
}

function isSame(current: PushedUser, state: UserState): boolean {
  return changedNames(current, state).length === 0;
}

/** Names of what differs, never values. */
function changedNames(current: PushedUser, state: UserState): readonly string[] {
  const own = (['userName', 'externalId', 'active'] as const).filter((name) => current[name] !== state[name]);
  const names = new Set([...Object.keys(current.attributes), ...Object.keys(state.attributes)]);
  const rest = [...names].filter(
    (name) =>
      canonicalJson(current.attributes[name] ?? null) !== canonicalJson(state.attributes[name] ?? null),
  );
  const roles =
    state.roles !== undefined &&
    (takesRoles(current.roles, state.roles) || takesRoles(state.roles, current.roles));
  return [...own, ...rest, ...(roles ? ['roles'] : [])];
}
