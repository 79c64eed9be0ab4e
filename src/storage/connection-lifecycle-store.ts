import type { QueryResultRow } from 'pg';
import type { ConnectionId, TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { StoredConnection } from '../domain/connection/candidate.js';
import type { DeclaredOutage } from '../domain/connection/connection.js';
import type {
  ConnectionLifecycle,
  ConnectionLifecycleStore,
} from '../domain/connection/lifecycle/lifecycle.js';
import type { Database, Rows, Statement } from './database.js';
import { toStored } from './connection-test-store.js';

/** How far connections have come, in PostgreSQL. */
export class PostgresConnectionLifecycleStore implements ConnectionLifecycleStore {
  constructor(private readonly database: Database) {}

  async read(tenantId: TenantId): Promise<ReadonlyMap<string, ConnectionLifecycle>> {
    const [rows = []] = await this.database.inTenant(tenantId, [reading(tenantId)]);
    return byKey(rows);
  }

  async readHere(scope: TenantScope): Promise<ReadonlyMap<string, ConnectionLifecycle>> {
    return byKey(await this.database.transaction(scope).query(reading(scope.tenantId)));
  }

  async setCandidate(
    scope: TenantScope,
    id: ConnectionId,
    kept: Pick<StoredConnection, 'candidate' | 'candidateSecrets'> | null,
  ): Promise<void> {
    await this.database.transaction(scope).query({
      text: `UPDATE connections SET candidate = $3, candidate_secrets = $4 WHERE tenant_id = $1 AND id = $2`,
      values: [scope.tenantId, id, json(kept?.candidate), json(kept?.candidateSecrets)],
    });
  }

  async setOutage(scope: TenantScope, id: ConnectionId, outage: DeclaredOutage | null): Promise<void> {
    await this.database.transaction(scope).query({
      text: `UPDATE connections SET outage = $3 WHERE tenant_id = $1 AND id = $2`,
      values: [scope.tenantId, id, json(outage)],
    });
  }

  async ageSecondSecret(
    scope: TenantScope,
    id: ConnectionId,
    { updatedAt, usedAt }: { readonly updatedAt: Date | null; readonly usedAt: Date | null },
  ): Promise<void> {
    await this.database.transaction(scope).query({
      text: `UPDATE connections SET secondary_secret_updated_at = $3, secondary_secret_used_at = $4
        WHERE tenant_id = $1 AND id = $2`,
      values: [scope.tenantId, id, updatedAt, usedAt],
    });
  }

  async serveCandidate(scope: TenantScope, id: ConnectionId): Promise<void> {
    await this.database.transaction(scope).query({
      text: `UPDATE connections SET
          client_secret_sealed = CASE WHEN candidate_secrets ? 'clientSecret'
            THEN candidate_secrets ->> 'clientSecret' ELSE client_secret_sealed END,
          secondary_secret_sealed = CASE WHEN candidate_secrets ? 'secondarySecret'
            THEN candidate_secrets ->> 'secondarySecret' ELSE secondary_secret_sealed END,
          tested_fingerprint = decode(translate(candidate #>> '{tested,fingerprint}', '-_', '+/') || '=', 'base64'),
          tested_at = (candidate #>> '{tested,at}')::timestamptz,
          candidate = NULL, candidate_secrets = NULL
        WHERE tenant_id = $1 AND id = $2`,
      values: [scope.tenantId, id],
    });
  }
}

const json = (value: object | null | undefined): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);

const reading = (tenantId: TenantId): Statement => ({
  name: 'connection_lifecycles',
  text: 'SELECT * FROM connections WHERE tenant_id = $1',
  values: [tenantId],
});

const byKey = (rows: Rows): ReadonlyMap<string, ConnectionLifecycle> =>
  new Map(rows.map((row) => [String(row['key']), toLifecycle(row)]));

const toLifecycle = (row: QueryResultRow): ConnectionLifecycle => ({
  ...toStored(row),
  tenantId: row['tenant_id'],
  testedFingerprint: row['tested_fingerprint'],
  testedAt: row['tested_at'],
  enforcedAt: row['enforced_at'],
  secretUpdatedAt: row['secret_updated_at'],
  secretsUsedAt: { clientSecret: row['secret_used_at'], secondarySecret: row['secondary_secret_used_at'] },
});
