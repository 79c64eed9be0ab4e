import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setStage, type Stage } from './stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.close());

const redirectUris = ['https://a.example/cb'];

/** The members that applying a change to Acme's only application would change. */
async function changesOf(change: object): Promise<readonly string[]> {
  const outcome = await stage.apply([
    { slug: 'acme', applications: [{ clientId: 'older', redirectUris, ...change }] },
  ]);
  if (outcome.outcome !== 'applied') throw new Error(JSON.stringify(outcome));
  return outcome.changes.flatMap(({ changes }) => changes);
}

test('an application that is older than some of its settings has the defaults, and takes what the file says', async () => {
  await changesOf({});
  await stage.ledger.rows(`UPDATE applications SET settings = settings - 'dpop' - 'requirePushedRequests'
    - 'requestObjects' - 'signedResponses'`);
  expect(await changesOf({})).toEqual([]);
  expect(await changesOf({ dpop: 'required', signedResponses: true })).toEqual(['dpop', 'signedResponses']);
  expect(await changesOf({ dpop: 'optional' })).toEqual(['dpop']);
});
