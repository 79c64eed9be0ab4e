import type { Database, Rows, Statement } from './database.js';

/** Rows of a table deleted at once: small, so that no sweep holds its locks for long. */
const BATCH = 1_000;
const BATCHES_MAX = 50;

/** How long it is kept who was in which group and had which role, unless the deployment says otherwise. */
export const HISTORY_DAYS = 400;

const PAST = ['past_memberships', 'past_role_mappings', 'past_role_assignments'];

/**
 * What has expired, and what of it may go. Sessions stay a day longer for who asks where one ended,
 * trips to an upstream an hour, so that who comes back late is told that it was too late; deliveries a week after
 * they are settled, dead letters a month.
 */
const EXPIRED: readonly (readonly [table: string, key: string, condition: string])[] = [
  ['oidc_artifacts', 'tenant_id, hash', 'expires_at < now()'],
  ['access_token_records', 'tenant_id, jti_hash', 'expires_at < now()'],
  ['login_transactions', 'tenant_id, state_hash', `expires_at < now() - interval '1 hour'`],
  ['sessions', 'tenant_id, uid', `expires_at < now() - interval '1 day'`],
  ['connection_tests', 'tenant_id, id', `created_at < now() - interval '30 days'`],
  ['pending_sign_ins', 'tenant_id, id', `expires_at < now()`],
  // However they ended. Until then a late one is told from one that never was, and who had it from whom.
  ['links', 'tenant_id, id', `expires_at < now() - interval '90 days'`],
  ['idempotency_keys', 'tenant_id, caller, key_hash', `created_at < now() - interval '24 hours'`],
  ['jobs', 'tenant_id, id', `finished_at < now() - interval '30 days'`],
  ['console_sessions', 'tenant_id, id', `expires_at < now() - interval '1 day'`],
  // Asked at each refresh; nobody's refresh token lives longer than 90 days.
  ['upstream_grants', 'tenant_id, user_id', `checked_at < now() - interval '90 days'`],
  // Nodes tell it anew every second.
  ['scim_client_uses', 'tenant_id, client, node', `told_at < now() - interval '1 minute'`],
  [
    'outbox',
    'tenant_id, id',
    `settled_at < now() - interval '7 days'
      AND (outcome <> 'dead' OR settled_at < now() - interval '30 days')`,
  ],
];

/**
 * Deletes what has expired, in batches, on one node at a time (an advisory lock, not a table). Answers that were kept
 * for a refresh's leeway are erased as soon as it is over, upstreams' ID Tokens as soon as their session is, what a test of
 * a connection saw of a person after a day.
 * @param historyDays after which it is forgotten who was in which group and had which role
 * @returns rows deleted or erased
 */
export async function sweep(database: Database, historyDays = HISTORY_DAYS): Promise<number> {
  return database.transact(async (query) => {
    const [lock] = await query({
      text: `SELECT pg_try_advisory_xact_lock(hashtext('causeway sweep')) AS won`,
      values: [],
    });
    if (lock?.['won'] !== true) return 0;
    const erased = await query({
      text: `UPDATE oidc_artifacts SET replay_sealed = NULL, replay_until = NULL WHERE replay_until < now() RETURNING 1`,
      values: [],
    });
    const hints = await query({
      text: `UPDATE sessions SET upstream_id_token_sealed = NULL
        WHERE upstream_id_token_sealed IS NOT NULL AND expires_at < now() RETURNING 1`,
      values: [],
    });
    const seen = await query({
      text: `UPDATE connection_tests SET person_sealed = NULL
        WHERE person_sealed IS NOT NULL AND created_at < now() - interval '1 day' RETURNING 1`,
      values: [],
    });
    let swept = erased.length + hints.length + seen.length + (await sweepPast(query, historyDays));
    for (const [table, key, condition] of EXPIRED) {
      for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
        const rows = await query({
          text: `DELETE FROM ${table} WHERE (${key}) IN
            (SELECT ${key} FROM ${table} WHERE ${condition} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) RETURNING 1`,
          values: [],
        });
        swept += rows.length;
        if (rows.length < BATCH) break;
      }
    }
    return swept;
  });
}

/** Forgets what is long past. Of tenants of which something was forgotten, history begins later from now on. */
async function sweepPast(query: (statement: Statement) => Promise<Rows>, days: number): Promise<number> {
  const tenants = new Set<string>();
  let swept = 0;
  for (const table of PAST) {
    for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
      const rows = await query({
        text: `DELETE FROM ${table} WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM ${table}
          WHERE until < now() - make_interval(days => $1) LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) RETURNING tenant_id`,
        values: [days],
      });
      for (const row of rows) tenants.add(row['tenant_id']);
      swept += rows.length;
      if (rows.length < BATCH) break;
    }
  }
  if (tenants.size > 0)
    await query({
      text: `UPDATE tenants SET history_since = greatest(history_since, now() - make_interval(days => $2))
        WHERE id = ANY ($1)`,
      values: [[...tenants], days],
    });
  return swept;
}
