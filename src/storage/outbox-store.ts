import type { QueryResultRow } from 'pg';
import type { TenantScope } from '../core/scope.js';
import { DELIVERY_SECONDS_MAX, receiverKey, receiverOfKey, type Batch } from '../domain/delivery/delivery.js';
import type {
  ClaimRequest,
  HeldDelivery,
  OutboxStore,
  Postponement,
  Rest,
  Settlement,
} from '../domain/delivery/outbox-store.js';
import type { Database, Statement } from './database.js';

/** The lease of a receiver that is left alone. */
export const NOBODYS_LEASE = '00000000-0000-0000-0000-000000000000';
/** Dead letters written at once, so that no transaction grows with what has piled up. */
const OVERDUE_MAX = 1_000;
/** The day of a dead letter that was sent again began with that. */
const OVERDUE = `coalesce(retried_at, created_at) < now() - make_interval(secs => ${DELIVERY_SECONDS_MAX})`;

/**
 * The outbox in PostgreSQL. `due_at` is when a row may be tried next: the end of its lease while it has one. A receiver
 * that is left alone is one whose oldest row has a lease that is nobody's. Claims read over all tenants as the
 * database user; all else happens as the tenant.
 */
export class PostgresOutboxStore implements OutboxStore {
  constructor(private readonly database: Database) {}

  async claim(request: ClaimRequest): Promise<readonly Batch[]> {
    // Hops along an index are all that a node costs that has nothing to do.
    const [due] = await this.database.query(ANY_DUE);
    if (due === undefined) return [];
    return this.database.transact(async (query) => {
      // Who claims must see every lease that was given before. It takes milliseconds, and the next poll is near.
      const [lock] = await query(LOCK);
      if (lock?.['won'] !== true) return [];
      const { lease, leaseSeconds, receiversMax, deliveriesMax } = request;
      const values = [receiversMax, deliveriesMax, lease, leaseSeconds];
      return batchesOf(await query({ name: 'outbox_claim', text: CLAIM, values }), lease);
    });
  }

  async hold(scope: TenantScope, batch: Batch): Promise<readonly HeldDelivery[]> {
    const rows = await this.database.transaction(scope).query({
      name: 'outbox_hold',
      text: `SELECT id, ${OVERDUE} AS overdue FROM outbox
        WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) AND lease = $3 AND settled_at IS NULL FOR UPDATE`,
      values: [scope.tenantId, batch.deliveries.map(({ id }) => id), batch.lease],
    });
    return rows.map(({ id, overdue }) => ({ id, overdue }));
  }

  settle(scope: TenantScope, settlements: readonly Settlement[]): void {
    this.#defer(scope, settlements, {
      name: 'outbox_settle',
      text: `UPDATE outbox o SET settled_at = now(), lease = NULL, outcome = s.outcome,
          last_error = coalesce(s.error, o.last_error)
        FROM unnest($2::uuid[], $3::text[], $4::text[]) AS s (id, outcome, error)
        WHERE o.tenant_id = $1 AND o.id = s.id`,
      values: [
        scope.tenantId,
        settlements.map(({ id }) => id),
        settlements.map(({ outcome }) => outcome),
        settlements.map(({ error }) => error),
      ],
    });
  }

  postpone(scope: TenantScope, postponements: readonly Postponement[]): void {
    this.#defer(scope, postponements, {
      name: 'outbox_postpone',
      text: `UPDATE outbox o SET lease = NULL, last_error = s.error, due_at = now() + make_interval(secs => s.seconds)
        FROM unnest($2::uuid[], $3::text[], $4::float8[]) AS s (id, error, seconds)
        WHERE o.tenant_id = $1 AND o.id = s.id`,
      values: [
        scope.tenantId,
        postponements.map(({ id }) => id),
        postponements.map(({ error }) => error),
        postponements.map(({ seconds }) => seconds),
      ],
    });
  }

  release(scope: TenantScope, ids: readonly string[]): void {
    this.#defer(scope, ids, {
      name: 'outbox_release',
      text: `UPDATE outbox SET lease = NULL, due_at = now(), attempts = attempts - 1
        WHERE tenant_id = $1 AND id = ANY ($2::uuid[])`,
      values: [scope.tenantId, ids],
    });
  }

  async rest(scope: TenantScope, rest: Rest): Promise<readonly string[]> {
    const { receiver, error, seconds, attempts } = rest;
    const who = [scope.tenantId, receiverKey(receiver)];
    const [dead] = await this.database.transaction(scope).send([
      {
        name: 'outbox_overdue',
        text: `UPDATE outbox SET settled_at = now(), lease = NULL, outcome = 'dead', last_error = $3
          WHERE tenant_id = $1 AND id IN (
            SELECT id FROM outbox WHERE tenant_id = $1 AND receiver = $2 AND settled_at IS NULL AND lease IS NULL
              AND ${OVERDUE} LIMIT ${OVERDUE_MAX})
          RETURNING id`,
        values: [...who, error],
      },
      {
        name: 'outbox_rest',
        text: `UPDATE outbox SET lease = $3, due_at = now() + make_interval(secs => $4::float8),
            attempts = greatest(attempts, $5), last_error = $6
          WHERE tenant_id = $1 AND id = (SELECT id FROM outbox WHERE tenant_id = $1 AND receiver = $2
            AND settled_at IS NULL ORDER BY created_at, id LIMIT 1)`,
        values: [...who, NOBODYS_LEASE, seconds, attempts, error],
      },
    ]);
    return (dead ?? []).map(({ id }) => id);
  }

  #defer(scope: TenantScope, rows: readonly unknown[], statement: Statement): void {
    if (rows.length > 0) this.database.transaction(scope).defer([statement]);
  }
}

const LOCK: Statement = {
  name: 'outbox_lock',
  text: `SELECT pg_try_advisory_xact_lock(hashtext('causeway outbox')) AS won`,
  values: [],
};

/** A condition on `o`: rows of the receiver `r` that wait. */
const OF_RECEIVER = 'o.tenant_id = r.tenant_id AND o.receiver = r.receiver AND o.settled_at IS NULL';

/**
 * Hops from receiver to receiver along the index, so that its cost is the number of receivers that something waits for,
 * not of what waits; gives those that are due and that no lease holds. That is asked by a sub-select, not by NOT EXISTS:
 * that one may become a join, which reads every row.
 */
const DUE = `
WITH RECURSIVE receivers AS (
  (SELECT tenant_id, receiver, due_at FROM outbox WHERE settled_at IS NULL AND receiver IS NOT NULL
    ORDER BY tenant_id, receiver, due_at LIMIT 1)
  UNION ALL
  SELECT n.* FROM receivers r CROSS JOIN LATERAL (
    SELECT o.tenant_id, o.receiver, o.due_at FROM outbox o
    WHERE o.settled_at IS NULL AND (o.tenant_id, o.receiver) > (r.tenant_id, r.receiver)
    ORDER BY o.tenant_id, o.receiver, o.due_at LIMIT 1) n
), due AS MATERIALIZED (
  SELECT r.tenant_id, r.receiver FROM receivers r
  WHERE r.due_at <= now()
    AND (SELECT true FROM outbox o WHERE ${OF_RECEIVER} AND o.due_at > now() AND o.lease IS NOT NULL LIMIT 1) IS NULL
  ORDER BY (SELECT o.lease IS NOT NULL FROM outbox o WHERE ${OF_RECEIVER} ORDER BY o.due_at DESC LIMIT 1), r.due_at
  LIMIT $1
)`;

const ANY_DUE: Statement = { name: 'outbox_due', text: `${DUE} SELECT FROM due`, values: [1] };

/** An expression, so that a receiver's rows aren't looked for along the index by creation, which has everybody's. */
const OLDEST_FIRST = `o.created_at + interval '0'`;

/** Takes the oldest rows of each receiver. A person of whom a delivery was put off waits with it. */
const CLAIM = `${DUE}, taken AS MATERIALIZED (
  SELECT r.tenant_id, b.id FROM due r CROSS JOIN LATERAL (
    SELECT o.id FROM outbox o WHERE ${OF_RECEIVER} AND o.due_at <= now()
      AND o.subject <> ALL (ARRAY(SELECT o.subject FROM outbox o WHERE ${OF_RECEIVER} AND o.due_at > now()))
    ORDER BY ${OLDEST_FIRST}, o.id LIMIT $2 FOR UPDATE SKIP LOCKED) b
), leased AS (
  UPDATE outbox o SET lease = $3, due_at = now() + make_interval(secs => $4::float8), attempts = o.attempts + 1
  FROM taken WHERE o.tenant_id = taken.tenant_id AND o.id = taken.id
  RETURNING o.tenant_id, o.id, o.receiver, o.subject, o.payload, o.attempts, o.last_error, o.created_at
)
SELECT l.*, t.slug FROM leased l JOIN tenants t ON t.id = l.tenant_id
ORDER BY l.tenant_id, l.receiver, l.created_at, l.id`;

/** Rows come with those of one receiver side by side. */
function batchesOf(rows: readonly QueryResultRow[], lease: string): readonly Batch[] {
  const batches = new Map<string, Batch & { readonly deliveries: Batch['deliveries'][number][] }>();
  for (const row of rows) {
    const key = `${row['tenant_id']} ${row['receiver']}`;
    const batch = batches.get(key) ?? { receiver: receiverOf(row), lease, deliveries: [] };
    const { id, subject, payload, attempts } = row;
    batch.deliveries.push({
      id,
      subject,
      payload,
      at: row['created_at'],
      attempts,
      lastError: row['last_error'],
    });
    batches.set(key, batch);
  }
  return [...batches.values()];
}

const receiverOf = (row: QueryResultRow): Batch['receiver'] => ({
  tenantId: row['tenant_id'],
  tenant: row['slug'],
  ...receiverOfKey(row['receiver']),
});
