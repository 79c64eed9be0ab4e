import type { GroupId, UserId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type {
  ListRequest,
  ListResult,
  MembershipOutcome,
  ProvisioningStore,
  Write,
} from '../domain/provisioning/provisioning-store.js';
import type {
  GroupMember,
  GroupState,
  MembershipChange,
  PushedGroup,
  PushedUser,
  PushScope,
  UserState,
} from '../domain/provisioning/pushed-resources.js';
import type { EffectiveRole } from '../domain/role/role.js';
import type { Database, Statement } from './database.js';
import { membershipStatements, toMembershipOutcomes } from './membership-sql.js';
import { beforeClaim } from './role-mapping-pins.js';
import { PUSHED_GROUPS, PUSHED_USERS, type PushedTable } from './pushed-tables.js';
import { PageEnds } from './page-ends.js';
import { listStatements, toListResult } from './resource-list.js';

/** Pushed users and groups in PostgreSQL: named statements, a row for each member. */
export class PostgresProvisioningStore implements ProvisioningStore {
  readonly #pageEnds = new PageEnds();

  constructor(private readonly database: Database) {}

  async user(scope: TenantScope, of: PushScope, id: UserId, lock: boolean): Promise<PushedUser | undefined> {
    const [row] = await this.database.transaction(scope).query({
      name: lock ? 'pushed_user_lock' : 'pushed_user',
      text: `SELECT ${PUSHED_USERS.select(false)} FROM ${PUSHED_USERS.from} AND r.id = $4
        ${lock ? 'FOR UPDATE OF r' : ''}`,
      values: [...whose(scope, of), id],
    });
    return row === undefined ? undefined : PUSHED_USERS.read(row);
  }

  async adoptOrCreateUser(
    scope: TenantScope,
    of: PushScope,
    id: UserId,
    state: UserState,
    write: Write,
  ): Promise<PushedUser | undefined> {
    const values = [...whose(scope, of), id, ...userValues(state), write.version, write.at];
    const transaction = this.database.transaction(scope);
    const [known, made] = await transaction.send([
      adoptable(scope, of, state),
      {
        name: 'push_user_create_if_free',
        text: `${INSERT_USER} ON CONFLICT DO NOTHING RETURNING id`,
        values,
      },
    ]);
    // Whoever came in just in time by this externalId while the insertion waited for them is seen only now.
    const [row] =
      known?.[0] || made?.[0] ? (known ?? []) : await transaction.query(adoptable(scope, of, state));
    if (row !== undefined) return PUSHED_USERS.read(row);
    // What is taken is told by the constraint that fails.
    const again = made?.[0] ? [] : [{ name: 'push_user_create', text: INSERT_USER, values }];
    this.#defer(scope, [...again, ...arrival(scope, of, id, state)]);
    return undefined;
  }

  updateUser(
    scope: TenantScope,
    of: PushScope,
    id: UserId,
    state: UserState,
    write: Write,
    adopts: boolean,
  ): void {
    this.#defer(scope, [
      {
        name: 'push_user_update',
        text: `UPDATE users SET source = 'scim', user_name = $5, external_id = $6, active = $7, profile = $8,
            attributes = $9, version = $10, updated_at = $11
          WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $3 AND id = $4`,
        values: [...whose(scope, of), id, ...userValues(state), write.version, write.at],
      },
      {
        name: 'push_user_emails_gone',
        text: `DELETE FROM user_emails WHERE tenant_id = $1 AND user_id = $2
          AND email_folded NOT IN (SELECT lower(e) FROM unnest($3::text[]) e)`,
        values: [scope.tenantId, id, state.emails],
      },
      ...(adopts ? arrival(scope, of, id, state) : emailStatements(scope, of, id, state)),
    ]);
  }

  lockGroupsOf(scope: TenantScope, of: PushScope, id: UserId): void {
    this.#defer(scope, [
      {
        name: 'push_user_groups_lock',
        text: `SELECT FROM groups g WHERE g.tenant_id = $1 AND g.connection_id = $2 AND g.connection_version = $3
            AND g.origin = 'scim' AND g.id = ANY (ARRAY(
              SELECT group_id FROM group_members WHERE tenant_id = $1 AND user_id = $4 AND source = 'scim'))
          ORDER BY g.id FOR NO KEY UPDATE`,
        values: [...whose(scope, of), id],
      },
    ]);
  }

  deleteUser(
    scope: TenantScope,
    of: PushScope,
    { id, externalId }: Pick<PushedUser, 'id' | 'externalId'>,
  ): void {
    this.#defer(scope, [
      {
        name: 'push_user_groups_change',
        text: `UPDATE groups SET version = version + 1, updated_at = now() WHERE tenant_id = $1 AND id IN
          (SELECT group_id FROM group_members WHERE tenant_id = $1 AND user_id = $2 AND source = 'scim')`,
        values: [scope.tenantId, id],
      },
      {
        name: 'push_user_delete',
        text: 'DELETE FROM users WHERE tenant_id = $1 AND id = $2',
        values: [scope.tenantId, id],
      },
      ...(externalId === null ? [] : [departure(scope, of, id, externalId)]),
      count(scope, of, 'user', -1),
    ]);
  }

  assignRoles(scope: TenantScope, id: UserId, roles: readonly EffectiveRole[]): void {
    const keys = roles.map(({ key }) => key);
    const applications = roles.map(({ application }) => application);
    const wanted = `SELECT ro.id AS role_id, ap.id AS application_id
      FROM unnest($3::text[], $4::text[]) AS w (key, application)
      JOIN roles ro ON ro.tenant_id = $1 AND ro.key = w.key
      LEFT JOIN applications ap ON ap.tenant_id = $1 AND ap.client_id = w.application
      WHERE (w.application IS NULL) = (ap.id IS NULL)`;
    const same = 'w.role_id = a.role_id AND w.application_id IS NOT DISTINCT FROM a.application_id';
    const values = [scope.tenantId, id, keys, applications];
    this.#defer(scope, [
      {
        name: 'push_roles_gone',
        text: `DELETE FROM role_assignments a WHERE a.tenant_id = $1 AND a.user_id = $2 AND a.source = 'scim'
          AND NOT EXISTS (SELECT FROM (${wanted}) w WHERE ${same})`,
        values,
      },
      {
        name: 'push_roles_given',
        text: `INSERT INTO role_assignments (tenant_id, id, user_id, role_id, application_id, source)
          SELECT $1, gen_random_uuid(), $2, w.role_id, w.application_id, 'scim' FROM (${wanted}) w
          WHERE NOT EXISTS (SELECT FROM role_assignments a
            WHERE a.tenant_id = $1 AND a.user_id = $2 AND a.source = 'scim' AND ${same})`,
        values,
      },
    ]);
  }

  users(scope: TenantScope, of: PushScope, request: ListRequest): Promise<ListResult<PushedUser>> {
    return this.#list(PUSHED_USERS, scope, of, request, false);
  }

  async group(
    scope: TenantScope,
    of: PushScope,
    id: GroupId,
    options: { readonly lock: boolean; readonly members: boolean },
  ): Promise<PushedGroup | undefined> {
    const [row] = await this.database.transaction(scope).query(groupStatement(scope, of, id, options));
    return row === undefined ? undefined : PUSHED_GROUPS.read(row);
  }

  createGroup(scope: TenantScope, of: PushScope, id: GroupId, state: GroupState, write: Write): void {
    this.#defer(scope, [
      {
        name: 'push_group_create',
        text: `INSERT INTO groups (tenant_id, id, connection_id, connection_version, origin, name, external_id,
            attributes, version, created_at, updated_at)
          VALUES ($1, $4, $2, $3, 'scim', $5, $6, $7, $8, $9, $9)`,
        values: [...whose(scope, of), id, ...groupValues(state), write.version, write.at],
      },
      beforeClaim(scope.tenantId),
      nameClaim(scope, of, id, state),
      count(scope, of, 'group', 1),
    ]);
  }

  updateGroup(scope: TenantScope, of: PushScope, id: GroupId, state: GroupState, write: Write): void {
    this.#defer(scope, [
      {
        name: 'push_group_update',
        text: `UPDATE groups SET name = $5, external_id = $6, attributes = $7, version = $8, updated_at = $9
          WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $3 AND id = $4`,
        values: [...whose(scope, of), id, ...groupValues(state), write.version, write.at],
      },
      beforeClaim(scope.tenantId),
      nameClaim(scope, of, id, state),
    ]);
  }

  async openGroup(
    scope: TenantScope,
    of: PushScope,
    id: GroupId,
    changes: readonly MembershipChange[],
  ): Promise<{ readonly group: PushedGroup | undefined; readonly outcomes: readonly MembershipOutcome[] }> {
    const plans = changes.map((change) => membershipStatements(scope.tenantId, of, id, change));
    const lock = groupStatement(scope, of, id, { lock: true, members: false });
    const statements = plans.flatMap((plan) => plan.statements);
    const [[row] = [], ...results] = await this.database.transaction(scope).send([lock, ...statements]);
    return {
      group: row === undefined ? undefined : PUSHED_GROUPS.read(row),
      outcomes: toMembershipOutcomes(plans, results),
    };
  }

  async changeMembers(
    scope: TenantScope,
    of: PushScope,
    id: GroupId,
    changes: readonly MembershipChange[],
  ): Promise<readonly MembershipOutcome[]> {
    const plans = changes.map((change) => membershipStatements(scope.tenantId, of, id, change));
    const statements = plans.flatMap((plan) => plan.statements);
    const results = statements.length === 0 ? [] : await this.database.transaction(scope).send(statements);
    return toMembershipOutcomes(plans, results);
  }

  async members(scope: TenantScope, id: GroupId): Promise<readonly GroupMember[]> {
    return this.database.transaction(scope).query({
      name: 'pushed_group_members',
      text: `SELECT u.id, coalesce(u.attributes ->> 'displayName', u.user_name) AS display
        FROM group_members gm JOIN users u ON u.tenant_id = gm.tenant_id AND u.id = gm.user_id
        WHERE gm.tenant_id = $1 AND gm.group_id = $2 AND gm.source = 'scim' ORDER BY u.id`,
      values: [scope.tenantId, id],
    }) as Promise<readonly GroupMember[]>;
  }

  deleteGroup(scope: TenantScope, of: PushScope, id: GroupId): void {
    this.#defer(scope, [
      {
        name: 'push_group_delete',
        text: 'DELETE FROM groups WHERE tenant_id = $1 AND id = $2',
        values: [scope.tenantId, id],
      },
      count(scope, of, 'group', -1),
    ]);
  }

  groups(
    scope: TenantScope,
    of: PushScope,
    request: ListRequest,
    { members }: { readonly members: boolean },
  ): Promise<ListResult<PushedGroup>> {
    return this.#list(PUSHED_GROUPS, scope, of, request, members);
  }

  async #list<T>(
    table: PushedTable<T>,
    scope: TenantScope,
    of: PushScope,
    request: ListRequest,
    withMembers: boolean,
  ): Promise<ListResult<T>> {
    const list = { tenantId: scope.tenantId, of, kind: table.kind };
    const sought = this.#pageEnds.seek(list, request);
    const { page, total } = listStatements(table, scope.tenantId, of, sought, withMembers);
    const [rows, totals] = await this.database
      .transaction(scope)
      .send(total === undefined ? [page] : [page, total]);
    const result = toListResult(table, request, rows ?? [], totals);
    this.#pageEnds.remember(list, request, result);
    return result;
  }

  #defer(scope: TenantScope, statements: readonly Statement[]): void {
    this.database.transaction(scope).defer(statements);
  }
}

const INSERT_USER = `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name,
    external_id, active, profile, attributes, version, created_at, updated_at)
  VALUES ($1, $4, $2, $3, 'scim', $5, $6, $7, $8, $9, $10, $11, $11)`;

/** Who was here before SCIM knew them, by the externalId that a push names; locked. */
const adoptable = (scope: TenantScope, of: PushScope, { externalId }: UserState): Statement => ({
  name: 'adoptable_user',
  text: `SELECT ${PUSHED_USERS.select(false)} FROM users r
    WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.connection_version = $3
      AND r.external_id = $4 AND r.source = 'just_in_time' FOR UPDATE OF r`,
  values: [...whose(scope, of), externalId],
});

const whose = (scope: TenantScope, of: PushScope): readonly unknown[] => [
  scope.tenantId,
  of.connectionId,
  of.connectionVersion,
];

const groupStatement = (
  scope: TenantScope,
  of: PushScope,
  id: GroupId,
  { lock, members }: { readonly lock: boolean; readonly members: boolean },
): Statement => ({
  name: `pushed_group_${lock}_${members}`,
  // The lock lets foreign keys pass: sign-ins that join a group go on meanwhile.
  text: `SELECT ${PUSHED_GROUPS.select(members)} FROM ${PUSHED_GROUPS.from} AND r.id = $4
    ${lock ? 'FOR NO KEY UPDATE OF r' : ''}`,
  values: [...whose(scope, of), id],
});

const userValues = (state: UserState): readonly unknown[] => [
  state.userName,
  state.externalId,
  state.active,
  JSON.stringify(state.profile),
  JSON.stringify(state.attributes),
];

const groupValues = (state: GroupState): readonly unknown[] => [
  state.name,
  state.externalId,
  JSON.stringify(state.attributes),
];

/** What comes with a user who is new to SCIM: addresses, the count, and no memory of one who left by that id. */
function arrival(scope: TenantScope, of: PushScope, id: UserId, state: UserState): readonly Statement[] {
  const returned: Statement = {
    name: 'push_user_returns',
    text: `DELETE FROM departed_users
      WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $3 AND external_id = $4`,
    values: [...whose(scope, of), state.externalId],
  };
  return [
    ...emailStatements(scope, of, id, state),
    ...(state.externalId === null ? [] : [returned]),
    count(scope, of, 'user', 1),
  ];
}

/** Addresses by which filters find the user: a table of its own, because row security allows no index over jsonb. */
function emailStatements(
  scope: TenantScope,
  of: PushScope,
  id: UserId,
  { emails }: UserState,
): readonly Statement[] {
  if (emails.length === 0) return [];
  return [
    {
      name: 'push_user_emails',
      text: `INSERT INTO user_emails (tenant_id, connection_id, connection_version, user_id, email_folded)
        SELECT DISTINCT $1::uuid, $2::uuid, $3::int, $4::uuid, lower(e) FROM unnest($5::text[]) e ON CONFLICT DO NOTHING`,
      values: [...whose(scope, of), id, emails],
    },
  ];
}

/** Remembers who left, so that they don't come back just in time (G1). */
function departure(scope: TenantScope, of: PushScope, id: UserId, externalId: string): Statement {
  return {
    name: 'push_user_departs',
    text: `INSERT INTO departed_users (tenant_id, connection_id, connection_version, external_id, user_id)
      VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (tenant_id, connection_id, connection_version, external_id)
        DO UPDATE SET user_id = excluded.user_id, departed_at = now()`,
    values: [...whose(scope, of), externalId, id],
  };
}

/** Claims the group's name for SCIM. If a mapping or a grant goes by it and has met no group yet, it means this one now. */
function nameClaim(scope: TenantScope, of: PushScope, id: GroupId, { name }: GroupState): Statement {
  return {
    name: 'push_group_name',
    text: `INSERT INTO pushed_group_names AS p (tenant_id, connection_id, connection_version, name, pinned_group_id)
      SELECT $1, $2, $3, $4, CASE WHEN
        EXISTS (SELECT FROM role_mappings WHERE tenant_id = $1 AND group_name = $4)
        OR EXISTS (SELECT FROM tenant_links WHERE tenant_id = $1 AND group_reference ->> 'name' = $4) THEN $5::uuid END
      ON CONFLICT (tenant_id, connection_id, connection_version, name)
        DO UPDATE SET pinned_group_id = excluded.pinned_group_id
        WHERE p.pinned_group_id IS NULL AND excluded.pinned_group_id IS NOT NULL`,
    values: [...whose(scope, of), name, id],
  };
}

/** Slots of a count: so many transactions may add to it at once. */
const SLOTS = 8;

function count(scope: TenantScope, of: PushScope, kind: 'user' | 'group', by: 1 | -1): Statement {
  return {
    name: 'push_count',
    text: `INSERT INTO resource_counts AS c (tenant_id, connection_id, connection_version, kind, slot, count)
      VALUES ($1, $2, $3, $4, pg_backend_pid() % ${SLOTS}, $5)
      ON CONFLICT (tenant_id, connection_id, connection_version, kind, slot) DO UPDATE SET count = c.count + $5`,
    values: [...whose(scope, of), kind, by],
  };
}
