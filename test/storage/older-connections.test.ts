import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { DesiredConnection } from '../../src/domain/configuration/desired.js';
import { setStage, type Stage } from './stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.close());

/** What applying a change to one connection of Acme's would do. */
async function planOf(change: Partial<DesiredConnection>) {
  const outcome = await stage.apply([
    { slug: 'acme', connections: [{ key: 'okta', ...change }, { key: 'other' }] },
  ]);
  if (outcome.outcome !== 'applied') throw new Error(JSON.stringify(outcome));
  return outcome.changes;
}

test('a connection that is older than one of its settings has the default, and takes what the file says', async () => {
  await stage.ledger.rows(`UPDATE connections SET settings = settings - 'revalidateGraceSeconds'`);
  expect(await planOf({})).toEqual([]);
  expect(await planOf({ revalidateGraceSeconds: 60 })).toHaveLength(1);
  const [row] = await stage.ledger.rows<{ grace: number }>(
    `SELECT settings -> 'revalidateGraceSeconds' AS grace FROM connections WHERE id = $1`,
    [await stage.connection('acme', 'okta')],
  );
  expect(row?.grace).toBe(60);
});
