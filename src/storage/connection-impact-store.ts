import type { TenantScope } from '../core/scope.js';
import type { Connection } from '../domain/connection/connection.js';
import {
  IMPACT_COUNTED_MAX,
  type ImpactCounts,
  type ImpactStore,
} from '../domain/connection/lifecycle/impact.js';
import { firstIdOf } from './audit-list-store.js';
import type { Database } from './database.js';

/** What a change of a connection does to people, counted in PostgreSQL: each list only as far as it matters. */
export class PostgresImpactStore implements ImpactStore {
  constructor(private readonly database: Database) {}

  async count(
    scope: TenantScope,
    { id, version }: Pick<Connection, 'id' | 'version'>,
    since: Date,
  ): Promise<ImpactCounts> {
    const { tenantId } = scope;
    const [people, sessions, accounts] = await this.database.transaction(scope).send([
      {
        // Ids of events are in order of time, so the index has those of the last days together.
        text: `WITH recent AS (
            SELECT e.actor FROM audit_events e
            WHERE e.tenant_id = $1 AND e.action = 'sign_in.succeeded' AND e.id >= $4
            ORDER BY e.id DESC LIMIT $5 + 1),
          people AS (
            SELECT DISTINCT substr(actor, 6) AS id FROM recent
            WHERE actor ~ '^user:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$')
          SELECT count(*)::int AS people,
            count(*) FILTER (WHERE u.connection_id = $2 AND u.connection_version = $3)::int AS known,
            (SELECT count(*) FROM recent) > $5 AS more
          FROM people p LEFT JOIN users u ON u.tenant_id = $1 AND u.id = p.id::uuid`,
        values: [tenantId, id, version, firstIdOf(since.getTime()), IMPACT_COUNTED_MAX],
      },
      {
        text: `SELECT count(*)::int AS sessions FROM (
            SELECT 1 FROM sessions s WHERE s.tenant_id = $1 AND s.connection_id = $2
              AND s.ended_at IS NULL AND s.expires_at > now() LIMIT $3 + 1) live`,
        values: [tenantId, id, IMPACT_COUNTED_MAX],
      },
      {
        text: `SELECT count(*)::int AS accounts FROM local_accounts a
          JOIN users u ON u.tenant_id = a.tenant_id AND u.id = a.user_id
          WHERE a.tenant_id = $1 AND a.purpose = 'break-glass' AND u.active
            AND (a.password_hash IS NOT NULL OR EXISTS (
              SELECT FROM passkeys p WHERE p.tenant_id = a.tenant_id AND p.user_id = a.user_id))`,
        values: [tenantId],
      },
    ]);
    const signedIn = Number(people?.[0]?.['people'] ?? 0);
    const live = Number(sessions?.[0]?.['sessions'] ?? 0);
    return {
      people: signedIn,
      unknown: signedIn - Number(people?.[0]?.['known'] ?? 0),
      sessions: Math.min(live, IMPACT_COUNTED_MAX),
      breakGlassAccounts: Number(accounts?.[0]?.['accounts'] ?? 0),
      isMore: people?.[0]?.['more'] === true || live > IMPACT_COUNTED_MAX,
    };
  }
}
