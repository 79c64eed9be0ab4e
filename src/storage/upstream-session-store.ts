import type { QueryResultRow } from 'pg';
import type { ConnectionId, UserId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import {
  brokeredReference,
  type LiveSession,
  type UpstreamSessionStore,
  type UpstreamSubject,
} from '../domain/session/upstream-logout.js';
import { SHOWN_TENANT, showParent, showTenant } from './brokered-sql.js';
import type { Database } from './database.js';

const LIVE = 's.ended_at IS NULL AND s.expires_at > now()';

/** Sessions by what an upstream calls them, in PostgreSQL. */
export class PostgresUpstreamSessionStore implements UpstreamSessionStore {
  constructor(private readonly database: Database) {}

  async sessionsBy(
    scope: TenantScope,
    connectionId: ConnectionId,
    upstreamSession: string,
  ): Promise<readonly LiveSession[]> {
    const rows = await this.#one(
      scope,
      'upstream_sessions',
      `SELECT s.uid, coalesce((SELECT json_agg(json_build_object('clientId', p.client_id, 'sid', p.sid))
          FROM session_applications p WHERE p.tenant_id = $1 AND p.session_uid = s.uid), '[]') AS parts
        FROM sessions s
        WHERE s.tenant_id = $1 AND s.connection_id = $2 AND s.upstream_session = $3 AND ${LIVE}
        ORDER BY s.uid`,
      [connectionId, upstreamSession],
    );
    return rows.map((row) => ({ uid: row['uid'], parts: row['parts'] }));
  }

  async sessionsAboveBy(
    scope: TenantScope,
    connectionId: ConnectionId,
    upstreamSession: string,
  ): Promise<readonly { readonly uid: string; readonly userId: UserId }[]> {
    const [, rows] = await this.database.transaction(scope).send([
      showParent(scope.tenantId),
      {
        name: 'upstream_sessions_above',
        text: `SELECT s.uid, s.brokered_user_id AS "userId" FROM sessions s
          WHERE s.tenant_id = ${SHOWN_TENANT} AND s.brokered_tenant_id = $1 AND s.upstream_session = $2 AND ${LIVE}
          ORDER BY s.uid`,
        values: [scope.tenantId, brokeredReference(connectionId, upstreamSession)],
      },
      showTenant(scope.tenantId),
    ]);
    return (rows ?? []).map((row) => ({ uid: row['uid'], userId: row['userId'] }));
  }

  async personBy(scope: TenantScope, identity: UpstreamSubject): Promise<UserId | undefined> {
    const [row] = await this.#one(
      scope,
      'upstream_person',
      `SELECT i.user_id AS "userId" FROM identities i
        WHERE i.tenant_id = $1 AND i.connection_id = $2 AND i.connection_version = $3 AND i.iss = $4 AND i.sub = $5
          AND (EXISTS (SELECT FROM sessions s WHERE s.tenant_id = $1 AND s.user_id = i.user_id AND ${LIVE})
            OR EXISTS (SELECT FROM tenants t
              JOIN oidc_artifacts a ON a.tenant_id = t.parent_id AND a.user_id = i.user_id AND a.kind = 'Grant'
              WHERE t.id = $1))`,
      [identity.connectionId, identity.connectionVersion, identity.issuer, identity.subject],
    );
    return row?.['userId'];
  }

  async claim(
    scope: TenantScope,
    { hash, seconds }: { readonly hash: Buffer; readonly seconds: number },
  ): Promise<boolean> {
    const rows = await this.#one(
      scope,
      'upstream_logout_claim',
      `INSERT INTO oidc_artifacts AS a (tenant_id, hash, kind, payload, expires_at)
        VALUES ($1, $2, 'UpstreamLogout', '{}', now() + make_interval(secs => $3))
        ON CONFLICT (tenant_id, hash) DO UPDATE SET expires_at = excluded.expires_at WHERE a.expires_at <= now()
        RETURNING 1`,
      [hash, seconds],
    );
    return rows.length > 0;
  }

  async #one(
    scope: TenantScope,
    name: string,
    text: string,
    values: readonly unknown[],
  ): Promise<readonly QueryResultRow[]> {
    const [rows] = await this.database
      .transaction(scope)
      .send([{ name, text, values: [scope.tenantId, ...values] }]);
    return rows ?? [];
  }
}
