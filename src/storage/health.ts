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
