import { violations, type Ask } from '../../support/soundness.js';

/** Lets people who are active and never had a session be signed in, as an application's sign-in would; their ids. */
export async function signPeopleIn(ask: Ask, count: number): Promise<readonly string[]> {
  const rows = await ask<{ user_id: string }>(`
    WITH people AS (
      SELECT tenant_id, id, connection_id FROM users u WHERE source = 'scim' AND active
        AND NOT EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id)
        AND NOT EXISTS (SELECT FROM outbox o WHERE o.subject = u.id::text)
      ORDER BY random() LIMIT ${count}
    ), signed_in AS (
      INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, connection_id, payload, absolute_expires_at, expires_at)
      SELECT tenant_id, id::text, sha256(convert_to(id::text, 'UTF8')), id, connection_id, '{}',
        now() + interval '1 day', now() + interval '1 day' FROM people
    ), joined AS (
      INSERT INTO session_applications (tenant_id, session_uid, client_id, sid)
      SELECT tenant_id, id::text, 'grafana', 'sid-' || id FROM people
    ), granted AS (
      INSERT INTO oidc_artifacts (tenant_id, hash, kind, user_id, client_id, payload, expires_at)
      SELECT tenant_id, sha256(convert_to('grant ' || id, 'UTF8')), 'Grant', id, 'grafana', '{}',
        now() + interval '1 day' FROM people
    )
    SELECT id AS user_id FROM people`);
  return rows.map(({ user_id }) => user_id);
}

/** What contradicts the journal's rules for events, sessions and messages; `signedIn`: all who ever had a session. */
export function recordFaults(ask: Ask, signedIn: readonly string[]): Promise<readonly string[]> {
  const people = `unnest('{${signedIn.join()}}'::uuid[]) p (id)`;
  return violations(ask, {
    'a session that neither lives nor was told of, or both': `SELECT p.id FROM ${people} WHERE
      (SELECT count(*) FROM sessions s WHERE s.user_id = p.id AND s.ended_at IS NULL)
      + (SELECT count(*) FROM outbox o WHERE o.topic = 'session.ended' AND o.receiver = 'grafana'
        AND o.subject = p.id::text) <> 1`,
    'a grant without its session': `SELECT p.id FROM ${people} WHERE
      EXISTS (SELECT FROM sessions s WHERE s.user_id = p.id AND s.ended_at IS NULL)
      <> EXISTS (SELECT FROM oidc_artifacts a WHERE a.user_id = p.id AND a.kind = 'Grant')`,
    'a session that ended without an event': `SELECT p.id FROM ${people}
      WHERE EXISTS (SELECT FROM outbox o WHERE o.subject = p.id::text) AND NOT EXISTS (
        SELECT FROM audit_events e WHERE e.action = 'access.ended' AND e.body::jsonb ->> 'target' = 'user:' || p.id)`,
    'a version of a user for each event, and an event for each': `WITH told AS (
        SELECT body::jsonb ->> 'target' AS target, count(*) AS n FROM audit_events
        WHERE action IN ('user.created', 'user.updated', 'user.activated', 'user.deactivated') GROUP BY 1)
      SELECT u.id, u.version, told.n FROM users u LEFT JOIN told ON told.target = 'user:' || u.id
      WHERE u.source = 'scim' AND u.version IS DISTINCT FROM told.n`,
    'an event of a group that left no version': `WITH told AS (
        SELECT body::jsonb ->> 'target' AS target, count(*) AS n FROM audit_events
        WHERE action IN ('group.created', 'group.updated', 'group.renamed') GROUP BY 1)
      SELECT g.id, g.version, told.n FROM groups g LEFT JOIN told ON told.target = 'group:' || g.id
      WHERE g.origin = 'scim' AND g.version < coalesce(told.n, 9999)`,
    'deletions and their events': `SELECT * FROM (SELECT count(*) AS n FROM departed_users) departed,
        (SELECT count(*) AS n FROM audit_events WHERE action = 'user.deleted') told WHERE departed.n <> told.n`,
  });
}
