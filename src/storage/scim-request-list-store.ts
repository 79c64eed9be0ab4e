import type { TenantId } from '../core/ids.js';
import type { ListPage } from '../core/page.js';
import type { ScimRequestListQuery, ScimRequestListStore } from '../domain/provisioning/scim-request-list.js';
import type { ScimRequestRecord } from '../domain/provisioning/scim-request.js';
import type { Database } from './database.js';
import { asTenant, readPage, sourceOf, type Condition, type KeysetList } from './keyset-list.js';
import { SqlValues } from './resource-sql.js';
import { SCIM_REQUEST_COLUMNS, toScimRequest } from './scim-request-store.js';

/** Lists of SCIM requests in PostgreSQL: each day's partition gives its rows in the order of their ids. */
export class PostgresScimRequestListStore implements ScimRequestListStore {
  constructor(private readonly database: Database) {}

  list(tenantId: TenantId, query: ScimRequestListQuery): Promise<ListPage<ScimRequestRecord>> {
    return readPage(asTenant(this.database, tenantId), requests(tenantId, query), query);
  }
}

function requests(tenantId: TenantId, query: ScimRequestListQuery): KeysetList<ScimRequestRecord> {
  const { state, order, since } = query;
  const values = new SqlValues([tenantId]);
  // As the index of failed ones has it.
  const failed = state === 'failed' ? ['r.status >= 400'] : [];
  const later = since === undefined ? [] : [`r.id > ${values.add(since, 'uuid')}`];
  return {
    values,
    source: sourceOf('scim_requests r', ['r.tenant_id = $1', ...failed, ...later]),
    filters: filtersOf(query),
    order: [{ sql: 'r.id', type: 'uuid' }],
    descending: order !== 'oldest',
    shown: SCIM_REQUEST_COLUMNS,
    joins: '',
    read: toScimRequest,
  };
}

function filtersOf({
  connectionId,
  tokenId,
  state,
  method,
  resource,
}: ScimRequestListQuery): readonly Condition[] {
  const filters: Condition[] = [];
  if (state === 'ok') filters.push(() => 'r.status < 400');
  if (connectionId !== undefined) filters.push((own) => `r.connection_id = ${own.add(connectionId, 'uuid')}`);
  if (tokenId !== undefined) filters.push((own) => `r.token_id::text = ${own.add(tokenId, 'text')}`);
  if (method !== undefined) filters.push((own) => `r.method = ${own.add(method, 'text')}`);
  if (resource !== undefined)
    filters.push((own) => {
      const id = own.add(resource, 'text');
      return `strpos(r.target, ${id}) > 0 OR r.effects @> jsonb_build_array(jsonb_build_object('id', ${id}))`;
    });
  return filters;
}
