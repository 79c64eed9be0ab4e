import type { QueryResultRow } from 'pg';
import { isUuid, type TenantId } from '../core/ids.js';
import type {
  NamedPerson,
  SessionFacts,
  SessionListStore,
  SessionPage,
  SessionQuery,
} from '../domain/session/session-list.js';
import type { Database, Statement } from './database.js';

/**
 * What is shown of session `s`. Neither the hash of its cookie nor anything sealed; of a customer's person (E4) not the
 * name, which is the customer's, but whose they are.
 */
const FACTS = `s.uid, coalesce(s.user_id, s.brokered_user_id) AS user_id,
  coalesce(u.user_name, 'a person of ' || h.slug) AS user_name, c.key AS connection, s.created_at, s.created_at::text AS created_exactly,
  s.expires_at, s.ip, s.user_agent, s.ended_at, s.end_reason,
  ARRAY(SELECT a.client_id FROM session_applications a
    WHERE a.tenant_id = $1 AND a.session_uid = s.uid ORDER BY a.client_id) AS applications`;

const WITH_NAMES = `LEFT JOIN users u ON u.tenant_id = $1 AND u.id = s.user_id
  LEFT JOIN tenants h ON h.id = s.brokered_tenant_id
  LEFT JOIN connections c ON c.tenant_id = $1 AND c.id = s.connection_id`;

const SOMEBODYS = '(s.user_id IS NOT NULL OR s.brokered_user_id IS NOT NULL)';
const LIVE = 's.ended_at IS NULL AND s.expires_at > now()';
const OVER = '(s.ended_at IS NOT NULL OR s.expires_at <= now())';

/** Lists of sessions in PostgreSQL. */
export class PostgresSessionListStore implements SessionListStore {
  constructor(private readonly database: Database) {}

  async list(tenantId: TenantId, query: SessionQuery): Promise<SessionPage> {
    const [rows = []] = await this.database.inTenant(tenantId, [listStatement(tenantId, query)]);
    const shown = rows.slice(0, query.limit);
    const last = shown.at(-1);
    return {
      sessions: shown.map(toFacts),
      next:
        rows.length > query.limit && last !== undefined
          ? { createdAt: last['created_exactly'], id: last['uid'] }
          : undefined,
    };
  }

  async find(tenantId: TenantId, id: string): Promise<SessionFacts | undefined> {
    const [rows] = await this.database.inTenant(tenantId, [
      {
        text: `SELECT ${FACTS} FROM sessions s ${WITH_NAMES} WHERE s.tenant_id = $1 AND s.uid = $2 AND ${SOMEBODYS}`,
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

/**
 * One more row than asked for tells whether there are more: nothing is counted. The names are joined to the rows of the
 * page alone.
 */
export function listStatement(tenantId: TenantId, query: SessionQuery): Statement {
  const values: unknown[] = [tenantId];
  const add = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ['s.tenant_id = $1', SOMEBODYS, query.over ? OVER : LIVE];
  if (query.userId !== undefined) conditions.push(`s.user_id = ${add(query.userId)}::uuid`);
  if (query.connectionId !== undefined) conditions.push(`s.connection_id = ${add(query.connectionId)}::uuid`);
  if (query.clientId !== undefined)
    conditions.push(`EXISTS (SELECT FROM session_applications p
      WHERE p.tenant_id = $1 AND p.session_uid = s.uid AND p.client_id = ${add(query.clientId)})`);
  if (query.after !== undefined) {
    const { createdAt, id } = query.after;
    conditions.push(`(s.created_at, s.uid) < (${add(createdAt)}::timestamptz, ${add(id)})`);
  }
  const page = `SELECT * FROM sessions s WHERE ${conditions.join(' AND ')}
    ORDER BY s.created_at DESC, s.uid DESC LIMIT ${add(query.limit + 1)}`;
  return {
    text: `SELECT ${FACTS} FROM (${page}) s ${WITH_NAMES} ORDER BY s.created_at DESC, s.uid DESC`,
    values,
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
