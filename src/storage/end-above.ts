import type { TenantId } from '../core/ids.js';
import type { EndedAccess, EndReason } from '../domain/session/end-access.js';
import type { Rows, Statement } from './database.js';
import { SHOWN_TENANT, showParent, showTenant } from './brokered-sql.js';

/** What ends at the issuer above the tenant's; `$1` is the tenant, `$2` the target's value. */
interface Part {
  /** Of live sessions `s`. */
  readonly sessions: string;
  /** Of grants `a`. */
  readonly grants: string;
  readonly leavers?: string;
}

const NONE = 'false AND $2::text IS NULL';

const SESSION_ABOVE = `s.brokered_user_id = split_part($2, ':', 1)::uuid AND s.uid = split_part($2, ':', 2)`;

/** Grants that sessions hold, unless the person asked to stay signed in there (offline access). */
const grantsOf = (sessions: string): string => `a.hash IN (SELECT p.grant_hash FROM sessions s
  JOIN session_applications p ON p.tenant_id = ${SHOWN_TENANT} AND p.session_uid = s.uid AND NOT p.persists_logout
  WHERE s.tenant_id = ${SHOWN_TENANT} AND s.brokered_tenant_id = $1 AND ${sessions})`;

const PARTS: Readonly<Record<string, Part>> = {
  user: { sessions: 's.brokered_user_id = $2::uuid', grants: 'a.user_id = $2::uuid' },
  sessionsOf: {
    sessions: 's.brokered_user_id = $2::uuid',
    grants: grantsOf('s.brokered_user_id = $2::uuid'),
  },
  sessionAbove: { sessions: SESSION_ABOVE, grants: grantsOf(SESSION_ABOVE) },
  connection: { sessions: 's.brokered_user_id = ANY ($2::uuid[])', grants: 'a.user_id = ANY ($2::uuid[])' },
  tenant: { sessions: `$2 = 'all'`, grants: `$2 = 'all'` },
  above: { sessions: `$2 = 'all'`, grants: `$2 = 'all'` },
  personInAbove: {
    sessions: NONE,
    grants: `a.user_id = split_part($2, ':', 1)::uuid AND a.client_id = split_part($2, ':', 2)`,
    leavers: `s.brokered_user_id = split_part($2, ':', 1)::uuid AND a.client_id = split_part($2, ':', 2)`,
  },
};

/**
 * Ends what people of the tenant have at the issuer above theirs. Of a connection's people the ids must be given, because
 * who is of which connection is not seen from there.
 */
export function endAbove(
  tenantId: TenantId,
  kind: string,
  value: string,
  reason: EndReason,
): readonly Statement[] | ((users: readonly string[]) => readonly Statement[]) {
  const part = PARTS[kind];
  if (part === undefined) return [];
  if (kind === 'connection') return (users) => statements(tenantId, kind, part, [tenantId, users], reason);
  return statements(tenantId, kind, part, [tenantId, value], reason);
}

function statements(
  tenantId: TenantId,
  kind: string,
  part: Part,
  values: readonly unknown[],
  reason: EndReason,
): readonly Statement[] {
  return [
    showParent(tenantId),
    {
      name: `access_above_sessions_${kind}`,
      text: `WITH ended AS (
          UPDATE sessions s SET ended_at = now(), end_reason = $3, upstream_id_token_sealed = NULL
          WHERE s.tenant_id = ${SHOWN_TENANT} AND s.brokered_tenant_id = $1 AND s.ended_at IS NULL AND ${part.sessions}
          RETURNING s.uid, s.brokered_user_id AS person
        ), told AS (
          ${tell('ended e JOIN session_applications a ON a.tenant_id = ' + SHOWN_TENANT + ' AND a.session_uid = e.uid')}
        )
        SELECT uid FROM ended`,
      values: [...values, reason],
    },
    {
      name: `access_above_grants_${kind}`,
      text: `DELETE FROM oidc_artifacts a WHERE a.tenant_id = ${SHOWN_TENANT} AND a.kind = 'Grant'
        AND a.brokered_tenant_id = $1 AND ${part.grants} RETURNING 1`,
      values,
    },
    ...(part.leavers === undefined ? [] : [leave(kind, part.leavers, [...values, reason])]),
    showTenant(tenantId),
  ];
}

/** One application is taken out of sessions, which go on: it is told to end its own. */
const leave = (kind: string, leavers: string, values: readonly unknown[]): Statement => ({
  name: `access_above_leave_${kind}`,
  text: `WITH gone AS (
      DELETE FROM session_applications a USING sessions s
      WHERE a.tenant_id = ${SHOWN_TENANT} AND s.tenant_id = ${SHOWN_TENANT} AND s.uid = a.session_uid
        AND s.ended_at IS NULL AND s.brokered_tenant_id = $1 AND ${leavers}
      RETURNING a.client_id, a.sid, s.brokered_user_id AS person)
    ${tell('gone a')}`,
  values,
});

/** Leaves an event for each application of the tenant above that holds a part of a session. `$3` is the reason. */
const tell = (from: string): string => `INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload)
  SELECT ${SHOWN_TENANT}, gen_random_uuid(), 'session.ended', a.client_id, person::text,
    jsonb_build_object('clientId', a.client_id, 'sid', a.sid, 'reason', $3::text) FROM ${from}`;

/** What the answers to those statements tell. */
export function endedAbove(results: readonly Rows[]): Pick<EndedAccess, 'above'> {
  const [parent, sessions, grants] = results;
  const tenantId: TenantId | '' = parent?.[0]?.['parent'] ?? '';
  const ended = { sessions: sessions?.length ?? 0, grants: grants?.length ?? 0 };
  if (tenantId === '' || ended.sessions + ended.grants === 0) return {};
  return { above: { tenantId, ...ended } };
}
