import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deleteAccount, setAccountActive } from '../../src/domain/account/change-account.js';
import type { UserId } from '../../src/core/ids.js';
import { Authenticator } from '../support/authenticator.js';
import { Ledger } from '../support/ledger.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import {
  accountDeps,
  enrolByPasskey,
  firstRunLink,
  invite,
  OPERATOR,
  optionsOf,
  send,
} from '../support/operator.js';

let node: TestNode;
let sibling: TestNode;
let ledger: Ledger;

beforeAll(async () => {
  node = await startTestNode();
  sibling = await node.sibling();
  ledger = await Ledger.open(node.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await node.stop();
});

/** Statuses of several who complete links at the same moment. */
async function completeAtOnce(links: readonly string[], userName?: string): Promise<readonly number[]> {
  const ready = await Promise.all(
    links.map(async (link) => {
      const browser = new HttpBrowser();
      return { browser, page: await browser.open(link), key: new Authenticator(new URL(link).origin) };
    }),
  );
  const pages = await Promise.all(
    ready.map(({ browser, page, key }, index) => {
      const name = userName === undefined ? {} : { user_name: `${userName}-${index}` };
      return send(browser, page, { passkey: key.create(optionsOf(page)), ...name });
    }),
  );
  return pages.map(({ status }) => status).toSorted((a, b) => a - b);
}

const OWNERS = `SELECT u.id FROM users u JOIN role_assignments s ON s.user_id = u.id
  JOIN roles r ON r.id = s.role_id WHERE r.key = 'console:owner' AND u.active ORDER BY u.id`;

/** Runs a command on a user on the first node or its sibling; gives the error's code, if any. */
async function change(
  which: TestNode,
  work: typeof setAccountActive | typeof deleteAccount,
  userId: UserId,
): Promise<string | undefined> {
  const deps = await accountDeps(which);
  const request = { userId, active: false, actor: OPERATOR, authority: 'host' } as const;
  try {
    await which.node.database.withTenant(deps.tenantId, async (scope) => {
      await work(deps, scope, request);
    });
    return undefined;
  } catch (error) {
    return (error as { readonly code?: string }).code;
  }
}

describe('A-117 two who do the same at once', () => {
  test('of several first-run links, one makes the first owner', async () => {
    const links = await Promise.all(Array.from({ length: 4 }, () => firstRunLink(node)));
    const told = await completeAtOnce(links, 'first');
    expect(told).toEqual([200, 410, 410, 410]);
    expect(await ledger.rows(OWNERS)).toHaveLength(1);
    expect(await ledger.count('users')).toBe(1);
  });

  test('one enrolment link makes one way in', async () => {
    const { link, userId } = await invite(node, 'second');
    expect(await completeAtOnce([link, link, link])).toEqual([200, 410, 410]);
    expect(await ledger.count('passkeys', 'user_id = $1', [userId])).toBe(1);
    expect(await ledger.count('recovery_codes', 'user_id = $1', [userId])).toBe(10);
  });

  test('A-112 the last owner stays, whoever is taken away at the same moment', async () => {
    for (const work of [setAccountActive, deleteAccount]) {
      await enrolByPasskey((await invite(node, `another-${work.name}`)).link);
      const owners = await ledger.rows<{ id: UserId }>(OWNERS);
      const [kept = owners[0], ...others] = owners;
      for (const { id } of others.slice(1)) expect(await change(node, deleteAccount, id)).toBeUndefined();
      const two = [kept, others[0]].flatMap((owner) => owner?.id ?? []);
      const told = await Promise.all(two.map((id, index) => change(index === 0 ? node : sibling, work, id)));
      expect([two.length, told.filter((code) => code === 'conflict').length]).toEqual([2, 1]);
      expect(told).toContain(undefined);
    }
  });
});

test('invariant 5 no console session is left of somebody who is switched off while they sign in', async () => {
  const { link, userId } = await invite(node, 'brief', { role: 'console:read-only' });
  const { key, browser } = await enrolByPasskey(link);
  for (let round = 0; round < 6; round += 1) {
    const page = await browser.open(`${node.url}/console/sign-in`);
    const answer = key.get(optionsOf(page));
    const [end] = await Promise.all([
      send(browser, page, { passkey: answer }),
      change(sibling, setAccountActive, userId),
    ]);
    expect([303, 400, 403]).toContain(end.status);
    expect(await ledger.count('console_sessions', 'user_id = $1 AND ended_at IS NULL', [userId])).toBe(0);
    await ledger.rows('UPDATE users SET active = true WHERE id = $1', [userId]);
  }
});
