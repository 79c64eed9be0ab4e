import type { ConnectionId, GroupId, Ids, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import { auditEntry, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import type { Connection } from '../connection/connection.js';
import { countingGroups } from '../role/person-groups.js';
import { effectiveRoles, type GroupOfPerson, type RoleMapping } from '../role/role.js';
import { endAccess, type EndAccessDeps } from '../session/end-access.js';
import type { TenantSettings } from '../tenant/tenant.js';
import type { PersonProfile } from '../user/account.js';
import type { Acquaintance, KnownPerson, PeopleStore, PersonChanges } from './people-store.js';
import type { UpstreamGroup, UpstreamIdentity, UpstreamProfile } from './upstream-identity.js';

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
  const told = connection.settings.groupSource === 'scim' ? undefined : identity.groups;
  const acquaintance = await deps.people.meet(scope, key, told ?? []);
  const { person } = acquaintance;
  if (person !== undefined && !person.active)
    return { admitted: false, reason: 'scim_deprovisioned', userId: person.userId };
  if (person === undefined && connection.settings.provisioning === 'off')
    return { admitted: false, reason: 'provisioning_off', userId: undefined };

  const userId = person?.userId ?? deps.auditTools.ids.uuid<UserId>();
  const membership = planMembership(acquaintance, told, connection, deps.auditTools.ids);
  const groupsAfter = membership.after;
  const roles = effectiveRoles(groupsAfter, request.roleMappings, person?.assignments ?? []);
  const denied =
    request.tenant.whenNoRole === 'deny' && request.tenant.defaultRole === null && roles.length === 0;
  if (denied && person === undefined) return { admitted: false, reason: 'no_role', userId: undefined };

  deps.people.change(scope, {
    ...planPerson(userId, person, request, deps.auditTools, scope),
    newGroups: membership.create,
    joinGroups: membership.join,
    leaveGroups: membership.leave,
  });
  if (!denied) return { admitted: true, userId };
  const actor = { type: 'user', id: userId } as const;
  await endAccess(deps, scope, { target: { user: userId }, reason: 'no_role', actor });
  return { admitted: false, reason: 'no_role', userId };
}

type PersonPart = Omit<PersonChanges, 'newGroups' | 'joinGroups' | 'leaveGroups'>;

function planPerson(
  userId: UserId,
  person: KnownPerson | undefined,
  request: AdmitPersonRequest,
  tools: AuditTools,
  scope: TenantScope,
): PersonPart {
  const { connection, identity } = request;
  const profile = profileOf(identity.profile, identity.subject);
  const base = { userId, connectionId: connection.id, connectionVersion: connection.version };
  const link = {
    connectionId: connection.id,
    connectionVersion: connection.version,
    issuer: identity.issuer,
    subject: identity.subject,
  };
  const audit = (action: string, details: Record<string, string>) =>
    recordOf(
      scope.tenantId,
      auditEntry({
        action,
        actor: { type: 'user', id: userId },
        target: `user:${userId}`,
        connection: connection.key,
        origin: { ...request.origin, ip: null, userAgent: null },
        details,
        personal: { userName: profile.userName, subject: identity.subject, ip: request.origin.ip },
      }),
      tools,
    );
  if (person === undefined) {
    const { subject, joinValue } = identity;
    return {
      ...base,
      create: {
        userName: profile.userName,
        fallbackName: subject,
        externalId: joinValue ?? null,
        profile,
      },
      link,
      audit: [audit('user.created', { source: 'just_in_time' })],
    };
  }
  const updates =
    person.source === 'just_in_time' &&
    connection.settings.provisioning === 'create-and-update' &&
    !isSameProfile(person.profile, profile);
  return {
    ...base,
    ...(updates ? { profile } : {}),
    ...(person.linked ? {} : { link }),
    audit: [
      ...(updates ? [audit('user.updated', { source: 'just_in_time' })] : []),
      ...(person.linked ? [] : [audit('identity.linked', { by: connection.settings.join.attribute })]),
    ],
  };
}

/** The profile of a just-in-time user, members without a value left out so that equal profiles compare equal. */
function profileOf(upstream: UpstreamProfile, subject: string): PersonProfile {
  const { userName, ...rest } = upstream;
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { userName: userName ?? upstream.email ?? subject, ...Object.fromEntries(given) };
}

/** The store keeps no order of members. */
function isSameProfile(one: PersonProfile, other: PersonProfile): boolean {
  const [a, b] = [one, other].map((profile) =>
    JSON.stringify(Object.entries(profile).toSorted(([x], [y]) => (x < y ? -1 : 1))),
  );
  return a === b;
}

interface MembershipPlan {
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
function planMembership(
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
