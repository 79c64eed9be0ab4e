import type { QueryResultRow } from 'pg';
import type { GroupId, UserId } from '../core/ids.js';
import type { TenantScope } from '../core/scope.js';
import type { Membership } from '../domain/role/person-groups.js';
import type { GroupOfPerson } from '../domain/role/role.js';
import type {
  MatteringGroups,
  PersonPlace,
  StandingProfile,
  StandingProfileStore,
  StandingReading,
} from '../domain/role/standing-profile.js';
import type { Database, Statement } from './database.js';
import { MAPPED_AS_OF_GROUP } from './person-sql.js';

/** How people stand, in PostgreSQL: one statement over all people of a tenant, whatever is asked. */
export class PostgresStandingProfileStore implements StandingProfileStore {
  constructor(private readonly database: Database) {}

  async read(scope: TenantScope, mattering: MatteringGroups, self: UserId | null): Promise<StandingReading> {
    const transaction = this.database.transaction(scope);
    const [, found = []] = await transaction.send([PATIENT, groupsStatement(scope, mattering)]);
    const groups = found.map(toGroup);
    const ids = groups.map(({ id }) => id);
    const rows = await transaction.query({
      name: 'standing_profiles',
      text: `${STANDING} SELECT key, connection_id, local_as, places, assigned, count(*)::int AS people,
          bit_xor(hashtextextended(id::text, 0))::text AS mark, coalesce(bool_or(id = $3::uuid), false) AS self
        FROM standing GROUP BY key, connection_id, local_as, places, assigned`,
      values: [scope.tenantId, ids, self],
    });
    return {
      profiles: rows.map((row) => toProfile(row, groups)),
      list: async (profiles, after, limit) => {
        if (profiles.length === 0) return [];
        const people = await transaction.query(peopleStatement(scope, ids, { profiles, after, limit }));
        return people.map((row) => ({
          person: {
            id: row['id'],
            userName: row['user_name'],
            name: row['name'],
            signedIn: row['signed_in'],
            profile: row['key'],
          },
          place: { name: row['folded'], id: row['id'] },
        }));
      },
    };
  }
}

/** A million people take longer than what people wait for otherwise; until the transaction ends. */
const PATIENT: Statement = {
  name: 'standing_patience',
  text: `SELECT set_config('statement_timeout', '60s', true)`,
  values: [],
};

/** A group that matters, for members by SCIM and by tokens. */
interface MatteringGroup extends GroupOfPerson {
  readonly id: GroupId;
  readonly isPushed: boolean;
}

function groupsStatement(scope: TenantScope, { references, names }: MatteringGroups): Statement {
  const mapped = references.flatMap((reference) => ('name' in reference ? [reference.name] : []));
  return {
    name: 'standing_groups',
    text: `SELECT g.id, g.name, g.upstream_id, ${MAPPED_AS_OF_GROUP} AS mapped_as,
        EXISTS (SELECT FROM pushed_group_names p WHERE p.tenant_id = $1 AND p.connection_id = g.connection_id
          AND p.connection_version = c.version AND p.name = g.name) AS is_pushed
      FROM groups g JOIN connections c ON c.tenant_id = g.tenant_id AND c.id = g.connection_id
      WHERE g.tenant_id = $1 AND (g.name = ANY ($2::text[]) OR g.id = ANY ($3::uuid[]) OR g.upstream_id = ANY ($4::text[])
        OR g.id IN (SELECT p.pinned_group_id FROM pushed_group_names p
          WHERE p.tenant_id = $1 AND p.name = ANY ($2::text[]) AND p.pinned_group_id IS NOT NULL))
      ORDER BY g.id`,
    values: [
      scope.tenantId,
      [...new Set([...mapped, ...names])],
      references.flatMap((reference) => ('scim' in reference ? [reference.scim] : [])),
      references.flatMap((reference) => ('upstream' in reference ? [reference.upstream] : [])),
    ],
  };
}

const toGroup = (row: QueryResultRow): MatteringGroup => ({
  id: row['id'],
  name: row['name'],
  upstreamId: row['upstream_id'],
  isPushed: row['is_pushed'],
  ...(row['mapped_as'] === null ? {} : { mappedAs: row['mapped_as'] as readonly string[] }),
});

/**
 * `standing`: each person with their profile. A place is twice a group's number among those that matter ($2), one more
 * for members by a token. Groups and assignments are gathered for all people at once, then joined; as a whole, because a
 * planner that looks for a first page alone would search what was gathered once for each person.
 */
const STANDING = `WITH mattering AS MATERIALIZED (
    SELECT id, number FROM unnest($2::uuid[]) WITH ORDINALITY AS t (id, number)),
  placed AS MATERIALIZED (
    SELECT m.user_id, array_agg((g.number * 2 + (m.source = 'token')::int)::int ORDER BY g.number, m.source) AS places
    FROM mattering g JOIN group_members m ON m.tenant_id = $1 AND m.group_id = g.id GROUP BY m.user_id),
  given AS MATERIALIZED (
    SELECT s.user_id, array_agg(DISTINCT r.key || ' ' || coalesce(a.client_id, '')) AS assigned
    FROM role_assignments s JOIN roles r ON r.tenant_id = s.tenant_id AND r.id = s.role_id
    LEFT JOIN applications a ON a.tenant_id = s.tenant_id AND a.id = s.application_id
    WHERE s.tenant_id = $1 GROUP BY s.user_id),
  local AS MATERIALIZED (
    SELECT a.user_id, a.purpose AS local_as FROM local_accounts a WHERE a.tenant_id = $1 AND (a.password_hash IS NOT NULL
      OR EXISTS (SELECT FROM passkeys p WHERE p.tenant_id = $1 AND p.user_id = a.user_id))),
  standing AS MATERIALIZED (
    SELECT u.id, u.connection_id, u.user_name, u.user_name_folded, u.profile, p.places, s.assigned, l.local_as,
      md5(coalesce(u.connection_id::text, '-') || ' ' || coalesce(l.local_as, '-') || ' '
        || coalesce(p.places::text, '-') || ' ' || coalesce(s.assigned::text, '-')) AS key
    FROM users u LEFT JOIN local l ON l.user_id = u.id LEFT JOIN connections c ON c.tenant_id = u.tenant_id AND c.id = u.connection_id
    LEFT JOIN placed p ON p.user_id = u.id LEFT JOIN given s ON s.user_id = u.id
    WHERE u.tenant_id = $1 AND u.active AND (u.connection_id IS NULL OR c.version = u.connection_version))`;

function toProfile(row: QueryResultRow, groups: readonly MatteringGroup[]): StandingProfile {
  const places: readonly number[] = row['places'] ?? [];
  const assigned: readonly string[] = row['assigned'] ?? [];
  return {
    key: row['key'],
    connectionId: row['connection_id'],
    localAs: row['local_as'],
    groups: places.flatMap((place) => {
      const group = groups[Math.floor(place / 2) - 1];
      return group === undefined ? [] : [memberOf(group, place % 2 === 1 ? 'token' : 'scim')];
    }),
    assignments: assigned.map((text) => {
      const [key = '', application = ''] = text.split(' ');
      return { key, application: application === '' ? null : application };
    }),
    people: row['people'],
    mark: BigInt(row['mark']),
    self: row['self'],
  };
}

const memberOf = ({ isPushed, ...group }: MatteringGroup, source: Membership['source']): Membership => ({
  ...group,
  source,
  judgedByScim: source === 'token' && isPushed,
});

function peopleStatement(
  scope: TenantScope,
  groups: readonly string[],
  asked: {
    readonly profiles: readonly string[];
    readonly after: PersonPlace | undefined;
    readonly limit: number;
  },
): Statement {
  return {
    name: 'standing_people',
    text: `${STANDING}, page AS MATERIALIZED (
        SELECT id, user_name, profile, key, user_name_folded FROM standing
        WHERE key IN (SELECT unnest($3::text[])) AND (user_name_folded, id) > ($4, $5::uuid)
        ORDER BY user_name_folded, id LIMIT $6)
      SELECT id, user_name, profile ->> 'name' AS name, key, user_name_folded AS folded,
        EXISTS (SELECT FROM sessions s WHERE s.tenant_id = $1 AND s.user_id = page.id AND s.ended_at IS NULL
          AND s.expires_at > now()) AS signed_in
      FROM page ORDER BY user_name_folded, id`,
    values: [
      scope.tenantId,
      groups,
      asked.profiles,
      asked.after?.name ?? '',
      asked.after?.id ?? NO_ID,
      asked.limit,
    ],
  };
}

/** Before every id. */
const NO_ID = '00000000-0000-0000-0000-000000000000';
