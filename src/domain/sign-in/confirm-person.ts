import type { UserId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';
import type { TenantScope } from '../../core/scope.js';
import { auditEntry, NO_ORIGIN, type Actor } from '../audit/audit-event.js';
import { recordOf } from '../audit/audit-record.js';
import type { Connection } from '../connection/connection.js';
import { effectiveRoles, type RoleMapping } from '../role/role.js';
import { endAccess, type EndAccessDeps } from '../session/end-access.js';
import { isDenied, type TenantSettings } from '../tenant/tenant.js';
import type { PeopleStore } from './people-store.js';
import { planMembership, toldGroups } from './plan-membership.js';
import { planPerson } from './plan-person.js';
import type { UpstreamGrantStore } from './upstream-grant-store.js';
import type { UpstreamPerson } from './upstream-identity.js';

export interface RevalidationDeps extends EndAccessDeps {
  readonly people: PeopleStore;
  readonly upstreamGrants: UpstreamGrantStore;
}

/** Who changes what a revalidation changes. */
const REVALIDATION: Actor = { type: 'system', id: 'revalidation' };

export interface ConfirmPersonRequest {
  readonly connection: Connection;
  /** Whose access hangs on it. */
  readonly userId: UserId;
  /** What the upstream says of them now. */
  readonly person: UpstreamPerson;
  /** Where their groups come from, when not from a token: for the audit event. */
  readonly groups?: JsonObject;
  readonly tenant: TenantSettings;
  readonly roleMappings: readonly RoleMapping[];
  readonly claim: string;
  /** The refresh token that the upstream gave in the place of the used one, sealed. */
  readonly rotated: string | undefined;
}

/**
 * The upstream vouches for a person again: takes over what it says of groups and profile as a sign-in would, in one
 * transaction with the confirmation, and ends the access of who has no role left where that is denied.
 * @returns `ended` when the person has no access any more
 */
export async function confirmPerson(
  deps: RevalidationDeps,
  scope: TenantScope,
  request: ConfirmPersonRequest,
): Promise<'unchanged' | 'changed' | 'ended'> {
  const { connection, person: identity, userId } = request;
  const key = {
    connectionId: connection.id,
    connectionVersion: connection.version,
    issuer: identity.issuer,
    subject: identity.subject,
    joinValue: identity.joinValue,
  };
  const told = toldGroups(connection, identity);
  const acquaintance = await deps.people.meet(scope, key, told ?? []);
  const { person } = acquaintance;
  if (person === undefined || person.userId !== userId || !person.linked || !person.active) {
    // Switched off, or the upstream's subject leads to somebody else by now: its yes is not about this user.
    await endAccess(deps, scope, {
      target: { user: userId },
      reason: 'upstream_revoked',
      actor: REVALIDATION,
    });
    return 'ended';
  }
  deps.upstreamGrants.confirm(scope, userId, request.claim, request.rotated);
  const { create, join, leave, after } = planMembership(acquaintance, told, connection, deps.auditTools.ids);
  const plan = planPerson(
    userId,
    person,
    { connection, identity, origin: NO_ORIGIN, actor: REVALIDATION },
    deps.auditTools,
    scope,
  );
  const regrouped = join.length + leave.length > 0;
  const event = auditEntry({
    action: 'access.revalidated',
    actor: REVALIDATION,
    target: `user:${userId}`,
    connection: connection.key,
    details: {
      groupsJoined: join.length,
      groupsLeft: leave.length,
      ...(request.groups === undefined ? {} : { groups: request.groups }),
    },
  });
  const audit = [...plan.audit, ...(regrouped ? [recordOf(scope.tenantId, event, deps.auditTools)] : [])];
  const changed = audit.length > 0;
  if (changed)
    deps.people.change(scope, { ...plan, newGroups: create, joinGroups: join, leaveGroups: leave, audit });
  const roles = effectiveRoles(after, request.roleMappings, person.assignments);
  if (!isDenied(request.tenant, roles)) return changed ? 'changed' : 'unchanged';
  await endAccess(deps, scope, { target: { user: userId }, reason: 'no_role', actor: REVALIDATION });
  return 'ended';
}

/** Why the upstream's word ends somebody's access. */
export type RevocationCause =
  /** It refuses the person, or their refresh token. */
  | 'upstream_refused'
  /** It answered about another subject, or as another issuer: an attack until shown otherwise. */
  | 'someone_else'
  /** It was never asked in time, because their sign-in left nothing to ask by. */
  | 'never_confirmed';

export interface RevokePersonRequest {
  readonly connection: Connection;
  readonly userId: UserId;
  readonly cause: RevocationCause;
  /** null: there is no grant to be under one. */
  readonly claim: string | null;
}

/**
 * The upstream doesn't vouch for a person any more: all their access ends.
 * @returns false when they have signed in anew in the meantime, so that this word is an old one
 */
export async function revokePerson(
  deps: RevalidationDeps,
  scope: TenantScope,
  { connection, userId, cause, claim }: RevokePersonRequest,
): Promise<boolean> {
  const key = { userId, connectionId: connection.id, connectionVersion: connection.version };
  if (!(await deps.upstreamGrants.stands(scope, key, claim))) return false;
  const event = auditEntry({
    action: 'access.revalidated',
    outcome: 'refused',
    reason: cause,
    actor: REVALIDATION,
    target: `user:${userId}`,
    connection: connection.key,
  });
  deps.audit.append(scope, [recordOf(scope.tenantId, event, deps.auditTools)]);
  await endAccess(deps, scope, { target: { user: userId }, reason: 'upstream_revoked', actor: REVALIDATION });
  return true;
}
