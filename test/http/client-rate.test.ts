import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TenantId } from '../../src/core/ids.js';
import type { ClientUseStore } from '../../src/domain/provisioning/client-use.js';
import { ClientRate, shareOf } from '../../src/http/client-rate.js';
import { TooManyRequests } from '../../src/http/rate-limit.js';
import { PostgresClientUseStore } from '../../src/storage/client-use-store.js';
import { Database } from '../../src/storage/database.js';
import { sweep } from '../../src/storage/sweeper.js';
import { setStage, type Stage } from '../storage/stage.js';
import { testIds } from '../support/deployment.js';

const RATE = { burst: 3_000, perSecond: 300 };

let stage: Stage;
let acme: TenantId;
let globex: TenantId;
/** Time as the nodes see it. What the database calls fresh goes by its own clock, so here all of it is. */
const time = { ms: 0 };
const clock = { now: () => new Date(time.ms) };

beforeAll(async () => {
  stage = await setStage();
  [acme, globex] = [await stage.tenant('acme'), await stage.tenant('globex')];
});
afterAll(() => stage.close());
beforeEach(async () => {
  time.ms = 1_700_000_000_000;
  await stage.ledger.rows('TRUNCATE scim_client_uses');
});

const aNode = (uses: ClientUseStore = new PostgresClientUseStore(stage.database, 3_600)): ClientRate =>
  new ClientRate(RATE, { uses, clock, node: testIds.uuid() });

/** Asks so many times. @returns how often it was let through */
function ask(node: ClientRate, times: number, client = 'okta', tenantId = acme): number {
  let taken = 0;
  for (let n = 0; n < times; n += 1)
    try {
      node.take({ tenantId, client });
      taken += 1;
    } catch (error) {
      if (!(error instanceof TooManyRequests)) throw error;
    }
  return taken;
}

/** Lets seconds go by in which each node is asked so often, evenly, and then tells. @returns what each let through */
async function run(
  seconds: number,
  demand: readonly (readonly [ClientRate, number])[],
): Promise<readonly number[]> {
  const taken = demand.map(() => 0);
  for (let second = 0; second < seconds; second += 1) {
    for (let tenth = 0; tenth < 10; tenth += 1) {
      for (const [index, [node, times]] of demand.entries())
        taken[index] = (taken[index] ?? 0) + ask(node, times / 10);
      time.ms += 100;
    }
    for (const [node] of demand) await node.exchange();
  }
  return taken;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const quota = (seconds: number): number => RATE.burst + seconds * RATE.perSecond;

describe('F-20: one quota over all nodes', () => {
  test('a node alone has all of it', async () => {
    const node = aNode();
    expect(sum(await run(20, [[node, 1_000]]))).toBeGreaterThanOrEqual(quota(20) - RATE.perSecond);
    expect(sum(await run(20, [[node, 1_000]]))).toBeLessThanOrEqual(21 * RATE.perSecond);
  });

  test.each([
    ['two, asked the same', [1_000, 1_000]],
    ['two, one asked little', [1_000, 50]],
    ['five', [1_000, 1_000, 1_000, 500, 20]],
  ])('%s: together about one quota, neither twice nor half of it', async (_what, demands) => {
    const nodes = demands.map((demand) => [aNode(), demand] as const);
    const first = sum(await run(30, nodes));
    expect(first).toBeGreaterThan(0.85 * quota(30));
    // What they let through before they heard of each other is on top.
    expect(first).toBeLessThan(1.1 * quota(30) + 2 * sum(demands));
    // Once they know each other it is the rate alone, and who is asked little isn't starved.
    const later = await run(20, nodes);
    expect(sum(later)).toBeGreaterThan(0.85 * 20 * RATE.perSecond);
    expect(sum(later)).toBeLessThan(1.15 * 20 * RATE.perSecond);
    const [least] = nodes
      .map(([, demand], index) => [demand, later[index] ?? 0] as const)
      .toSorted((a, b) => a[0] - b[0]);
    expect(least?.[1]).toBeGreaterThan(0.25 * 20 * Math.min(least?.[0] ?? 0, RATE.perSecond / nodes.length));
  });

  test('a burst that came in elsewhere is used up here, too', async () => {
    const [one, two] = [aNode(), aNode()];
    expect(ask(one, 5_000)).toBe(RATE.burst);
    await one.exchange();
    expect(ask(two, 1)).toBe(1);
    await two.exchange();
    expect(ask(two, 10)).toBe(0);
    time.ms += 60_000;
    expect(ask(two, 5_000)).toBe(RATE.burst);
  });

  test('when the others fall silent, a node has all of it again', async () => {
    const fresh = new PostgresClientUseStore(stage.database, 60);
    const [one, two] = [aNode(fresh), aNode(fresh)];
    await run(20, [
      [one, 1_000],
      [two, 1_000],
    ]);
    await stage.ledger.rows(`UPDATE scim_client_uses SET told_at = told_at - interval '1 hour'`);
    await run(2, [[one, 1_000]]);
    expect(sum(await run(10, [[one, 1_000]]))).toBeGreaterThan(0.9 * 10 * RATE.perSecond);
  });

  test('clients, and tenants whose clients have the same name, have a quota each', async () => {
    const [one, two] = [aNode(), aNode()];
    ask(one, 5_000);
    await one.exchange();
    for (const [client, tenantId] of [
      ['entra', acme],
      ['okta', globex],
    ] as const) {
      ask(two, 1, client, tenantId);
      await two.exchange();
      expect(ask(two, 100, client, tenantId)).toBe(100);
    }
  });

  test('while the database is away nodes go on with what they know, and what was too much is paid back', async () => {
    const store = new PostgresClientUseStore(stage.database, 3_600);
    let away = false;
    const uses: ClientUseStore = {
      exchange: (node, told) =>
        away ? Promise.reject(new Error('the database is away')) : store.exchange(node, told),
    };
    const [one, two] = [aNode(uses), aNode(uses)];
    const both = [
      [one, 1_000],
      [two, 1_000],
    ] as const;
    await run(20, both);
    away = true;
    let meanwhile = 0;
    for (let second = 0; second < 10; second += 1) {
      meanwhile += ask(one, 1_000) + ask(two, 1_000);
      time.ms += 1_000;
      await expect(one.exchange()).rejects.toThrow('away');
      await expect(two.exchange()).rejects.toThrow('away');
    }
    expect(meanwhile).toBeGreaterThan(0.8 * 10 * RATE.perSecond);
    expect(meanwhile).toBeLessThan(1.3 * 10 * RATE.perSecond);
    away = false;
    expect(sum(await run(20, both))).toBeLessThan(1.15 * 20 * RATE.perSecond);
  });
});

describe('what it costs', () => {
  test('one trip for all clients, none without requests', async () => {
    let trips = 0;
    const counting = new Database(stage.database.dataSource, () => {
      trips += 1;
    });
    const node = aNode(new PostgresClientUseStore(counting));
    await node.exchange();
    expect(trips).toBe(0);
    for (let n = 0; n < 2_000; n += 1) ask(node, 1, `client-${n}`);
    expect(trips).toBe(0);
    await node.exchange();
    expect(trips).toBe(1);
    expect(await stage.ledger.count('scim_client_uses')).toBe(2_000);
    time.ms += 3_600_000;
    await node.exchange();
    expect(trips).toBe(1);
  });

  test('what was told a minute ago is swept; a tenant that is gone holds nobody up', async () => {
    const node = aNode();
    ask(node, 1, 'okta', testIds.uuid<TenantId>());
    ask(node, 1);
    await node.exchange();
    expect(await stage.ledger.count('scim_client_uses')).toBe(1);
    await sweep(stage.database);
    expect(await stage.ledger.count('scim_client_uses')).toBe(1);
    await stage.ledger.rows(`UPDATE scim_client_uses SET told_at = now() - interval '2 minutes'`);
    await sweep(stage.database);
    expect(await stage.ledger.count('scim_client_uses')).toBe(0);
  });

  test('many nodes that tell of the same clients at once don’t lock each other out', async () => {
    const nodes = Array.from({ length: 8 }, () => aNode());
    for (let round = 0; round < 5; round += 1) {
      for (const [index, node] of nodes.entries())
        for (let n = 0; n < 50; n += 1) ask(node, 1, `client-${(n * (index + 1)) % 50}`);
      await Promise.all(nodes.map((node) => node.exchange()));
    }
    expect(await stage.ledger.count('scim_client_uses', `client = 'client-0'`)).toBe(8);
  });
});

test('shares: alone it is all, an even part is for sure, and what others leave is had', () => {
  expect(shareOf(300, [])).toBe(1);
  expect(shareOf(300, [1_000])).toBe(0.5);
  expect(shareOf(300, [30])).toBeCloseTo(0.9);
  expect(shareOf(300, [30, 1_000])).toBeCloseTo(0.45);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { maxLength: 20 }), (asked) => {
      const others = asked.map((own, index) =>
        Math.min(own, 300 * shareOf(300, asked.filter((_, at) => at !== index).concat(10_000))),
      );
      const own = 300 * shareOf(300, asked);
      expect(own).toBeGreaterThanOrEqual(300 / (asked.length + 1) - 1e-6);
      expect(own + sum(others)).toBeLessThanOrEqual(300 + 1e-6);
    }),
  );
});
