import { afterAll, beforeAll, expect, test } from '@jest/globals';
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

test('the migration can be undone', async () => {
  await db.dataSource.undoLastMigration();
  const tables = await db.database.query({
    text: `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
    values: [],
  });
  expect(tables.map((row) => row['relname'])).toEqual(['migrations']);
  await db.dataSource.runMigrations();
});
