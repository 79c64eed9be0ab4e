import type { QueryResultRow } from 'pg';
import { isUuid, type TenantId } from '../core/ids.js';
import type { ListPage } from '../core/page.js';
import type {
  RoleAssignmentFacts,
  RoleAssignmentListQuery,
  RoleAssignmentListStore,
} from '../domain/role/role-assignment-list.js';
import type { Database } from './database.js';
import { asTenant, fewOf, readPage, sourceOf, type Condition, type KeysetList } from './keyset-list.js';
import { SqlValues } from './resource-sql.js';

const SHOWN = `r.id, r.user_id, u.user_name, c.key AS connection, ro.key AS role, a.client_id, r.source, r.since, r.cause`;
const JOINS = `JOIN users u ON u.tenant_id = $1 AND u.id = r.user_id
  JOIN roles ro ON ro.tenant_id = $1 AND ro.id = r.role_id
  LEFT JOIN connections c ON c.tenant_id = $1 AND c.id = u.connection_id
  LEFT JOIN applications a ON a.tenant_id = $1 AND a.id = r.application_id`;

/** Lists of roles given directly, in PostgreSQL. */
export class PostgresRoleAssignmentListStore implements RoleAssignmentListStore {
  constructor(private readonly database: Database) {}

  list(tenantId: TenantId, query: RoleAssignmentListQuery): Promise<ListPage<RoleAssignmentFacts>> {
    return readPage(asTenant(this.database, tenantId), assignments(tenantId, query), query);
  }

  async find(tenantId: TenantId, id: string): Promise<RoleAssignmentFacts | undefined> {
    if (!isUuid(id)) return undefined;
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'role_assignment_facts',
        text: `SELECT ${SHOWN} FROM role_assignments r ${JOINS} WHERE r.tenant_id = $1 AND r.id = $2`,
        values: [tenantId, id],
      },
    ]);
    return rows?.[0] === undefined ? undefined : toFacts(rows[0]);
  }
}

function assignments(
  tenantId: TenantId,
  { userId, roleId, applicationId, source }: RoleAssignmentListQuery,
): KeysetList<RoleAssignmentFacts> {
  const values = new SqlValues([tenantId]);
  const own = ['r.tenant_id = $1'];
  const filters: Condition[] = [];
  if (userId !== undefined && roleId !== undefined)
    filters.push((each) => `r.role_id = ${each.add(roleId, 'uuid')}`);
  if (applicationId !== undefined)
    filters.push((each) => `r.application_id = ${each.add(applicationId, 'uuid')}`);
  if (source !== undefined) filters.push((each) => `r.source = ${each.add(source, 'text')}`);
  const of = roleId === undefined ? own : [...own, `r.role_id = ${values.add(roleId, 'uuid')}`];
  return {
    values: userId === undefined ? values : new SqlValues([tenantId, userId]),
    source:
      userId === undefined
        ? sourceOf('role_assignments r', of)
        : fewOf('role_assignments r', [...own, 'r.user_id = $2::uuid']),
    filters,
    order: [{ sql: 'r.id', type: 'uuid' }],
    descending: false,
    shown: SHOWN,
    joins: JOINS,
    read: toFacts,
  };
}

const toFacts = (row: QueryResultRow): RoleAssignmentFacts => ({
  id: row['id'],
  userId: row['user_id'],
  userName: row['user_name'],
  connection: row['connection'],
  role: row['role'],
  application: row['client_id'],
  source: row['source'],
  since: row['since'],
  cause: row['cause'],
});
