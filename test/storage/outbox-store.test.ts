import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { TenantId } from '../../src/core/ids.js';
import { systemClock } from '../../src/core/clock.js';
import type { Attempt, Batch } from '../../src/domain/delivery/delivery.js';
import { finishBatch } from '../../src/domain/delivery/finish-batch.js';
import { PostgresAuditStore } from '../../src/storage/audit-store.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { PostgresOutboxStore } from '../../src/storage/outbox-store.js';
import { sweep } from '../../src/storage/sweeper.js';
import { openVault } from '../support/audit.js';
import { PATIENT } from '../support/database.js';
import { testIds } from '../support/deployment.js';
import { setStage, type Stage } from './stage.js';

let stage: Stage;
let store: PostgresOutboxStore;
let acme: TenantId;
let globex: TenantId;

beforeAll(async () => {
  stage = await setStage();
  store = new PostgresOutboxStore(stage.database);
  [acme, globex] = [await stage.tenant('acme'), await stage.tenant('globex')];
});
afterAll(() => stage.close());
beforeEach(async () => {
  await stage.ledger.rows('TRUNCATE outbox');
});

interface Seed {
  readonly tenantId?: TenantId;
  readonly receiver?: string | null;
  readonly subject?: string;
  readonly sid?: string;
  /** How long ago it was written. */
  readonly age?: string;
}

async function put({
  tenantId = acme,
  receiver = 'app',
  subject = 'ada',
  sid = 's',
  age = '0 s',
}: Seed = {}) {
  const id = testIds.uuid();
  await stage.ledger.rows(
    `INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload, created_at, due_at)
    VALUES ($1, $2, 'session.ended', $3, $4, $5, now() - $6::interval, now() - $6::interval)`,
    [tenantId, id, receiver, subject, { clientId: receiver, sid, reason: 'no_role' }, age],
  );
  return id;
}

const claim = (options: Partial<Parameters<PostgresOutboxStore['claim']>[0]> = {}, by = store) =>
  by.claim({
    lease: testIds.uuid(),
    leaseSeconds: 60,
    receiversMax: 64,
    deliveriesMax: 10,
    ...options,
  });

/** Ids by receiver. */
const idsOf = (batches: readonly Batch[]): Record<string, string[]> =>
  Object.fromEntries(
    batches.map(({ receiver, deliveries }) => [
      `${receiver.tenant}/${receiver.clientId}`,
      deliveries.map(({ id }) => id),
    ]),
  );

function theBatch(batches: readonly Batch[]): Batch {
  const [batch] = batches;
  if (batch === undefined || batches.length !== 1) throw new Error(`${batches.length} batches`);
  return batch;
}

/** Writes down the same end of every attempt, or of those named. */
const finish = (batch: Batch, attempt: Attempt, ids = batch.deliveries.map(({ id }) => id)) =>
  finishBatch(
    {
      outbox: store,
      transactions: stage.database,
      audit: new PostgresAuditStore(stage.database),
      auditTools: { ids: testIds, clock: systemClock, vault: openVault },
      random: () => 0.5,
    },
    batch,
    new Map(ids.map((id) => [id, attempt])),
  );

interface Row {
  readonly attempts: number;
  readonly settled: boolean;
  readonly outcome: string | null;
  readonly last_error: string | null;
  /** Seconds until it is due. */
  readonly wait: number;
}

async function rowOf(id: string): Promise<Row> {
  const [row] = await stage.ledger.rows<Row>(
    `SELECT attempts, settled_at IS NOT NULL AS settled, outcome, last_error,
      extract(epoch FROM due_at - now())::float8 AS wait FROM outbox WHERE id = $1`,
    [id],
  );
  if (row === undefined) throw new Error('no such row');
  return row;
}

/** As if time had passed: everything that waits is due. */
const later = () => stage.ledger.rows('UPDATE outbox SET due_at = least(due_at, now())');

const failed: Attempt = { outcome: 'failed', error: 'timeout' };
const refused: Attempt = { outcome: 'refused', error: 'http_400' };
const delivered: Attempt = { outcome: 'delivered' };

describe('a claim', () => {
  test('gives each receiver its oldest deliveries, ten at most, and who they are about', async () => {
    const young = await put({ sid: 'young' });
    const old = await put({ sid: 'old', subject: 'bob', age: '5 s' });
    const other = await put({ receiver: 'other', age: '1 s' });
    const foreign = await put({ tenantId: globex });
    const many = [];
    for (let age = 12; age > 0; age -= 1) many.push(await put({ receiver: 'many', age: `${age} s` }));
    const batches = await claim();
    expect(idsOf(batches)).toEqual({
      'acme/app': [old, young],
      'acme/other': [other],
      'acme/many': many.slice(0, 10),
      'globex/app': [foreign],
    });
    const batch = batches.find(({ receiver }) => receiver.clientId === 'app' && receiver.tenantId === acme);
    expect(batch?.deliveries[0]).toEqual({
      id: old,
      subject: 'bob',
      payload: { clientId: 'app', sid: 'old', reason: 'no_role' },
      at: expect.any(Date),
      attempts: 1,
      lastError: null,
    });
  });

  test('leaves a receiver alone while somebody works for it, whatever comes meanwhile', async () => {
    await put();
    const batch = theBatch(await claim({ deliveriesMax: 1 }));
    const next = await put();
    expect(await claim()).toEqual([]);
    await finish(batch, delivered);
    expect(idsOf(await claim())).toEqual({ 'acme/app': [next] });
  });

  test('takes over what somebody left who died', async () => {
    const id = await put();
    const dead = theBatch(await claim({ leaseSeconds: 0.05 }));
    await stage.ledger.rows('SELECT pg_sleep(0.1)');
    const batch = theBatch(await claim());
    expect(batch.deliveries).toMatchObject([{ id, attempts: 2 }]);
    // The one who was taken for dead comes back: what it says counts no more.
    expect(await finish(dead, failed)).toBeUndefined();
    expect(await rowOf(id)).toMatchObject({ settled: false, last_error: null });
    await finish(dead, delivered);
    expect((await rowOf(id)).settled).toBe(false);
    await finish(batch, delivered);
    expect(await rowOf(id)).toMatchObject({ settled: true, outcome: 'delivered' });
  });

  test('on two nodes at once gives nothing twice', async () => {
    const dataSource = await createDataSource(stage.url, PATIENT).initialize();
    try {
      const stores = [store, new PostgresOutboxStore(new Database(dataSource))];
      const ids = [];
      for (let index = 0; index < 60; index += 1) ids.push(await put({ receiver: `app${index % 20}` }));
      const claimed: string[] = [];
      const receivers: string[] = [];
      for (let round = 0; round < 100 && receivers.length < 20; round += 1) {
        const batches = await Promise.all(
          [0, 1, 2, 3, 4, 5].map((one) => claim({ receiversMax: 3, deliveriesMax: 2 }, stores[one % 2])),
        );
        for (const batch of batches.flat()) {
          receivers.push(batch.receiver.clientId);
          claimed.push(...batch.deliveries.map(({ id }) => id));
        }
      }
      expect(new Set(receivers).size).toBe(receivers.length);
      expect(new Set(claimed).size).toBe(claimed.length);
      expect(claimed.length).toBe(40);
    } finally {
      await dataSource.destroy();
    }
  });

  test('serves receivers that failed last only after the others', async () => {
    for (const receiver of ['a', 'b', 'c']) await put({ receiver, age: '1 min' });
    for (const batch of await claim()) await finish(batch, failed);
    await later();
    await put({ receiver: 'z' });
    expect(Object.keys(idsOf(await claim({ receiversMax: 1 })))).toEqual(['acme/z']);
    expect(Object.keys(idsOf(await claim({ receiversMax: 2 })))).toHaveLength(2);
  });

  test('overlooks what is for nobody', async () => {
    await put({ receiver: null });
    const id = await put({ tenantId: globex });
    expect(idsOf(await claim())).toEqual({ 'globex/app': [id] });
  });
});

describe('how a batch ends', () => {
  test('delivered, or without an endpoint: settled, and never claimed again', async () => {
    const [one, two] = [await put(), await put({ receiver: 'other' })];
    for (const batch of await claim())
      await finish(batch, batch.receiver.clientId === 'app' ? delivered : { outcome: 'no_endpoint' });
    expect(await rowOf(one)).toMatchObject({ outcome: 'delivered', attempts: 1, last_error: null });
    expect(await rowOf(two)).toMatchObject({ outcome: 'no_endpoint' });
    await later();
    expect(await claim()).toEqual([]);
  });

  test('a receiver that failed is left alone as a whole, also by what comes meanwhile; then the oldest is first', async () => {
    const [old, young] = [await put({ age: '9 s' }), await put({ age: '8 s' })];
    const batch = theBatch(await claim());
    await finish(batch, failed, [old]);
    const newcomer = await put();
    const stranger = await put({ receiver: 'other' });
    expect(idsOf(await claim())).toEqual({ 'acme/other': [stranger] });
    expect(await rowOf(old)).toMatchObject({ attempts: 1, last_error: 'timeout', settled: false });
    expect(await rowOf(young)).toMatchObject({ attempts: 0, last_error: null });
    await later();
    expect(idsOf(await claim())['acme/app']).toEqual([old, young, newcomer]);
  });

  test('the rest of a receiver grows from 1 s to 15 min', async () => {
    const id = await put();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      await finish(theBatch(await claim()), failed);
      waits.push((await rowOf(id)).wait);
      await later();
    }
    const expected = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900];
    for (const [index, wait] of waits.entries())
      expect(Math.abs(wait - (expected[index] ?? 0))).toBeLessThan(1);
  });

  test('a refused delivery waits alone, but its person’s others wait with it', async () => {
    const first = await put({ subject: 'ada', age: '9 s' });
    const second = await put({ subject: 'ada', age: '8 s' });
    const bobs = await put({ subject: 'bob', age: '7 s' });
    const batch = theBatch(await claim({ deliveriesMax: 1 }));
    expect(batch.deliveries[0]?.id).toBe(first);
    await finish(batch, refused);
    expect(idsOf(await claim())).toEqual({ 'acme/app': [bobs] });
    await later();
    await stage.ledger.rows('UPDATE outbox SET lease = NULL WHERE id = $1', [bobs]);
    expect(idsOf(await claim())['acme/app']).toEqual([first, second, bobs]);
  });

  test('a delivery that is refused five times is a dead letter, and the tenant’s audit trail says so', async () => {
    const id = await put({ receiver: 'stubborn' });
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      expect(await finish(theBatch(await claim()), refused)).toBeUndefined();
      await later();
    }
    expect(await finish(theBatch(await claim()), refused)).toEqual({ ids: [id], error: 'http_400' });
    expect(await rowOf(id)).toMatchObject({ settled: true, outcome: 'dead', attempts: 5 });
    const [event] = (await stage.ledger.audit('acme', { action: 'delivery.dead' })).filter(
      ({ application }) => application === 'stubborn',
    );
    expect(event).toMatchObject({
      outcome: 'failure',
      reason: 'http_400',
      target: 'application:stubborn',
      details: { count: 1, deliveries: [id] },
    });
  });

  test('one refusal after a long outage is not the end', async () => {
    const id = await put();
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      await finish(theBatch(await claim()), failed);
      await later();
    }
    expect(await finish(theBatch(await claim()), refused)).toBeUndefined();
    await later();
    expect(await finish(theBatch(await claim()), refused)).toMatchObject({ ids: [id] });
  });

  test('after a day a receiver’s deliveries are dead letters at the next failure, and its rest goes on', async () => {
    const overdue = [];
    for (let minutes = 3; minutes > 0; minutes -= 1)
      overdue.push(await put({ subject: `p${minutes}`, age: `1 day ${minutes} min` }));
    const young = await put({ age: '23 hours' });
    const foreign = await put({ tenantId: globex, receiver: 'quiet', age: '2 days' });
    await finish(
      (await claim({ deliveriesMax: 1 })).find(({ receiver }) => receiver.tenantId === acme) as Batch,
      failed,
    );
    for (const id of overdue)
      expect(await rowOf(id)).toMatchObject({ outcome: 'dead', last_error: 'timeout' });
    expect(await rowOf(young)).toMatchObject({ settled: false, last_error: 'timeout', attempts: 1 });
    expect((await rowOf(young)).wait).toBeGreaterThan(0);
    expect((await rowOf(foreign)).settled).toBe(false);
  });

  test('what was delivered late is delivered', async () => {
    const id = await put({ age: '2 days' });
    await finish(theBatch(await claim()), delivered);
    expect(await rowOf(id)).toMatchObject({ outcome: 'delivered' });
  });

  test('another tenant’s deliveries are out of reach, whatever ids a batch names', async () => {
    const id = await put({ tenantId: globex });
    const batch = theBatch(await claim());
    await finish({ ...batch, receiver: { ...batch.receiver, tenantId: acme } }, delivered);
    expect((await rowOf(id)).settled).toBe(false);
  });
});

test('10,000 deliveries that wait for a dead receiver cost the claim of others nothing', async () => {
  const [system] = await stage.ledger.rows<{ id: TenantId }>(`SELECT id FROM tenants WHERE slug = 'system'`);
  await stage.ledger.rows(
    `INSERT INTO outbox (tenant_id, id, topic, receiver, subject, payload, created_at)
    SELECT t, gen_random_uuid(), 'session.ended', 'dead', n::text, '{}', now() - interval '1 min'
    FROM generate_series(1, 10000) n, unnest($1::uuid[]) t`,
    [[acme, globex, system?.id]],
  );
  await stage.ledger.rows('ANALYZE outbox');
  for (const batch of await claim()) await finish(batch, failed);
  const id = await put({ receiver: 'zebra' });
  // Whoever reads rows must be the database user itself: its own counters tell what its transaction read.
  const reads = await stage.database.transact(async (query) => {
    const count = async (): Promise<number> => {
      const [row] = await query({
        text: `SELECT pg_stat_get_xact_tuples_fetched('outbox'::regclass)
          + pg_stat_get_xact_tuples_returned('outbox'::regclass)
          + (SELECT sum(pg_stat_get_xact_tuples_returned(indexrelid)) FROM pg_index
             WHERE indrelid = 'outbox'::regclass) AS n`,
        values: [],
      });
      return Number(row?.['n']);
    };
    const before = await count();
    const inside = {
      query: async (s: never) => query(s),
      transact: async (work: (q: typeof query) => unknown) => work(query),
    };
    const batches = await claim({}, new PostgresOutboxStore(inside as unknown as Database));
    expect(idsOf(batches)).toEqual({ 'acme/zebra': [id] });
    return (await count()) - before;
  });
  expect(reads).toBeLessThan(200);
});

test('settled deliveries stay for a week, dead letters for a month, what waits for ever', async () => {
  const seeds = ['waits', 'fresh', 'old', 'dead', 'buried'];
  const ids = new Map<string, string>();
  for (const name of seeds) ids.set(name, await put({ receiver: name, age: '60 days' }));
  const settle = (name: string, outcome: string, age: string) =>
    stage.ledger.rows('UPDATE outbox SET settled_at = now() - $2::interval, outcome = $3 WHERE id = $1', [
      ids.get(name),
      age,
      outcome,
    ]);
  await settle('fresh', 'delivered', '6 days');
  await settle('old', 'delivered', '8 days');
  await settle('dead', 'dead', '29 days');
  await settle('buried', 'dead', '31 days');
  await sweep(stage.database);
  const left = await stage.ledger.rows<{ receiver: string }>('SELECT receiver FROM outbox ORDER BY 1');
  expect(left.map(({ receiver }) => receiver)).toEqual(['dead', 'fresh', 'waits']);
});
