import type { QueryResultRow } from 'pg';
import type { TenantId, UserId } from '../core/ids.js';
import type { RoleFacts, RoleFactsStore } from '../domain/role/role-facts.js';
import type { GroupReference } from '../domain/role/role.js';
import type { Database, Statement } from './database.js';
import { GROUPS_WITH_HISTORY, groupsWithHistoryAt, MAPPED_AS_OF_GROUP, MAY_ENTER } from './person-sql.js';

/** Ended memberships that are read of a person. */
const ENDED_MAX = 100;

/** What decides over a person's roles, in PostgreSQL: one flush. */
export class PostgresRoleFactsStore implements RoleFactsStore {
  constructor(private readonly database: Database) {}

  async find(tenantId: TenantId, userId: UserId, at: Date | undefined): Promise<RoleFacts | undefined> {
    const [people, assignments, mappings, groups, ended] = await this.database.inTenant(tenantId, [
      personStatement(tenantId, userId, at),
      assignmentsStatement(tenantId, userId, at),
      mappingsStatement(tenantId, at),
      {
        name: 'role_facts_groups',
        text: `SELECT g.id, g.name, g.upstream_id, ${MAPPED_AS_OF_GROUP} AS mapped_as
          FROM users u JOIN groups g ON g.tenant_id = u.tenant_id AND g.connection_id = u.connection_id
            AND (g.origin = 'token' OR g.connection_version = u.connection_version)
          WHERE u.tenant_id = $1 AND u.id = $2 AND EXISTS (SELECT FROM role_mappings r WHERE r.tenant_id = $1
            AND (r.group_name = g.name OR r.group_id = g.id OR r.group_upstream_id = g.upstream_id
              OR r.group_name IN (SELECT p.name FROM pushed_group_names p
                WHERE p.tenant_id = $1 AND p.pinned_group_id = g.id)))
          ORDER BY g.name, g.id`,
        values: [tenantId, userId],
      },
      {
        name: 'role_facts_ended',
        text: `SELECT group_id, group_name, group_upstream_id, since, until, cause, end_cause FROM past_memberships
          WHERE tenant_id = $1 AND user_id = $2 AND until <= coalesce($3::timestamptz, now())
          ORDER BY until DESC LIMIT ${ENDED_MAX}`,
        values: [tenantId, userId, at ?? null],
      },
    ]);
    const [person] = people ?? [];
    if (person === undefined) return undefined;
    return {
      userId,
      userName: person['user_name'],
      name: person['name'],
      connectionId: person['connection_id'],
      active: person['active'],
      mayEnter: person['may_enter'],
      outdated: person['outdated'],
      memberships: toMemberships(person['groups']),
      assignments: (assignments ?? []).map((row) => ({
        key: row['key'],
        application: row['application'],
        source: row['source'],
        ...sinceOf(row),
      })),
      mappings: (mappings ?? []).map((row) => ({
        id: row['id'],
        group: referenceOf(row),
        role: row['role'],
        application: row['application'],
        ...sinceOf(row),
      })),
      mappedGroups: (groups ?? []).map((row) => ({
        id: row['id'],
        name: row['name'],
        upstreamId: row['upstream_id'],
        ...(row['mapped_as'] === null ? {} : { mappedAs: row['mapped_as'] as readonly string[] }),
      })),
      ended: (ended ?? []).map((row) => ({
        groupId: row['group_id'],
        name: row['group_name'],
        upstreamId: row['group_upstream_id'],
        until: row['until'],
        endCause: row['end_cause'],
        ...sinceOf(row),
      })),
      historySince: person['history_since'],
    };
  }
}

function personStatement(tenantId: TenantId, userId: UserId, at: Date | undefined): Statement {
  const groups = at === undefined ? GROUPS_WITH_HISTORY : groupsWithHistoryAt('$3::timestamptz');
  return {
    name: at === undefined ? 'role_facts_person' : 'role_facts_person_at',
    text: `SELECT u.user_name, u.profile ->> 'name' AS name, u.connection_id, u.active, ${MAY_ENTER} AS may_enter,
        EXISTS (SELECT FROM connections c WHERE c.tenant_id = u.tenant_id AND c.id = u.connection_id
          AND c.version <> u.connection_version) AS outdated, ${groups} AS groups,
        t.history_since
      FROM users u JOIN tenants t ON t.id = u.tenant_id WHERE u.tenant_id = $1 AND u.id = $2`,
    values: [tenantId, userId, ...(at === undefined ? [] : [at])],
  };
}

function assignmentsStatement(tenantId: TenantId, userId: UserId, at: Date | undefined): Statement {
  const present = `SELECT r.key, a.client_id AS application, s.source, s.since, s.cause
    FROM role_assignments s JOIN roles r ON r.tenant_id = s.tenant_id AND r.id = s.role_id
    LEFT JOIN applications a ON a.tenant_id = s.tenant_id AND a.id = s.application_id
    WHERE s.tenant_id = $1 AND s.user_id = $2`;
  if (at === undefined)
    return {
      name: 'role_facts_assignments',
      text: `${present} ORDER BY 1, 2, 3`,
      values: [tenantId, userId],
    };
  return {
    name: 'role_facts_assignments_at',
    // In an application that is gone it counts nowhere.
    text: `${present} AND s.since <= $3::timestamptz
      UNION ALL SELECT p.role_key, a.client_id, p.source, p.since, p.cause FROM past_role_assignments p
      LEFT JOIN applications a ON a.tenant_id = p.tenant_id AND a.id = p.application_id
      WHERE p.tenant_id = $1 AND p.user_id = $2 AND p.since <= $3 AND p.until > $3
        AND (p.application_id IS NULL OR a.id IS NOT NULL)
      ORDER BY 1, 2, 3`,
    values: [tenantId, userId, at],
  };
}

function mappingsStatement(tenantId: TenantId, at: Date | undefined): Statement {
  const present = `SELECT m.id, m.group_name, m.group_id, m.group_upstream_id, r.key AS role, a.client_id AS application,
      m.since, m.cause
    FROM role_mappings m JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
    LEFT JOIN applications a ON a.tenant_id = m.tenant_id AND a.id = m.application_id
    WHERE m.tenant_id = $1`;
  if (at === undefined)
    return { name: 'role_facts_mappings', text: `${present} ORDER BY 1`, values: [tenantId] };
  return {
    name: 'role_facts_mappings_at',
    text: `${present} AND m.since <= $2::timestamptz
      UNION ALL SELECT p.mapping_id, p.group_name, p.group_id, p.group_upstream_id, p.role_key, a.client_id, p.since, p.cause
      FROM past_role_mappings p LEFT JOIN applications a ON a.tenant_id = p.tenant_id AND a.id = p.application_id
      WHERE p.tenant_id = $1 AND p.since <= $2 AND p.until > $2 AND (p.application_id IS NULL OR a.id IS NOT NULL)
      ORDER BY 1`,
    values: [tenantId, at],
  };
}

const sinceOf = (row: QueryResultRow) => ({
  since: row['since'] as Date,
  cause: row['cause'] as string | null,
});

function referenceOf(row: QueryResultRow): GroupReference {
  if (row['group_name'] !== null) return { name: row['group_name'] };
  return row['group_id'] !== null ? { scim: row['group_id'] } : { upstream: row['group_upstream_id'] };
}

/** JSON has times as text. */
const toMemberships = (groups: readonly QueryResultRow[]): RoleFacts['memberships'] =>
  groups.map((group) => ({
    id: group['id'],
    name: group['name'],
    upstreamId: group['upstreamId'],
    source: group['source'],
    judgedByScim: group['judgedByScim'],
    ...(group['mappedAs'] === undefined ? {} : { mappedAs: group['mappedAs'] }),
    since: new Date(group['since']),
    cause: group['cause'],
  }));
