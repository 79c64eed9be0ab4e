import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { SecretState, SecretStateStore, SecretStates } from '../domain/configuration/secret-states.js';
import type { TenantScope } from '../core/scope.js';
import type { Database, Rows, Statement } from './database.js';

/** One row per secret that is set: `key` and `member` say which. */
const STATEMENTS = {
  connections: `SELECT c.key, s.member, s.updated_at, s.used_at, NULL::timestamptz AS expires_at FROM connections c
    CROSS JOIN LATERAL (VALUES
      ('clientSecret', c.client_secret_sealed, c.secret_updated_at, c.secret_used_at),
      ('secondarySecret', c.secondary_secret_sealed, c.secondary_secret_updated_at, c.secondary_secret_used_at),
      ('groupsApiSecret', c.groups_api_secret_sealed, NULL::timestamptz, NULL::timestamptz)
    ) s (member, sealed, updated_at, used_at)
    WHERE c.tenant_id = $1 AND s.sealed IS NOT NULL`,
  applications: `SELECT a.client_id AS key,
      CASE s.slot WHEN 'primary' THEN 'clientSecret' ELSE 'secondarySecret' END AS member,
      s.created_at AS updated_at, s.last_used_at AS used_at, s.expires_at
    FROM application_secrets s JOIN applications a ON a.tenant_id = s.tenant_id AND a.id = s.application_id
    WHERE s.tenant_id = $1
    UNION ALL SELECT client_id, 'deviceWebhookSecret', NULL, NULL, NULL FROM applications
    WHERE tenant_id = $1 AND webhook_secret_sealed IS NOT NULL`,
  scimTokens: `SELECT name AS key, 'token' AS member, created_at AS updated_at, last_used_at AS used_at, expires_at
    FROM scim_tokens WHERE tenant_id = $1`,
} as const;

/** What may be told of secrets, in PostgreSQL. */
export class PostgresSecretStates implements SecretStateStore {
  constructor(private readonly database: Database) {}

  async read(tenantId: TenantId): Promise<SecretStates> {
    return toStates(await this.database.inTenant(tenantId, statements(tenantId)));
  }

  async readHere(scope: TenantScope): Promise<SecretStates> {
    return toStates(await this.database.transaction(scope).send(statements(scope.tenantId)));
  }
}

const statements = (tenantId: TenantId): readonly Statement[] =>
  Object.entries(STATEMENTS).map(([name, text]) => ({
    name: `secret_states_${name}`,
    text,
    values: [tenantId],
  }));

const toStates = ([connections = [], applications = [], scimTokens = []]: readonly Rows[]): SecretStates => ({
  connections: byKey(connections),
  applications: byKey(applications),
  scimTokens: byKey(scimTokens),
});

function byKey(rows: readonly QueryResultRow[]): ReadonlyMap<string, SecretState> {
  return new Map(
    rows.map((row) => [
      `${row['key']} ${row['member']}`,
      {
        set: true,
        updatedAt: row['updated_at'],
        lastUsedAt: row['used_at'],
        expiresAt: row['expires_at'],
      },
    ]),
  );
}
