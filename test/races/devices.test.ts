import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, CAT } from '../support/acme.js';
import { post, refresh, type TestApplication } from '../support/application.js';
import { ask, confirm, deviceApplication, deviceOf, poll, reachConfirmation } from '../support/device.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { headingOf } from '../support/trip.js';
import { startTwoNodes, type TwoNodes } from './two-nodes.js';

const ROUNDS = 6;
let nodes: TwoNodes;
let tv: TestApplication;

beforeAll(async () => {
  nodes = await startTwoNodes();
  await nodes.acme.causeway.apply([{ slug: 'acme', applications: [deviceApplication] }]);
  await nodes.other.node.directory.refresh();
  tv = deviceOf(nodes.acme.app.issuer);
});
afterAll(async () => {
  await nodes.stop();
});

async function idOf(userName: string): Promise<string> {
  const users = await nodes.ledger.users('acme');
  return users.find(({ user_name: name }) => name === userName)?.id ?? '';
}

/** As if the person had come back to the organization. */
const switchOn = (id: string) => nodes.ledger.rows('UPDATE users SET active = true WHERE id = $1', [id]);

/** Whatever a poll has given is dead. */
async function expectNothingLeft(body: Readonly<Record<string, unknown>>): Promise<void> {
  const { access_token: token } = body;
  if (typeof token !== 'string') {
    expect(body['error']).toBe('invalid_grant');
    return;
  }
  const { body: told } = await post(tv, 'introspect', { token });
  expect(told).toEqual({ active: false });
  expect((await refresh(tv, body['refresh_token'])).body['error']).toBe('invalid_grant');
}

describe('invariant 5: a device of somebody who is switched off at the same moment', () => {
  test('gets nothing that outlives the end, when it asks for its tokens', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const asked = await ask(tv);
      const browser = new HttpBrowser();
      const page = await reachConfirmation(browser, tv, asked.userCode, ADA);
      expect(headingOf(await confirm(browser, tv, page))).toBe('Done');
      const id = await idOf(ADA.username);
      const [answer] = await Promise.all([poll(tv, asked), nodes.switchOff(id)]);
      await expectNothingLeft(answer.body);
      expect(await nodes.ledger.grants(id)).toBe(0);
      await switchOn(id);
    }
  }, 60_000);

  test('gets nothing, when they say yes at that moment', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const asked = await ask(tv);
      const browser = new HttpBrowser();
      const page = await reachConfirmation(browser, tv, asked.userCode, CAT);
      const id = await idOf(CAT.username);
      await Promise.all([confirm(browser, tv, page).catch(() => undefined), nodes.switchOff(id)]);
      const { status, body } = await poll(tv, asked);
      expect(status).toBe(400);
      expect(['invalid_grant', 'authorization_pending', 'access_denied']).toContain(body['error']);
      expect(await nodes.ledger.grants(id)).toBe(0);
      await switchOn(id);
    }
  }, 60_000);
});
