import type { ConnectionId, TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { GroupsApiStore, StoredGroupsApi } from '../domain/connection/upstream-groups/groups-api.js';
import type { Database, Rows, Statement } from './database.js';

/** How Okta's Groups API is asked, in PostgreSQL. */
export class PostgresGroupsApiStore implements GroupsApiStore {
  constructor(private readonly database: Database) {}

  async read(tenantId: TenantId, id: ConnectionId): Promise<StoredGroupsApi> {
    const [rows = []] = await this.database.inTenant(tenantId, [reading(tenantId, id)]);
    return toStored(rows);
  }

  async readHere(scope: TenantScope, id: ConnectionId): Promise<StoredGroupsApi> {
    return toStored(await this.database.transaction(scope).query(reading(scope.tenantId, id)));
  }

  async set(scope: TenantScope, id: ConnectionId, { api, sealedToken }: StoredGroupsApi): Promise<void> {
    await this.database.transaction(scope).query({
      text: `UPDATE connections SET groups_api = $3, groups_api_secret_sealed = $4 WHERE tenant_id = $1 AND id = $2`,
      values: [scope.tenantId, id, api === null ? null : JSON.stringify(api), sealedToken],
    });
  }
}

const reading = (tenantId: TenantId, id: ConnectionId): Statement => ({
  name: 'groups_api',
  text: 'SELECT groups_api, groups_api_secret_sealed FROM connections WHERE tenant_id = $1 AND id = $2',
  values: [tenantId, id],
});

const toStored = ([row]: Rows): StoredGroupsApi => ({
  api: row?.['groups_api'] ?? null,
  sealedToken: row?.['groups_api_secret_sealed'] ?? null,
});
