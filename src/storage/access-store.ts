import type { TenantScope } from '../core/scope.js';
import type { AccessStore, AccessTarget, EndedAccess, EndReason } from '../domain/session/end-access.js';
import { lockAccess, lockPersonOfSession } from './brokered-sql.js';
import type { Database, Statement } from './database.js';
import { endAbove, endedAbove } from './end-above.js';

/** Local accounts that a stricter policy keeps out of applications. */
const LOCAL = `SELECT l.user_id FROM local_accounts l
  WHERE l.tenant_id = $1 AND ($2 = 'all' OR l.purpose <> 'break-glass')`;

/** Users whose access the target means, as a condition on `user_id`; `$2` is the target's value. */
const USERS: Readonly<Record<string, string>> = {
  user: 'SELECT $2::uuid',
  session: 'SELECT user_id FROM sessions WHERE tenant_id = $1 AND uid = $2',
  sessionsOf: 'SELECT $2::uuid',
  connection: 'SELECT id FROM users WHERE tenant_id = $1 AND connection_id = $2::uuid',
  application: `SELECT user_id FROM oidc_artifacts WHERE tenant_id = $1 AND kind = 'Grant' AND client_id = $2`,
  personIn: `SELECT split_part($2, ':', 1)::uuid`,
  tenant: `SELECT id FROM users WHERE tenant_id = $1 AND $2 = 'all'`,
  local: LOCAL,
  above: `SELECT id FROM users WHERE tenant_id = $1 AND $2 = 'all'`,
  personInAbove: `SELECT split_part($2, ':', 1)::uuid`,
  sessionAbove: `SELECT split_part($2, ':', 1)::uuid`,
};

/** Sessions that end. What ends in an application alone ends its grants only. */
const SESSIONS: Readonly<Record<string, string>> = {
  user: 's.user_id = $2::uuid',
  session: 's.uid = $2',
  sessionsOf: 's.user_id = $2::uuid',
  connection: 's.connection_id = $2::uuid',
  application: `false AND $2::text IS NULL`,
  personIn: `false AND $2::text IS NULL`,
  tenant: `$2 = 'all'`,
  local: `s.user_id IN (${LOCAL})`,
  above: `false AND $2::text IS NULL`,
  personInAbove: `false AND $2::text IS NULL`,
  sessionAbove: `false AND $2::text IS NULL`,
};

/** Sessions of the console that end: a person's, and what hangs on a session at the issuer. */
const CONSOLE_SESSIONS: Readonly<Record<string, string>> = {
  user: 's.user_id = $2::uuid',
  session: `s.session_uid = $2 AND s.user_id IN (SELECT user_id FROM sessions WHERE tenant_id = $1 AND uid = $2)`,
  sessionsOf: 's.user_id = $2::uuid',
  connection: 's.user_id IN (SELECT id FROM users WHERE tenant_id = $1 AND connection_id = $2::uuid)',
  tenant: `$2 = 'all'`,
  // Operators may go on in the console, unless it hangs on a session at the issuer that ends.
  local: `s.user_id IN (${LOCAL} AND ($2 = 'all' OR l.purpose = 'person' OR s.session_uid IS NOT NULL))`,
};

/** Grants that end. A session's are those it holds, unless the person asked to stay signed in there (offline access). */
const GRANTS: Readonly<Record<string, string>> = {
  user: 'a.user_id = $2::uuid',
  session: `a.hash IN (SELECT grant_hash FROM session_applications
    WHERE tenant_id = $1 AND session_uid = $2 AND NOT persists_logout)`,
  sessionsOf: `a.hash IN (SELECT p.grant_hash FROM sessions s
    JOIN session_applications p ON p.tenant_id = $1 AND p.session_uid = s.uid AND NOT p.persists_logout
    WHERE s.tenant_id = $1 AND s.user_id = $2::uuid)`,
  connection: 'a.user_id IN (SELECT id FROM users WHERE tenant_id = $1 AND connection_id = $2::uuid)',
  application: 'a.client_id = $2',
  personIn: `a.user_id = split_part($2, ':', 1)::uuid AND a.client_id = split_part($2, ':', 2)`,
  tenant: `$2 = 'all'`,
  local: `a.user_id IN (${LOCAL})`,
  above: `false AND $2::text IS NULL`,
  personInAbove: `false AND $2::text IS NULL`,
  sessionAbove: `false AND $2::text IS NULL`,
};

/** Targets whose people are many: those of tenants below the scope's can't be locked one by one. */
const TENANT_WIDE: ReadonlySet<string> = new Set(['tenant', 'connection', 'above']);

/** The rows of access in PostgreSQL. */
export class PostgresAccessStore implements AccessStore {
  constructor(private readonly database: Database) {}

  async end(scope: TenantScope, target: AccessTarget, reason: EndReason): Promise<EndedAccess> {
    const [[kind, value]] = Object.entries(target) as [[string, string]];
    const values = [scope.tenantId, value];
    const transaction = this.database.transaction(scope);
    const first = [
      ...(TENANT_WIDE.has(kind) ? [lockAccess(scope.tenantId)] : []),
      ...(kind === 'session' ? lockPersonOfSession(scope.tenantId, value) : []),
    ];
    const own = [
      {
        name: `access_lock_${kind}`,
        text: `SELECT id FROM users WHERE tenant_id = $1 AND id IN (${USERS[kind]}) ORDER BY id FOR UPDATE`,
        values,
      },
      endSessions(kind, values, reason),
      {
        name: `access_grants_${kind}`,
        text: `DELETE FROM oidc_artifacts a WHERE a.tenant_id = $1 AND a.kind = 'Grant' AND ${GRANTS[kind]} RETURNING 1`,
        values,
      },
      ...forgetUpstreamGrants(kind, values),
      ...endConsoleSessions(kind, values),
      ...leaveApplication(kind, values, reason),
    ];
    const above = endAbove(scope.tenantId, kind, value, reason);
    const results = await transaction.send([...first, ...own, ...(typeof above === 'function' ? [] : above)]);
    const [locked, ended, grants] = results.slice(first.length);
    const there =
      typeof above === 'function'
        ? await transaction.send(above((locked ?? []).map((row) => row['id'])))
        : results.slice(first.length + own.length);
    return { sessions: ended?.length ?? 0, grants: grants?.length ?? 0, ...endedAbove(there) };
  }
}

/** Where all of a person's access ends, nothing is left for which their upstream could be asked again. */
const ENTIRE: ReadonlySet<string> = new Set(['user', 'connection', 'tenant']);

function forgetUpstreamGrants(kind: string, values: readonly unknown[]): readonly Statement[] {
  if (!ENTIRE.has(kind)) return [];
  return [
    {
      name: `access_upstream_${kind}`,
      text: `DELETE FROM upstream_grants WHERE tenant_id = $1 AND user_id IN (${USERS[kind]})`,
      values,
    },
  ];
}

function endConsoleSessions(kind: string, values: readonly unknown[]): readonly Statement[] {
  const which = CONSOLE_SESSIONS[kind];
  if (which === undefined) return [];
  return [
    {
      name: `access_console_${kind}`,
      text: `UPDATE console_sessions s SET ended_at = now() WHERE s.tenant_id = $1 AND s.ended_at IS NULL AND ${which}`,
      values,
    },
  ];
}

/** Whose sessions an application is taken out of. */
const LEAVERS: Readonly<Record<string, string>> = {
  application: 'a.client_id = $2',
  personIn: `a.client_id = split_part($2, ':', 2) AND s.user_id = split_part($2, ':', 1)::uuid`,
};

/**
 * One application is taken out of sessions, which go on: it is told to end its own. One that is being deleted has nobody
 * left who could be told.
 */
function leaveApplication(kind: string, values: readonly unknown[], reason: EndReason): readonly Statement[] {
  const leavers = LEAVERS[kind];
  if (leavers === undefined || reason === 'application_deleted') return [];
  return [
    {
      name: `access_leave_${kind}`,
      text: `WITH gone AS (
          DELETE FROM session_applications a USING sessions s
          WHERE a.tenant_id = $1 AND s.tenant_id = $1 AND s.uid = a.session_uid AND s.ended_at IS NULL
            AND ${leavers}
          RETURNING a.client_id, a.sid, s.user_id, s.brokered_user_id, s.uid)
        INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload)
        SELECT $1, gen_random_uuid(), 'session.ended', client_id, coalesce(user_id::text, brokered_user_id::text, uid),
          jsonb_build_object('clientId', client_id, 'sid', sid, 'reason', $3::text) FROM gone`,
      values: [...values, reason],
    },
  ];
}

/** Ends the sessions and leaves an event for each application that holds a part of one. */
function endSessions(kind: string, values: readonly unknown[], reason: EndReason): Statement {
  return {
    name: `access_sessions_${kind}`,
    text: `WITH ended AS (
        UPDATE sessions s SET ended_at = now(), end_reason = $3, upstream_id_token_sealed = NULL
        WHERE s.tenant_id = $1 AND s.ended_at IS NULL AND ${SESSIONS[kind]}
        RETURNING s.uid, s.user_id, s.brokered_user_id
      ), told AS (
        INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload)
        SELECT $1, gen_random_uuid(), 'session.ended', a.client_id,
          coalesce(e.user_id::text, e.brokered_user_id::text, e.uid),
          jsonb_build_object('clientId', a.client_id, 'sid', a.sid, 'reason', $3::text)
        FROM ended e JOIN session_applications a ON a.tenant_id = $1 AND a.session_uid = e.uid
      )
      SELECT uid FROM ended`,
    values: [...values, reason],
  };
}
