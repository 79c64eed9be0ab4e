import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import { auditEntry, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import type { Connection } from '../connection/connection.js';
import type { PersonProfile } from '../user/account.js';
import type { KnownPerson, PersonChanges } from './people-store.js';
import type { UpstreamPerson, UpstreamProfile } from './upstream-identity.js';

/** Whose word is taken over, and who brought it. */
export interface PersonPlanRequest {
  readonly connection: Connection;
  readonly identity: UpstreamPerson;
  readonly origin: RequestOrigin;
  readonly actor: Actor;
}

/** What changes of a person besides their groups. */
export type PersonPart = Omit<PersonChanges, 'newGroups' | 'joinGroups' | 'leaveGroups'>;

/** Who a person is to be here, by what their upstream says now; groups apart. */
export function planPerson(
  userId: UserId,
  person: KnownPerson | undefined,
  request: PersonPlanRequest,
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
        actor: request.actor,
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
