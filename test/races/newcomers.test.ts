import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { claimsOf } from '../support/application.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { arrive, goAndReturn, redeemAt } from '../support/trip.js';
import { startTwoNodes, type TwoNodes } from './two-nodes.js';

let two: TwoNodes;

beforeAll(async () => {
  two = await startTwoNodes();
  two.acme.okta.org.assignGroup('Causeway', 'Everyone');
});
afterAll(() => two.stop());

function somebody(name: string, groups: readonly string[] = []): OktaPerson & { id: string } {
  const username = `${name}@acme.example`;
  const { id } = two.acme.okta.org.addUser({ login: username, groups });
  return { username, password: 'Okta-demo-1', otp: '123456', id };
}

/** All of them stand at the callback, then all come back at the same moment; the subjects that they get. */
async function comeBackTogether(people: readonly OktaPerson[]): Promise<unknown[]> {
  const { app } = two.acme;
  const trips = await Promise.all(
    people.map(async (person) => {
      const browser = new HttpBrowser();
      return { browser, ...(await goAndReturn(browser, app, person)) };
    }),
  );
  const answers = await Promise.all(
    trips.map(async ({ browser, callback, request }) =>
      redeemAt(app, await arrive(browser, app, callback), request),
    ),
  );
  return answers.map(({ status, body }) => (status === 200 ? claimsOf(body['id_token'])['sub'] : status));
}

describe('people who come in for the first time at the same moment', () => {
  test('one person in 20 browsers is one user, and gets in with each', async () => {
    const person = somebody('many-tabs', ['Engineering']);
    const subs = await comeBackTogether(Array.from({ length: 20 }, () => person));
    expect(new Set(subs).size).toBe(1);
    const users = await two.ledger.users('acme');
    expect(users.filter(({ subjects }) => subjects.includes(person.id)).map(({ id }) => id)).toEqual([
      subs[0],
    ]);
    const created = await two.ledger.audit('acme', { action: 'user.created' });
    expect(created.filter(({ target }) => target === `user:${String(subs[0])}`)).toHaveLength(1);
    expect(await two.ledger.liveSessions(String(subs[0]))).toBe(20);
  }, 60_000);

  test('one SCIM user in 20 browsers is linked once', async () => {
    const person = somebody('pushed');
    const id = await two.ledger.addUser({
      tenant: 'acme',
      connection: 'okta',
      userName: 'pushed',
      externalId: person.id,
    });
    const subs = await comeBackTogether(Array.from({ length: 20 }, () => person));
    expect(new Set(subs)).toEqual(new Set([id]));
    expect((await two.ledger.user('acme', id)).subjects).toEqual([person.id]);
    const linked = await two.ledger.audit('acme', { action: 'identity.linked' });
    expect(linked.filter(({ target }) => target === `user:${id}`)).toHaveLength(1);
  }, 60_000);

  test('20 people with the same 40 new groups make each group once', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `Team ${String(index).padStart(2, '0')}`);
    const people = Array.from({ length: 20 }, (_, index) =>
      // Each in an order of its own: locks taken in the order of the token would wait for each other.
      somebody(`member-${index}`, index % 2 === 0 ? names : names.toReversed()),
    );
    const subs = await comeBackTogether(people);
    expect(new Set(subs).size).toBe(20);
    const groups = await two.ledger.rows<{ name: string; n: number }>(
      `SELECT g.name, count(m.user_id)::int AS n FROM groups g
      JOIN group_members m ON m.tenant_id = g.tenant_id AND m.group_id = g.id
      WHERE g.name LIKE 'Team %' GROUP BY g.id, g.name ORDER BY g.name`,
    );
    expect(groups).toEqual(names.map((name) => ({ name, n: 20 })));
  }, 60_000);

  test('20 people of the same name all come in, under 20 names', async () => {
    const people = Array.from({ length: 20 }, (_, index) => somebody(`namesake-${index}`));
    const { directory } = two.acme.okta.org;
    for (const { id } of people) directory.change(directory.user(id), { login: 'the-same-name' });
    const subs = await comeBackTogether(people.map(({ id, ...person }) => ({ ...person, username: id })));
    expect(new Set(subs).size).toBe(20);
    const users = (await two.ledger.users('acme')).filter(({ id }) => subs.includes(id));
    expect(new Set(users.map(({ user_name }) => user_name.toLowerCase())).size).toBe(20);
  }, 60_000);
});
