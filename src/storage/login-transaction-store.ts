import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import { LOGIN_TRANSACTION_SECONDS, type LoginTransaction } from '../domain/sign-in/login-transaction.js';
import type { LoginTransactionStore } from '../domain/sign-in/login-transaction-store.js';
import type { Database, Statement } from './database.js';

/** Columns of a login transaction in the order in which they are written. */
export function loginTransactionValues(
  transaction: LoginTransaction,
): readonly (readonly [unknown, string])[] {
  return [
    [transaction.stateHash, '::bytea'],
    [transaction.browserHash, '::bytea'],
    [transaction.interactionHash, '::bytea'],
    [transaction.interactionTenantId ?? null, '::uuid'],
    [transaction.connectionId, '::uuid'],
    [transaction.connectionVersion, '::int'],
    [transaction.issuer, '::text'],
    [transaction.redirectUri, '::text'],
    [JSON.stringify(transaction.request), '::jsonb'],
    [LOGIN_TRANSACTION_SECONDS, '::int'],
  ];
}

export const LOGIN_TRANSACTION_COLUMNS = `tenant_id, state_hash, browser_hash, interaction_hash,
  interaction_tenant_id, connection_id, connection_version, issuer, redirect_uri, request, expires_at`;

export class PostgresLoginTransactionStore implements LoginTransactionStore {
  constructor(private readonly database: Database) {}

  async begin(tenantId: TenantId, transaction: LoginTransaction): Promise<void> {
    await this.database.inTenant(tenantId, [
      {
        name: 'login_begin',
        text: `INSERT INTO login_transactions (${LOGIN_TRANSACTION_COLUMNS})
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + make_interval(secs => $11))`,
        values: [tenantId, ...loginTransactionValues(transaction).map(([value]) => value)],
      },
    ]);
  }

  async take(
    tenantId: TenantId,
    stateHash: Buffer,
    browserHash: Buffer | null,
  ): ReturnType<LoginTransactionStore['take']> {
    const [taken, found] = await this.database.inTenantShared('commits', tenantId, [
      take(tenantId, stateHash, browserHash),
      {
        name: 'login_found',
        text: `SELECT consumed_at IS NOT NULL AS used, expires_at <= now() AS expired FROM login_transactions
          WHERE tenant_id = $1 AND state_hash = $2`,
        values: [tenantId, stateHash],
      },
    ]);
    const row = taken?.[0];
    if (row !== undefined) return { taken: true, ...toTaken(row) };
    const other = found?.[0];
    if (other === undefined) return { taken: false, reason: 'unknown' };
    if (other['used'] === true) return { taken: false, reason: 'used' };
    return { taken: false, reason: other['expired'] === true ? 'expired' : 'other_browser' };
  }
}

/** Compare-and-set: of many callbacks at once one gets the row. */
function take(tenantId: TenantId, stateHash: Buffer, browserHash: Buffer | null): Statement {
  return {
    name: 'login_take',
    text: `WITH taken AS (
        UPDATE login_transactions SET consumed_at = now()
        WHERE tenant_id = $1 AND state_hash = $2 AND browser_hash = $3 AND consumed_at IS NULL AND expires_at > now()
        RETURNING *)
      SELECT t.*, $4 - floor(extract(epoch FROM t.expires_at - now()))::int AS age, i.hash AS interaction, i.payload AS interaction_payload,
        ceil(extract(epoch FROM i.expires_at - now()))::int AS interaction_remaining
      FROM taken t
      LEFT JOIN oidc_artifacts i ON i.tenant_id = coalesce(t.interaction_tenant_id, $1)
        AND i.hash = t.interaction_hash AND i.expires_at > now()`,
    values: [tenantId, stateHash, browserHash, LOGIN_TRANSACTION_SECONDS],
  };
}

function toTaken(row: QueryResultRow) {
  const transaction: LoginTransaction = {
    stateHash: row['state_hash'],
    browserHash: row['browser_hash'],
    interactionHash: row['interaction_hash'],
    interactionTenantId: row['interaction_tenant_id'] ?? undefined,
    connectionId: row['connection_id'],
    connectionVersion: row['connection_version'],
    issuer: row['issuer'],
    redirectUri: row['redirect_uri'],
    request: row['request'],
  };
  const interaction =
    row['interaction'] === null
      ? undefined
      : {
          hash: row['interaction'],
          kind: 'Interaction',
          payload: row['interaction_payload'],
          remainingSeconds: row['interaction_remaining'],
          consumed: false,
          grant: undefined,
          session: undefined,
          account: undefined,
          replay: undefined,
        };
  return { transaction, interaction, ageSeconds: row['age'] as number };
}
