import type { TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import {
  CONSOLE_SESSION,
  type ConsoleProof,
  type ConsoleSession,
  type ConsoleSessionStore,
} from '../domain/account/console-session.js';
import type { Database } from './database.js';
import { LOCAL_AT_CONSOLE, MAY_ENTER } from './person-sql.js';

const LIVE = `s.ended_at IS NULL AND s.expires_at > now()
  AND s.last_used_at > now() - make_interval(secs => ${CONSOLE_SESSION.idle})`;

/** Sessions of the console, in PostgreSQL: no node keeps any of its own. */
export class PostgresConsoleSessionStore implements ConsoleSessionStore {
  constructor(private readonly database: Database) {}

  async open(scope: TenantScope, session: Parameters<ConsoleSessionStore['open']>[1]): Promise<boolean> {
    const { id, hash, userId, sessionUid, amr, authenticatedAt, origin } = session;
    const { ip, userAgent } = origin;
    const [, opened] = await this.database.transaction(scope).send([
      {
        // As whatever ends their access does: what it ended while this waited is seen by the next statement.
        name: 'console_lock',
        text: 'SELECT FROM users WHERE tenant_id = $1 AND id = $2 FOR SHARE',
        values: [scope.tenantId, userId],
      },
      {
        name: 'console_open',
        text: `INSERT INTO console_sessions
            (tenant_id, id, hash, user_id, session_uid, amr, authenticated_at, expires_at, ip, user_agent)
          SELECT $1, $2, $3, u.id, $5, $6, least(now(), coalesce($9::timestamptz, now())),
            least(now() + make_interval(secs => ${CONSOLE_SESSION.absolute}), i.absolute_expires_at), $7, $8
          FROM users u
          LEFT JOIN sessions i ON i.tenant_id = u.tenant_id AND i.uid = $5::text AND i.user_id = u.id
            AND i.ended_at IS NULL AND i.expires_at > now()
          WHERE u.tenant_id = $1 AND u.id = $4 AND ${MAY_ENTER} AND ${LOCAL_AT_CONSOLE}
            AND ($5::text IS NULL OR i.uid IS NOT NULL) RETURNING 1`,
        values: [scope.tenantId, id, hash, userId, sessionUid, amr, ip, userAgent, authenticatedAt],
      },
    ]);
    return opened?.length === 1;
  }

  async find(hash: Buffer): Promise<ConsoleSession | undefined> {
    const [, rows] = await this.database.inTenant(NOBODYS, [
      {
        // The cookie says whose it is: from here on that tenant's rows are shown, or nobody's.
        name: 'console_tenant',
        text: `SELECT set_config('app.tenant_id',
          coalesce((SELECT tenant_id::text FROM console_sessions WHERE hash = $1), ''), true)`,
        values: [hash],
      },
      {
        name: 'console_find',
        text: `SELECT s.tenant_id, t.slug, s.user_id, u.user_name, s.id, s.amr, s.authenticated_at,
            (SELECT c.key FROM connections c WHERE c.tenant_id = u.tenant_id AND c.id = u.connection_id) AS connection,
            s.authenticated_at > now() - make_interval(secs => ${CONSOLE_SESSION.fresh}) AS fresh
          FROM console_sessions s
          JOIN tenants t ON t.id = s.tenant_id AND t.status = 'active'
          JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
          WHERE s.hash = $1 AND ${LIVE} AND ${MAY_ENTER} AND ${LOCAL_AT_CONSOLE}`,
        values: [hash],
      },
      {
        // Once a minute is enough to tell use from idleness.
        name: 'console_touch',
        text: `UPDATE console_sessions s SET last_used_at = now()
          WHERE s.hash = $1 AND ${LIVE} AND s.last_used_at < now() - interval '1 minute'`,
        values: [hash],
      },
    ]);
    const [row] = rows ?? [];
    return row === undefined
      ? undefined
      : {
          tenantId: row['tenant_id'],
          tenantSlug: row['slug'],
          userId: row['user_id'],
          userName: row['user_name'],
          sessionId: row['id'],
          amr: row['amr'],
          authenticatedAt: row['authenticated_at'],
          fresh: row['fresh'],
          connection: row['connection'],
        };
  }

  async stepUp(
    scope: TenantScope,
    sessionId: string,
    { amr, authenticatedAt }: ConsoleProof,
  ): Promise<boolean> {
    const stepped = await this.database.transaction(scope).query({
      name: 'console_step_up',
      text: `UPDATE console_sessions s SET amr = $3, last_used_at = now(),
          authenticated_at = greatest(s.authenticated_at, least(now(), coalesce($4::timestamptz, now())))
        WHERE s.tenant_id = $1 AND s.id = $2 AND ${LIVE} RETURNING 1`,
      values: [scope.tenantId, sessionId, amr, authenticatedAt],
    });
    return stepped.length > 0;
  }

  async end(scope: TenantScope, sessionId: string): Promise<boolean> {
    const ended = await this.database.transaction(scope).query({
      name: 'console_end',
      text: `UPDATE console_sessions SET ended_at = now()
        WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL RETURNING 1`,
      values: [scope.tenantId, sessionId],
    });
    return ended.length > 0;
  }
}

/** Shows no rows: whose are to be shown follows from the cookie. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one id that is no tenant's
const NOBODYS = '' as TenantId;
