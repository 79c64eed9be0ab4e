import type { ConnectionId, TenantId } from '../core/ids.js';
import type { Statement } from './database.js';

/** A connection's people move from one of its versions to the next. */
export interface Rejoining {
  readonly connectionId: ConnectionId;
  readonly from: number;
  readonly to: number;
  /** Of the version that they move to. */
  readonly issuer: string;
}

/** What belongs to a version of a connection and goes along as it is. */
const MOVED = [
  'users',
  'user_emails',
  'departed_users',
  'groups',
  'pushed_group_names',
  'resource_counts',
  'upstream_grants',
] as const;

/**
 * Statements that move all that belongs to a connection's people and groups. The new version is nobody's yet, so nothing
 * can be there already. Refresh tokens go along: the organization that gave them is asked by its other address.
 */
export function rejoinStatements(
  tenantId: TenantId,
  { connectionId, from, to, issuer }: Rejoining,
): readonly Statement[] {
  const of = 'tenant_id = $1 AND connection_id = $2 AND connection_version = $3';
  const values = [tenantId, connectionId, from];
  return [
    // In the order in which access is locked everywhere: who is signing in just now is waited for.
    { text: `SELECT id FROM users WHERE ${of} ORDER BY id FOR UPDATE`, values },
    ...MOVED.map((table) => ({
      text: `UPDATE ${table} SET connection_version = $4 WHERE ${of}`,
      values: [...values, to],
    })),
    {
      text: `UPDATE identities SET connection_version = $4, iss = $5 WHERE ${of}`,
      values: [...values, to, issuer],
    },
    {
      text: `DELETE FROM upstream_key_sets WHERE tenant_id = $1 AND connection_id = $2`,
      values: [tenantId, connectionId],
    },
  ];
}
