import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { MappingChange, MappingChangeStore, NamePin } from '../domain/role/mapping-change.js';
import type { Database } from './database.js';
import { beforePinning } from './role-mapping-pins.js';

const COLUMNS = `id, state, version, before, after, pins, summary, made_by, applied_by, undone_by, created_at, applied_at,
  undone_at`;

/** Changes of mappings, in PostgreSQL. */
export class PostgresMappingChangeStore implements MappingChangeStore {
  constructor(private readonly database: Database) {}

  async list(
    tenantId: TenantId,
    before: string | undefined,
    limit: number,
  ): Promise<readonly MappingChange[]> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'mapping_changes',
        text: `SELECT ${COLUMNS} FROM mapping_changes WHERE tenant_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
        values: [tenantId, before ?? LAST_ID, limit],
      },
    ]);
    return (rows ?? []).map(toChange);
  }

  async find(tenantId: TenantId, id: string): Promise<MappingChange | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'mapping_change',
        text: `SELECT ${COLUMNS} FROM mapping_changes WHERE tenant_id = $1 AND id = $2`,
        values: [tenantId, id],
      },
    ]);
    return rows?.[0] === undefined ? undefined : toChange(rows[0]);
  }

  async lock(scope: TenantScope, id: string): Promise<MappingChange | undefined> {
    const [row] = await this.database.transaction(scope).query({
      name: 'mapping_change_lock',
      text: `SELECT ${COLUMNS} FROM mapping_changes WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
      values: [scope.tenantId, id],
    });
    return row === undefined ? undefined : toChange(row);
  }

  async put(scope: TenantScope, change: MappingChange): Promise<void> {
    await this.database.transaction(scope).query({
      name: 'mapping_change_put',
      text: `INSERT INTO mapping_changes (tenant_id, ${COLUMNS})
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (tenant_id, id) DO UPDATE SET state = excluded.state, version = excluded.version,
          before = excluded.before, after = excluded.after, pins = excluded.pins, summary = excluded.summary,
          applied_by = excluded.applied_by, undone_by = excluded.undone_by, applied_at = excluded.applied_at,
          undone_at = excluded.undone_at`,
      values: [
        scope.tenantId,
        change.id,
        change.state,
        change.version,
        JSON.stringify(change.before),
        JSON.stringify(change.after),
        JSON.stringify(change.pins),
        JSON.stringify(change.summary),
        change.madeBy,
        change.appliedBy,
        change.undoneBy,
        change.createdAt,
        change.appliedAt,
        change.undoneAt,
      ],
    });
  }

  async pinsOf(scope: TenantScope, names: readonly string[]): Promise<readonly NamePin[]> {
    if (names.length === 0) return [];
    const rows = await this.database.transaction(scope).query({
      name: 'mapping_pins_of',
      text: `SELECT connection_id, connection_version, name, pinned_group_id FROM pushed_group_names
        WHERE tenant_id = $1 AND name = ANY ($2::text[]) AND pinned_group_id IS NOT NULL`,
      values: [scope.tenantId, names],
    });
    return rows.map((row) => ({
      connectionId: row['connection_id'],
      connectionVersion: row['connection_version'],
      name: row['name'],
      groupId: row['pinned_group_id'],
    }));
  }

  async restorePins(scope: TenantScope, pins: readonly NamePin[]): Promise<void> {
    if (pins.length === 0) return;
    await this.database.transaction(scope).send([
      beforePinning(scope.tenantId),
      {
        name: 'mapping_pins_restore',
        text: `UPDATE pushed_group_names p SET pinned_group_id = t.group_id
          FROM unnest($2::uuid[], $3::int[], $4::text[], $5::uuid[]) AS t (connection_id, connection_version, name, group_id)
          WHERE p.tenant_id = $1 AND p.connection_id = t.connection_id
            AND p.connection_version = t.connection_version AND p.name = t.name`,
        values: [
          scope.tenantId,
          pins.map(({ connectionId }) => connectionId),
          pins.map(({ connectionVersion }) => connectionVersion),
          pins.map(({ name }) => name),
          pins.map(({ groupId }) => groupId),
        ],
      },
    ]);
  }
}

/** After every id. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const toChange = (row: QueryResultRow): MappingChange => ({
  id: row['id'],
  state: row['state'],
  version: row['version'],
  before: row['before'],
  after: row['after'],
  pins: row['pins'],
  summary: row['summary'],
  madeBy: row['made_by'],
  appliedBy: row['applied_by'],
  undoneBy: row['undone_by'],
  createdAt: row['created_at'],
  appliedAt: row['applied_at'],
  undoneAt: row['undone_at'],
});
