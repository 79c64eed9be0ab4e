import type { QueryResultRow } from 'pg';
import type { ConnectionId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { StoredConnection } from '../domain/connection/candidate.js';
import {
  TEST_SECONDS,
  TESTS_PER_MINUTE,
  type ConnectionTest,
  type ConnectionTestId,
  type ConnectionTestState,
  type ConnectionTestStore,
  type NewConnectionTest,
  type TestProgress,
  type TestReport,
} from '../domain/connection/testing/connection-test.js';
import type { Database, Rows } from './database.js';
import { toConnection } from './tenant-statements.js';

/** What a stored state means now, by the database's clock: nobody writes that a test has expired. */
const STATE = `CASE WHEN t.state IN ('probing', 'waiting') AND t.expires_at <= now() THEN 'expired' ELSE t.state END`;

/** A day is enough to read what a test saw of a person; the sweeper erases it, and until then nobody is shown it. */
const COLUMNS = `t.id, t.connection_id, t.source, t.fingerprint, ${STATE} AS state, t.report, t.started_by,
  CASE WHEN t.created_at > now() - interval '1 day' THEN t.person_sealed END AS person_sealed,
  t.created_at, t.expires_at, t.finished_at`;

/** Tests of connections, in PostgreSQL. */
export class PostgresConnectionTestStore implements ConnectionTestStore {
  constructor(private readonly database: Database) {}

  async connection(scope: TenantScope, key: string): Promise<StoredConnection | undefined> {
    const rows = await this.#query(scope, 'SELECT * FROM connections WHERE tenant_id = $1 AND key = $2', [
      key,
    ]);
    return rows.map(toStored)[0];
  }

  async connectionById(scope: TenantScope, id: ConnectionId): Promise<StoredConnection | undefined> {
    const rows = await this.#query(scope, 'SELECT * FROM connections WHERE tenant_id = $1 AND id = $2', [id]);
    return rows.map(toStored)[0];
  }

  async begin(scope: TenantScope, test: NewConnectionTest): Promise<boolean> {
    const { tenantId } = scope;
    const [, counted] = await this.database.transaction(scope).send([
      // Two that begin at once are counted one after the other.
      {
        text: `SELECT pg_advisory_xact_lock(hashtextextended('causeway connection tests ' || $1::text, 0))`,
        values: [tenantId],
      },
      {
        text: `SELECT count(*)::int AS begun FROM connection_tests
          WHERE tenant_id = $1 AND created_at > now() - interval '1 minute'`,
        values: [tenantId],
      },
    ]);
    if (Number(counted?.[0]?.['begun'] ?? 0) >= TESTS_PER_MINUTE) return false;
    await this.database.transaction(scope).send([
      {
        text: `UPDATE connection_tests SET state = 'superseded', finished_at = now()
          WHERE tenant_id = $1 AND connection_id = $2 AND state IN ('probing', 'waiting') AND expires_at > now()`,
        values: [tenantId, test.connectionId],
      },
      {
        text: `INSERT INTO connection_tests (tenant_id, id, connection_id, source, fingerprint, state, report,
            started_by, sign_in_hash, expires_at)
          VALUES ($1, $2, $3, $4, $5, 'probing', $6, $7, $8, now() + make_interval(secs => $9))`,
        values: [
          tenantId,
          test.id,
          test.connectionId,
          test.source,
          test.fingerprint,
          JSON.stringify(test.report),
          JSON.stringify(test.startedBy),
          test.signInHash,
          TEST_SECONDS,
        ],
      },
    ]);
    return true;
  }

  async find(scope: TenantScope, id: ConnectionTestId): Promise<ConnectionTest | undefined> {
    const rows = await this.#query(
      scope,
      `SELECT ${COLUMNS} FROM connection_tests t WHERE t.tenant_id = $1 AND t.id = $2`,
      [id],
    );
    return rows.map(toTest)[0];
  }

  async note(scope: TenantScope, id: ConnectionTestId, report: TestReport): Promise<void> {
    await this.#query(
      scope,
      `UPDATE connection_tests SET report = $3 WHERE tenant_id = $1 AND id = $2 AND state = 'probing'`,
      [id, JSON.stringify(report)],
    );
  }

  async advance(
    scope: TenantScope,
    id: ConnectionTestId,
    from: readonly ConnectionTestState[],
    { state, report, sealedPerson }: TestProgress,
  ): Promise<boolean> {
    const rows = await this.#query(
      scope,
      `UPDATE connection_tests t SET state = $4, report = $5, person_sealed = $6,
          finished_at = CASE WHEN $4 = 'waiting' THEN NULL ELSE now() END
        WHERE t.tenant_id = $1 AND t.id = $2 AND ${STATE} = ANY ($3::text[]) RETURNING t.id`,
      [id, from, state, JSON.stringify(report), sealedPerson ?? null],
    );
    return rows.length > 0;
  }

  async open(
    scope: TenantScope,
    id: ConnectionTestId,
    signInHash: Buffer,
    stateHash: Buffer,
  ): Promise<ConnectionTest | undefined> {
    const rows = await this.#query(
      scope,
      `UPDATE connection_tests t SET opened_at = now(), state_hash = $4
        WHERE t.tenant_id = $1 AND t.id = $2 AND t.sign_in_hash = $3 AND t.opened_at IS NULL
          AND t.state = 'waiting' AND t.expires_at > now() RETURNING ${COLUMNS}`,
      [id, signInHash, stateHash],
    );
    return rows.map(toTest)[0];
  }

  async findByState(
    scope: TenantScope,
    connectionId: ConnectionId,
    stateHash: Buffer,
  ): Promise<ConnectionTest | undefined> {
    // Only the last test of a connection can be open.
    const rows = await this.#query(
      scope,
      `SELECT * FROM (
          SELECT ${COLUMNS}, t.state_hash FROM connection_tests t
          WHERE t.tenant_id = $1 AND t.connection_id = $2 ORDER BY t.id DESC LIMIT 1) last
        WHERE state_hash = $3 AND state = 'waiting'`,
      [connectionId, stateHash],
    );
    return rows.map(toTest)[0];
  }

  async markTested(
    scope: TenantScope,
    {
      id,
      connectionId,
      source,
      fingerprint,
    }: Pick<ConnectionTest, 'id' | 'connectionId' | 'source' | 'fingerprint'>,
  ): Promise<void> {
    if (source === 'served') {
      await this.#query(
        scope,
        `UPDATE connections SET tested_fingerprint = $3, tested_at = now() WHERE tenant_id = $1 AND id = $2`,
        [connectionId, fingerprint],
      );
      return;
    }
    await this.#query(
      scope,
      `UPDATE connections SET candidate = candidate || jsonb_build_object('tested',
          jsonb_build_object('fingerprint', $3::text, 'test', $4::text, 'at', now()))
        WHERE tenant_id = $1 AND id = $2`,
      [connectionId, fingerprint.toString('base64url'), id],
    );
  }

  /** One statement of the tenant's, whose id is its first value. */
  #query(scope: TenantScope, text: string, values: readonly unknown[]): Promise<Rows> {
    return this.database.transaction(scope).query({ text, values: [scope.tenantId, ...values] });
  }
}

/** A row of `connections`, with its candidate. */
export const toStored = (row: QueryResultRow): StoredConnection => ({
  served: toConnection(row),
  secrets: { clientSecret: row['client_secret_sealed'], secondarySecret: row['secondary_secret_sealed'] },
  candidate: row['candidate'],
  candidateSecrets: row['candidate_secrets'],
});

const toTest = (row: QueryResultRow): ConnectionTest => ({
  id: row['id'],
  connectionId: row['connection_id'],
  source: row['source'],
  fingerprint: row['fingerprint'],
  state: row['state'],
  report: row['report'],
  sealedPerson: row['person_sealed'],
  startedBy: row['started_by'],
  createdAt: row['created_at'],
  expiresAt: row['expires_at'],
  finishedAt: row['finished_at'],
});
