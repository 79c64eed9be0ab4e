import type { QueryResultRow } from 'pg';
import { isUuid, type TenantId } from '../core/ids.js';
import type { ListRequest, ListResult, PageKey } from '../domain/provisioning/provisioning-store.js';
import type { PushScope } from '../domain/provisioning/pushed-resources.js';
import type { ResourceFilter } from '../domain/provisioning/resource-query.js';
import type { Statement } from './database.js';
import type { PushedTable } from './pushed-tables.js';
import { ResourceSql, SqlValues, type SortKey } from './resource-sql.js';

/** The two statements of a list, for one flush: a page, and how many match in all. */
export interface ListStatements {
  readonly page: Statement;
  /** Undefined: the page tells. */
  readonly total: Statement | undefined;
}

/** A filter that one resource at most can match: it needs no counting. */
function isLookup(filter: ResourceFilter | undefined, unique: readonly string[]): boolean {
  return (
    filter?.kind === 'compare' &&
    filter.operator === 'eq' &&
    filter.value !== null &&
    unique.includes(filter.attribute.path.join('.'))
  );
}

/** The statements that answer a list request. Nothing is counted that is kept counted, or that the page tells itself. */
export function listStatements<T>(
  table: PushedTable<T>,
  tenantId: TenantId,
  of: PushScope,
  request: ListRequest,
  withMembers: boolean,
): ListStatements {
  const { filter, page } = request;
  const lookup = isLookup(filter, table.unique) && 'startIndex' in page && page.startIndex === 1;
  return {
    page: {
      ...(lookup && filter?.kind === 'compare' && request.sort === undefined
        ? { name: lookupName(table.kind, filter, withMembers) }
        : {}),
      ...pageText(table, tenantId, of, request, withMembers),
    },
    total: lookup ? undefined : totalStatement(table, tenantId, of, filter),
  };
}

/** A name for each text: an id in no form of ids makes another condition. */
function lookupName(
  kind: string,
  filter: Extract<ResourceFilter, { kind: 'compare' }>,
  withMembers: boolean,
) {
  const by = filter.attribute.path.join('_');
  const form = by === 'id' && !isUuid(String(filter.value)) ? '_misread' : '';
  return `list_${kind}_by_${by}${form}_${withMembers}`;
}

function pageText<T>(
  table: PushedTable<T>,
  tenantId: TenantId,
  of: PushScope,
  { filter, sort, page }: ListRequest,
  withMembers: boolean,
): Statement {
  const values = new SqlValues([tenantId, of.connectionId, of.connectionVersion]);
  const sql = new ResourceSql(table, values);
  const conditions = filter === undefined ? [] : [sql.condition(filter)];
  const key = sort === undefined ? undefined : sql.sortKey(sort);
  const direction = sort?.order === 'descending' ? 'DESC' : 'ASC';
  if ('after' in page && page.after !== null) conditions.push(follows(page.after, key, direction, values));
  const order = (by: string): string =>
    key === undefined ? 'r.id' : `(${by} IS NULL) ${direction}, ${by} ${direction}, r.id ${direction}`;
  // One more than asked for tells whether anything follows.
  const limit = values.add(page.count + 1, 'int');
  const offset = 'startIndex' in page ? ` OFFSET ${values.add(page.startIndex - 1, 'bigint')}` : '';
  // The page first, then what belongs to its rows: nobody's groups are read for a row that is skipped.
  return {
    text: `SELECT ${table.select(withMembers)}, (r.sort_key)::text AS sorted_by FROM (
        SELECT r.*, ${key?.sql ?? 'NULL'} AS sort_key FROM ${table.from}
        ${conditions.map((condition) => `AND (${condition})`).join(' ')}
        ORDER BY ${order(key?.sql ?? '')} LIMIT ${limit}${offset}) r
      ORDER BY ${order('r.sort_key')}`,
    values: values.values,
  };
}

/** What stands behind a key, in the list's order: whatever was added or removed before it meanwhile. */
function follows(
  after: PageKey,
  key: SortKey | undefined,
  direction: 'ASC' | 'DESC',
  values: SqlValues,
): string {
  const sign = direction === 'ASC' ? '>' : '<';
  const id = values.add(after.id, 'uuid');
  if (key === undefined) return `r.id > ${id}`;
  const isNull = values.add(after.sortedBy === null, 'boolean');
  const isText = key.compared === 'text';
  const last = values.add(after.sortedBy ?? (isText ? '' : 0), key.compared);
  const present = isText ? `coalesce(${key.sql}, '') COLLATE "C"` : `coalesce(${key.sql}, 0)`;
  return `((${key.sql} IS NULL), ${present}, r.id) ${sign} (${isNull}, ${last}, ${id})`;
}

function totalStatement<T>(
  table: PushedTable<T>,
  tenantId: TenantId,
  of: PushScope,
  filter: ResourceFilter | undefined,
): Statement {
  const whose = [tenantId, of.connectionId, of.connectionVersion];
  if (filter === undefined)
    return {
      name: `count_${table.kind}`,
      text: `SELECT coalesce(sum(count), 0)::int AS total FROM resource_counts
        WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $3 AND kind = $4`,
      values: [...whose, table.kind],
    };
  const values = new SqlValues(whose);
  const condition = new ResourceSql(table, values).condition(filter);
  return {
    text: `SELECT count(*)::int AS total FROM ${table.from} AND (${condition})`,
    values: values.values,
  };
}

/** Puts the answers together. */
export function toListResult<T>(
  table: PushedTable<T>,
  { page }: ListRequest,
  rows: readonly QueryResultRow[],
  totals: readonly QueryResultRow[] | undefined,
): ListResult<T> {
  const shown = rows.slice(0, page.count);
  const last = shown.at(-1);
  return {
    resources: shown.map(table.read),
    total: totals?.[0]?.['total'] ?? rows.length,
    next:
      rows.length > page.count && last !== undefined
        ? { id: last['id'], sortedBy: last['sorted_by'] ?? null }
        : undefined,
  };
}
