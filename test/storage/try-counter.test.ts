import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PostgresTryCounter } from '../../src/storage/try-counter.js';
import { artifact, hashOf, NOTHING, openStage, type ArtifactStage } from './support/artifacts.js';

let stage: ArtifactStage;
let tries: PostgresTryCounter;

beforeAll(async () => {
  stage = await openStage();
  tries = new PostgresTryCounter(stage.otherDatabase);
});
afterAll(() => stage.stop());

const count = (...names: string[]) => tries.count(stage.tenantId, names.map(hashOf), 60);

const byCode = (code: string, tenantId = stage.tenantId) =>
  stage.store.loadByUserCode(tenantId, hashOf(code));

describe('tries', () => {
  test('are counted by name, for each tenant apart, and forgiven', async () => {
    expect(await count('a', 'b')).toEqual([1, 1]);
    expect(await count('b', 'a')).toEqual([2, 2]);
    expect(await count('b')).toEqual([3]);
    expect(await tries.count(stage.elsewhere, [hashOf('b')], 60)).toEqual([1]);
    await tries.forgive(stage.tenantId, [hashOf('b')]);
    expect(await count('b', 'a')).toEqual([3, 3]);
  });

  test('forgiving what was not tried gives nobody a try more', async () => {
    await tries.forgive(stage.tenantId, [hashOf('c')]);
    await count('c');
    await tries.forgive(stage.tenantId, [hashOf('c')]);
    await tries.forgive(stage.tenantId, [hashOf('c')]);
    expect(await count('c')).toEqual([1]);
  });

  test('many at once are all counted', async () => {
    const counts = await Promise.all(Array.from({ length: 20 }, () => count('d', 'e')));
    expect(counts.map(([d]) => d ?? 0).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  test('a window ends by the database’s clock, and does not grow with the tries in it', async () => {
    await count('f');
    await stage.ledger.rows(
      `UPDATE oidc_artifacts SET expires_at = now() + interval '5 seconds' WHERE hash = $1`,
      [hashOf('f')],
    );
    expect(await count('f')).toEqual([2]);
    const rows = await stage.ledger.rows<{ soon: boolean }>(
      `SELECT expires_at < now() + interval '6 seconds' AS soon FROM oidc_artifacts WHERE hash = $1`,
      [hashOf('f')],
    );
    expect(rows).toEqual([{ soon: true }]);
    await stage.ledger.rows(`UPDATE oidc_artifacts SET expires_at = now() WHERE hash = $1`, [hashOf('f')]);
    expect(await count('f')).toEqual([1]);
  });
});

describe('a second name of an artifact', () => {
  test('finds it in its tenant alone, while it lives; a later write keeps it and may hang it on a grant', async () => {
    const userCodeHash = hashOf('code');
    await stage.store.commit(stage.tenantId, {
      ...NOTHING,
      artifacts: [artifact('device', { userCodeHash })],
    });
    expect((await byCode('code'))?.hash).toEqual(hashOf('device'));
    expect(await byCode('code', stage.elsewhere)).toBeUndefined();
    expect(await byCode('other')).toBeUndefined();
    const answered = [
      artifact('family', { kind: 'Grant' }),
      artifact('device', { grantHash: hashOf('family') }),
    ];
    await stage.store.commit(stage.tenantId, { ...NOTHING, artifacts: answered });
    expect((await byCode('code'))?.grant).toBeDefined();
    await stage.store.commit(stage.tenantId, { ...NOTHING, revokeGrants: [hashOf('family')] });
    expect(await byCode('code')).toBeUndefined();
  });
});
