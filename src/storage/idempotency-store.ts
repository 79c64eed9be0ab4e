import type {
  IdempotencyKey,
  IdempotencyState,
  IdempotencyStore,
} from '../domain/idempotency/idempotency-store.js';
import type { Database } from './database.js';

/** Keys of requests and their answers in PostgreSQL. */
export class PostgresIdempotencyStore implements IdempotencyStore {
  constructor(private readonly database: Database) {}

  async begin(key: IdempotencyKey): Promise<IdempotencyState> {
    const [won, kept] = await this.database.inTenant(key.tenantId, [
      {
        text: `INSERT INTO idempotency_keys (tenant_id, caller, key_hash, request_hash) VALUES ($1, $2, $3, $4)
          ON CONFLICT DO NOTHING RETURNING true AS won`,
        values: [key.tenantId, key.caller, key.keyHash, key.requestHash],
      },
      {
        text: `SELECT request_hash = $4 AS same, status, answer_sealed,
            extract(epoch FROM clock_timestamp() - created_at)::float8 AS seconds_ago FROM idempotency_keys
          WHERE tenant_id = $1 AND caller = $2 AND key_hash = $3`,
        values: [key.tenantId, key.caller, key.keyHash, key.requestHash],
      },
    ]);
    if (won?.[0] !== undefined) return { state: 'new' };
    const row = kept?.[0];
    if (row?.['same'] === false) return { state: 'mismatch' };
    // No row: the first was refused in between.
    if (row === undefined || row['status'] === null)
      return { state: 'unknown', secondsAgo: row?.['seconds_ago'] ?? 0 };
    return { state: 'done', status: row['status'], answerSealed: row['answer_sealed'] };
  }

  async finish(
    key: IdempotencyKey,
    answer: { readonly status: number; readonly sealed: string },
  ): Promise<void> {
    await this.database.inTenant(key.tenantId, [
      {
        text: `UPDATE idempotency_keys SET status = $4, answer_sealed = $5
          WHERE tenant_id = $1 AND caller = $2 AND key_hash = $3`,
        values: [key.tenantId, key.caller, key.keyHash, answer.status, answer.sealed],
      },
    ]);
  }

  async abandon(key: IdempotencyKey): Promise<void> {
    await this.database.inTenant(key.tenantId, [
      {
        text: `DELETE FROM idempotency_keys
          WHERE tenant_id = $1 AND caller = $2 AND key_hash = $3 AND status IS NULL`,
        values: [key.tenantId, key.caller, key.keyHash],
      },
    ]);
  }
}
