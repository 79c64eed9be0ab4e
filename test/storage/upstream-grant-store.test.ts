import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionId, TenantId, UserId } from '../../src/core/ids.js';
import type { UpstreamGrantKey } from '../../src/domain/sign-in/upstream-grant-store.js';
import { PostgresAccessStore } from '../../src/storage/access-store.js';
import { PostgresUpstreamGrantStore } from '../../src/storage/upstream-grant-store.js';
import { setStage, type Stage } from './stage.js';

let stage: Stage;
let store: PostgresUpstreamGrantStore;
let acme: TenantId;
let globex: TenantId;
let okta: ConnectionId;
let ada: UserId;
let key: UpstreamGrantKey;

const LIMITS = { olderThanSeconds: 300, claimSeconds: 15 };

beforeAll(async () => {
  stage = await setStage();
  store = new PostgresUpstreamGrantStore(stage.database);
  [acme, globex] = [await stage.tenant('acme'), await stage.tenant('globex')];
  okta = await stage.connection('acme', 'okta');
});
afterAll(() => stage.close());
beforeEach(async () => {
  ada = await stage.user('acme', 'okta');
  key = { userId: ada, connectionId: okta, connectionVersion: 1 };
});

const keep = (sealedRefreshToken: string, of: UpstreamGrantKey = key): Promise<void> =>
  stage.database.withTenant(acme, (scope) => {
    store.keep(scope, { ...of, sealedRefreshToken });
    return Promise.resolve();
  });

const confirm = (claim: string, rotated?: string): Promise<void> =>
  stage.database.withTenant(acme, (scope) => {
    store.confirm(scope, ada, claim, rotated);
    return Promise.resolve();
  });

const stands = (claim: string | null): Promise<boolean> =>
  stage.database.withTenant(acme, (scope) => store.stands(scope, key, claim));

/** Makes the confirmation, or the claim on it, so much older. */
const age = (column: 'checked_at' | 'claimed_until', seconds: number): Promise<object[]> =>
  stage.ledger.rows(
    `UPDATE upstream_grants SET ${column} = ${column} - make_interval(secs => $2) WHERE user_id = $1`,
    [ada, seconds],
  );

const sealed = async (): Promise<string | undefined> =>
  (
    await stage.ledger.rows<{ sealed: string }>(
      'SELECT refresh_token_sealed AS sealed FROM upstream_grants WHERE user_id = $1',
      [ada],
    )
  )[0]?.sealed;

/** A claim on what is due. */
async function claimed(): Promise<string> {
  const outcome = await store.claim(acme, key, LIMITS);
  if (outcome.kind !== 'claimed') throw new Error(`it is ${outcome.kind}`);
  return outcome.claim;
}

describe('a claim', () => {
  test('is for what is old enough, for one, for a while', async () => {
    expect(await store.claim(acme, key, LIMITS)).toEqual({ kind: 'none' });
    await keep('one');
    expect(await store.claim(acme, key, LIMITS)).toMatchObject({ kind: 'fresh' });
    await age('checked_at', 300);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => store.claim(acme, key, LIMITS)));
    const won = outcomes.filter(({ kind }) => kind === 'claimed');
    expect(won).toEqual([expect.objectContaining({ sealedRefreshToken: 'one' })]);
    expect(outcomes.filter(({ kind }) => kind === 'busy')).toHaveLength(19);
    expect(await store.look(acme, key, 300)).toMatchObject({ kind: 'busy' });
    await age('claimed_until', 15);
    expect(await store.look(acme, key, 300)).toMatchObject({ kind: 'stale' });
    expect(await store.claim(acme, key, LIMITS)).toMatchObject({ kind: 'claimed' });
  });

  test('tells how old the last word is', async () => {
    await keep('one');
    await age('checked_at', 1_000);
    const { ageSeconds } = { ageSeconds: 0, ...(await store.claim(acme, key, LIMITS)) };
    expect(ageSeconds).toBeGreaterThanOrEqual(1_000);
    expect(ageSeconds).toBeLessThan(1_100);
  });

  test('ends with an answer, or without; a rotated token stays in both', async () => {
    await keep('one');
    await age('checked_at', 300);
    await store.release(acme, ada, await claimed(), undefined);
    expect([await sealed(), (await store.look(acme, key, 300)).kind]).toEqual(['one', 'stale']);
    await store.release(acme, ada, await claimed(), 'two');
    expect([await sealed(), (await store.look(acme, key, 300)).kind]).toEqual(['two', 'stale']);
    await confirm(await claimed());
    expect([await sealed(), (await store.look(acme, key, 300)).kind]).toEqual(['two', 'fresh']);
    await age('checked_at', 300);
    await confirm(await claimed(), 'three');
    expect([await sealed(), (await store.look(acme, key, 300)).kind]).toEqual(['three', 'fresh']);
  });

  test.each(['a sign-in', 'another claim'])('that %s has overtaken changes nothing', async (what) => {
    await keep('one');
    await age('checked_at', 300);
    const old = await claimed();
    expect(await stands(old)).toBe(true);
    if (what === 'a sign-in') await keep('of the sign-in');
    else {
      await age('claimed_until', 20);
      expect(await claimed()).not.toBe(old);
    }
    const before = [await sealed(), await store.look(acme, key, 300)];
    await confirm(old, 'late');
    await store.release(acme, ada, old, 'late');
    const [token, state] = [await sealed(), await store.look(acme, key, 300)];
    expect([token, state.kind]).toEqual([before[0], (before[1] as typeof state).kind]);
    expect(await stands(old)).toBe(false);
  });
});

test('that there is no grant stands until there is one', async () => {
  expect(await stands(null)).toBe(true);
  await keep('one');
  expect(await stands(null)).toBe(false);
});

test('A-10 a grant of another version or connection, or of another tenant, is none', async () => {
  await keep('one');
  await age('checked_at', 300);
  const other = await stage.connection('acme', 'other');
  for (const changed of [
    { ...key, connectionVersion: 2 },
    { ...key, connectionId: other },
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect(await store.claim(acme, changed, LIMITS)).toEqual({ kind: 'none' });
  }
  expect(await store.claim(globex, key, LIMITS)).toEqual({ kind: 'none' });
  expect(await store.look(globex, key, 300)).toEqual({ kind: 'none' });
});

test('a grant goes with the end of all access of its person, and stays when one session ends', async () => {
  const access = new PostgresAccessStore(stage.database);
  const { uid } = await stage.session({ slug: 'acme', user: ada, connection: okta });
  await keep('one');
  const end = (target: Parameters<typeof access.end>[1]) =>
    stage.database.withTenant(acme, (scope) => access.end(scope, target, 'upstream_revoked'));
  await end({ session: uid });
  await end({ personIn: `${ada}:grafana` });
  await end({ application: 'grafana' });
  expect(await sealed()).toBe('one');
  for (const target of [{ user: ada }, { connection: okta }, { tenant: 'all' }] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await keep('one');
    // oxlint-disable-next-line no-await-in-loop -- as above
    await end(target);
    // oxlint-disable-next-line no-await-in-loop -- as above
    expect(await sealed()).toBeUndefined();
  }
  await keep('one');
  await stage.ledger.rows('DELETE FROM users WHERE id = $1', [ada]);
  expect(await sealed()).toBeUndefined();
});
