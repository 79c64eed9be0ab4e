import type { TenantScope } from '../core/scope.js';
import type { Connection } from '../domain/connection/connection.js';
import type { SameOrgStore } from '../domain/connection/lifecycle/same-org.js';
import type { Database } from './database.js';

/** What is kept of an upstream, to compare another one with it, in PostgreSQL. */
export class PostgresSameOrgStore implements SameOrgStore {
  constructor(private readonly database: Database) {}

  async keysOf(
    scope: TenantScope,
    { id, version }: Pick<Connection, 'id' | 'version'>,
  ): Promise<readonly object[]> {
    const [row] = await this.database.transaction(scope).query({
      text: `SELECT keys #> '{body,keys}' AS keys FROM upstream_key_sets
        WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $3`,
      values: [scope.tenantId, id, version],
    });
    const keys: unknown = row?.['keys'];
    if (!Array.isArray(keys)) return [];
    return keys.filter((key): key is object => typeof key === 'object' && key !== null);
  }

  async isKnownSubject(
    scope: TenantScope,
    { id, version, issuer }: Pick<Connection, 'id' | 'version' | 'issuer'>,
    subject: string,
  ): Promise<boolean> {
    const rows = await this.database.transaction(scope).query({
      text: `SELECT 1 FROM identities
        WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $3 AND iss = $4 AND sub = $5`,
      values: [scope.tenantId, id, version, issuer, subject],
    });
    return rows.length > 0;
  }
}
