import type { TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import {
  CONSOLE_SESSION,
  type ConsoleSession,
  type ConsoleSessionStore,
} from '../domain/account/console-session.js';
import type { Database } from './database.js';
import { MAY_ENTER } from './person-sql.js';

const LIVE = `s.ended_at IS NULL AND s.expires_at > now()
  AND s.last_used_at > now() - make_interval(secs => ${CONSOLE_SESSION.idle})`;

/** Sessions of the console, in PostgreSQL: no node keeps any of its own. */
export class PostgresConsoleSessionStore implements ConsoleSessionStore {
  constructor(private readonly database: Database) {}

  async open(
    scope: TenantScope,
    { id, hash, userId, sessionUid, amr, origin }: Parameters<ConsoleSessionStore['open']>[1],
  ): Promise<boolean> {
    const opened = await this.database.transaction(scope).query({
      name: 'console_open',
      text: `INSERT INTO console_sessions
          (tenant_id, id, hash, user_id, session_uid, amr, authenticated_at, expires_at, ip, user_agent)
        SELECT $1, $2, $3, u.id, $5, $6, now(), now() + make_interval(secs => ${CONSOLE_SESSION.absolute}), $7, $8
        FROM users u WHERE u.tenant_id = $1 AND u.id = $4 AND ${MAY_ENTER} FOR SHARE OF u RETURNING 1`,
      values: [scope.tenantId, id, hash, userId, sessionUid, amr, origin.ip, origin.userAgent],
    });
    return opened.length > 0;
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
            u.connection_id IS NULL AS local,
            s.authenticated_at > now() - make_interval(secs => ${CONSOLE_SESSION.fresh}) AS fresh
          FROM console_sessions s
          JOIN tenants t ON t.id = s.tenant_id AND t.status = 'active'
          JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
          WHERE s.hash = $1 AND ${LIVE} AND ${MAY_ENTER}`,
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
          local: row['local'],
        };
  }

  async stepUp(scope: TenantScope, sessionId: string, amr: readonly string[]): Promise<boolean> {
    const stepped = await this.database.transaction(scope).query({
      name: 'console_step_up',
      text: `UPDATE console_sessions s SET authenticated_at = now(), last_used_at = now(), amr = $3
        WHERE s.tenant_id = $1 AND s.id = $2 AND ${LIVE} RETURNING 1`,
      values: [scope.tenantId, sessionId, amr],
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
