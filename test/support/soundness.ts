/** Asks the database past row-level security: a ledger's `rows`, or a pool's. */
export type Ask = <T extends object>(text: string) => Promise<T[]>;

/** What must never be, and the query that shows where it is. */
const NEVER: Readonly<Record<string, string>> = {
  'a member without user or group': `SELECT m.* FROM group_members m
    LEFT JOIN users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
    LEFT JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id WHERE u.id IS NULL OR g.id IS NULL`,
  'a member whom SCIM never pushed on the group’s connection': `SELECT m.* FROM group_members m
    JOIN users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
    JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
    WHERE m.source = 'scim' AND (g.origin <> 'scim' OR u.source <> 'scim' OR u.connection_id <> g.connection_id)`,
  'a role of nobody': `SELECT a.* FROM role_assignments a
    LEFT JOIN users u ON u.tenant_id = a.tenant_id AND u.id = a.user_id WHERE u.id IS NULL`,
  'an identity of nobody': `SELECT i.* FROM identities i
    LEFT JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.user_id WHERE u.id IS NULL`,
  'an address of nobody': `SELECT e.* FROM user_emails e
    LEFT JOIN users u ON u.tenant_id = e.tenant_id AND u.id = e.user_id WHERE u.id IS NULL`,
  'addresses that differ from the resource': `SELECT u.id FROM users u WHERE u.source = 'scim'
    AND ARRAY(SELECT DISTINCT lower(e ->> 'value') COLLATE "C" FROM jsonb_array_elements(u.attributes -> 'emails') e
      WHERE e ->> 'value' IS NOT NULL ORDER BY 1)
    <> ARRAY(SELECT email_folded FROM user_emails e WHERE e.tenant_id = u.tenant_id AND e.user_id = u.id ORDER BY 1)`,
  'a count that is wrong': `SELECT * FROM (
      SELECT tenant_id, connection_id, connection_version, 'user' AS kind, count(*) AS n FROM users
      WHERE source = 'scim' GROUP BY 1, 2, 3
      UNION ALL SELECT tenant_id, connection_id, connection_version, 'group', count(*) FROM groups
      WHERE origin = 'scim' GROUP BY 1, 2, 3) are
    FULL JOIN (SELECT tenant_id, connection_id, connection_version, kind, sum(count) AS n
      FROM resource_counts GROUP BY 1, 2, 3, 4) told USING (tenant_id, connection_id, connection_version, kind)
    WHERE coalesce(are.n, 0) <> coalesce(told.n, 0)`,
  'a pushed group whose name is not claimed': `SELECT g.id FROM groups g WHERE g.origin = 'scim' AND NOT EXISTS (
    SELECT FROM pushed_group_names p WHERE p.tenant_id = g.tenant_id AND p.connection_id = g.connection_id
      AND p.connection_version = g.connection_version AND p.name = g.name)`,
  'somebody who has left and is here': `SELECT u.id FROM users u JOIN departed_users d USING (tenant_id, connection_id,
    connection_version, external_id)`,
  'a live session or grant of somebody switched off': `SELECT u.id FROM users u WHERE NOT u.active AND (
    EXISTS (SELECT FROM sessions s WHERE s.tenant_id = u.tenant_id AND s.user_id = u.id AND s.ended_at IS NULL)
    OR EXISTS (SELECT FROM oidc_artifacts a WHERE a.tenant_id = u.tenant_id AND a.user_id = u.id AND a.kind = 'Grant'))`,
  'a live session or grant, at the issuer above, of somebody switched off or gone': `SELECT s.uid FROM (
      SELECT brokered_tenant_id, brokered_user_id, uid FROM sessions
      WHERE brokered_tenant_id IS NOT NULL AND ended_at IS NULL
      UNION ALL SELECT brokered_tenant_id, user_id, client_id FROM oidc_artifacts
      WHERE brokered_tenant_id IS NOT NULL AND kind = 'Grant') s
    LEFT JOIN users u ON u.tenant_id = s.brokered_tenant_id AND u.id = s.brokered_user_id
    WHERE u.active IS NOT TRUE`,
  'a session that ended and an application of it that nobody tells': `SELECT a.session_uid, a.client_id
    FROM sessions s JOIN session_applications a ON a.tenant_id = s.tenant_id AND a.session_uid = s.uid
    WHERE s.ended_at IS NOT NULL AND NOT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = s.tenant_id
      AND o.topic = 'session.ended' AND o.receiver = a.client_id AND o.payload ->> 'sid' = a.sid)`,
  'a change without its event': `SELECT r.id, r.version FROM (
      SELECT tenant_id, id, version, 'user:' || id AS target FROM users WHERE source = 'scim'
      UNION ALL SELECT tenant_id, id, version, 'group:' || id FROM groups WHERE origin = 'scim') r
    WHERE NOT EXISTS (SELECT FROM audit_events e WHERE e.tenant_id = r.tenant_id
      AND e.body::jsonb ->> 'target' = r.target AND e.action IN ('user.created', 'user.adopted', 'group.created'))`,
};

/** What of a deployment's pushed resources contradicts itself: nothing, whatever happened to the processes that wrote. */
export const contradictions = (ask: Ask): Promise<readonly string[]> => violations(ask, NEVER);

/** What queries for what must never be have found, with the first rows of each. */
export async function violations(
  ask: Ask,
  never: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const found = await Promise.all(
    Object.entries(never).map(async ([what, text]) => ({ what, rows: await ask(text) })),
  );
  return found.flatMap(({ what, rows }) =>
    rows.length === 0 ? [] : [`${what}: ${JSON.stringify(rows.slice(0, 3))}`],
  );
}
