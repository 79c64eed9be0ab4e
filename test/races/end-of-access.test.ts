import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  authorizationRequest,
  claimsOf,
  post,
  redeem,
  refresh,
  signIn,
  type TokenAnswer,
} from '../support/application.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { arrive, goAndReturn, redeemAt, travelOurs } from '../support/trip.js';
import { startTwoNodes, type TwoNodes } from './two-nodes.js';

const LANES = 4;
const ROUNDS = 20;
/** When the end comes: while one request or another is on its way, or just done. */
const DELAYS_MS = [0, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384];
const API = 'https://api.example';

let two: TwoNodes;

beforeAll(async () => {
  two = await startTwoNodes({
    tenant: {
      apis: [
        { identifier: API, tokenFormat: 'jwt', scopes: [{ name: 'read', default: true }], default: true },
      ],
      accessPolicies: [
        { api: API, clients: 'all', grants: ['authorization_code', 'refresh_token'], scopes: ['read'] },
      ],
    },
  });
  two.acme.okta.org.assignGroup('Causeway', 'Everyone');
});
afterAll(() => two.stop());

/** What a racer got, if anything. */
interface Prize {
  readonly what: string;
  readonly answer: TokenAnswer | undefined;
}

const tokensOf = (answer: TokenAnswer): string[] =>
  ['access_token', 'refresh_token'].flatMap((name) => {
    const value = answer.body[name];
    return typeof value === 'string' ? [value] : [];
  });

/** Somebody of one lane: a browser with a session, another one on its way back from Okta. */
class Racer {
  readonly #first = new HttpBrowser();
  readonly #second = new HttpBrowser();
  readonly #wins = new Map<string, number>();

  constructor(
    private readonly person: OktaPerson,
    private userId = '',
  ) {}

  /** How often each kind of request came before the end. */
  get wins(): ReadonlyMap<string, number> {
    return this.#wins;
  }

  /** One race: four requests that make access, and its end somewhere between them. Afterwards nothing lives. */
  async race(delayMs: number): Promise<void> {
    const { acme, ledger } = two;
    await ledger.rows('UPDATE users SET active = true WHERE id::text = $1', [this.userId]);
    const before = await signIn(this.#first, acme.app, this.person);
    this.userId = String(claimsOf(before.body['id_token'])['sub']);
    const pending = authorizationRequest(acme.app, { prompt: 'none' });
    const door = await travelOurs(this.#first, acme.app, pending.url);
    const trip = await goAndReturn(this.#second, acme.app, this.person);
    const renewal = authorizationRequest(acme.spa, { prompt: 'none' });

    const [prizes] = await Promise.all([
      Promise.all([
        this.#try('redemption', () => redeemAt(acme.app, door, pending)),
        this.#try('refresh', () => refresh(acme.app, before.body['refresh_token'])),
        this.#try('renewal', async () => {
          const page = await travelOurs(this.#first, acme.spa, renewal.url);
          return redeemAt(acme.spa, page, renewal);
        }),
        this.#try('sign-in', async () => {
          const page = await arrive(this.#second, acme.app, trip.callback);
          return redeemAt(acme.app, page, trip.request);
        }),
      ]),
      sleep(delayMs).then(() => two.switchOff(this.userId)),
    ]);
    await this.#expectNothingLives([{ what: 'before', answer: before }, ...prizes]);
    await expectOver(this.#first, door.location?.searchParams.get('code') ?? '', pending.verifier);
  }

  async #try(what: string, work: () => Promise<TokenAnswer>): Promise<Prize> {
    try {
      const answer = await work();
      if (answer.status === 200) this.#wins.set(what, (this.#wins.get(what) ?? 0) + 1);
      expect(answer.status).toBeLessThan(500);
      return { what, answer: answer.status === 200 ? answer : undefined };
    } catch (error) {
      // The flow ended at a page or with an error at the application's door.
      if (!(error instanceof Error) || !error.message.startsWith('no code')) throw error;
      expect(error.message).not.toMatch(/ 5\d\d /);
      return { what, answer: undefined };
    }
  }

  async #expectNothingLives(prizes: readonly Prize[]): Promise<void> {
    const { acme, ledger } = two;
    expect(await ledger.liveSessions(this.userId)).toBe(0);
    expect(await ledger.grants(this.userId)).toBe(0);
    for (const { what, answer } of prizes) {
      if (answer === undefined) continue;
      const app = what === 'renewal' ? acme.spa : acme.app;
      for (const token of tokensOf(answer)) {
        // oxlint-disable-next-line no-await-in-loop -- one after another
        const { body } = await post(acme.app, 'introspect', { token });
        expect({ what, active: body['active'] }).toEqual({ what, active: false });
      }
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const again = await refresh(app, answer.body['refresh_token']);
      expect({ what, error: again.body['error'] }).toEqual({ what, error: 'invalid_grant' });
    }
  }
}

/** Neither the session nor the code that was there before is good for anything. */
async function expectOver(browser: HttpBrowser, code: string, verifier: string): Promise<void> {
  const { acme } = two;
  const { url } = authorizationRequest(acme.app, { prompt: 'none' });
  const { location } = await travelOurs(browser, acme.app, url);
  expect(location?.searchParams.get('error')).toBe('login_required');
  expect((await redeem(acme.app, code, verifier)).body['error']).toBe('invalid_grant');
}

describe('invariant 5: access that ends', () => {
  test('80 races of sign-in, refresh, renewal and redemption against active:false, over two nodes: nothing lives', async () => {
    const racers = Array.from({ length: LANES }, (_, lane) => {
      const username = `racer-${lane}@acme.example`;
      two.acme.okta.org.addUser({ login: username });
      return new Racer({ username, password: 'Okta-demo-1', otp: '123456' });
    });
    await Promise.all(
      racers.map(async (racer, lane) => {
        for (let round = 0; round < ROUNDS; round += 1) {
          // oxlint-disable-next-line no-await-in-loop -- one race after another in each lane
          await racer.race(DELAYS_MS[(round + 2 * lane) % DELAYS_MS.length] ?? 0);
        }
      }),
    );
    const wins = racers.flatMap(({ wins: won }) => [...won.values()]).reduce((sum, won) => sum + won, 0);
    // Both orders were seen, else nothing raced; which kind wins how often is the machine's affair.
    expect({ won: wins > 0, lost: wins < 4 * LANES * ROUNDS }).toEqual({ won: true, lost: true });
    expect([...two.balancer.served.values()].every((count) => count > 500)).toBe(true);
  }, 400_000);
});
