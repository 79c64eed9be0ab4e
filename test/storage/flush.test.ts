import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { createDataSource } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { flush, type Statement } from '../../src/storage/flush.js';
import { freshDatabase, PATIENT, type TestDatabase } from '../support/database.js';

let db: TestDatabase;
/** One connection, so that what is prepared stays prepared. */
let database: Database;
let pool: Pool;

beforeAll(async () => {
  db = await freshDatabase();
  const dataSource = await createDataSource(db.url, { ...PATIENT, connectionsMax: 1 }).initialize();
  database = new Database(dataSource);
  pool = (dataSource.driver as unknown as { readonly master: Pool }).master;
});
afterAll(async () => {
  await database.dataSource.destroy();
  await db.destroy();
});

async function send(...statements: Statement[]) {
  const client = await pool.connect();
  try {
    return await flush(client, statements);
  } finally {
    client.release();
  }
}

const divide = (by: number) => ({ name: 'divide', text: 'SELECT 1 / $1::int AS n', values: [by] });

describe('a flush', () => {
  test('gives each statement its rows, the second time as the first', async () => {
    const statements: Statement[] = [
      { name: 'numbers', text: 'SELECT n FROM generate_series(1, $1::int) n', values: [2] },
      { name: 'nothing', text: 'SELECT 1 AS one WHERE $1::bool', values: [false] },
      {
        text: 'SELECT $1::jsonb AS object, $2::bytea AS bytes, $3::timestamptz AS at, $4::text AS none',
        values: ['{"a":[1,null]}', Buffer.from([0, 255]), new Date(0), null],
      },
    ];
    const expected = [
      [{ n: 1 }, { n: 2 }],
      [],
      [{ object: { a: [1, null] }, bytes: Buffer.from([0, 255]), at: new Date(0), none: null }],
    ];
    expect(await send(...statements)).toEqual(expected);
    expect(await send(...statements.toReversed())).toEqual(expected.toReversed());
  });

  test('without BEGIN is a transaction of its own: an error undoes what came before it', async () => {
    await send({ text: 'CREATE TABLE kept (n int)', values: [] });
    const insert = { name: 'insert_kept', text: 'INSERT INTO kept VALUES ($1)', values: [1] };
    await expect(send(insert, divide(0))).rejects.toThrow('zero');
    expect(await send({ text: 'SELECT * FROM kept', values: [] })).toEqual([[]]);
    expect(await send(insert, divide(1))).toEqual([[], [{ n: 1 }]]);
  });

  test('is not sent at all when a value can’t be', async () => {
    const circle: { self?: object } = {};
    circle.self = circle;
    await expect(send({ text: 'SELECT $1::json', values: [circle] })).rejects.toThrow(TypeError);
    expect(await send({ text: 'SELECT 1 AS one', values: [] })).toEqual([[{ one: 1 }]]);
  });

  test('refuses a name that another statement has', async () => {
    await send({ name: 'mine', text: 'SELECT 1 AS one', values: [] });
    await expect(send({ name: 'mine', text: 'SELECT 2 AS two', values: [] })).rejects.toThrow('mine');
    expect(await send({ name: 'mine', text: 'SELECT 1 AS one', values: [] })).toEqual([[{ one: 1 }]]);
  });
});

test('I3 a table that gets a column beside a running node doesn’t disturb it', async () => {
  await database.query({ text: 'CREATE TABLE growing (a int)', values: [] });
  await database.query({ text: 'INSERT INTO growing VALUES (1)', values: [] });
  const all = { name: 'growing_all', text: 'SELECT * FROM growing', values: [] };
  expect(await database.transact((query) => query(all))).toEqual([{ a: 1 }]);
  await db.database.query({ text: 'ALTER TABLE growing ADD COLUMN b int', values: [] });
  expect(await database.query(all)).toEqual([{ a: 1, b: null }]);
});
