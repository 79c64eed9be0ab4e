import type { TenantId } from '../core/ids.js';
import type { ListPage } from '../core/page.js';
import type { ConsentListQuery, ConsentListStore } from '../domain/consent/consent-list.js';
import type { GivenConsent } from '../domain/consent/consent-store.js';
import type { Database } from './database.js';
import { asTenant, readPage, sourceOf, type Condition, type KeysetList } from './keyset-list.js';
import { SqlValues } from './resource-sql.js';

/** Lists of consents in PostgreSQL. */
export class PostgresConsentListStore implements ConsentListStore {
  constructor(private readonly database: Database) {}

  list(tenantId: TenantId, query: ConsentListQuery): Promise<ListPage<GivenConsent>> {
    return readPage(asTenant(this.database, tenantId), consents(tenantId, query), query);
  }
}

/** A person's are found by the primary key, an application's by an index; both are in the order of people. */
function consents(tenantId: TenantId, { userId, applicationId }: ConsentListQuery): KeysetList<GivenConsent> {
  const values = new SqlValues([tenantId]);
  const conditions = ['r.tenant_id = $1'];
  const filters: Condition[] = [];
  if (userId !== undefined) conditions.push(`r.user_id = ${values.add(userId, 'uuid')}`);
  if (applicationId !== undefined && userId === undefined)
    conditions.push(`r.application_id = ${values.add(applicationId, 'uuid')}`);
  if (applicationId !== undefined && userId !== undefined)
    filters.push((own) => `r.application_id = ${own.add(applicationId, 'uuid')}`);
  return {
    values,
    source: sourceOf('consents r', conditions),
    filters,
    order: [
      { sql: 'r.user_id', type: 'uuid' },
      { sql: 'r.application_id', type: 'uuid' },
    ],
    descending: false,
    shown: 'r.user_id, u.user_name, a.client_id, r.scopes, r.granted_at',
    joins: `JOIN users u ON u.tenant_id = $1 AND u.id = r.user_id
      JOIN applications a ON a.tenant_id = $1 AND a.id = r.application_id`,
    read: (row) => ({
      userId: row['user_id'],
      userName: row['user_name'],
      clientId: row['client_id'],
      scopes: row['scopes'],
      grantedAt: row['granted_at'],
    }),
  };
}
