import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { TenantId } from '../../src/core/ids.js';
import { Database, type Statement } from '../../src/storage/database.js';
import { freshDeployment, testIds, type TestDeployment } from '../support/deployment.js';
import { Ledger } from '../support/ledger.js';

let it: TestDeployment;
let ledger: Ledger;
let database: Database;
let flushes = 0;
let acme: TenantId;
let globex: TenantId;

beforeAll(async () => {
  it = await freshDeployment();
  await it.apply([{ slug: 'acme' }, { slug: 'globex' }]);
  ledger = await Ledger.open(it.url);
  database = new Database(it.dataSource, () => {
    flushes += 1;
  });
  const rows = await ledger.rows<{ id: TenantId }>(
    `SELECT id FROM tenants WHERE slug IN ('acme', 'globex') ORDER BY slug`,
  );
  [acme, globex] = rows.map(({ id }) => id) as [TenantId, TenantId];
});
beforeEach(() => {
  flushes = 0;
});
afterAll(async () => {
  await ledger.close();
  await it.destroy();
});

/** Tells whose rows it sees, and takes no time. */
const WHOSE: Statement = {
  name: 'whose',
  text: `SELECT current_setting('app.tenant_id') AS tenant, current_user AS role, txid_current()::text AS transaction`,
  values: [],
};
const insertUser = (tenantId: TenantId, id: string): Statement => ({
  name: 'insert_user',
  text: `INSERT INTO users (tenant_id, id, source, user_name, active, profile) VALUES ($1, $2::uuid, 'operator', $2::uuid::text, true, '{}')`,
  values: [tenantId, id],
});
const touchUser = (tenantId: TenantId, id: string): Statement => ({
  name: 'touch_user',
  text: 'UPDATE users SET version = version + 1 WHERE tenant_id = $1 AND id = $2 RETURNING version',
  values: [tenantId, id],
});
const versionOf = async (id: string): Promise<number | undefined> =>
  (await ledger.rows<{ version: number }>('SELECT version FROM users WHERE id = $1', [id]))[0]?.version;

/** One commit that is under way when the others come, so that these leave together. */
const commit = (tenantId: TenantId, ...statements: Statement[]) =>
  database.inTenantShared('commits', tenantId, statements);

describe('statements that leave together', () => {
  test('take two flushes, however many come while the first is under way', async () => {
    const answers = await Promise.all(
      [acme, acme, globex, acme, globex].map((tenantId) => commit(tenantId, WHOSE)),
    );
    const rows = answers.map(([found]) => found?.[0] ?? {});
    expect(rows.map((row) => row['tenant'])).toEqual([acme, acme, globex, acme, globex]);
    expect(new Set(rows.map((row) => row['role']))).toEqual(new Set(['causeway_app']));
    expect(new Set(rows.map((row) => row['transaction'])).size).toBe(2);
    expect(flushes).toBe(2);
  });

  test('leave at once, and alone, where nothing is under way', async () => {
    await commit(acme, WHOSE);
    await commit(acme, WHOSE);
    expect(flushes).toBe(2);
  });

  test('that read do not wait for those that commit', async () => {
    const [read, committed] = await Promise.all([
      database.inTenantShared('reads', acme, [WHOSE]),
      commit(acme, WHOSE),
    ]);
    expect(read[0]?.[0]?.['transaction']).not.toBe(committed[0]?.[0]?.['transaction']);
  });

  test('see rows of their own tenant alone (A-79)', async () => {
    const [mine, theirs] = [testIds.uuid(), testIds.uuid()];
    const count: Statement = {
      name: 'count_users',
      text: 'SELECT count(*)::int AS n FROM users WHERE id = ANY ($1::uuid[])',
      values: [[mine, theirs]],
    };
    const [, atAcme, atGlobex] = await Promise.all([
      commit(acme, WHOSE),
      commit(acme, insertUser(acme, mine), count),
      commit(globex, insertUser(globex, theirs), count),
    ]);
    expect([atAcme[1], atGlobex[1]]).toEqual([[{ n: 1 }], [{ n: 1 }]]);
    await expect(
      Promise.all([
        commit(acme, WHOSE),
        commit(globex, WHOSE),
        commit(globex, insertUser(acme, testIds.uuid())),
      ]),
    ).rejects.toThrow(/row-level security/);
  });

  test('have each the outcome that they would have had alone when one of them is refused', async () => {
    const ids = [testIds.uuid(), testIds.uuid()];
    const refused: Statement = { name: 'divide', text: 'SELECT 1 / $1::int', values: [0] };
    const outcomes = await Promise.allSettled([
      commit(acme, WHOSE),
      commit(acme, insertUser(acme, ids[0] ?? '')),
      commit(globex, refused),
      commit(acme, insertUser(acme, ids[1] ?? '')),
      commit(acme, touchUser(acme, ids[0] ?? '')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    // Together with the refused one nothing was done, so nothing was done twice.
    expect(await ledger.count('users', 'id = ANY ($1::uuid[])', [ids])).toBe(2);
  });

  test('do not wait for the lock that one of them meets', async () => {
    const [locked, free] = [testIds.uuid(), testIds.uuid()];
    await commit(acme, insertUser(acme, locked), insertUser(acme, free));
    const holder = new pg.Client({ connectionString: it.url });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query(`SELECT set_config('app.tenant_id', $1, true)`, [acme]);
      await holder.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [locked]);
      const [, waiting, ...others] = [
        commit(acme, WHOSE),
        commit(acme, touchUser(acme, locked)),
        commit(acme, touchUser(acme, free)),
        commit(globex, WHOSE),
      ];
      await Promise.all(others);
      expect([await versionOf(locked), await versionOf(free)]).toEqual([1, 2]);
      await holder.query('COMMIT');
      expect((await waiting)[0]).toEqual([{ version: 2 }]);
    } finally {
      await holder.end();
    }
  });

  test('do not wait for a flush that is late', async () => {
    const ended: string[] = [];
    const note = async (name: string, work: Promise<unknown>): Promise<void> => {
      await work;
      ended.push(name);
    };
    await Promise.all([
      note('late', commit(acme, { name: 'sleep_long', text: 'SELECT pg_sleep(1)', values: [] })),
      note('next', commit(acme, WHOSE)),
      note('other', commit(globex, WHOSE)),
    ]);
    expect([ended, flushes]).toEqual([['next', 'other', 'late'], 2]);
  });

  test('are not tried again when the connection breaks: they may have been committed', async () => {
    const id = testIds.uuid();
    const outcomes = Promise.allSettled([
      commit(acme, WHOSE),
      commit(acme, insertUser(acme, id)),
      commit(acme, { name: 'sleep', text: 'SELECT pg_sleep(4)', values: [] }),
    ]);
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(4)' AND datname = $1`;
    const name = new URL(it.url).pathname.slice(1);
    while ((await ledger.rows(cut, [name])).length === 0) await sleep(10);
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await versionOf(id)).toBeUndefined();
    expect(flushes).toBe(2);
    await expect(commit(acme, WHOSE)).resolves.toHaveLength(1);
  });
});
