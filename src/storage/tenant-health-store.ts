import type { TenantId } from '../core/ids.js';
import { COUNTED_MAX, type TenantHealthStore, type TenantSeen } from '../domain/health/tenant-health.js';
import type { Database } from './database.js';

/** Events of the last day by their id, which begins with their time: the index by action is read from there on. */
const DAY_AGO = `(lpad(to_hex((extract(epoch FROM now() - interval '1 day') * 1000)::bigint), 12, '0')
  || '00000000000000000000')::uuid`;

const signIns = (outcome: string): string => `(SELECT count(*)::int FROM (SELECT FROM audit_events e
  WHERE e.tenant_id = $1 AND e.action = '${outcome}' AND e.id > ${DAY_AGO} AND e.connection = c.key
  LIMIT ${COUNTED_MAX}) s)`;

const pushes = (condition: string): string => `(SELECT count(*)::int FROM (SELECT FROM scim_requests r
  WHERE r.tenant_id = $1 AND r.at > now() - interval '1 day' AND r.connection_id = c.id ${condition}
  LIMIT ${COUNTED_MAX}) s)`;

/** What was seen of a tenant lately, in PostgreSQL: one flush, counts that stop. */
export class PostgresTenantHealthStore implements TenantHealthStore {
  constructor(private readonly database: Database) {}

  async read(tenantId: TenantId): Promise<TenantSeen> {
    const values = [tenantId];
    const [connections = [], others = []] = await this.database.inTenant(tenantId, [
      {
        name: 'tenant_health_connections',
        text: `SELECT c.key, ${signIns('sign_in.succeeded')} AS signed_in, ${signIns('sign_in.refused')} AS refused,
            (SELECT s.created_at FROM sessions s WHERE s.tenant_id = $1 AND s.connection_id = c.id
              ORDER BY s.created_at DESC LIMIT 1) AS last_sign_in,
            ${pushes('')} AS pushes, ${pushes('AND r.status >= 400')} AS failed_pushes,
            (SELECT r.at FROM scim_requests r WHERE r.tenant_id = $1 AND r.connection_id = c.id
              ORDER BY r.id DESC LIMIT 1) AS last_push,
            EXISTS (SELECT FROM scim_tokens t WHERE t.tenant_id = $1 AND t.connection_id = c.id) AS has_token,
            CASE WHEN c.client_secret_sealed IS NOT NULL THEN c.secret_updated_at END AS secret_set_at
          FROM connections c WHERE c.tenant_id = $1 ORDER BY c.key`,
        values,
      },
      {
        name: 'tenant_health_others',
        text: `SELECT
          (SELECT count(*)::int FROM (SELECT FROM outbox WHERE tenant_id = $1 AND outcome = 'dead'
            LIMIT ${COUNTED_MAX}) d) AS dead,
          (SELECT count(*)::int FROM scim_tokens WHERE tenant_id = $1
            AND expires_at BETWEEN now() AND now() + interval '30 days') +
          (SELECT count(*)::int FROM api_tokens WHERE tenant_id = $1
            AND expires_at BETWEEN now() AND now() + interval '30 days') AS ending`,
        values,
      },
    ]);
    return {
      connections: connections.map((row) => ({
        key: row['key'],
        signedIn: row['signed_in'],
        refused: row['refused'],
        lastSignInAt: row['last_sign_in'],
        pushes: row['pushes'],
        failedPushes: row['failed_pushes'],
        lastPushAt: row['last_push'],
        hasScimToken: row['has_token'],
        secretSetAt: row['secret_set_at'],
      })),
      deadDeliveries: others[0]?.['dead'] ?? 0,
      endingTokens: others[0]?.['ending'] ?? 0,
    };
  }
}
