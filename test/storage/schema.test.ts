import { afterEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { silentLogger } from '../../src/core/logger.js';
import { inspectSchema, judgeSchema, prepareSchema, SchemaError } from '../../src/storage/schema.js';
import { createTestDatabase } from '../support/database.js';
import { asSuperuser, prepareTemplate } from '../support/prepare-database.js';

const ALL = [
  'FirstSchema1763769600000',
  'Provisioning1763856000000',
  'Provider1763942400000',
  'Directory1764028800000',
];

const drops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const drop of drops.splice(0)) await drop();
});

async function database(template?: string): Promise<string> {
  const { url, drop } = await createTestDatabase(template);
  drops.push(drop);
  return url;
}

const prepare = (directUrl: string, migrate = true, whileLocked = (): Promise<void> => Promise.resolve()) =>
  prepareSchema({ directUrl, migrate, log: silentLogger, whileLocked });

async function query(url: string, text: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(text);
  await client.end();
}

const faultOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof SchemaError ? error.fault : String(error);
  }
};

describe('an empty database', () => {
  test('is migrated, and is then current', async () => {
    const url = await database();
    expect(judgeSchema(await inspectSchema(url))).toBe('old');
    expect(await prepare(url)).toEqual(ALL);
    expect(judgeSchema(await inspectSchema(url))).toBe('current');
    expect(await prepare(url)).toEqual([]);
  });

  test('is refused where MIGRATE is off', async () => {
    const url = await database();
    expect(await faultOf(prepare(url, false))).toBe('schema_old');
    expect((await inspectSchema(url)).done).toEqual([]);
  });

  test('F-15 several nodes at once: one migrates, each does its part alone', async () => {
    const url = await database();
    let inside = 0;
    let together = 0;
    const ran = await Promise.all(
      Array.from({ length: 5 }, () =>
        prepare(url, true, async () => {
          inside += 1;
          together = Math.max(together, inside);
          await new Promise((resolve) => setTimeout(resolve, 20));
          inside -= 1;
        }),
      ),
    );
    expect(ran.flat()).toEqual(ALL);
    expect(together).toBe(1);
  });
});

describe('a migrated database', () => {
  test('one step ahead is fine, so that an older node goes on; two are not', async () => {
    const url = await database(await prepareTemplate());
    await query(url, `INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'Next9999999999999')`);
    expect(await prepare(url)).toEqual([]);
    expect((await inspectSchema(url)).unknown).toEqual(['Next9999999999999']);
    await query(url, `INSERT INTO migrations (timestamp, name) VALUES (9999999999998, 'Other9999999999998')`);
    expect(await faultOf(prepare(url))).toBe('schema_newer');
  });

  test('F-03 that takes no writes is refused', async () => {
    const url = await database(await prepareTemplate());
    const name = new URL(url).pathname.slice(1);
    await asSuperuser((client) =>
      client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`),
    );
    expect(await faultOf(prepare(url))).toBe('read_only');
  });

  test('of an older server is refused', () => {
    const state = { serverVersion: 130_011, readOnly: false, done: [], missing: [], unknown: [] };
    expect(() => judgeSchema(state)).toThrow(/PostgreSQL 13: Causeway needs 14/);
  });

  test('a failure inside lets the lock go', async () => {
    const url = await database(await prepareTemplate());
    await expect(prepare(url, true, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await prepare(url)).toEqual([]);
  });
});

describe('a database that can’t be reached', () => {
  test.each([
    ['nobody listens', 'postgres://causeway_test:hush-hush@127.0.0.1:1/none'],
    ['there is no such database', undefined],
  ])('%s: said in one line, without the password', async (_what, given) => {
    const gone = await createTestDatabase();
    await gone.drop();
    const error: unknown = await inspectSchema(given ?? gone.url).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ fault: 'unreachable' });
    expect(String(error)).not.toMatch(/hush-hush|causeway-test/);
  });
});
