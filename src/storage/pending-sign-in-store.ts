import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { PendingSignIn, PendingSignInStore } from '../domain/account/pending-sign-in.js';
import type { Database, Rows } from './database.js';

const LIVE = `FROM pending_sign_ins
  WHERE tenant_id = $1 AND hash = $2 AND purpose = $3 AND taken_at IS NULL AND expires_at > now()`;

/** What browsers are in the middle of, in PostgreSQL: rows that the sweeper takes away. */
export class PostgresPendingSignInStore implements PendingSignInStore {
  constructor(private readonly database: Database) {}

  async begin(
    tenantId: TenantId,
    pending: PendingSignIn & { readonly id: string; readonly hash: Buffer; readonly seconds: number },
  ): Promise<void> {
    const { id, hash, purpose, userId, state, seconds } = pending;
    await this.database.inTenant(tenantId, [
      {
        name: 'pending_begin',
        text: `INSERT INTO pending_sign_ins (tenant_id, id, hash, purpose, user_id, state, expires_at)
          VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))`,
        values: [tenantId, id, hash, purpose, userId, JSON.stringify(state), seconds],
      },
    ]);
  }

  async find(
    tenantId: TenantId,
    hash: Buffer,
    purpose: PendingSignIn['purpose'],
  ): Promise<PendingSignIn | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'pending_find',
        text: `SELECT purpose, user_id, state ${LIVE}`,
        values: [tenantId, hash, purpose],
      },
    ]);
    return toPending(rows);
  }

  async take(
    tenantId: TenantId,
    hash: Buffer,
    purpose: PendingSignIn['purpose'],
  ): Promise<PendingSignIn | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'pending_take',
        text: `UPDATE pending_sign_ins SET taken_at = now()
          WHERE (tenant_id, id) IN (SELECT tenant_id, id ${LIVE} FOR UPDATE)
          RETURNING purpose, user_id, state`,
        values: [tenantId, hash, purpose],
      },
    ]);
    return toPending(rows);
  }
}

function toPending(rows: Rows | undefined): PendingSignIn | undefined {
  const row: QueryResultRow | undefined = rows?.[0];
  return row === undefined
    ? undefined
    : { purpose: row['purpose'], userId: row['user_id'], state: row['state'] };
}
