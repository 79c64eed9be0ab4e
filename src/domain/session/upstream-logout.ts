import type { ConnectionId, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { AuditTools } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { Connection } from '../connection/connection.js';
import { endAccess, type AccessStore, type AccessTarget } from './end-access.js';

/** An application's part in a session, by the id that the application knows it by. */
export interface SessionPart {
  readonly clientId: string;
  readonly sid: string;
}

/** A live session, and which applications hold a part of it. */
export interface LiveSession {
  readonly uid: string;
  readonly parts: readonly SessionPart[];
}

/** What an upstream says of a session or person of its own, as rows here. */
export interface UpstreamSessionStore {
  /** Live sessions that began with this session of the upstream. */
  sessionsBy(
    scope: TenantScope,
    connectionId: ConnectionId,
    upstreamSession: string,
  ): Promise<readonly LiveSession[]>;
  /** The same at the issuer above (E4): whose each is. One flush. */
  sessionsAboveBy(
    scope: TenantScope,
    connectionId: ConnectionId,
    upstreamSession: string,
  ): Promise<readonly { readonly uid: string; readonly userId: UserId }[]>;
  /** Whom the upstream means by a subject, if they have a live session, or anything at the issuer above. */
  personBy(scope: TenantScope, identity: UpstreamSubject): Promise<UserId | undefined>;
  /**
   * Marks a one-time id as used, in the caller's transaction: when that fails, it is unused.
   * @returns false: it was used before, by whichever node
   */
  claim(scope: TenantScope, mark: { readonly hash: Buffer; readonly seconds: number }): Promise<boolean>;
}

/**
 * How a session at the issuer above names the upstream's session: with the connection, which isn't one of that issuer's,
 * so that no upstream can speak of another's.
 */
export const brokeredReference = (connectionId: ConnectionId, upstreamSession: string): string =>
  `${connectionId}:${upstreamSession}`;

/** Invariant 2: who somebody is at an upstream. */
export interface UpstreamSubject {
  readonly connectionId: ConnectionId;
  readonly connectionVersion: number;
  readonly issuer: string;
  readonly subject: string;
}

export interface UpstreamLogoutDeps {
  readonly upstreamSessions: UpstreamSessionStore;
  readonly access: AccessStore;
  readonly audit: AuditStore;
  readonly auditTools: AuditTools;
}

/** What the upstream names: a session of its own, or else a person (Back-Channel Logout 1.0 section 2.4). */
export type UpstreamLogoutTarget =
  { readonly session: string; readonly subject?: string | undefined } | { readonly subject: string };

/**
 * Ends what an upstream has ended, through the funnel: the sessions of its session, else all of its person (A-69). When
 * there are none, nothing is written, audit included: the word of an upstream may come again and again.
 * @returns the applications' parts of the sessions that ended by their id
 */
export async function endByUpstream(
  deps: UpstreamLogoutDeps,
  scope: TenantScope,
  connection: Connection,
  target: UpstreamLogoutTarget,
): Promise<readonly SessionPart[]> {
  const end = (ended: AccessTarget) =>
    endAccess(deps, scope, {
      target: ended,
      reason: 'upstream_logout',
      actor: { type: 'system', id: `upstream:${connection.key}` },
    });
  if ('session' in target) {
    const sessions = await deps.upstreamSessions.sessionsBy(scope, connection.id, target.session);
    for (const { uid } of sessions) await end({ session: uid });
    const above = await deps.upstreamSessions.sessionsAboveBy(scope, connection.id, target.session);
    for (const { uid, userId } of above) await end({ sessionAbove: `${userId}:${uid}` });
    return sessions.flatMap(({ parts }) => parts);
  }
  const person = await deps.upstreamSessions.personBy(scope, {
    connectionId: connection.id,
    connectionVersion: connection.version,
    issuer: connection.issuer,
    subject: target.subject,
  });
  if (person !== undefined) await end({ sessionsOf: person });
  return [];
}
