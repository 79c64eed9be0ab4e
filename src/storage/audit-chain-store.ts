import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { ChainHead } from '../domain/audit/audit-chain.js';
import type { StoredLink } from '../domain/audit/verify-chain.js';
import type { AuditChainStore } from '../domain/audit/verify-tenant-chain.js';
import type { Database } from './database.js';

/** A tenant's chain, read as the tenant. */
export class PostgresAuditChainStore implements AuditChainStore {
  constructor(private readonly database: Database) {}

  async links(tenantId: TenantId, afterSeq: number, limit: number): Promise<readonly StoredLink[]> {
    const rows = await this.#read(
      tenantId,
      `SELECT c.seq, c.event_id, c.event_hash, c.hash AS link_hash, e.id, e.at, e.action, e.outcome,
          e.reference, e.body, e.hash, e.actor, e.target, e.application, e.connection, p.sealed
        FROM audit_chain c
        LEFT JOIN audit_events e ON e.tenant_id = c.tenant_id AND e.id = c.event_id
        LEFT JOIN audit_personal p ON p.tenant_id = e.tenant_id AND p.event_id = e.id
        WHERE c.tenant_id = $1 AND c.seq > $2 ORDER BY c.seq LIMIT $3`,
      [afterSeq, limit],
    );
    return rows.map((row) => toLink(tenantId, row));
  }

  async head(tenantId: TenantId): Promise<ChainHead | undefined> {
    const [row] = await this.#read(tenantId, 'SELECT seq, hash FROM audit_heads WHERE tenant_id = $1', []);
    return row === undefined ? undefined : { seq: Number(row['seq']), hash: row['hash'] };
  }

  async checkpoints(
    tenantId: TenantId,
  ): Promise<readonly { readonly seq: number; readonly signed: string }[]> {
    const rows = await this.#read(
      tenantId,
      'SELECT seq, signed FROM audit_checkpoints WHERE tenant_id = $1 ORDER BY seq',
      [],
    );
    return rows.map((row) => ({ seq: Number(row['seq']), signed: row['signed'] }));
  }

  async unchained(tenantId: TenantId): Promise<{ readonly waiting: number; readonly leftOut: number }> {
    // As the database user: the chainer's position is no tenant's.
    const [row] = await this.database.query({
      text: `SELECT count(*) FILTER (WHERE (e.xid, e.id) > (p.xid, p.event_id)) AS waiting,
          count(*) FILTER (WHERE (e.xid, e.id) <= (p.xid, p.event_id)) AS left_out
        FROM audit_position p, audit_events e
        WHERE e.tenant_id = $1
          AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.tenant_id = e.tenant_id AND c.event_id = e.id)`,
      values: [tenantId],
    });
    return { waiting: Number(row?.['waiting'] ?? 0), leftOut: Number(row?.['left_out'] ?? 0) };
  }

  async #read(
    tenantId: TenantId,
    text: string,
    values: readonly unknown[],
  ): Promise<readonly QueryResultRow[]> {
    const [rows] = await this.database.inTenant(tenantId, [{ text, values: [tenantId, ...values] }]);
    return rows ?? [];
  }
}

function toLink(tenantId: TenantId, row: QueryResultRow): StoredLink {
  const event = {
    tenantId,
    id: row['id'],
    at: row['at'],
    action: row['action'],
    outcome: row['outcome'],
    reference: row['reference'],
    body: row['body'],
    hash: row['hash'],
    sealedPersonal: row['sealed'],
    found:
      row['actor'] === null
        ? null
        : {
            actor: row['actor'],
            target: row['target'],
            application: row['application'],
            connection: row['connection'],
          },
  };
  return {
    seq: Number(row['seq']),
    eventId: row['event_id'],
    eventHash: row['event_hash'],
    hash: row['link_hash'],
    event: row['id'] === null ? undefined : event,
  };
}
