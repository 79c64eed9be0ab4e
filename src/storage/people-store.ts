import type { QueryResultRow } from 'pg';
import type { TenantId, UserId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type {
  Acquaintance,
  IdentityKey,
  KnownPerson,
  PeopleStore,
  PersonChanges,
} from '../domain/sign-in/people-store.js';
import type { UpstreamGroup } from '../domain/sign-in/upstream-identity.js';
import { auditStatements } from './audit-store.js';
import type { Database, Statement } from './database.js';
import { GROUPS_OF_USER, ASSIGNMENTS_OF_USER } from './person-sql.js';

/** People at sign-in, in PostgreSQL: one flush to meet, one to change. */
export class PostgresPeopleStore implements PeopleStore {
  constructor(private readonly database: Database) {}

  async meet(scope: TenantScope, key: IdentityKey, groups: readonly UpstreamGroup[]): Promise<Acquaintance> {
    const names = groups.map((group) => group.name);
    const [people, tokenGroups, scimGroups, departed] = await this.database.transaction(scope).send([
      personByIdentity(scope, key),
      {
        name: 'sign_in_token_groups',
        text: `SELECT id, name, upstream_id FROM groups
          WHERE tenant_id = $1 AND connection_id = $2 AND origin = 'token' AND name = ANY ($3)`,
        values: [scope.tenantId, key.connectionId, names],
      },
      {
        name: 'sign_in_scim_names',
        text: `SELECT DISTINCT name FROM pushed_group_names
          WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $4 AND name = ANY ($3)`,
        values: [scope.tenantId, key.connectionId, names, key.connectionVersion],
      },
      {
        name: 'sign_in_departed',
        text: `SELECT FROM departed_users
          WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $3 AND external_id = $4`,
        values: [scope.tenantId, key.connectionId, key.connectionVersion, key.joinValue ?? null],
      },
    ]);
    return {
      person: people?.[0] === undefined ? undefined : toKnownPerson(people[0]),
      tokenGroups: (tokenGroups ?? []).map((row) => ({
        id: row['id'],
        name: row['name'],
        upstreamId: row['upstream_id'],
      })),
      scimNames: (scimGroups ?? []).map((row) => row['name']),
      departed: (departed ?? []).length > 0,
    };
  }

  change(scope: TenantScope, changes: PersonChanges): void {
    const statements = [
      ...personStatements(scope, changes),
      ...membershipStatements(scope, changes),
      ...auditStatements(scope.tenantId, changes.audit),
    ];
    this.database.transaction(scope).defer(statements);
  }
}

/**
 * By identity first; else by the join value, among users whom SCIM has pushed on the same connection and version. The id
 * is one value to the planner: behind row-level security it uses no index for a `coalesce`, and would read all users.
 */
function personByIdentity(scope: TenantScope, key: IdentityKey): Statement {
  return {
    name: 'sign_in_person',
    text: `SELECT u.id, u.active, u.source, u.profile, u.external_id, i.user_id IS NOT NULL AS linked,
        ${GROUPS_OF_USER} AS groups, ${ASSIGNMENTS_OF_USER} AS assignments
      FROM users u
      LEFT JOIN identities i ON i.tenant_id = $1 AND i.connection_id = $2 AND i.connection_version = $3
        AND i.iss = $4 AND i.sub = $5 AND i.user_id = u.id
      WHERE u.tenant_id = $1 AND u.id = (
        SELECT id FROM (
          SELECT user_id AS id, 1 AS rank FROM identities
          WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $3 AND iss = $4 AND sub = $5
          UNION ALL
          SELECT id, 2 FROM users
          WHERE tenant_id = $1 AND connection_id = $2 AND connection_version = $3 AND external_id = $6
            AND source = 'scim') known
        ORDER BY rank LIMIT 1)
      FOR UPDATE OF u`,
    values: [
      scope.tenantId,
      key.connectionId,
      key.connectionVersion,
      key.issuer,
      key.subject,
      key.joinValue ?? null,
    ],
  };
}

const toKnownPerson = (row: QueryResultRow): KnownPerson => ({
  userId: row['id'],
  active: row['active'],
  source: row['source'],
  profile: row['profile'],
  externalId: row['external_id'],
  linked: row['linked'],
  groups: row['groups'],
  assignments: row['assignments'],
});

function personStatements(scope: TenantScope, changes: PersonChanges): readonly Statement[] {
  const { tenantId } = scope;
  const { create, profile, link, userId } = changes;
  const statements: Statement[] = [];
  if (create !== undefined)
    statements.push({
      name: 'sign_in_create_user',
      // A name that somebody else of the connection has is not theirs: the upstream's id stands in for it, or ours
      // where that differs from somebody's name in case alone. So does nothing for a join value that is taken.
      text: `WITH taken AS (
          SELECT user_name_folded AS name FROM users
          WHERE tenant_id = $1 AND connection_id = $3 AND connection_version = $4
            AND user_name_folded IN (lower($5), lower($6)))
        INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, external_id, active, profile)
        SELECT $1, $2, $3, $4, 'just_in_time',
          CASE WHEN lower($5) NOT IN (SELECT name FROM taken) THEN $5
            WHEN lower($6) NOT IN (SELECT name FROM taken) THEN $6
            ELSE $2::uuid::text END,
          CASE WHEN NOT EXISTS (
            SELECT 1 FROM users WHERE tenant_id = $1 AND connection_id = $3 AND connection_version = $4
              AND external_id = $7) THEN $7 END,
          true, $8`,
      values: [
        tenantId,
        userId,
        changes.connectionId,
        changes.connectionVersion,
        create.userName,
        create.fallbackName,
        create.externalId,
        JSON.stringify(create.profile),
      ],
    });
  const told = profile ?? create?.profile;
  if (profile !== undefined)
    statements.push({
      name: 'sign_in_update_user',
      text: `UPDATE users SET profile = $3, version = version + 1, updated_at = now() WHERE tenant_id = $1 AND id = $2`,
      values: [tenantId, userId, JSON.stringify(profile)],
    });
  if (told !== undefined) statements.push(...emailStatements(tenantId, userId, told.email ?? null));
  if (link !== undefined)
    statements.push({
      name: 'sign_in_link_identity',
      text: `INSERT INTO identities (tenant_id, connection_id, connection_version, iss, sub, user_id)
        VALUES ($1, $2, $3, $4, $5, $6)`,
      values: [tenantId, link.connectionId, link.connectionVersion, link.issuer, link.subject, userId],
    });
  return statements;
}

/** By what address lists find who came in just in time; SCIM says by which ones they find its own people. */
function emailStatements(tenantId: TenantId, userId: UserId, email: string | null): readonly Statement[] {
  const values = [tenantId, userId, email];
  return [
    {
      name: 'sign_in_email_gone',
      text: `DELETE FROM user_emails WHERE tenant_id = $1 AND user_id = $2 AND email_folded IS DISTINCT FROM lower($3)
        AND EXISTS (SELECT FROM users WHERE tenant_id = $1 AND id = $2 AND source = 'just_in_time')`,
      values,
    },
    {
      name: 'sign_in_email',
      text: `INSERT INTO user_emails (tenant_id, connection_id, connection_version, user_id, email_folded)
        SELECT tenant_id, connection_id, connection_version, id, lower($3) FROM users
        WHERE tenant_id = $1 AND id = $2 AND source = 'just_in_time' AND $3::text IS NOT NULL ON CONFLICT DO NOTHING`,
      values,
    },
  ];
}

function membershipStatements(scope: TenantScope, changes: PersonChanges): readonly Statement[] {
  const { tenantId } = scope;
  const { newGroups, joinGroups, leaveGroups, userId } = changes;
  const statements: Statement[] = [];
  if (newGroups.length > 0)
    statements.push({
      name: 'sign_in_new_groups',
      // Two people may bring the same new group at once: the second joins the first one's. In one order, so that two who
      // bring several never wait for each other.
      text: `WITH told AS (SELECT * FROM unnest($3::uuid[], $4::text[], $5::text[]) AS t (id, name, upstream_id)),
        made AS (
          INSERT INTO groups (tenant_id, id, connection_id, origin, name, upstream_id)
          SELECT $1, id, $2, 'token', name, upstream_id FROM told ORDER BY name, upstream_id
          ON CONFLICT (tenant_id, connection_id, name, coalesce(upstream_id, '')) WHERE origin = 'token'
            DO UPDATE SET name = excluded.name
          RETURNING id)
        INSERT INTO group_members (tenant_id, group_id, user_id, source) SELECT $1, id, $6, 'token' FROM made
        ON CONFLICT DO NOTHING`,
      values: [
        tenantId,
        changes.connectionId,
        newGroups.map((group) => group.id),
        newGroups.map((group) => group.name),
        newGroups.map((group) => group.upstreamId),
        userId,
      ],
    });
  const known = joinGroups.filter((id) => !newGroups.some((group) => group.id === id));
  if (known.length > 0)
    statements.push({
      name: 'sign_in_join_groups',
      text: `INSERT INTO group_members (tenant_id, group_id, user_id, source)
        SELECT $1, unnest($2::uuid[]), $3, 'token' ON CONFLICT DO NOTHING`,
      values: [tenantId, known, userId],
    });
  if (leaveGroups.length > 0)
    statements.push({
      name: 'sign_in_leave_groups',
      text: `DELETE FROM group_members
        WHERE tenant_id = $1 AND user_id = $2 AND source = 'token' AND group_id = ANY ($3)`,
      values: [tenantId, userId, leaveGroups],
    });
  return statements;
}
