import type { TenantId } from '../core/ids.js';
import type { TryCounter } from '../domain/artifact/try-counter.js';
import type { Database, Statement } from './database.js';

const COUNT = `
  INSERT INTO oidc_artifacts AS a (tenant_id, hash, kind, payload, expires_at)
  VALUES ($1, $2, 'Tries', '{"count": 1}', now() + make_interval(secs => $3))
  ON CONFLICT (tenant_id, hash) DO UPDATE SET
    payload = CASE WHEN a.expires_at <= now() THEN excluded.payload
      ELSE jsonb_build_object('count', (a.payload ->> 'count')::int + 1) END,
    expires_at = CASE WHEN a.expires_at <= now() THEN excluded.expires_at ELSE a.expires_at END
  RETURNING (payload ->> 'count')::int AS count`;

const FORGIVE = `
  UPDATE oidc_artifacts SET payload = jsonb_build_object('count', (payload ->> 'count')::int - 1)
  WHERE tenant_id = $1 AND hash = $2 AND (payload ->> 'count')::int > 0`;

/** Counters of tries in PostgreSQL: rows that the sweeper takes away after their window. */
export class PostgresTryCounter implements TryCounter {
  constructor(private readonly database: Database) {}

  async count(
    tenantId: TenantId,
    names: readonly Buffer[],
    windowSeconds: number,
  ): Promise<readonly number[]> {
    const results = await this.database.inTenant(
      tenantId,
      inOrder(names).map((name) => ({
        name: 'tries_count',
        text: COUNT,
        values: [tenantId, name, windowSeconds],
      })),
    );
    const counted = new Map(
      inOrder(names).map((name, index) => [name.toString('hex'), Number(results[index]?.[0]?.['count'])]),
    );
    return names.map((name) => counted.get(name.toString('hex')) ?? 0);
  }

  async forgive(tenantId: TenantId, names: readonly Buffer[]): Promise<void> {
    const statements: Statement[] = inOrder(names).map((name) => ({
      name: 'tries_forgive',
      text: FORGIVE,
      values: [tenantId, name],
    }));
    await this.database.inTenant(tenantId, statements);
  }
}

/** The same order for everybody who locks several of the rows. */
const inOrder = (names: readonly Buffer[]): readonly Buffer[] =>
  names.toSorted((a, b) => Buffer.compare(a, b));
