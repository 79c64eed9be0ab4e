import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { ListPage, PageRequest } from '../core/page.js';
import type {
  ApiTokenFacts,
  InitialAccessFacts,
  ScimTokenFacts,
  TokenListStore,
} from '../domain/api-token/token-list.js';
import type { Database } from './database.js';
import { asTenant, readPage, sourceOf, type KeysetList } from './keyset-list.js';
import { SqlValues } from './resource-sql.js';

/** Lists of tokens in PostgreSQL. */
export class PostgresTokenListStore implements TokenListStore {
  constructor(private readonly database: Database) {}

  apiTokens(tenantId: TenantId, page: PageRequest): Promise<ListPage<ApiTokenFacts>> {
    return this.#read(tenantId, page, {
      table: 'api_tokens',
      shown: `${SHOWN}, ro.key AS role, r.scopes, r.owner_id, r.created_by`,
      joins: 'JOIN roles ro ON ro.tenant_id = $1 AND ro.id = r.role_id',
      read: (row) => ({
        ...toFacts(row),
        role: row['role'],
        scopes: row['scopes'],
        ownerId: row['owner_id'],
        createdBy: row['created_by'],
      }),
    });
  }

  initialAccessTokens(tenantId: TenantId, page: PageRequest): Promise<ListPage<InitialAccessFacts>> {
    return this.#read(tenantId, page, {
      table: 'initial_access_tokens',
      shown: `${SHOWN}, r.settings`,
      joins: '',
      read: (row) => ({ ...toFacts(row), bounds: row['settings'] }),
    });
  }

  scimTokens(tenantId: TenantId, page: PageRequest): Promise<ListPage<ScimTokenFacts>> {
    return this.#read(tenantId, page, {
      table: 'scim_tokens',
      shown: `${SHOWN}, c.key AS connection`,
      joins: 'JOIN connections c ON c.tenant_id = $1 AND c.id = r.connection_id',
      read: (row) => ({ ...toFacts(row), connection: row['connection'] }),
    });
  }

  #read<T>(
    tenantId: TenantId,
    page: PageRequest,
    { table, ...list }: Pick<KeysetList<T>, 'shown' | 'joins' | 'read'> & { readonly table: string },
  ): Promise<ListPage<T>> {
    const tokens = {
      ...list,
      values: new SqlValues([tenantId]),
      source: sourceOf(`${table} r`, ['r.tenant_id = $1']),
      filters: [],
      order: [{ sql: 'r.id', type: 'uuid' }],
      descending: false,
    } satisfies KeysetList<T>;
    return readPage(asTenant(this.database, tenantId), tokens, page);
  }
}

const SHOWN = 'r.id, r.name, r.created_at, r.expires_at, r.last_used_at';

const toFacts = (row: QueryResultRow) => ({
  id: row['id'],
  name: row['name'],
  createdAt: row['created_at'],
  expiresAt: row['expires_at'],
  lastUsedAt: row['last_used_at'],
});
