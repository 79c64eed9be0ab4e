import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { RequestOrigin } from '../audit/audit-event.js';
import type { Connection } from '../connection/connection.js';
import { effectiveRoles, type RoleMapping } from '../role/role.js';
import { endAccess, type EndAccessDeps } from '../session/end-access.js';
import { isDenied, type TenantSettings } from '../tenant/tenant.js';
import type { PeopleStore } from './people-store.js';
import { planMembership, toldGroups } from './plan-membership.js';
import { planPerson } from './plan-person.js';
import type { UpstreamIdentity } from './upstream-identity.js';

/** Why a person whom the upstream vouches for is refused all the same. */
export type RefusalReason = 'scim_deprovisioned' | 'provisioning_off' | 'no_role';

export type Admission =
  | { readonly admitted: true; readonly userId: UserId }
  | { readonly admitted: false; readonly reason: RefusalReason; readonly userId: UserId | undefined };

export interface AdmitPersonDeps extends EndAccessDeps {
  readonly people: PeopleStore;
}

export interface AdmitPersonRequest {
  readonly connection: Connection;
  readonly identity: UpstreamIdentity;
  readonly tenant: TenantSettings;
  readonly roleMappings: readonly RoleMapping[];
  readonly origin: RequestOrigin;
}

/**
 * Decides in one transaction who a verified upstream identity is here and whether they may come in: joins them with
 * the SCIM user of the same upstream id, creates them where the connection allows that, takes over what their token
 * says of groups, and refuses who was switched off. A refused newcomer leaves no row.
 * @throws DomainError `already_exists` when the same newcomer came in twice at once; the caller runs it again.
 */
export async function admitPerson(
  deps: AdmitPersonDeps,
  scope: TenantScope,
  request: AdmitPersonRequest,
): Promise<Admission> {
  const { connection, identity } = request;
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
  if (person !== undefined && !person.active)
    return { admitted: false, reason: 'scim_deprovisioned', userId: person.userId };
  // Who was deleted is not made anew just in time: only a push brings them back (G1).
  if (person === undefined && acquaintance.departed)
    return { admitted: false, reason: 'scim_deprovisioned', userId: undefined };
  if (person === undefined && connection.settings.provisioning === 'off')
    return { admitted: false, reason: 'provisioning_off', userId: undefined };

  const userId = person?.userId ?? deps.auditTools.ids.uuid<UserId>();
  const membership = planMembership(acquaintance, told, connection, deps.auditTools.ids);
  const groupsAfter = membership.after;
  const roles = effectiveRoles(groupsAfter, request.roleMappings, person?.assignments ?? []);
  const denied = isDenied(request.tenant, roles);
  if (denied && person === undefined) return { admitted: false, reason: 'no_role', userId: undefined };

  deps.people.change(scope, {
    ...planPerson(
      userId,
      person,
      { ...request, actor: { type: 'user', id: userId } },
      deps.auditTools,
      scope,
    ),
    newGroups: membership.create,
    joinGroups: membership.join,
    leaveGroups: membership.leave,
  });
  if (!denied) return { admitted: true, userId };
  const actor = { type: 'user', id: userId } as const;
  await endAccess(deps, scope, { target: { user: userId }, reason: 'no_role', actor });
  return { admitted: false, reason: 'no_role', userId };
}
