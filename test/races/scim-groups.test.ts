import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { claimsOf } from '../support/application.js';
import { testIds } from '../support/deployment.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { asSuperuser } from '../support/prepare-database.js';
import { oktaGroup, oktaUser, type ScimReply } from '../support/scim-client.js';
import { contradictions } from '../support/soundness.js';
import { arrive, goAndReturn, redeemAt } from '../support/trip.js';
import { adding, idOf, numbered, removing, startScimStage, versionOf, type ScimStage } from './scim-stage.js';

let stage: ScimStage;

beforeAll(async () => {
  stage = await startScimStage();
});
afterAll(() => stage.stop());

const sorted = (ids: readonly string[]): readonly string[] => ids.toSorted();
const statuses = (replies: readonly ScimReply[]): readonly number[] =>
  [...new Set(replies.map(({ status }) => status))].toSorted((a, b) => a - b);
/** How often each status was told. */
const tally = (replies: readonly ScimReply[]): Readonly<Record<number, number>> =>
  replies.reduce<Record<number, number>>(
    (counts, { status }) => ({ ...counts, [status]: (counts[status] ?? 0) + 1 }),
    {},
  );
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

async function expectSound(): Promise<void> {
  expect(await contradictions((text) => stage.two.ledger.rows(text))).toEqual([]);
}

/** Waits until so many other transactions stand before a lock in the test's database. */
async function untilSomebodyWaits(count = 1): Promise<void> {
  const end = Date.now() + 30_000;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- asked again and again
    const waiting = await stage.two.ledger.count(
      'pg_stat_activity',
      `datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (waiting >= count) return;
    if (Date.now() > end) throw new Error('nobody waits');
  }
}

describe('A-94 parallel changes of one group', () => {
  test('20 connections add and remove their own people: all of it survives, versions have no gap', async () => {
    const [lanes, rounds, each] = [20, 5, 6];
    const people = await stage.push(numbered(lanes * each, 'lane'));
    const own = (lane: number): readonly string[] => people.slice(lane * each, (lane + 1) * each);
    const id = await stage.pushGroup(
      'Parallel',
      upTo(lanes).flatMap((lane) => own(lane).slice(0, 3)),
    );
    const replies = await Promise.all(
      upTo(lanes).map(async (lane) => {
        const mine = own(lane);
        const told: ScimReply[] = [];
        for (const round of upTo(rounds)) {
          const [come, go] =
            round % 2 === 0 ? [mine.slice(3), mine.slice(0, 3)] : [mine.slice(0, 3), mine.slice(3)];
          const operations = [...go.map(removing), adding(come)];
          // oxlint-disable-next-line no-await-in-loop -- one after another on each connection
          told.push(await stage.scim.patch(`/Groups/${id}?attributes=displayName`, operations));
        }
        return told;
      }),
    );
    const all = replies.flat();
    expect(statuses(all)).toEqual([200]);
    expect(all.map(versionOf).toSorted((a, b) => a - b)).toEqual(
      upTo(lanes * rounds).map((index) => index + 2),
    );
    expect(sorted(await stage.membersOf(id))).toEqual(
      sorted(upTo(lanes).flatMap((lane) => own(lane).slice(3))),
    );
    await expectSound();
  }, 120_000);

  test('PUT against PATCH: the last PUT wins whole, and what came after it is added to it', async () => {
    const people = await stage.push(numbered(60, 'whole'));
    const id = await stage.pushGroup('Whole');
    const puts = upTo(10).map((index) => people.slice(3 * index, 3 * index + 3));
    const patches = upTo(15).map((index) => people.slice(30 + 2 * index, 32 + 2 * index));
    const written = await Promise.all([
      ...puts.map(async (ids) => ({
        whole: true,
        ids,
        reply: await stage.scim.put(`/Groups/${id}`, oktaGroup('Whole', ids)),
      })),
      ...patches.map(async (ids) => ({
        whole: false,
        ids,
        reply: await stage.scim.patch(`/Groups/${id}?attributes=displayName`, [adding(ids)]),
      })),
    ]);
    expect(statuses(written.map(({ reply }) => reply))).toEqual([200]);
    const inOrder = written.toSorted((a, b) => versionOf(a.reply) - versionOf(b.reply));
    expect(inOrder.map(({ reply }) => versionOf(reply))).toEqual(upTo(25).map((index) => index + 2));
    const expected = inOrder.reduce<readonly string[]>(
      (members, { whole, ids }) => (whole ? ids : [...members, ...ids]),
      [],
    );
    expect(sorted(await stage.membersOf(id))).toEqual(sorted(expected));
    await expectSound();
  }, 120_000);

  test('a stale If-Match is refused, however many ask at once', async () => {
    const people = await stage.push(numbered(10, 'etag'));
    const id = await stage.pushGroup('Guarded');
    const replies = await Promise.all(
      people.map((one) => stage.scim.patch(`/Groups/${id}`, [adding([one])], { 'if-match': 'W/"1"' })),
    );
    expect(replies.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 412)).toHaveLength(9);
    expect(await stage.membersOf(id)).toHaveLength(1);
  }, 120_000);
});

describe('changes that meet deletions', () => {
  test('users are deleted while they are added: a member, or unknown, never a failure', async () => {
    const groups = await Promise.all(['Meet A', 'Meet B'].map((name) => stage.pushGroup(name)));
    for (const round of upTo(6)) {
      // oxlint-disable-next-line no-await-in-loop -- one round after another
      const [doomed, stay] = await Promise.all([
        stage.push(numbered(10, `doomed-${round}`)),
        stage.push(numbered(10, `stay-${round}`)),
      ]);
      // oxlint-disable-next-line no-await-in-loop -- one round after another
      const outcomes = await Promise.all(
        upTo(10).flatMap((index) => {
          const [gone = '', kept = ''] = [doomed[index], stay[index]];
          return [
            ...groups.map(async (group) => ({
              group,
              kept,
              reply: await stage.scim.patch(`/Groups/${group}`, [adding([kept, gone])]),
            })),
            stage.scim.delete(`/Users/${gone}`).then((reply) => ({ group: '', kept, reply })),
          ];
        }),
      );
      const changes = outcomes.filter(({ group }) => group !== '');
      expect(statuses(outcomes.filter(({ group }) => group === '').map(({ reply }) => reply))).toEqual([204]);
      for (const { reply } of changes) {
        expect([204, 400]).toContain(reply.status);
        if (reply.status === 400) expect(reply.body).toMatchObject({ scimType: 'invalidValue' });
      }
      for (const group of groups) {
        // oxlint-disable-next-line no-await-in-loop -- one group after another
        const members = await stage.membersOf(group);
        expect(members.filter((id) => doomed.includes(id))).toEqual([]);
        const joined = changes.filter((each) => each.group === group && each.reply.status === 204);
        expect(sorted(members.filter((id) => stay.includes(id)))).toEqual(
          sorted(joined.map(({ kept }) => kept)),
        );
      }
    }
    await expectSound();
  }, 120_000);

  test('people of several groups are deleted at once, while the groups change: nobody waits for ever', async () => {
    const people = await stage.push(numbered(40, 'crossing'));
    const groups = await Promise.all(
      upTo(4).map((index) =>
        stage.pushGroup(`Crossing ${index}`, index % 2 === 0 ? people : people.toReversed()),
      ),
    );
    const [leavers, others] = [people.slice(0, 20), people.slice(20)];
    const replies = await Promise.all([
      ...leavers.map((id) => stage.scim.delete(`/Users/${id}`)),
      ...groups.flatMap((group) => others.map((id) => stage.scim.patch(`/Groups/${group}`, [removing(id)]))),
    ]);
    expect(statuses(replies)).toEqual([204]);
    for (const group of groups) {
      // oxlint-disable-next-line no-await-in-loop -- one group after another
      const { headers, body } = await stage.scim.get(`/Groups/${group}`);
      expect(body['members'] ?? []).toEqual([]);
      expect(headers.get('etag')).toBe('W/"41"');
    }
    await expectSound();
  }, 120_000);

  test('a group is deleted while it changes: done, or no such group', async () => {
    const people = await stage.push(numbered(4, 'member'));
    await Promise.all(
      upTo(10).map(async (index) => {
        const id = await stage.pushGroup(`Doomed ${index}`, people);
        const [deleted, ...changes] = await Promise.all([
          stage.scim.delete(`/Groups/${id}`),
          ...people.map((one) => stage.scim.patch(`/Groups/${id}`, [removing(one)])),
          stage.scim.put(`/Groups/${id}`, oktaGroup(`Doomed ${index}`, people)),
          stage.scim.delete(`/Groups/${id}`),
        ]);
        const all = [deleted, ...changes];
        expect(all.every(({ status }) => [200, 204, 404].includes(status))).toBe(true);
        expect(tally([deleted, ...all.slice(-1)])).toEqual({ 204: 1, 404: 1 });
        expect((await stage.scim.get(`/Groups/${id}`)).status).toBe(404);
      }),
    );
    await expectSound();
  }, 120_000);

  test('F-06 PostgreSQL ends a deadlock at the push’s expense: it is run again, and nobody learns of it', async () => {
    const [person = ''] = await stage.push(['deadlock']);
    const id = await stage.pushGroup('Deadlock');
    const database = new URL(stage.two.acme.causeway.databaseUrl).pathname.slice(1);
    const reply = await asSuperuser(async (client) => {
      await client.query(`SET deadlock_timeout = '60s'`);
      await client.query('BEGIN');
      await client.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [person]);
      const patched = stage.scim.patch(`/Groups/${id}`, [adding([person])]);
      await untilSomebodyWaits();
      await client.query('SELECT FROM groups WHERE id = $1 FOR UPDATE', [id]);
      await client.query('COMMIT');
      return patched;
    }, database);
    expect(reply.status).toBe(204);
    expect(await stage.membersOf(id)).toEqual([person]);
  }, 120_000);
});

/** Somebody else's transaction: `first` before the push, which then waits for it; committed after that. */
async function during(first: (client: Client) => Promise<unknown>, push: () => Promise<ScimReply>) {
  const database = new URL(stage.two.acme.causeway.databaseUrl).pathname.slice(1);
  return asSuperuser(async (client) => {
    await client.query('BEGIN');
    await first(client);
    const pushed = push();
    await untilSomebodyWaits();
    await client.query('COMMIT');
    return pushed;
  }, database);
}

describe('what another transaction is just doing is waited for', () => {
  test('a user who is just being deleted isn’t added, nor does it fail', async () => {
    const [gone = '', stays = ''] = await stage.push(['just-going', 'just-staying']);
    const id = await stage.pushGroup('Just going');
    const reply = await during(
      (client) =>
        client.query(
          `WITH gone AS (DELETE FROM users WHERE id = $1 RETURNING *)
          UPDATE resource_counts c SET count = count - 1 FROM gone WHERE c.ctid = (
            SELECT ctid FROM resource_counts WHERE kind = 'user' AND connection_id = gone.connection_id LIMIT 1)`,
          [gone],
        ),
      () => stage.scim.patch(`/Groups/${id}`, [adding([gone, stays])]),
    );
    expect(reply.status).toBe(204);
    expect(await stage.membersOf(id)).toEqual([stays]);
    await expectSound();
  }, 120_000);

  test('A10 a person who is just coming in for the first time is adopted', async () => {
    const id = testIds.uuid();
    const reply = await during(
      (client) =>
        client.query(
          `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, external_id, active,
            profile) SELECT c.tenant_id, $1, c.id, c.version, 'just_in_time', 'just-coming', '00ujust-coming', true, '{}'
          FROM connections c JOIN tenants t ON t.id = c.tenant_id WHERE t.slug = 'acme' AND c.key = 'okta'`,
          [id],
        ),
      () => stage.scim.post('/Users', oktaUser('just-coming', { externalId: '00ujust-coming' })),
    );
    expect(idOf(reply)).toBe(id);
    expect(await stage.two.ledger.user('acme', id)).toMatchObject({ source: 'scim', version: 2 });
    await expectSound();
  }, 120_000);
});

test('A10 a person who is just being pushed comes in for the first time: they are who was pushed', async () => {
  const { acme, ledger } = stage.two;
  const person = stage.hire('just-pushed');
  const browser = new HttpBrowser();
  const { callback, request } = await goAndReturn(browser, acme.app, person);
  const database = new URL(acme.causeway.databaseUrl).pathname.slice(1);
  const [made, end] = await asSuperuser(async (client) => {
    await client.query('BEGIN');
    // The push has written its user and waits to count it, so the sign-in waits for the push.
    await client.query('LOCK TABLE resource_counts IN SHARE ROW EXCLUSIVE MODE');
    const push = stage.scim.post('/Users', oktaUser(person.username, { externalId: person.id }));
    await untilSomebodyWaits(1);
    const signIn = arrive(browser, acme.app, callback);
    await untilSomebodyWaits(2);
    await client.query('COMMIT');
    return Promise.all([push, signIn]);
  }, database);
  const { body } = await redeemAt(acme.app, end, request);
  expect(claimsOf(body['id_token'])['sub']).toBe(idOf(made));
  expect(await ledger.user('acme', idOf(made))).toMatchObject({ source: 'scim', subjects: [person.id] });
  await expectSound();
}, 120_000);

describe('the same thing made many times at once', () => {
  test('A-95 one userName, 20 times: one user, 19 conflicts', async () => {
    const names = upTo(20).map((index) => (index % 2 === 0 ? 'twin@acme.example' : 'TWIN@acme.example'));
    const replies = await Promise.all(
      names.map((name, index) =>
        stage.scim.post('/Users', oktaUser(name, { externalId: `00utwin${index}` })),
      ),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(1);
    const conflicts = replies.filter(({ status }) => status === 409);
    expect(conflicts).toHaveLength(19);
    for (const { body } of conflicts) expect(body).toMatchObject({ scimType: 'uniqueness', status: '409' });
    const found = await stage.scim.get(
      `/Users?filter=${encodeURIComponent('userName eq "twin@acme.example"')}`,
    );
    expect(found.body['totalResults']).toBe(1);
    await expectSound();
  }, 120_000);

  test('one displayName, 20 times: one group, 19 conflicts', async () => {
    const replies = await Promise.all(upTo(20).map(() => stage.scim.post('/Groups', oktaGroup('Twins'))));
    expect(tally(replies)).toEqual({ 201: 1, 409: 19 });
    await expectSound();
  }, 120_000);

  test('20 PATCHes of one user that touch different attributes: all of them are there', async () => {
    const [id = ''] = await stage.push(['many-sides']);
    const paths = ['displayName', 'nickName', 'title', 'userType', 'locale', 'timezone', 'preferredLanguage'];
    const replies = await Promise.all(
      paths.map((path) => stage.scim.patch(`/Users/${id}`, [{ op: 'replace', path, value: `of ${path}` }])),
    );
    expect(statuses(replies)).toEqual([200]);
    const { body, headers } = await stage.scim.get(`/Users/${id}`);
    expect(body).toMatchObject(Object.fromEntries(paths.map((path) => [path, `of ${path}`])));
    expect(headers.get('etag')).toBe(`W/"${paths.length + 1}"`);
  }, 120_000);
});

describe('A10 a push meets the first sign-in of the same person', () => {
  test('in any order they are one user with one identity', async () => {
    const { acme, ledger } = stage.two;
    const subs = await Promise.all(
      upTo(12).map(async (index) => {
        const person = stage.hire(`both-ways-${index}`);
        const browser = new HttpBrowser();
        const { callback, request } = await goAndReturn(browser, acme.app, person);
        const body = oktaUser(person.username, { externalId: person.id });
        const [made, answer] = await Promise.all([
          stage.scim.post('/Users', body),
          arrive(browser, acme.app, callback).then((end) => redeemAt(acme.app, end, request)),
        ]);
        expect(made.status).toBe(201);
        const sub = String(claimsOf(answer.body['id_token'])['sub']);
        expect(idOf(made)).toBe(sub);
        expect(await ledger.user('acme', sub)).toMatchObject({
          source: 'scim',
          external_id: person.id,
          subjects: [person.id],
        });
        return sub;
      }),
    );
    const rows = await ledger.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM users WHERE user_name LIKE 'both-ways-%'`,
    );
    expect(rows[0]?.n).toBe(new Set(subs).size);
    await expectSound();
  }, 120_000);
});
