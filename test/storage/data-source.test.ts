import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MIGRATIONS } from '../../src/storage/data-source.js';
import { freshDatabase, type TestDatabase } from '../support/database.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.destroy());

test('migrations and entities agree', async () => {
  const sql = await db.dataSource.driver.createSchemaBuilder().log();
  expect(sql.upQueries.map((query) => query.query)).toEqual([]);
});

test('migrations can be undone', async () => {
  for (const _ of MIGRATIONS)
    // oxlint-disable-next-line no-await-in-loop -- the last one first
    await db.dataSource.undoLastMigration();
  const tables = await db.database.query({
    text: `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
    values: [],
  });
  expect(tables.map((row) => row['relname'])).toEqual(['migrations']);
  await db.dataSource.runMigrations();
});
