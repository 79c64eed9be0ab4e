import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConnectionId, TenantId } from '../../src/core/ids.js';
import type { UpstreamKeySet } from '../../src/domain/connection/upstream-key-set.js';
import { PostgresUpstreamKeySets } from '../../src/storage/upstream-key-sets.js';
import { testIds } from '../support/deployment.js';
import { setStage, type Stage } from './stage.js';

let stage: Stage;
let store: PostgresUpstreamKeySets;
let acme: TenantId;
let okta: ConnectionId;
let other: ConnectionId;

beforeAll(async () => {
  stage = await setStage();
  store = new PostgresUpstreamKeySets(stage.database);
  acme = await stage.tenant('acme');
  [okta, other] = [await stage.connection('acme', 'okta'), await stage.connection('acme', 'other')];
});
afterAll(() => stage.close());

const document = (name: string) => ({
  body: { name },
  fetchedAt: new Date('2026-11-22T00:00:00.000Z'),
  freshUntil: new Date('2026-11-22T00:10:00.000Z'),
});
const keySet = (name: string, keys = true): UpstreamKeySet => ({
  connectionVersion: 1,
  metadata: document(`metadata of ${name}`),
  keys: keys ? document(`keys of ${name}`) : undefined,
});

describe('what is kept of an upstream', () => {
  test('comes back as it was saved; the last one counts', async () => {
    expect(await store.load(acme, okta)).toBeUndefined();
    await store.save(acme, okta, keySet('first', false));
    expect(await store.load(acme, okta)).toEqual(keySet('first', false));
    await store.save(acme, okta, keySet('second'));
    expect(await store.load(acme, okta)).toEqual(keySet('second'));
    expect(await store.load(acme, other)).toBeUndefined();
  });

  test('belongs to one tenant', async () => {
    const globex = await stage.tenant('globex');
    await store.save(acme, okta, keySet('acme'));
    expect(await store.load(globex, okta)).toBeUndefined();
    await store.save(globex, okta, keySet('globex'));
    expect(await store.load(acme, okta)).toEqual(keySet('acme'));
    expect(await stage.ledger.count('upstream_key_sets', 'tenant_id = $1', [globex])).toBe(0);
  });

  test('is nothing for a connection that is gone', async () => {
    const gone = testIds.uuid<ConnectionId>();
    await store.save(acme, gone, keySet('gone'));
    expect(await store.load(acme, gone)).toBeUndefined();
  });
});

describe('F-11 the right to ask out of turn', () => {
  test('goes to one of 20 nodes, until it is given back or its time is over', async () => {
    await store.save(acme, okta, keySet('any'));
    const claims = await Promise.all(Array.from({ length: 20 }, () => store.claimRefetch(acme, okta, 60)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    await store.releaseRefetch(acme, okta);
    expect(await store.claimRefetch(acme, okta, 60)).toBe(true);
    expect(await store.claimRefetch(acme, okta, 60)).toBe(false);
    await stage.ledger.rows(`UPDATE upstream_key_sets SET refetch_claimed_until = now() - interval '1 s'`);
    expect(await store.claimRefetch(acme, okta, 60)).toBe(true);
  });

  test('is not taken away by what is saved meanwhile, and is each connection’s own', async () => {
    await store.save(acme, other, keySet('other'));
    expect(await store.claimRefetch(acme, other, 60)).toBe(true);
    await store.save(acme, other, keySet('newer'));
    expect(await store.claimRefetch(acme, other, 60)).toBe(false);
  });

  test('nobody has to claim where nothing is kept', async () => {
    await stage.ledger.rows('DELETE FROM upstream_key_sets');
    expect(await store.claimRefetch(acme, okta, 60)).toBe(true);
    expect(await store.claimRefetch(acme, okta, 60)).toBe(true);
  });
});
