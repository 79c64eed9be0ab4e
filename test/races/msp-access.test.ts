import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  authorizationRequest,
  post,
  refresh,
  signIn,
  type TestApplication,
  type TokenAnswer,
} from '../support/application.js';
import { startBalancer, type Balancer } from '../support/balancer.js';
import { Ledger } from '../support/ledger.js';
import { ACME_SCIM_TOKEN, startMsp, type Msp } from '../support/msp.js';
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { oktaGroup, oktaUser, ScimClient } from '../support/scim-client.js';
import { contradictions } from '../support/soundness.js';
import { arrive, goAndReturn, redeemAt, travelOurs } from '../support/trip.js';
import { adding, idOf, removing } from './scim-stage.js';

const LANES = 2;
const ROUNDS = 25;
/** When the end comes: while one request or another is on its way, or just done. */
const DELAYS_MS = [0, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192];
const CAUSES = ['active:false', 'removal from the group of the last role', 'DELETE'] as const;
type Cause = (typeof CAUSES)[number];

let balancer: Balancer;
let msp: Msp;
let ledger: Ledger;
let scim: ScimClient;
let support: string;

beforeAll(async () => {
  balancer = await startBalancer();
  msp = await startMsp({ settings: { publicUrl: balancer.url } });
  const other = await msp.causeway.sibling();
  balancer.targets = [msp.causeway.url, other.url];
  await msp.causeway.apply([{ ...msp.tenants.acme, whenNoRole: 'deny' }]);
  ledger = await Ledger.open(msp.causeway.databaseUrl);
  scim = new ScimClient(`${balancer.url}/t/acme/scim/v2`, ACME_SCIM_TOKEN);
  support = idOf(await scim.post('/Groups', oktaGroup('Support')));
});
afterAll(async () => {
  await ledger.close();
  await msp.stop();
  await balancer.stop();
});

/** What a racer got. */
interface Prize {
  readonly what: string;
  readonly application: TestApplication;
  readonly answer: TokenAnswer;
}

/** A person of the customer, whom SCIM lets in and out while they sign in at the MSP's applications. */
class Racer {
  readonly #person: OktaPerson;
  readonly #externalId: string;
  readonly #hint: { readonly login_hint: string };
  #browser = new HttpBrowser();
  #id = '';
  won = 0;

  constructor(name: string) {
    const username = `${name}@acme.example`;
    this.#person = { username, password: 'Okta-demo-1', otp: '123456' };
    this.#externalId = msp.oktas.acme.org.addUser({ login: username }).id;
    this.#hint = { login_hint: username };
  }

  async hire(): Promise<void> {
    const body = oktaUser(this.#person.username, { externalId: this.#externalId });
    this.#id = idOf(await scim.post('/Users', body));
    await done(scim.patch(`/Groups/${support}`, [adding([this.#id])]));
  }

  async race(cause: Cause, delayMs: number): Promise<void> {
    const tickets = msp.app('tickets');
    // Who has no session yet is the harder case: there is nothing whose end would meet the sign-in.
    const before =
      delayMs % 3 === 0 ? undefined : await signIn(this.#browser, tickets, this.#person, this.#hint);
    const second = new HttpBrowser();
    const trip = await goAndReturn(second, tickets, this.#person, this.#hint);
    const renewal = authorizationRequest(msp.app('assets'), { prompt: 'none' });
    const requests = [
      this.#try('sign-in', tickets, async () =>
        redeemAt(tickets, await arrive(second, tickets, trip.callback), trip.request),
      ),
      ...(before === undefined
        ? []
        : [
            this.#try('refresh', tickets, () => refresh(tickets, before.body['refresh_token'])),
            this.#try('renewal', msp.app('assets'), async () =>
              redeemAt(
                msp.app('assets'),
                await travelOurs(this.#browser, msp.app('assets'), renewal.url),
                renewal,
              ),
            ),
          ]),
    ];
    const [prizes] = await Promise.all([Promise.all(requests), this.#endAfter(delayMs, cause)]);
    await this.#expectNoRows(cause);
    const held = before === undefined ? [] : [{ what: 'before', application: tickets, answer: before }];
    for (const prize of [...held, ...prizes.flat()]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await expectWorthless(prize, cause);
    }
    await expectSignedOut(this.#browser);
    await expectSignedOut(second);
    await this.#restore(cause);
  }

  /** When SCIM is answered, all is over: whatever else is on its way. */
  async #endAfter(delayMs: number, cause: Cause): Promise<void> {
    await sleep(delayMs);
    const user = `/Users/${this.#id}`;
    if (cause === 'DELETE') await done(scim.delete(user));
    else if (cause === 'active:false')
      await done(scim.patch(user, [{ op: 'replace', value: { active: false } }]));
    else await done(scim.patch(`/Groups/${support}`, [removing(this.#id)]));
    await this.#expectNoRows(cause);
  }

  async #restore(cause: Cause): Promise<void> {
    this.#browser = new HttpBrowser();
    if (cause === 'DELETE') await this.hire();
    else if (cause === 'active:false')
      await done(scim.patch(`/Users/${this.#id}`, [{ op: 'replace', value: { active: true } }]));
    else await done(scim.patch(`/Groups/${support}`, [adding([this.#id])]));
  }

  async #try(
    what: string,
    application: TestApplication,
    work: () => Promise<TokenAnswer>,
  ): Promise<readonly Prize[]> {
    try {
      const answer = await work();
      expect(answer.status).toBeLessThan(500);
      if (answer.status !== 200) return [];
      this.won += 1;
      return [{ what, application, answer }];
    } catch (error) {
      // The flow ended at a page or with an error at the application's door.
      if (!(error instanceof Error) || !error.message.startsWith('no code')) throw error;
      expect(error.message).not.toMatch(/ 5\d\d /);
      return [];
    }
  }

  async #expectNoRows(cause: Cause): Promise<void> {
    const sessions = await ledger.count('sessions', 'brokered_user_id = $1 AND ended_at IS NULL', [this.#id]);
    const rows = { sessions, grants: await ledger.grants(this.#id) };
    expect({ cause, ...rows }).toEqual({ cause, sessions: 0, grants: 0 });
  }
}

async function done(reply: ReturnType<ScimClient['get']>): Promise<void> {
  expect([200, 204]).toContain((await reply).status);
}

async function expectWorthless({ what, application, answer }: Prize, cause: Cause): Promise<void> {
  for (const name of ['access_token', 'refresh_token']) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const { body } = await post(application, 'introspect', { token: String(answer.body[name]) });
    expect({ cause, what, name, active: body['active'] }).toEqual({ cause, what, name, active: false });
  }
  const again = await refresh(application, answer.body['refresh_token']);
  expect({ cause, what, error: again.body['error'] }).toEqual({ cause, what, error: 'invalid_grant' });
}

async function expectSignedOut(browser: HttpBrowser): Promise<void> {
  const { url } = authorizationRequest(msp.app('tickets'), { prompt: 'none' });
  const { location } = await travelOurs(browser, msp.app('tickets'), url);
  expect(['login_required', 'access_denied']).toContain(location?.searchParams.get('error'));
}

describe('invariant 5, E4: access at an MSP’s issuer that SCIM ends at the customer', () => {
  test('50 races of sign-in, refresh and renewal against SCIM over two nodes: nothing lives', async () => {
    const racers = await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        const racer = new Racer(`racer-${lane}`);
        await racer.hire();
        return racer;
      }),
    );
    await Promise.all(
      racers.map(async (racer, lane) => {
        for (let round = 0; round < ROUNDS; round += 1) {
          const cause = CAUSES[(round + lane) % CAUSES.length] ?? 'DELETE';
          const delayMs = DELAYS_MS[(round + 2 * lane) % DELAYS_MS.length] ?? 0;
          // oxlint-disable-next-line no-await-in-loop -- one race after another in each lane
          await racer.race(cause, delayMs);
        }
      }),
    );
    const won = racers.reduce((sum, racer) => sum + racer.won, 0);
    // Both orders were seen, else nothing raced; which kind wins how often is the machine's affair.
    expect({ won: won > 0, lost: won < 2 * LANES * ROUNDS }).toEqual({ won: true, lost: true });
    expect(await contradictions((text) => ledger.rows(text))).toEqual([]);
  }, 400_000);
});
