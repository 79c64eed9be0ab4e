import type { QueryResultRow } from 'pg';
import { isUuid, type GroupId, type TenantId } from '../core/ids.js';
import type { MembershipOutcome } from '../domain/provisioning/provisioning-store.js';
import type { MembershipChange, PushScope } from '../domain/provisioning/pushed-resources.js';
import type { Statement } from './database.js';

/** A statement, and which part of the outcome its rows are. */
interface MembershipStatement extends Statement {
  readonly tells: keyof MembershipOutcome;
}

/** Members that one statement takes: a hundred thousand in one would be cancelled for taking too long. */
const CHUNK = 5_000;

/** A change of members as statements; `malformed`: what was named and can be nobody's id. */
export interface MembershipPlan {
  readonly statements: readonly MembershipStatement[];
  readonly malformed: readonly string[];
}

/**
 * The statements of a change of members, for one flush: who of the named is unknown, who leaves, who joins. Each touches
 * only rows that change: what one member costs doesn't follow the size of the group.
 */
export function membershipStatements(
  tenantId: TenantId,
  of: PushScope,
  groupId: GroupId,
  change: MembershipChange,
): MembershipPlan {
  const ids = change.kind === 'clear' ? [] : [...new Set(change.ids)].toSorted();
  const wellFormed = ids.filter(isUuid);
  const leaves =
    change.kind === 'add'
      ? []
      : change.kind === 'remove'
        ? [leaving(tenantId, groupId, wellFormed)]
        : [othersLeaving(tenantId, groupId, wellFormed)];
  if (change.kind === 'remove' || change.kind === 'clear') return { statements: leaves, malformed: [] };
  const chunks = Array.from({ length: Math.ceil(wellFormed.length / CHUNK) }, (_, index) =>
    wellFormed.slice(index * CHUNK, (index + 1) * CHUNK),
  );
  return {
    statements: [
      ...chunks.map((chunk) => unknown(tenantId, of, chunk)),
      ...leaves,
      ...chunks.map((chunk) => joining(tenantId, of, groupId, chunk)),
    ],
    malformed: ids.filter((id) => !isUuid(id)),
  };
}

function unknown(tenantId: TenantId, of: PushScope, ids: readonly string[]): MembershipStatement {
  return {
    tells: 'unknown',
    name: 'members_unknown',
    // OFFSET here too: for one member the planner would read all users of the tenant into a hash.
    text: `SELECT t.id FROM unnest($4::uuid[]) AS t (id) WHERE NOT EXISTS (
      SELECT FROM users u WHERE u.tenant_id = $1 AND u.id = t.id AND u.connection_id = $2
        AND u.connection_version = $3 AND u.source = 'scim' OFFSET 0)`,
    values: [tenantId, of.connectionId, of.connectionVersion, ids],
  };
}

function joining(
  tenantId: TenantId,
  of: PushScope,
  groupId: GroupId,
  ids: readonly string[],
): MembershipStatement {
  return {
    tells: 'joined',
    name: 'members_join',
    // Only known ones, so that the reference to the user can't fail: the caller takes nothing if one was unknown. Who is
    // just being deleted is waited for, and left out once gone. OFFSET keeps the planner from reading the whole group to
    // look for one member: it is asked for each by its key.
    text: `INSERT INTO group_members (tenant_id, group_id, user_id, source)
      SELECT $1, $4, u.id, 'scim' FROM users u WHERE u.tenant_id = $1 AND u.id = ANY ($5::uuid[])
        AND u.connection_id = $2 AND u.connection_version = $3 AND u.source = 'scim'
        AND EXISTS (SELECT FROM groups g WHERE g.tenant_id = $1 AND g.id = $4 AND g.connection_id = $2
          AND g.connection_version = $3 AND g.origin = 'scim')
        AND NOT EXISTS (SELECT FROM group_members m
          WHERE m.tenant_id = $1 AND m.group_id = $4 AND m.user_id = u.id AND m.source = 'scim' OFFSET 0)
      ORDER BY u.id FOR KEY SHARE OF u ON CONFLICT DO NOTHING RETURNING user_id AS id`,
    values: [tenantId, of.connectionId, of.connectionVersion, groupId, ids],
  };
}

function leaving(tenantId: TenantId, groupId: GroupId, ids: readonly string[]): MembershipStatement {
  return {
    tells: 'left',
    name: 'members_leave',
    text: `DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND source = 'scim'
      AND user_id = ANY ($3::uuid[]) RETURNING user_id AS id`,
    values: [tenantId, groupId, ids],
  };
}

/** Everybody but these. NOT IN looks each up in a hash; a list that each is compared with would take their product. */
function othersLeaving(tenantId: TenantId, groupId: GroupId, ids: readonly string[]): MembershipStatement {
  return {
    tells: 'left',
    name: 'members_leave_others',
    text: `DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND source = 'scim'
      AND user_id NOT IN (SELECT unnest($3::uuid[])) RETURNING user_id AS id`,
    values: [tenantId, groupId, ids],
  };
}

/** Puts the answers to all statements of several plans together, an outcome for each. */
export function toMembershipOutcomes(
  plans: readonly MembershipPlan[],
  results: readonly (readonly QueryResultRow[])[],
): readonly MembershipOutcome[] {
  const rows = [...results];
  return plans.map(({ statements, malformed }) => {
    const own = rows.splice(0, statements.length);
    const told = (part: keyof MembershipOutcome) =>
      statements.flatMap(({ tells }, index) =>
        tells === part ? (own[index] ?? []).map((row) => row['id']) : [],
      );
    return { unknown: [...malformed, ...told('unknown')], left: told('left'), joined: told('joined') };
  });
}
