import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CLIENT_RATE, TooManyRequests } from '../../../src/http/rate-limit.js';
import { send, type Answer } from '../../op/support/http.js';
import type { TestNode } from '../../support/node.js';
import { startScim, TOKEN, type ScimStage } from './stage.js';

let stage: ScimStage;
let other: TestNode;

beforeAll(async () => {
  stage = await startScim();
  other = await stage.node.sibling();
});
afterAll(() => stage.stop());

/** Uses up what is left of the client's quota on the node, as if by requests. */
async function drain(node: TestNode): Promise<void> {
  const tenant = await node.node.directory.find('acme');
  if (tenant === undefined) throw new Error('no tenant');
  const [token] = tenant.configuration.scimTokens;
  const who = { tenantId: tenant.id, client: token?.id ?? '' };
  try {
    for (let n = 0; n < 10 * CLIENT_RATE.burst; n += 1) node.node.scimRate.take(who);
  } catch (error) {
    if (!(error instanceof TooManyRequests)) throw error;
  }
}

/** One request for the deployment's address, which comes in at this node. */
const askAt = (node: TestNode) =>
  send(`${stage.node.url}/t/acme/scim/v2/Users?count=0`, {
    headers: { authorization: `Bearer ${TOKEN}` },
    through: node.url,
  });

/** Refused for longer than an empty bucket of one node's own ever would: what the other let through is missing here. */
const owes = ({ status, headers }: Answer): boolean =>
  status === 429 && /^\d+$/.test(headers['retry-after'] ?? '') && Number(headers['retry-after']) > 1;

/** Each node tells the other. */
async function meet(): Promise<void> {
  for (const node of [stage.node, other]) {
    await askAt(node);
    await node.node.scimRate.exchange();
  }
}

test('F-20: two nodes don’t double a client’s quota', async () => {
  expect([(await askAt(stage.node)).status, (await askAt(other)).status]).toEqual([200, 200]);
  let refused: Answer | undefined;
  // On a slow machine they may lose sight of each other in between.
  for (let round = 0; round < 15 && (refused === undefined || !owes(refused)); round += 1) {
    if (round > 0) await sleep(2_000);
    await meet();
    await meet();
    await Promise.all([drain(stage.node), drain(other)]);
    await meet();
    await meet();
    refused = await askAt(stage.node);
  }
  expect([refused?.status, refused?.headers['retry-after']]).toEqual([429, expect.stringMatching(/^\d+$/)]);
  expect(refused === undefined || owes(refused)).toBe(true);
});
