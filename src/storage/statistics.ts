import type { Database } from './database.js';

/** Tables that have grown past this are left to PostgreSQL's own autovacuum. */
const ROWS_MAX = 200_000;

/**
 * Lets the planner know of tables that have grown by a fifth: plans that were made while they were empty are made anew.
 * PostgreSQL does so by itself, but looks once a minute only, and in its first minute a deployment may get a hundred
 * thousand users, each push of which would go through all that came before. One node at a time.
 * @returns tables that were looked at
 */
export async function refreshStatistics(database: Database): Promise<readonly string[]> {
  return database.transact(async (query) => {
    const [lock] = await query({
      text: `SELECT pg_try_advisory_xact_lock(hashtext('causeway statistics')) AS won`,
      values: [],
    });
    if (lock?.['won'] !== true) return [];
    const grown = await query({
      name: 'statistics_grown',
      text: `SELECT quote_ident(relname) AS name FROM pg_stat_user_tables
        WHERE schemaname = 'public' AND n_live_tup < $1 AND n_mod_since_analyze > 50 + n_live_tup / 5`,
      values: [ROWS_MAX],
    });
    const names = grown.map((row): string => row['name']);
    if (names.length > 0) await query({ text: `ANALYZE ${names.join(', ')}`, values: [] });
    return names;
  });
}
