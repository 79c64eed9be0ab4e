import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { refreshStatistics } from '../../src/storage/statistics.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.destroy());

const sql = (text: string) => db.database.query({ text, values: [] });

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- waits
    if (await condition()) return;
    // oxlint-disable-next-line no-await-in-loop -- waits
    await sleep(100);
  }
  throw new Error('waited for 30 s');
}

test('a table that has grown is looked at, and then left alone', async () => {
  await sql(`INSERT INTO oidc_artifacts (tenant_id, hash, kind, payload, expires_at)
    SELECT t.id, int4send(n), 'Grant', '{}', now() FROM tenants t, generate_series(1, 500) n`);
  await sql(`INSERT INTO tenants (id, slug, name, kind, status, settings, data_key)
    VALUES (gen_random_uuid(), 'grown', 'Grown', 'customer', 'active', '{}', '')`);
  await sql(`INSERT INTO oidc_artifacts (tenant_id, hash, kind, payload, expires_at)
    SELECT t.id, int4send(n), 'Grant', '{}', now() FROM tenants t, generate_series(501, 1000) n`);
  // What was written is counted some moments later.
  await until(async () => (await refreshStatistics(db.database)).includes('oidc_artifacts'));
  const [row] = await sql(`SELECT reltuples::int AS rows FROM pg_class WHERE relname = 'oidc_artifacts'`);
  expect(row?.['rows']).toBeGreaterThan(400);
  await until(async () => !(await refreshStatistics(db.database)).includes('oidc_artifacts'));
});
