import type { QueryResultRow } from 'pg';
import { isUuid, type TenantId } from '../core/ids.js';
import type { ListPage } from '../core/page.js';
import type { TenantScope } from '../core/scope.js';
import { NOTICES, type Notice, type NoticeQuery, type NoticeStore } from '../domain/notice/notice.js';
import { EVENT_COLUMNS, EVENT_JOINS, toEvent } from './audit-list-store.js';
import type { Database } from './database.js';
import { asTenant, readPage, sourceOf } from './keyset-list.js';
import { SqlValues } from './resource-sql.js';

/** In the words of its index (migrations), so that the planner knows it again. */
const IS_NOTICE = `r.action IN (${Object.keys(NOTICES)
  .map((action) => `'${action}'`)
  .join(', ')})`;

const SHOWN = `${EVENT_COLUMNS}, s.seen_by, s.seen_at`;
const JOINS = `${EVENT_JOINS}
  LEFT JOIN notices_seen s ON s.tenant_id = $1 AND s.event_id = r.id`;
const NOT_SEEN =
  'NOT EXISTS (SELECT FROM notices_seen o WHERE o.tenant_id = r.tenant_id AND o.event_id = r.id)';

/** Notices in PostgreSQL: audit events by an index of their own, and marks of who has seen them. */
export class PostgresNoticeStore implements NoticeStore {
  constructor(private readonly database: Database) {}

  list(tenantId: TenantId, query: NoticeQuery): Promise<ListPage<Notice>> {
    const notices = {
      values: new SqlValues([tenantId]),
      source: sourceOf('audit_events r', ['r.tenant_id = $1', IS_NOTICE]),
      filters: query.state === 'open' ? [() => NOT_SEEN] : [],
      order: [{ sql: 'r.id', type: 'uuid' }] as const,
      descending: true,
      shown: SHOWN,
      joins: JOINS,
      read: toNotice,
    };
    return readPage(asTenant(this.database, tenantId), notices, query);
  }

  async find(tenantId: TenantId, id: string): Promise<Notice | undefined> {
    if (!isUuid(id)) return undefined;
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'notice_find',
        text: `SELECT ${SHOWN} FROM audit_events r ${JOINS} WHERE r.tenant_id = $1 AND r.id = $2 AND ${IS_NOTICE}`,
        values: [tenantId, id],
      },
    ]);
    return rows?.[0] === undefined ? undefined : toNotice(rows[0]);
  }

  async see(scope: TenantScope, id: string, by: string): Promise<boolean> {
    const rows = await this.database.transaction(scope).query({
      name: 'notice_see',
      text: `INSERT INTO notices_seen (tenant_id, event_id, seen_by) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING RETURNING 1`,
      values: [scope.tenantId, id, by],
    });
    return rows.length > 0;
  }
}

const toNotice = (row: QueryResultRow): Notice => ({
  event: toEvent(row),
  seen: row['seen_at'] === null ? null : { by: row['seen_by'], at: row['seen_at'] },
});
