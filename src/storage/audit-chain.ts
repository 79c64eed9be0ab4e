import type { QueryResultRow } from 'pg';
import type { AuditEventId, TenantId } from '../core/ids.js';
import {
  extendChain,
  genesisHash,
  type ChainHead,
  type CheckpointSigner,
} from '../domain/audit/audit-chain.js';
import type { Database, Statement } from './database.js';

/** Events chained in one transaction. */
const BATCH = 1_000;
/** A checkpoint is due after so many links, or so long after the last one. */
const CHECKPOINT_LINKS = 1_000;
const CHECKPOINT_SECONDS = 600;
/** Checkpoints signed in one transaction. */
const CHECKPOINTS_MAX = 200;

type Query = (statement: Statement) => Promise<readonly QueryResultRow[]>;

export interface Chained {
  /** Another node is at it: nothing was done here. */
  readonly busy: boolean;
  readonly events: number;
  readonly checkpoints: number;
}

/**
 * Chains audit events that no transaction can come before any more: those whose transaction id is below every
 * one that still runs, in the order (transaction, id). Writers insert events without a lock; this is the only
 * one who orders them. The position's row is the lease: whoever has it locked leads, and its place moves in
 * the same transaction as the links.
 */
export class AuditChainer {
  constructor(
    private readonly database: Database,
    private readonly signer: CheckpointSigner,
  ) {}

  /** One batch. Call again at once while a whole batch was chained. */
  async chainOnce(): Promise<Chained> {
    return this.database.transact(async (query) => {
      const [position] = await query({
        text: 'SELECT xid, event_id FROM audit_position WHERE id = 1 FOR UPDATE SKIP LOCKED',
        values: [],
      });
      if (position === undefined) return { busy: true, events: 0, checkpoints: 0 };
      const events = await query({
        text: `SELECT tenant_id, id, xid, hash FROM audit_events
          WHERE (xid, id) > ($1::xid8, $2::uuid) AND xid < pg_snapshot_xmin(pg_current_snapshot())
          ORDER BY xid, id LIMIT ${BATCH}`,
        values: [position['xid'], position['event_id']],
      });
      await this.#chain(query, events);
      return { busy: false, events: events.length, checkpoints: await this.#checkpoint(query) };
    });
  }

  /** Whether another batch may be waiting. */
  static hasMore(chained: Chained): boolean {
    return chained.events === BATCH || chained.checkpoints === CHECKPOINTS_MAX;
  }

  async #chain(query: Query, events: readonly QueryResultRow[]): Promise<void> {
    const last = events.at(-1);
    if (last === undefined) return;
    const byTenant = new Map<TenantId, { id: AuditEventId; hash: Uint8Array }[]>();
    for (const { tenant_id: tenantId, id, hash } of events) {
      const own = byTenant.get(tenantId);
      if (own === undefined) byTenant.set(tenantId, [{ id, hash }]);
      else own.push({ id, hash });
    }
    const heads = await query({
      text: 'SELECT tenant_id, seq, hash FROM audit_heads WHERE tenant_id = ANY ($1::uuid[])',
      values: [[...byTenant.keys()]],
    });
    const known = new Map(
      heads.map((row) => [row['tenant_id'], { seq: Number(row['seq']), hash: row['hash'] }]),
    );
    const links = [...byTenant].flatMap(([tenantId, own]) => {
      const head: ChainHead = known.get(tenantId) ?? { seq: 0, hash: genesisHash(tenantId) };
      return extendChain(head, own).map((link) => ({ tenantId, ...link }));
    });
    await query({
      text: `INSERT INTO audit_chain (tenant_id, seq, event_id, event_hash, hash)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bytea[], $5::bytea[])`,
      values: [
        links.map((link) => link.tenantId),
        links.map((link) => link.seq),
        links.map((link) => link.eventId),
        links.map((link) => link.eventHash),
        links.map((link) => link.hash),
      ],
    });
    // Of each tenant's links the last one is its head.
    const newest = [...new Map(links.map((link) => [link.tenantId, link])).values()];
    await query({
      text: `INSERT INTO audit_heads (tenant_id, seq, hash)
        SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bytea[])
        ON CONFLICT (tenant_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash`,
      values: [
        newest.map((link) => link.tenantId),
        newest.map((link) => link.seq),
        newest.map((link) => link.hash),
      ],
    });
    await query({
      text: 'UPDATE audit_position SET xid = $1::xid8, event_id = $2 WHERE id = 1',
      values: [last['xid'], last['id']],
    });
  }

  /** Signs the heads that are due. A tenant without new events is never looked at. */
  async #checkpoint(query: Query): Promise<number> {
    const due = await query({
      text: `SELECT tenant_id, seq, hash, now() AS at FROM audit_heads
        WHERE seq > checkpoint_seq
          AND (seq - checkpoint_seq >= ${CHECKPOINT_LINKS}
            OR checkpoint_at < now() - make_interval(secs => ${CHECKPOINT_SECONDS}))
        LIMIT ${CHECKPOINTS_MAX}`,
      values: [],
    });
    for (const row of due) {
      const claims = {
        tenantId: row['tenant_id'],
        seq: Number(row['seq']),
        hash: Buffer.from(row['hash']).toString('base64url'),
      };
      await query({
        text: `WITH covered AS (
            UPDATE audit_heads SET checkpoint_seq = $2, checkpoint_at = $3 WHERE tenant_id = $1
          )
          INSERT INTO audit_checkpoints (tenant_id, seq, at, signed) VALUES ($1, $2, $3, $4)`,
        values: [claims.tenantId, claims.seq, row['at'], await this.signer.sign(claims, row['at'])],
      });
    }
    return due.length;
  }
}
