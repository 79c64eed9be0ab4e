import type { FailingConnection, FallBackStore } from '../domain/connection/lifecycle/fall-back.js';
import type { Database } from './database.js';

/** Ids of events begin with their time: those since a moment are read along the index by action. */
const SINCE = `(lpad(to_hex((extract(epoch FROM c.enforced_at) * 1000)::bigint), 12, '0')
  || '00000000000000000000')::uuid`;

/** Which enforced connections let nobody in, in PostgreSQL: over all tenants, as the database user. */
export class PostgresFallBackStore implements FallBackStore {
  constructor(private readonly database: Database) {}

  async failing(refusals: number, causes: readonly string[]): Promise<readonly FailingConnection[]> {
    const rows = await this.database.query({
      name: 'connections_failing',
      text: `SELECT t.slug, c.key FROM connections c JOIN tenants t ON t.id = c.tenant_id
        WHERE c.status = 'enforced' AND c.tested_at <= c.enforced_at AND c.enforced_at > now() - interval '1 hour'
          AND (SELECT true FROM audit_events e WHERE e.tenant_id = c.tenant_id AND e.action = 'sign_in.succeeded'
            AND e.connection = c.key AND e.id >= ${SINCE} LIMIT 1) IS NULL
          AND (SELECT count(*) FROM (SELECT FROM audit_events e WHERE e.tenant_id = c.tenant_id
            AND e.action = 'sign_in.refused' AND e.connection = c.key AND e.id >= ${SINCE}
            AND e.body::jsonb #>> '{details,cause}' = ANY ($2::text[]) LIMIT $1) r) >= $1`,
      values: [refusals, causes],
    });
    return rows.map((row) => ({ slug: row['slug'], key: row['key'] }));
  }
}
