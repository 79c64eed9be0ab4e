import type { ConnectionId, TenantId } from '../core/ids.js';
import type { JsonObject } from '../core/json.js';
import type {
  UpstreamDocument,
  UpstreamKeySet,
  UpstreamKeySets,
} from '../domain/connection/upstream-key-set.js';
import type { Database, Statement } from './database.js';

interface KeptDocument {
  readonly body: JsonObject;
  readonly fetchedAt: string;
  readonly freshUntil: string;
}

const toDocument = (kept: KeptDocument): UpstreamDocument => ({
  body: kept.body,
  fetchedAt: new Date(kept.fetchedAt),
  freshUntil: new Date(kept.freshUntil),
});

/** Upstreams' metadata and keys in PostgreSQL, a row per connection. */
export class PostgresUpstreamKeySets implements UpstreamKeySets {
  constructor(private readonly database: Database) {}

  async load(tenantId: TenantId, connectionId: ConnectionId): Promise<UpstreamKeySet | undefined> {
    const [row] = await this.#run(tenantId, {
      name: 'key_set_load',
      text: 'SELECT * FROM upstream_key_sets WHERE tenant_id = $1 AND connection_id = $2',
      values: [tenantId, connectionId],
    });
    if (row === undefined) return undefined;
    return {
      connectionVersion: row['connection_version'],
      metadata: toDocument(row['metadata']),
      keys: row['keys'] === null ? undefined : toDocument(row['keys']),
    };
  }

  async save(tenantId: TenantId, connectionId: ConnectionId, keySet: UpstreamKeySet): Promise<void> {
    await this.#run(tenantId, {
      name: 'key_set_save',
      // A connection that was deleted meanwhile has nothing to keep.
      text: `INSERT INTO upstream_key_sets (tenant_id, connection_id, connection_version, metadata, keys)
        SELECT $1, $2, $3, $4, $5 FROM connections WHERE tenant_id = $1 AND id = $2
        ON CONFLICT (tenant_id, connection_id) DO UPDATE SET connection_version = excluded.connection_version,
          metadata = excluded.metadata, keys = excluded.keys`,
      values: [
        tenantId,
        connectionId,
        keySet.connectionVersion,
        JSON.stringify(keySet.metadata),
        keySet.keys === undefined ? null : JSON.stringify(keySet.keys),
      ],
    });
  }

  async claimRefetch(tenantId: TenantId, connectionId: ConnectionId, seconds: number): Promise<boolean> {
    const [claimed, kept] = await this.database.inTenant(tenantId, [
      {
        name: 'key_set_claim',
        text: `UPDATE upstream_key_sets SET refetch_claimed_until = now() + make_interval(secs => $3)
          WHERE tenant_id = $1 AND connection_id = $2
            AND (refetch_claimed_until IS NULL OR refetch_claimed_until <= now()) RETURNING 1`,
        values: [tenantId, connectionId, seconds],
      },
      {
        name: 'key_set_exists',
        text: 'SELECT 1 FROM upstream_key_sets WHERE tenant_id = $1 AND connection_id = $2',
        values: [tenantId, connectionId],
      },
    ]);
    return (claimed?.length ?? 0) > 0 || (kept?.length ?? 0) === 0;
  }

  async releaseRefetch(tenantId: TenantId, connectionId: ConnectionId): Promise<void> {
    await this.#run(tenantId, {
      name: 'key_set_release',
      text: `UPDATE upstream_key_sets SET refetch_claimed_until = NULL WHERE tenant_id = $1 AND connection_id = $2`,
      values: [tenantId, connectionId],
    });
  }

  async #run(tenantId: TenantId, statement: Statement) {
    const [rows] = await this.database.inTenant(tenantId, [statement]);
    return rows ?? [];
  }
}
