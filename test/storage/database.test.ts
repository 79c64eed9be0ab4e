import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TenantId } from '../../src/core/ids.js';
import type { TenantScope } from '../../src/core/scope.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { Database, type Statement } from '../../src/storage/database.js';
import { freshDeployment, testIds, type TestDeployment } from '../support/deployment.js';
import { Ledger } from '../support/ledger.js';

let it: TestDeployment;
let ledger: Ledger;
let database: Database;
let flushes = 0;
let tenant: TenantId;

beforeAll(async () => {
  it = await freshDeployment();
  await it.apply([
    { slug: 'acme', connections: [{ key: 'okta', issuer: 'https://a.example', clientId: 'c' }] },
  ]);
  ledger = await Ledger.open(it.url);
  database = new Database(it.dataSource, () => {
    flushes += 1;
  });
  tenant = (await ledger.rows<{ id: TenantId }>(`SELECT id FROM tenants WHERE slug = 'acme'`))[0]
    ?.id as TenantId;
});
afterAll(async () => {
  await ledger.close();
  await it.destroy();
});

const insertUser = (id: string, name = id): Statement => ({
  text: `INSERT INTO users (tenant_id, id, source, user_name, active, profile) VALUES ($1, $2, 'operator', $3, true, '{}')`,
  values: [tenant, id, name],
});
const touchUser = (id: string): Statement => ({
  text: 'UPDATE users SET version = version + 1 WHERE tenant_id = $1 AND id = $2',
  values: [tenant, id],
});
const exists = async (id: string): Promise<boolean> => (await ledger.count('users', 'id = $1', [id])) === 1;

/** Fails the transaction with an error of PostgreSQL's. */
const raise = (code: string): Statement => ({
  text: `DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '${code}'; END $$`,
  values: [],
});

describe('a tenant transaction', () => {
  test('is one flush where nothing depends on an answer', async () => {
    flushes = 0;
    const id = testIds.uuid();
    const [, rows] = await database.inTenant(tenant, [
      insertUser(id),
      { text: 'SELECT id FROM users WHERE tenant_id = $1 AND id = $2', values: [tenant, id] },
    ]);
    expect(rows).toEqual([{ id }]);
    expect(flushes).toBe(1);
  });

  test('sends what was deferred with its next flush, in order', async () => {
    flushes = 0;
    const id = testIds.uuid();
    const seen = await database.withTenant(tenant, async (scope) => {
      database.transaction(scope).defer([insertUser(id)]);
      database.transaction(scope).defer([touchUser(id)]);
      return database.transaction(scope).query({
        text: 'SELECT version FROM users WHERE tenant_id = $1 AND id = $2',
        values: [tenant, id],
      });
    });
    expect(seen).toEqual([{ version: 2 }]);
    expect(flushes).toBe(2);
  });

  test('that only deferred is one flush', async () => {
    flushes = 0;
    const id = testIds.uuid();
    await database.withTenant(tenant, (scope) => {
      database.transaction(scope).defer([insertUser(id)]);
      return Promise.resolve();
    });
    expect([await exists(id), flushes]).toEqual([true, 1]);
  });

  test('that did nothing asks nobody', async () => {
    flushes = 0;
    await database.withTenant(tenant, () => Promise.resolve());
    expect(flushes).toBe(0);
  });

  test.each<[what: string, fail: (scope: TenantScope) => Promise<unknown>]>([
    ['throws', () => Promise.reject(new Error('on purpose'))],
    ['fails in a statement', (scope) => database.transaction(scope).query(raise('P0001'))],
    [
      'fails in what was deferred',
      (scope) => {
        database.transaction(scope).defer([raise('P0001')]);
        return Promise.resolve();
      },
    ],
  ])('invariant 4: leaves nothing when it %s', async (_what, fail) => {
    const id = testIds.uuid();
    const attempt = database.withTenant(tenant, async (scope) => {
      await database.transaction(scope).query(insertUser(id));
      await fail(scope);
    });
    await expect(attempt).rejects.toThrow('on purpose');
    expect(await exists(id)).toBe(false);
  });

  test('invariant 4: a single flush is all or nothing too', async () => {
    const id = testIds.uuid();
    await expect(database.inTenant(tenant, [insertUser(id), raise('P0001')])).rejects.toThrow('on purpose');
    expect(await exists(id)).toBe(false);
  });

  test('can’t be used after its end', async () => {
    let kept: TenantScope | undefined;
    await database.withTenant(tenant, (scope) => {
      kept = scope;
      return Promise.resolve();
    });
    expect(() => database.transaction(kept as TenantScope)).toThrow(TypeError);
  });

  test('says by constraint what is taken', async () => {
    const id = testIds.uuid();
    await database.inTenant(tenant, [insertUser(id)]);
    await expect(database.inTenant(tenant, [insertUser(id, 'other')])).rejects.toMatchObject({
      code: 'already_exists',
      details: { constraint: 'users_pkey' },
    });
  });
});

describe('F-06 when PostgreSQL asks to run it again', () => {
  test('two transactions that lock each other both get through', async () => {
    const [one, two] = [testIds.uuid(), testIds.uuid()];
    await database.inTenant(tenant, [insertUser(one), insertUser(two)]);
    let runs = 0;
    const held = new EventEmitter();
    const bothHold = once(held, 'both');
    const lockInOrder = (ids: readonly [string, string]): Promise<void> =>
      database.withTenant(tenant, async (scope) => {
        runs += 1;
        await database.transaction(scope).query(touchUser(ids[0]));
        if (runs === 2) held.emit('both');
        await bothHold;
        await database.transaction(scope).query(touchUser(ids[1]));
      });
    await Promise.all([lockInOrder([one, two]), lockInOrder([two, one])]);
    expect(runs).toBe(3);
    const versions = await ledger.rows('SELECT version FROM users WHERE id IN ($1, $2)', [one, two]);
    expect(versions).toEqual([{ version: 3 }, { version: 3 }]);
  }, 20_000);

  test.each(['40001', '40P01'])('%s twice, then it works', async (code) => {
    const id = testIds.uuid();
    let runs = 0;
    await database.withTenant(tenant, async (scope) => {
      runs += 1;
      await database.transaction(scope).query(insertUser(id));
      if (runs < 3) await database.transaction(scope).query(raise(code));
    });
    expect([runs, await exists(id)]).toEqual([3, true]);
  });

  test('again and again: it is unavailable, not an error of ours', async () => {
    let runs = 0;
    const attempt = database.withTenant(tenant, async (scope) => {
      runs += 1;
      await database.transaction(scope).query(raise('40001'));
    });
    await expect(attempt).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(runs).toBe(3);
  });

  test('a single flush is run again as well', async () => {
    await ledger.rows(`CREATE SEQUENCE attempts; GRANT USAGE ON SEQUENCE attempts TO PUBLIC`);
    // A sequence keeps its value through a rollback: it fails the first time only.
    const sometimes: Statement = {
      text: `DO $$ BEGIN IF nextval('attempts') < 2 THEN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END IF; END $$`,
      values: [],
    };
    const id = testIds.uuid();
    await database.inTenant(tenant, [insertUser(id), sometimes]);
    expect(await exists(id)).toBe(true);
    await expect(database.inTenant(tenant, [raise('40001')])).rejects.toMatchObject({
      code: 'upstream_unavailable',
    });
  });
});

describe('F-03 F-04 a database that doesn’t answer', () => {
  test('a connection that is cut in a transaction: unavailable, nothing stays, the process lives, the next works', async () => {
    const id = testIds.uuid();
    const attempt = database.withTenant(tenant, async (scope) => {
      const transaction = database.transaction(scope);
      await transaction.query(insertUser(id));
      const [row] = await transaction.query({ text: 'SELECT pg_backend_pid() AS pid', values: [] });
      await ledger.rows('SELECT pg_terminate_backend($1)', [row?.['pid']]);
      await sleep(200);
      await transaction.query(touchUser(id));
    });
    await expect(attempt).rejects.toMatchObject({ code: 'upstream_unavailable' });
    expect(await exists(id)).toBe(false);
    await database.inTenant(tenant, [insertUser(id)]);
    expect(await exists(id)).toBe(true);
  });

  test('connections that are cut while idle are replaced', async () => {
    await ledger.rows(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'causeway'`);
    await sleep(200);
    await database.inTenant(tenant, [insertUser(testIds.uuid())]);
  });

  test.each<[what: string, limits: { connectionsMax: number; statementMs: number }, text: string]>([
    ['a statement takes too long', { connectionsMax: 2, statementMs: 100 }, 'SELECT pg_sleep(2)'],
    ['no connection is free', { connectionsMax: 1, statementMs: 5_000 }, 'SELECT pg_sleep(3)'],
  ])(
    '%s: unavailable',
    async (_what, limits, text) => {
      const dataSource = await createDataSource(it.url, limits).initialize();
      const slow = new Database(dataSource);
      const statement = { text, values: [] };
      const both = await Promise.allSettled([
        slow.inTenant(tenant, [statement]),
        slow.inTenant(tenant, [statement]),
      ]);
      await dataSource.destroy();
      const failed = both.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
      );
      expect(failed.length).toBeGreaterThan(0);
      for (const reason of failed) expect(reason).toMatchObject({ code: 'upstream_unavailable' });
    },
    15_000,
  );

  test('an address where nobody listens', async () => {
    const dataSource = await createDataSource(it.url).initialize();
    const closed = new Database(dataSource);
    await dataSource.destroy();
    await expect(closed.inTenant(tenant, [insertUser(testIds.uuid())])).rejects.toThrow();
  });
});
