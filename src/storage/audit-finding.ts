import type { JsonObject } from '../core/json.js';
import { findingOf, type AuditFinding } from '../domain/audit/audit-record.js';
import type { Database } from './database.js';

/** Rows at once: small, so that no batch holds its locks for long. */
const BATCH = 500;
/** Batches of one run, so that a node which stops needn't wait for a whole log. */
const BATCHES_MAX = 40;

/**
 * Fills in what events of an older version are found by, as its owner: the application's role can't change events. Goes
 * on where it was left, because filled rows leave the index that it reads from; one node at a time.
 * @returns rows that were filled in
 */
export async function fillAuditFinding(database: Database): Promise<number> {
  let filled = 0;
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one batch after the other
    const rows = await fillBatch(database);
    filled += rows;
    if (rows < BATCH) break;
  }
  return filled;
}

async function fillBatch(database: Database): Promise<number> {
  return database.transact(async (query) => {
    const [lock] = await query({
      text: `SELECT pg_try_advisory_xact_lock(hashtext('causeway audit finding')) AS won`,
      values: [],
    });
    if (lock?.['won'] !== true) return 0;
    const rows = await query({
      text: `SELECT tenant_id, id, body FROM audit_events WHERE actor IS NULL LIMIT ${BATCH}`,
      values: [],
    });
    if (rows.length === 0) return 0;
    const found = rows.map((row) => findingIn(row['body']));
    await query({
      text: `UPDATE audit_events e SET actor = f.actor, target = f.target, application = f.application,
          connection = f.connection
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
          AS f (tenant_id, id, actor, target, application, connection)
        WHERE e.tenant_id = f.tenant_id AND e.id = f.id`,
      values: [
        rows.map((row) => row['tenant_id']),
        rows.map((row) => row['id']),
        found.map(({ actor }) => actor),
        found.map(({ target }) => target),
        found.map(({ application }) => application),
        found.map(({ connection }) => connection),
      ],
    });
    return rows.length;
  });
}

/** A body that somebody spoilt names nobody; the chain tells of it. */
function findingIn(body: string): AuditFinding {
  try {
    const members: JsonObject | null = JSON.parse(body);
    return findingOf(members ?? {});
  } catch (error) {
    if (error instanceof SyntaxError) return findingOf({});
    throw error;
  }
}
