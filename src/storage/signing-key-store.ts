import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { KeyFacts } from '../domain/keys/key-schedule.js';
import type { ClaimKeys, DueTenant, KeysNow, SigningKeyStore } from '../domain/keys/signing-key-store.js';
import type { SigningKey, SigningKeyState } from '../domain/keys/signing-key.js';
import type { Database, Statement } from './database.js';

/** Signing keys in PostgreSQL. Claims read over all tenants as the database user; all else happens as the tenant. */
export class PostgresSigningKeyStore implements SigningKeyStore {
  constructor(private readonly database: Database) {}

  async claimDue(claim: ClaimKeys): Promise<readonly DueTenant[]> {
    const rows = await this.database.query(claimStatement(claim));
    return rows.map((row) => ({ id: row['id'], slug: row['slug'] }));
  }

  async read(tenantId: TenantId): Promise<KeysNow> {
    const [keys, time] = await this.database.inTenant(tenantId, reading(tenantId));
    return keysNow(keys, time);
  }

  async readHere(scope: TenantScope): Promise<KeysNow> {
    const [keys, time] = await this.database.transaction(scope).send(reading(scope.tenantId));
    return keysNow(keys, time);
  }

  add(scope: TenantScope, key: SigningKey, dueSeconds: number | null): void {
    this.#defer(scope, {
      name: 'signing_key_add',
      // The time of the statement, not of the transaction's begin, which may have waited for the tenant's lock.
      text: `INSERT INTO signing_keys (tenant_id, id, connection_id, alg, state, public_jwk, private_jwk_sealed, created_at,
          state_changed_at, due_at)
        SELECT $1, $2, $3, $4, $5, $6::jsonb, $7, now, now, now + make_interval(secs => $8::float8)
        FROM (SELECT clock_timestamp() AS now) t`,
      values: [
        scope.tenantId,
        key.id,
        key.connectionId,
        key.alg,
        key.state,
        JSON.stringify(key.publicJwk),
        key.sealedPrivateJwk,
        dueSeconds,
      ],
    });
  }

  move(scope: TenantScope, ids: readonly string[], state: SigningKeyState, dueSeconds: number | null): void {
    if (ids.length === 0) return;
    this.#defer(scope, {
      name: 'signing_keys_move',
      text: `UPDATE signing_keys SET state = $3::text, state_changed_at = clock_timestamp(), claimed_until = NULL,
          due_at = clock_timestamp() + make_interval(secs => $4::float8),
          private_jwk_sealed = CASE WHEN $3::text = 'retired' THEN NULL ELSE private_jwk_sealed END
        WHERE tenant_id = $1 AND id = ANY ($2::text[])`,
      values: [scope.tenantId, ids, state, dueSeconds],
    });
  }

  hasten(scope: TenantScope, id: string, publishedSeconds: number): void {
    this.#defer(scope, {
      name: 'signing_key_hasten',
      text: `UPDATE signing_keys SET claimed_until = NULL,
          due_at = least(due_at, created_at + make_interval(secs => $3::float8))
        WHERE tenant_id = $1 AND id = $2 AND state = 'next'`,
      values: [scope.tenantId, id, publishedSeconds],
    });
  }

  #defer(scope: TenantScope, statement: Statement): void {
    this.database.transaction(scope).defer([statement]);
  }
}

/** Without a name, so that it is planned for its limit each time: for an unknown one PostgreSQL would read every key. */
export function claimStatement({ currentSeconds, leaseSeconds, keysMax }: ClaimKeys): Statement {
  return { text: CLAIM, values: [currentSeconds, leaseSeconds, keysMax] };
}

const FREE = '(claimed_until IS NULL OR claimed_until < now())';

/**
 * Two short walks along partial indexes: keys whose next step has a time, and keys that have signed for long enough and
 * have no successor yet. Of a tenant's keys some may be claimed here and others there: that costs a look, no more.
 */
const CLAIM = `
WITH due AS (
  SELECT tenant_id, id FROM signing_keys WHERE due_at <= now() AND ${FREE}
  ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
), aged AS (
  SELECT tenant_id, id FROM signing_keys k
  WHERE state = 'current' AND state_changed_at <= now() - make_interval(secs => $1::float8) AND ${FREE}
    AND NOT EXISTS (SELECT FROM signing_keys n WHERE n.tenant_id = k.tenant_id AND n.alg = k.alg
      AND n.connection_id IS NOT DISTINCT FROM k.connection_id AND n.state = 'next')
  ORDER BY state_changed_at LIMIT $3 FOR UPDATE SKIP LOCKED
), claimed AS (
  UPDATE signing_keys k SET claimed_until = now() + make_interval(secs => $2::float8)
  FROM (SELECT * FROM due UNION SELECT * FROM aged) d WHERE k.tenant_id = d.tenant_id AND k.id = d.id
  RETURNING k.tenant_id
)
SELECT c.tenant_id AS id, (SELECT t.slug FROM tenants t WHERE t.id = c.tenant_id) AS slug
FROM (SELECT DISTINCT tenant_id FROM claimed) c ORDER BY id`;

function reading(tenantId: TenantId): readonly Statement[] {
  return [
    {
      name: 'signing_keys_facts',
      text: `SELECT id, connection_id, alg, state, created_at, state_changed_at, due_at FROM signing_keys
        WHERE tenant_id = $1 ORDER BY created_at, id`,
      values: [tenantId],
    },
    { name: 'signing_keys_time', text: 'SELECT clock_timestamp() AS now', values: [] },
  ];
}

type Rows = readonly QueryResultRow[] | undefined;

function keysNow(keys: Rows, time: Rows): KeysNow {
  return { keys: (keys ?? []).map(toFacts), now: time?.[0]?.['now'] };
}

const toFacts = (row: QueryResultRow): KeyFacts => ({
  id: row['id'],
  connectionId: row['connection_id'],
  alg: row['alg'],
  state: row['state'],
  createdAt: row['created_at'],
  stateChangedAt: row['state_changed_at'],
  dueAt: row['due_at'],
});
