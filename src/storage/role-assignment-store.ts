import type { TenantId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type {
  AssignmentOutcome,
  RoleAssignment,
  RoleAssignmentKey,
  RoleAssignmentQuery,
  RoleAssignmentStore,
} from '../domain/role/role-assignment.js';
import type { Database, Statement } from './database.js';

/** Roles given to people directly, in PostgreSQL. */
export class PostgresRoleAssignmentStore implements RoleAssignmentStore {
  constructor(private readonly database: Database) {}

  async list(
    tenantId: TenantId,
    { userId, roleId, applicationId, limit }: RoleAssignmentQuery,
  ): Promise<readonly RoleAssignment[]> {
    const values: unknown[] = [tenantId, limit];
    const narrowed = Object.entries({
      user_id: userId,
      role_id: roleId,
      application_id: applicationId,
    }).flatMap(([column, value]) =>
      value === undefined ? [] : [`AND s.${column} = $${values.push(value)}`],
    );
    const [rows] = await this.database.inTenant(tenantId, [
      {
        text: `SELECT s.user_id, u.user_name, c.key AS connection, r.key AS role, a.client_id, s.source
          FROM role_assignments s
          JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
          JOIN roles r ON r.tenant_id = s.tenant_id AND r.id = s.role_id
          LEFT JOIN connections c ON c.tenant_id = u.tenant_id AND c.id = u.connection_id
          LEFT JOIN applications a ON a.tenant_id = s.tenant_id AND a.id = s.application_id
          WHERE s.tenant_id = $1 ${narrowed.join(' ')}
          ORDER BY u.user_name, u.id, r.key, a.client_id NULLS FIRST, s.source LIMIT $2`,
        values,
      },
    ]);
    return (rows ?? []).map((row) => ({
      userId: row['user_id'],
      userName: row['user_name'],
      connection: row['connection'],
      role: row['role'],
      application: row['client_id'],
      source: row['source'],
    }));
  }

  async change(
    scope: TenantScope,
    change: 'assign' | 'unassign',
    { userId, roleId, applicationId, cause }: RoleAssignmentKey,
  ): Promise<AssignmentOutcome> {
    const values = [scope.tenantId, userId, roleId, applicationId];
    const [, people, named, given, changed] = await this.database.transaction(scope).send([
      { name: 'caused_by', text: `SELECT set_config('app.cause', $1, true)`, values: [cause] },
      {
        // As every change of a person does: pushes and sign-ins of theirs are waited for, and wait.
        name: 'role_assignment_lock',
        text: 'SELECT FROM users WHERE tenant_id = $1 AND id = $2 FOR UPDATE',
        values: [scope.tenantId, userId],
      },
      {
        name: 'role_assignment_named',
        text: `SELECT FROM roles r WHERE r.tenant_id = $1 AND r.id = $2 AND ($3::uuid IS NULL
          OR EXISTS (SELECT FROM applications a WHERE a.tenant_id = $1 AND a.id = $3)) FOR KEY SHARE OF r`,
        values: [scope.tenantId, roleId, applicationId],
      },
      { name: 'role_assignment_by_scim', text: `SELECT ${SAME} AND s.source = 'scim'`, values },
      { ...CHANGES[change], values },
    ]);
    return {
      missing: people?.length === 0 || named?.length === 0,
      changed: changed?.length !== 0,
      givenByScim: given?.length !== 0,
    };
  }
}

/** The person's assignment `s` of the role in the application, or in every one. */
const SAME = `FROM role_assignments s WHERE s.tenant_id = $1 AND s.user_id = $2 AND s.role_id = $3
  AND s.application_id IS NOT DISTINCT FROM $4::uuid`;

const CHANGES: Readonly<Record<'assign' | 'unassign', Omit<Statement, 'values'>>> = {
  assign: {
    name: 'role_assignment_given',
    text: `INSERT INTO role_assignments (tenant_id, id, user_id, role_id, application_id, source)
      SELECT $1, gen_random_uuid(), u.id, r.id, $4::uuid, 'operator'
      FROM users u JOIN roles r ON r.tenant_id = $1 AND r.id = $3
      WHERE u.tenant_id = $1 AND u.id = $2
        AND ($4::uuid IS NULL OR EXISTS (SELECT FROM applications a WHERE a.tenant_id = $1 AND a.id = $4))
        AND NOT EXISTS (SELECT ${SAME} AND s.source = 'operator')
      RETURNING 1`,
  },
  unassign: {
    name: 'role_assignment_taken',
    text: `DELETE ${SAME} AND s.source = 'operator' RETURNING 1`,
  },
};
