import type { QueryResultRow } from 'pg';
import { isUuid, type GroupId, type TenantId } from '../core/ids.js';
import type { ListPage, PageRequest } from '../core/page.js';
import type { GroupFacts, GroupListStore, GroupQuery, MemberFacts } from '../domain/group/group-list.js';
import type { Database } from './database.js';
import { asTenant, beginsWith, readPage, sourceOf, type Condition, type KeysetList } from './keyset-list.js';
import { SqlValues } from './resource-sql.js';

const SHOWN = `r.id, r.name, c.key AS connection, r.origin, r.external_id, r.upstream_id, r.created_at, r.updated_at,
  r.version`;
const JOINS = 'JOIN connections c ON c.tenant_id = $1 AND c.id = r.connection_id';

/** Lists of groups in PostgreSQL. */
export class PostgresGroupListStore implements GroupListStore {
  constructor(private readonly database: Database) {}

  list(tenantId: TenantId, query: GroupQuery): Promise<ListPage<GroupFacts>> {
    return readPage(asTenant(this.database, tenantId), groups(tenantId, query), query);
  }

  async find(tenantId: TenantId, id: string): Promise<GroupFacts | undefined> {
    if (!isUuid(id)) return undefined;
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'group_facts',
        text: `SELECT ${SHOWN} FROM groups r ${JOINS} WHERE r.tenant_id = $1 AND r.id = $2`,
        values: [tenantId, id],
      },
    ]);
    return rows?.[0] === undefined ? undefined : toFacts(rows[0]);
  }

  async countMembers(tenantId: TenantId, id: GroupId, max: number): Promise<number> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'group_count_members',
        text: `SELECT count(*)::int AS people FROM (
          SELECT DISTINCT m.user_id FROM group_members m WHERE m.tenant_id = $1 AND m.group_id = $2 LIMIT $3) m`,
        values: [tenantId, id, max],
      },
    ]);
    return rows?.[0]?.['people'] ?? 0;
  }

  members(tenantId: TenantId, id: GroupId, page: PageRequest): Promise<ListPage<MemberFacts>> {
    return readPage(asTenant(this.database, tenantId), membersList(tenantId, id), page);
  }
}

function groups(tenantId: TenantId, { connectionId, origin, name }: GroupQuery): KeysetList<GroupFacts> {
  const values = new SqlValues([tenantId]);
  const named = name === undefined || name === '' ? [] : [beginsWith('r.name_folded', name, values)];
  const filters: Condition[] = [];
  if (connectionId !== undefined) filters.push((own) => `r.connection_id = ${own.add(connectionId, 'uuid')}`);
  if (origin !== undefined) filters.push((own) => `r.origin = ${own.add(origin, 'text')}`);
  return {
    values,
    source: sourceOf('groups r', ['r.tenant_id = $1', ...named]),
    filters,
    order: [
      { sql: 'r.name_folded', type: 'text' },
      { sql: 'r.id', type: 'uuid' },
    ],
    descending: false,
    shown: SHOWN,
    joins: JOINS,
    read: toFacts,
  };
}

function membersList(tenantId: TenantId, id: GroupId): KeysetList<MemberFacts> {
  const values = new SqlValues([tenantId]);
  const group = `r.group_id = ${values.add(id, 'uuid')}`;
  return {
    values,
    source: sourceOf('group_members r', ['r.tenant_id = $1', group]),
    filters: [],
    order: [
      { sql: 'r.user_id', type: 'uuid' },
      { sql: 'r.source', type: 'text' },
    ],
    descending: false,
    shown: 'r.user_id, u.user_name, u.active, u.source AS user_source, r.source, r.since',
    joins: 'JOIN users u ON u.tenant_id = $1 AND u.id = r.user_id',
    read: (row) => ({
      userId: row['user_id'],
      userName: row['user_name'],
      active: row['active'],
      userSource: row['user_source'],
      source: row['source'],
      since: row['since'],
    }),
  };
}

const toFacts = (row: QueryResultRow): GroupFacts => ({
  id: row['id'],
  name: row['name'],
  connection: row['connection'],
  origin: row['origin'],
  externalId: row['external_id'],
  upstreamId: row['upstream_id'],
  createdAt: row['created_at'],
  updatedAt: row['updated_at'],
  version: row['version'],
});
