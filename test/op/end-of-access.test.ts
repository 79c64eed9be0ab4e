import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  redeem,
  refresh,
  signIn,
  walk,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { leave, signThere, travelOurs } from '../support/trip.js';
import { endPerson } from './support/end-person.js';
import { send } from './support/http.js';
import { cookiesOf, sessionOf } from './support/session.js';

let acme: Acme;
let ledger: Ledger;
let ada: string;

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const { body } = await signIn(new HttpBrowser(), acme.app, ADA);
  ada = String(claimsOf(body['id_token'])['sub']);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

/** How much later than the request the end comes in a round, in ms; below zero: earlier. */
const lag = (round: number): number => (round % 10) * 5 - 20;
const after = async <T>(ms: number, work: () => Promise<T>): Promise<T> => {
  await sleep(Math.max(0, ms));
  return work();
};

/** Ends Ada's access; from a connection of its own, as another node would. */
const end = (): Promise<void> => endPerson(acme.causeway.node.database, ledger, ada);

const nothingLives = async (): Promise<void> =>
  expect([await ledger.liveSessions(ada), await ledger.grants(ada)]).toEqual([0, 0]);

const isActive = async (token: unknown): Promise<unknown> =>
  (await post(acme.app, 'introspect', { token: String(token) })).body['active'];

describe('invariant 5: whatever a person does while their access ends, nothing of it lives afterwards', () => {
  test('redemption, refresh and renewal, in 150 races', async () => {
    const won = { redeemed: 0, refreshed: 0, renewed: 0 };
    const rounds = 50;
    for (let round = 0; round < rounds; round += 1) {
      await ledger.rows('UPDATE users SET active = true');
      const browser = new HttpBrowser();
      const { body } = await signIn(browser, acme.app, ADA);
      const request = authorizationRequest(acme.app);
      const { end: door } = await walk(browser, acme.app, request.url, undefined);
      const cookie = cookiesOf(browser, acme.app);
      const renewal = authorizationRequest(acme.spa, { prompt: 'none' });
      const late = -lag(round);
      const [redeemed, refreshed, renewed] = await Promise.all([
        after(late, () => redeem(acme.app, door?.searchParams.get('code') ?? '', request.verifier)),
        after(late, () => refresh(acme.app, body['refresh_token'])),
        after(late, () => send(renewal.url.href, { headers: { cookie } })),
        after(lag(round), end),
      ]);
      await nothingLives();
      for (const answer of [redeemed, refreshed]) {
        expect([200, 400]).toContain(answer.status);
        for (const name of ['access_token', 'refresh_token'])
          expect(await isActive(answer.body[name] ?? body[name])).toBe(false);
      }
      const code = renewed.location?.searchParams.get('code') ?? undefined;
      if (code !== undefined) expect((await redeem(acme.spa, code, renewal.verifier)).status).toBe(400);
      expect(await sessionOf(cookie, acme.spa)).toBe('login_required');
      won.redeemed += Number(redeemed.status === 200);
      won.refreshed += Number(refreshed.status === 200);
      won.renewed += Number(code !== undefined);
    }
    // Each came first some of the time, and late some of the time: else nothing was raced.
    for (const times of Object.values(won)) {
      expect(times).toBeGreaterThan(0);
      expect(times).toBeLessThan(rounds);
    }
  }, 120_000);

  test('coming back from the upstream, in 50 races', async () => {
    let arrived = 0;
    const rounds = 50;
    for (let round = 0; round < rounds; round += 1) {
      await ledger.rows('UPDATE users SET active = true');
      const browser = new HttpBrowser();
      const trip = await leave(browser, acme.app);
      const callback = await signThere(browser, trip, ADA);
      const [page] = await Promise.all([
        after(-lag(round), () => travelOurs(browser, acme.app, callback)),
        after(lag(round) * 3, end),
      ]);
      const code = page.location?.searchParams.get('code') ?? '';
      arrived += Number(code !== '');
      await nothingLives();
      if (code !== '') expect((await redeem(acme.app, code, trip.request.verifier)).status).toBe(400);
      expect(await sessionOf(cookiesOf(browser, acme.app), acme.app)).toBe('login_required');
    }
    expect(arrived).toBeGreaterThan(0);
    expect(arrived).toBeLessThan(rounds);
  }, 120_000);
});
