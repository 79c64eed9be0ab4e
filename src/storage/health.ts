import type { TenantId } from '../core/ids.js';
import type { JsonObject } from '../core/json.js';
import type { Database } from './database.js';

/** How far the database is away, in two ways. */
export interface DatabaseTimes {
  /** One trip, in milliseconds. */
  readonly latencyMs: number;
  /** The database's clock, when it answered. */
  readonly now: Date;
}

/** Asks the database for its time. */
export async function measureDatabase(database: Database): Promise<DatabaseTimes> {
  // The first question opens the connection.
  await database.query({ text: 'SELECT 1', values: [] });
  const beganMs = performance.now();
  const [row] = await database.query({ text: 'SELECT clock_timestamp() AS now', values: [] });
  return { latencyMs: performance.now() - beganMs, now: row?.['now'] };
}

export interface KeyCoverage {
  readonly tenants: number;
  /** `acme: no ES256 key signs`; at most 20 of them. */
  readonly missing: readonly string[];
}

/** Whether each tenant's issuer has a key that signs for every algorithm an application may choose. */
export async function signingKeyCoverage(database: Database): Promise<KeyCoverage> {
  const [count] = await database.query({ text: 'SELECT count(*) AS tenants FROM tenants', values: [] });
  const rows = await database.query({
    text: `SELECT t.slug, a.alg FROM tenants t CROSS JOIN (VALUES ('RS256'), ('ES256'), ('EdDSA')) AS a (alg)
      WHERE NOT EXISTS (SELECT FROM signing_keys k WHERE k.tenant_id = t.id AND k.connection_id IS NULL
        AND k.alg = a.alg AND k.state = 'current')
      ORDER BY t.slug, a.alg LIMIT 20`,
    values: [],
  });
  return {
    tenants: Number(count?.['tenants'] ?? 0),
    missing: rows.map((row) => `${row['slug']}: no ${row['alg']} key signs`),
  };
}

/**
 * Keys whose next step has been due for longer than nodes take, so that no node seems to rotate: `acme: RS256 key 01… is
 * due since 2026-…`; at most 20 of them.
 * @param currentSeconds after how many seconds a key that signs is due
 */
export async function overdueKeys(
  database: Database,
  { currentSeconds, lateSeconds }: { readonly currentSeconds: number; readonly lateSeconds: number },
): Promise<readonly string[]> {
  const rows = await database.query({
    text: `SELECT t.slug, k.alg, k.id, k.due FROM (
        SELECT tenant_id, alg, id, due_at AS due FROM signing_keys WHERE due_at < now() - make_interval(secs => $2::float8)
        UNION ALL
        SELECT c.tenant_id, c.alg, c.id, c.state_changed_at + make_interval(secs => $1::float8) FROM signing_keys c
        WHERE c.state = 'current' AND c.state_changed_at < now() - make_interval(secs => $1::float8 + $2::float8)
          AND NOT EXISTS (SELECT FROM signing_keys n WHERE n.tenant_id = c.tenant_id AND n.alg = c.alg
            AND n.connection_id IS NOT DISTINCT FROM c.connection_id AND n.state = 'next')) k
      JOIN tenants t ON t.id = k.tenant_id ORDER BY k.due LIMIT 20`,
    values: [currentSeconds, lateSeconds],
  });
  return rows.map(
    (row) => `${row['slug']}: ${row['alg']} key ${row['id']} is due since ${row['due'].toISOString()}`,
  );
}

/** A tenant as lists name it. */
export interface TenantName {
  readonly id: TenantId;
  readonly slug: string;
}

/** All tenants, `system` first. For operators' checks, which may cost what they cost. */
export async function listTenants(database: Database): Promise<readonly TenantName[]> {
  const rows = await database.query({
    text: `SELECT id, slug FROM tenants ORDER BY kind <> 'system', slug`,
    values: [],
  });
  return rows.map((row) => ({ id: row['id'], slug: row['slug'] }));
}

/** Public keys of the deployment's own tenant that may have signed checkpoints, retired ones too. */
export async function checkpointKeys(database: Database): Promise<{
  readonly systemId: string | undefined;
  readonly keys: readonly JsonObject[];
}> {
  const rows = await database.query({
    text: `SELECT t.id, k.public_jwk FROM tenants t
      LEFT JOIN signing_keys k ON k.tenant_id = t.id AND k.alg = 'EdDSA' AND k.connection_id IS NULL
      WHERE t.kind = 'system'`,
    values: [],
  });
  return {
    systemId: rows[0]?.['id'],
    keys: rows.flatMap((row) => (row['public_jwk'] === null ? [] : [row['public_jwk']])),
  };
}
