import type { QueryResultRow } from 'pg';
import { isUuid, type GroupId, type TenantId } from '../core/ids.js';
import type { MembershipOutcome } from '../domain/provisioning/provisioning-store.js';
import type { MembershipChange, PushScope } from '../domain/provisioning/pushed-resources.js';
import type { Statement } from './database.js';

/**
 * The statements of a change of members, for one flush: who of the named is unknown, who leaves, who joins. Each is one
 * statement whatever the number of members, and touches only rows that change: cost follows the change, not the group.
 */
export function membershipStatements(
  tenantId: TenantId,
  of: PushScope,
  groupId: GroupId,
  change: MembershipChange,
): { readonly statements: readonly Statement[]; readonly malformed: readonly string[] } {
  const ids = change.kind === 'clear' ? [] : [...new Set(change.ids)].toSorted();
  const malformed = change.kind === 'remove' ? [] : ids.filter((id) => !isUuid(id));
  const wellFormed = ids.filter(isUuid);
  const adds = change.kind === 'add' || change.kind === 'replace';
  const unknown: Statement = {
    name: 'members_unknown',
    text: `SELECT t.id FROM unnest($4::uuid[]) AS t (id) WHERE NOT EXISTS (
      SELECT FROM users u WHERE u.tenant_id = $1 AND u.id = t.id AND u.connection_id = $2
        AND u.connection_version = $3 AND u.source = 'scim')`,
    values: [tenantId, of.connectionId, of.connectionVersion, adds ? wellFormed : []],
  };
  return { statements: [unknown, leaving(tenantId, groupId, change.kind, wellFormed), joining()], malformed };

  function joining(): Statement {
    return {
      name: 'members_join',
      // Only known ones, so that the reference to the user can't fail: the caller takes nothing if one was unknown. Who is
      // just being deleted is waited for, and left out once gone.
      text: `INSERT INTO group_members (tenant_id, group_id, user_id, source)
        SELECT $1, $4, u.id, 'scim' FROM users u WHERE u.tenant_id = $1 AND u.id = ANY ($5::uuid[])
          AND u.connection_id = $2 AND u.connection_version = $3 AND u.source = 'scim'
          AND NOT EXISTS (SELECT FROM group_members m
            WHERE m.tenant_id = $1 AND m.group_id = $4 AND m.user_id = u.id AND m.source = 'scim')
        ORDER BY u.id FOR KEY SHARE OF u ON CONFLICT DO NOTHING RETURNING user_id AS id`,
      values: [tenantId, of.connectionId, of.connectionVersion, groupId, adds ? wellFormed : []],
    };
  }
}

function leaving(
  tenantId: TenantId,
  groupId: GroupId,
  kind: MembershipChange['kind'],
  ids: readonly string[],
): Statement {
  if (kind === 'clear' || kind === 'replace')
    return {
      name: 'members_leave_others',
      text: `DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND source = 'scim'
        AND NOT (user_id = ANY ($3::uuid[])) RETURNING user_id AS id`,
      values: [tenantId, groupId, ids],
    };
  return {
    name: 'members_leave',
    text: `DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND source = 'scim'
      AND user_id = ANY ($3::uuid[]) RETURNING user_id AS id`,
    values: [tenantId, groupId, kind === 'remove' ? ids : []],
  };
}

/** Reads the answers of `membershipStatements`. */
export function toMembershipOutcome(results: readonly (readonly QueryResultRow[])[]): MembershipOutcome {
  const [unknown = [], left = [], joined = []] = results;
  return {
    unknown: unknown.map((row) => row['id']),
    left: left.map((row) => row['id']),
    joined: joined.map((row) => row['id']),
  };
}
