import type { QueryResultRow } from 'pg';
import type { ListPage } from '../core/page.js';
import type { TenantFacts, TenantListStore, TenantQuery } from '../domain/tenant/tenant-list.js';
import type { Database } from './database.js';
import {
  ALONG_AN_INDEX,
  beginsWith,
  readPage,
  sourceOf,
  type KeysetList,
  type Source,
  type SortColumn,
} from './keyset-list.js';
import { SqlValues } from './resource-sql.js';

/** Lists of tenants in PostgreSQL: read as the database user, because they are of the deployment. */
export class PostgresTenantListStore implements TenantListStore {
  constructor(private readonly database: Database) {}

  list(query: TenantQuery): Promise<ListPage<TenantFacts>> {
    const run = (statements: Parameters<Database['inTenant']>[1]) =>
      this.database.transact(async (one) => {
        await one(ALONG_AN_INDEX);
        const results = [];
        // oxlint-disable-next-line no-await-in-loop -- one connection
        for (const statement of statements) results.push(await one(statement));
        return results;
      });
    return readPage(run, listOf(query), query);
  }
}

const ORDERS: Readonly<Record<'slug' | 'name' | 'match', readonly SortColumn[]>> = {
  slug: [{ sql: 'r.slug', type: 'text' }],
  name: [
    { sql: 'r.name_folded', type: 'text' },
    { sql: 'r.slug', type: 'text' },
  ],
  match: [
    { sql: 'r.match', type: 'text' },
    { sql: 'r.slug', type: 'text' },
  ],
};

function listOf({ parentId, status, search, sort = 'slug' }: TenantQuery): KeysetList<TenantFacts> {
  const values = new SqlValues([]);
  const whose =
    parentId === undefined ? 'r.parent_id IS NOT NULL' : `r.parent_id = ${values.add(parentId, 'uuid')}`;
  const isSearch = search !== undefined && search !== '';
  return {
    values,
    source: isSearch ? searchSource(whose, search, values) : sourceOf('tenants r', [whose]),
    filters: status === undefined ? [] : [(own) => `r.status = ${own.add(status, 'text')}`],
    order: ORDERS[isSearch ? 'match' : sort],
    descending: false,
    shown: 'r.id, r.slug, r.name, r.kind, r.status, p.slug AS parent, r.created_at',
    joins: 'LEFT JOIN tenants p ON p.id = r.parent_id',
    read: toFacts,
  };
}

/** Each tenant once, by the first of slug, name and domains that begins so: each part is one piece of an index. */
function searchSource(whose: string, search: string, values: SqlValues): (source: Source) => string {
  const has = (column: string): string => beginsWith(column, search, values);
  const [bySlug, byName, byDomain] = [has('r.slug'), has('r.name_folded'), has('d.name')];
  const notBefore = `NOT (${bySlug}) AND NOT (${byName})`;
  const parts = [
    `SELECT r.*, r.slug AS match FROM tenants r WHERE ${whose} AND ${bySlug}`,
    `SELECT r.*, r.name_folded AS match FROM tenants r WHERE ${whose} AND ${byName} AND NOT (${bySlug})`,
    `SELECT r.*, d.name AS match FROM domains d JOIN tenants r ON r.id = d.tenant_id
      WHERE d.verified AND ${byDomain} AND ${whose} AND ${notBefore}
        AND NOT EXISTS (SELECT FROM domains e WHERE e.tenant_id = d.tenant_id AND e.verified
          AND e.name < d.name AND ${byDomain.replaceAll('d.name', 'e.name')})`,
  ];
  return ({ follows, order, rows }) => {
    const pieces = parts.map(
      (part) => `(SELECT * FROM (${part}) r WHERE ${follows} ORDER BY ${order} LIMIT ${rows})`,
    );
    return `SELECT r.* FROM (${pieces.join(' UNION ALL ')}) r ORDER BY ${order} LIMIT ${rows}`;
  };
}

const toFacts = (row: QueryResultRow): TenantFacts => ({
  id: row['id'],
  slug: row['slug'],
  name: row['name'],
  kind: row['kind'],
  status: row['status'],
  parent: row['parent'] === 'system' ? null : row['parent'],
  createdAt: row['created_at'],
});
