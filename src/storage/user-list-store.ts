import type { QueryResultRow } from 'pg';
import { DomainError } from '../core/errors.js';
import { isUuid, type TenantId } from '../core/ids.js';
import type { ListPage } from '../core/page.js';
import type { UserDetails, UserFacts, UserListStore, UserQuery } from '../domain/user/user-list.js';
import type { Database } from './database.js';
import {
  asTenant,
  beginsWith,
  fewOf,
  readPage,
  sourceOf,
  type Condition,
  type KeysetList,
  type SortColumn,
  type Source,
} from './keyset-list.js';
import { ACCOUNT_OF_USER } from './person-sql.js';
import { SqlValues } from './resource-sql.js';

const SHOWN = `r.id, r.user_name, r.profile ->> 'name' AS name, r.profile ->> 'email' AS email, c.key AS connection,
  r.source, r.external_id, r.active, r.created_at, r.updated_at, r.version`;
const JOINS = 'LEFT JOIN connections c ON c.tenant_id = $1 AND c.id = r.connection_id';
const SESSIONS_COUNTED = 100;

/** Lists of people in PostgreSQL. */
export class PostgresUserListStore implements UserListStore {
  constructor(private readonly database: Database) {}

  async list(tenantId: TenantId, query: UserQuery): Promise<ListPage<UserFacts>> {
    return readPage(asTenant(this.database, tenantId), listOf(tenantId, query), query);
  }

  async find(tenantId: TenantId, id: string): Promise<UserDetails | undefined> {
    if (!isUuid(id)) return undefined;
    const [users, identities, sessions] = await this.database.inTenant(tenantId, [
      {
        name: 'user_details',
        text: `SELECT ${SHOWN}, r.account FROM (SELECT u.*, ${ACCOUNT_OF_USER} AS account FROM users u
          WHERE u.tenant_id = $1 AND u.id = $2) r ${JOINS}`,
        values: [tenantId, id],
      },
      {
        name: 'user_identities',
        text: `SELECT c.key AS connection, i.iss, i.sub, i.created_at FROM identities i
          JOIN connections c ON c.tenant_id = $1 AND c.id = i.connection_id
          WHERE i.tenant_id = $1 AND i.user_id = $2 ORDER BY i.created_at, i.sub LIMIT 100`,
        values: [tenantId, id],
      },
      {
        name: 'user_sessions',
        text: `SELECT count(*)::int AS count FROM (SELECT FROM sessions
          WHERE tenant_id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > now()
          LIMIT ${SESSIONS_COUNTED + 1}) s`,
        values: [tenantId, id],
      },
    ]);
    const [row] = users ?? [];
    const count = sessions?.[0]?.['count'] ?? 0;
    if (row === undefined) return undefined;
    return {
      ...toFacts(row),
      account: row['account'],
      identities: (identities ?? []).map((identity) => ({
        connection: identity['connection'],
        issuer: identity['iss'],
        subject: identity['sub'],
        createdAt: identity['created_at'],
      })),
      sessions: { count: Math.min(count, SESSIONS_COUNTED), isMore: count > SESSIONS_COUNTED },
    };
  }
}

const BY_ID: readonly SortColumn[] = [{ sql: 'r.id', type: 'uuid' }];
const BY_NAME: readonly SortColumn[] = [{ sql: 'r.user_name_folded', type: 'text' }, ...BY_ID];

/** Where a list reads from: the narrowest index that one of its filters has; the others are asked of what that gives. */
interface Driver {
  readonly source: (source: Source) => string;
  /** The filters that it answers. */
  readonly answers: readonly (keyof UserQuery)[];
  /** The only order that it has; undefined: it is small, and can be sorted. */
  readonly sort?: 'userName' | 'id';
}

function listOf(tenantId: TenantId, query: UserQuery): KeysetList<UserFacts> {
  const values = new SqlValues([tenantId]);
  const sort = query.sort ?? (query.groupId === undefined ? 'userName' : 'id');
  const { search, externalId, email, groupId } = query;
  if (search !== undefined && [externalId, email, groupId].some((filter) => filter !== undefined))
    throw new DomainError('invalid_argument', 'a search goes with neither externalId, email nor group');
  const driver = driverOf(query, sort, values);
  if (driver.sort !== undefined && driver.sort !== sort)
    throw new DomainError('invalid_argument', `people that are narrowed so are sorted by ${driver.sort}`);
  return {
    values,
    source: driver.source,
    filters: filtersOf(query, driver.answers),
    order: sort === 'id' ? BY_ID : BY_NAME,
    descending: false,
    shown: SHOWN,
    joins: JOINS,
    read: toFacts,
  };
}

function driverOf(query: UserQuery, sort: 'userName' | 'id', values: SqlValues): Driver {
  const { externalId, email, groupId, userName, search, active, source, connectionId } = query;
  const OWN = 'r.tenant_id = $1';
  if (externalId !== undefined)
    return { source: fewOf(...byExternalId(values.add(externalId, 'text'))), answers: ['externalId'] };
  if (email !== undefined)
    return { source: fewOf(...byEmail(values.add(email, 'text'))), answers: ['email'] };
  if (groupId !== undefined)
    return { source: membersOf(values.add(groupId, 'uuid')), answers: ['groupId'], sort: 'id' };
  if (search !== undefined && search !== '')
    return { source: searchSource(search, values), answers: ['search'], sort: 'userName' };
  if (userName !== undefined && userName !== '') {
    const named = beginsWith('r.user_name_folded', userName, values);
    return { source: sourceOf('users r', [OWN, named]), answers: ['userName'], sort: 'userName' };
  }
  if (active === false && sort === 'userName')
    return { source: sourceOf('users r', [OWN, 'NOT r.active']), answers: ['active'] };
  if (source !== undefined && source !== 'scim' && sort === 'userName')
    // A constant, because the index is of these alone.
    return { source: sourceOf('users r', [OWN, `r.source = '${source}'`]), answers: ['source'] };
  if (connectionId !== undefined && sort === 'userName') {
    const id = values.add(connectionId, 'uuid');
    const conditions = [OWN, `r.connection_id = ${id}`, `r.connection_version = ${presentVersion(id)}`];
    return { source: sourceOf('users r', conditions), answers: ['connectionId'] };
  }
  return { source: sourceOf('users r', [OWN]), answers: [] };
}

const presentVersion = (connectionId: string): string =>
  `(SELECT version FROM connections WHERE tenant_id = $1 AND id = ${connectionId})`;

const byExternalId = (externalId: string): Parameters<typeof fewOf> => [
  `connections c JOIN users r ON r.tenant_id = $1 AND r.connection_id = c.id AND r.connection_version = c.version
    AND r.external_id = ${externalId}`,
  ['c.tenant_id = $1'],
];

const byEmail = (email: string): Parameters<typeof fewOf> => [
  `user_emails e JOIN users r ON r.tenant_id = $1 AND r.id = e.user_id`,
  ['e.tenant_id = $1', `e.email_folded = lower(${email})`],
];

/** Members in the order of their ids, which is the members' index's; by whomever they were put in, once. */
const membersOf =
  (groupId: string) =>
  ({ follows, order, rows }: Source): string => `SELECT r.* FROM (
      SELECT DISTINCT r.id FROM (SELECT user_id AS id FROM group_members WHERE tenant_id = $1 AND group_id = ${groupId}) r
      WHERE ${follows} ORDER BY ${order} LIMIT ${rows}) m
    JOIN users r ON r.tenant_id = $1 AND r.id = m.id ORDER BY ${order}`;

/** Whom a name begins, and whom the whole text means: few. */
function searchSource(search: string, values: SqlValues): (source: Source) => string {
  const named = beginsWith('r.user_name_folded', search, values);
  const exact = values.add(search, 'text');
  const id = isUuid(search.toLowerCase()) ? search.toLowerCase() : null;
  const meant = `SELECT user_id FROM user_emails WHERE tenant_id = $1 AND email_folded = lower(${exact})
    UNION SELECT u.id FROM connections c JOIN users u ON u.tenant_id = $1 AND u.connection_id = c.id
      AND u.connection_version = c.version AND u.external_id = ${exact} WHERE c.tenant_id = $1
    UNION SELECT i.user_id FROM connections c JOIN identities i ON i.tenant_id = $1 AND i.connection_id = c.id
      AND i.connection_version = c.version AND i.iss = c.issuer AND i.sub = ${exact} WHERE c.tenant_id = $1
    UNION SELECT ${values.add(id, 'uuid')}`;
  return ({ follows, order, rows }) => `SELECT r.* FROM (
      (SELECT r.* FROM users r WHERE r.tenant_id = $1 AND ${named} AND ${follows} ORDER BY ${order} LIMIT ${rows})
      UNION ALL
      SELECT r.* FROM users r WHERE r.tenant_id = $1 AND r.id = ANY (ARRAY(${meant})) AND NOT (${named}) AND ${follows}
    ) r ORDER BY ${order} LIMIT ${rows}`;
}

/** What is left to ask of each row. */
function filtersOf(query: UserQuery, answered: readonly (keyof UserQuery)[]): readonly Condition[] {
  const conditions: Condition[] = [];
  const ask = <K extends keyof UserQuery>(
    name: K,
    condition: (value: NonNullable<UserQuery[K]>, values: SqlValues) => string,
  ): void => {
    const value = query[name];
    if (value === undefined || value === null || answered.includes(name)) return;
    conditions.push((values) => condition(value, values));
  };
  ask('connectionId', (id, values) => `r.connection_id = ${values.add(id, 'uuid')}`);
  ask('active', (active) => (active ? 'r.active' : 'NOT r.active'));
  ask('source', (source, values) => `r.source = ${values.add(source, 'text')}`);
  ask('userName', (name, values) => beginsWith('r.user_name_folded', name, values));
  ask(
    'email',
    (email, values) => `EXISTS (SELECT FROM user_emails e WHERE e.tenant_id = $1 AND e.user_id = r.id
      AND e.email_folded = lower(${values.add(email, 'text')}))`,
  );
  ask(
    'groupId',
    (id, values) => `EXISTS (SELECT FROM group_members m WHERE m.tenant_id = $1
      AND m.group_id = ${values.add(id, 'uuid')} AND m.user_id = r.id)`,
  );
  return conditions;
}

const toFacts = (row: QueryResultRow): UserFacts => ({
  id: row['id'],
  userName: row['user_name'],
  name: row['name'],
  email: row['email'],
  connection: row['connection'],
  source: row['source'],
  externalId: row['external_id'],
  active: row['active'],
  createdAt: row['created_at'],
  updatedAt: row['updated_at'],
  version: row['version'],
});
