import type { QueryResultRow } from 'pg';
import { isUuid, type TenantId } from '../core/ids.js';
import type { ListPage } from '../core/page.js';
import type {
  NamedPerson,
  SessionFacts,
  SessionListStore,
  SessionQuery,
} from '../domain/session/session-list.js';
import type { Database, Statement } from './database.js';
import { asTenant, fewOf, readPage, sourceOf, type Condition, type KeysetList } from './keyset-list.js';
import { SqlValues } from './resource-sql.js';

/**
 * What is shown of session `r`. Neither the hash of its cookie nor anything sealed; of a customer's person (E4) not the
 * name, which is the customer's, but whose they are.
 */
const FACTS = `r.uid, coalesce(r.user_id, r.brokered_user_id) AS user_id,
  coalesce(u.user_name, 'a person of ' || h.slug) AS user_name, c.key AS connection, r.created_at,
  r.expires_at, r.ip, r.user_agent, r.ended_at, r.end_reason,
  ARRAY(SELECT a.client_id FROM session_applications a
    WHERE a.tenant_id = $1 AND a.session_uid = r.uid ORDER BY a.client_id) AS applications`;

const WITH_NAMES = `LEFT JOIN users u ON u.tenant_id = $1 AND u.id = r.user_id
  LEFT JOIN tenants h ON h.id = r.brokered_tenant_id
  LEFT JOIN connections c ON c.tenant_id = $1 AND c.id = r.connection_id`;

const SOMEBODYS = '(r.user_id IS NOT NULL OR r.brokered_user_id IS NOT NULL)';
const LIVE = 'r.ended_at IS NULL AND r.expires_at > now()';
const OVER = '(r.ended_at IS NOT NULL OR r.expires_at <= now())';

/** Lists of sessions in PostgreSQL. */
export class PostgresSessionListStore implements SessionListStore {
  constructor(private readonly database: Database) {}

  list(tenantId: TenantId, query: SessionQuery): Promise<ListPage<SessionFacts>> {
    return readPage(asTenant(this.database, tenantId), sessionList(tenantId, query), query);
  }

  async find(tenantId: TenantId, id: string): Promise<SessionFacts | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        text: `SELECT ${FACTS} FROM sessions r ${WITH_NAMES} WHERE r.tenant_id = $1 AND r.uid = $2 AND ${SOMEBODYS}`,
        values: [tenantId, id],
      },
    ]);
    return rows?.[0] === undefined ? undefined : toFacts(rows[0]);
  }

  async findPeople(tenantId: TenantId, idOrUserName: string): Promise<readonly NamedPerson[]> {
    const [byId = [], byName = []] = await this.database.inTenant(
      tenantId,
      peopleStatements(tenantId, idOrUserName),
    );
    return (byId.length > 0 ? byId : byName).map((row) => ({
      id: row['id'],
      userName: row['user_name'],
      connection: row['connection'],
    }));
  }
}

/** Newest first. A person's live ones are few; all others are read from the newest on. */
export function sessionList(tenantId: TenantId, query: SessionQuery): KeysetList<SessionFacts> {
  const { over, userId, connectionId, clientId } = query;
  const values = new SqlValues([tenantId]);
  const filters: Condition[] = [() => SOMEBODYS, () => (over ? OVER : LIVE)];
  if (connectionId !== undefined) filters.push((own) => `r.connection_id = ${own.add(connectionId, 'uuid')}`);
  if (clientId !== undefined)
    filters.push(
      (own) => `EXISTS (SELECT FROM session_applications p
      WHERE p.tenant_id = $1 AND p.session_uid = r.uid AND p.client_id = ${own.add(clientId, 'text')})`,
    );
  const own = ['r.tenant_id = $1'];
  const isFew = userId !== undefined && !over;
  if (userId !== undefined && !isFew) filters.push((each) => `r.user_id = ${each.add(userId, 'uuid')}`);
  return {
    values,
    source: isFew
      ? fewOf('sessions r', [...own, `r.user_id = ${values.add(userId, 'uuid')}`, 'r.ended_at IS NULL'])
      : sourceOf('sessions r', own),
    filters,
    order: [
      { sql: 'r.created_at', type: 'timestamptz' },
      { sql: 'r.uid', type: 'text' },
    ],
    descending: true,
    shown: FACTS,
    joins: WITH_NAMES,
    read: toFacts,
  };
}

/** By id, and by name: in each connection's present version, and among local users. */
export function peopleStatements(tenantId: TenantId, idOrUserName: string): readonly Statement[] {
  const id = idOrUserName.toLowerCase();
  return [
    {
      text: `SELECT u.id, u.user_name, c.key AS connection FROM users u
        LEFT JOIN connections c ON c.tenant_id = $1 AND c.id = u.connection_id
        WHERE u.tenant_id = $1 AND u.id = $2::uuid`,
      values: [tenantId, isUuid(id) ? id : null],
    },
    {
      text: `SELECT u.id, u.user_name, c.key AS connection FROM connections c
        JOIN users u ON u.tenant_id = $1 AND u.connection_id = c.id AND u.connection_version = c.version
          AND u.user_name_folded = lower($2)
        WHERE c.tenant_id = $1
        UNION ALL
        SELECT u.id, u.user_name, NULL FROM users u
        WHERE u.tenant_id = $1 AND u.connection_id IS NULL AND u.user_name_folded = lower($2)
        ORDER BY 3, 1`,
      values: [tenantId, idOrUserName],
    },
  ];
}

const toFacts = (row: QueryResultRow): SessionFacts => ({
  id: row['uid'],
  userId: row['user_id'],
  userName: row['user_name'],
  connection: row['connection'],
  applications: row['applications'],
  createdAt: row['created_at'],
  expiresAt: row['expires_at'],
  ip: row['ip'],
  userAgent: row['user_agent'],
  ended: row['ended_at'] === null ? null : { at: row['ended_at'], reason: row['end_reason'] ?? 'unknown' },
});
