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
import { HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { oktaUser } from '../support/scim-client.js';
import { contradictions } from '../support/soundness.js';
import { arrive, goAndReturn, redeemAt, travelOurs } from '../support/trip.js';
import {
  adding,
  API,
  idOf,
  removing,
  ROLES_OR_NOTHING,
  startScimStage,
  type ScimStage,
} from './scim-stage.js';

const LANES = 4;
const ROUNDS = 50;
/** When the end comes: while one request or another is on its way, or just done. */
const DELAYS_MS = [0, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192];
/** What ends access, in turn. */
const CAUSES = ['active:false', 'removal from the group of the last role', 'DELETE'] as const;
type Cause = (typeof CAUSES)[number];

let stage: ScimStage;
let engineering: string;

beforeAll(async () => {
  stage = await startScimStage(ROLES_OR_NOTHING);
  engineering = await stage.pushGroup('Engineering');
});
afterAll(() => stage.stop());

/** What a racer got, if anything. */
interface Prize {
  readonly what: string;
  readonly application: TestApplication;
  readonly answer: TokenAnswer;
}

/** Somebody of one lane, whom SCIM lets in and out: a browser with a session, another one on its way back from Okta. */
class Racer {
  readonly #first = new HttpBrowser();
  #id = '';
  /** Requests that came before the end, and all. */
  won = 0;

  constructor(private readonly person: OktaPerson & { readonly id: string }) {}

  /** Hires them as Okta does: the user, then the group. */
  async hire(): Promise<void> {
    const body = oktaUser(this.person.username, { externalId: this.person.id });
    this.#id = idOf(await stage.scim.post('/Users', body));
    await this.#done(stage.scim.patch(`/Groups/${engineering}`, [adding([this.#id])]));
  }

  /** One race: requests that make access, and its end somewhere between them. Then nothing lives. */
  async race(cause: Cause, delayMs: number): Promise<void> {
    const { acme } = stage.two;
    // Who has no session yet is the harder case: there is nothing whose end would meet the sign-in.
    const before =
      delayMs % 3 === 0 ? undefined : await signIn(this.#first, acme.app, this.person, { resource: API });
    const second = new HttpBrowser();
    const trip = await goAndReturn(second, acme.app, this.person);
    const renewal = authorizationRequest(acme.spa, { prompt: 'none' });
    const requests = [
      this.#try('sign-in', acme.app, async () => {
        const page = await arrive(second, acme.app, trip.callback);
        return redeemAt(acme.app, page, trip.request);
      }),
      ...(before === undefined
        ? []
        : [
            this.#try('refresh', acme.app, () => refresh(acme.app, before.body['refresh_token'])),
            this.#try('renewal', acme.spa, async () =>
              redeemAt(acme.spa, await travelOurs(this.#first, acme.spa, renewal.url), renewal),
            ),
          ]),
    ];
    const [prizes] = await Promise.all([Promise.all(requests), this.#endAfter(delayMs, cause)]);
    await this.#expectNoRows(cause);
    const held = before === undefined ? [] : [{ what: 'before', application: acme.app, answer: before }];
    for (const prize of [...held, ...prizes.flat()]) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await expectWorthless(prize, cause);
    }
    await expectSignedOut(this.#first, ['login_required']);
    const refused = cause === 'removal from the group of the last role' ? ['access_denied'] : [];
    await expectSignedOut(second, ['login_required', ...refused]);
    await this.#restore(cause);
  }

  /** When SCIM is answered, all is over: whatever else is on its way. */
  async #endAfter(delayMs: number, cause: Cause): Promise<void> {
    await sleep(delayMs);
    await this.#end(cause);
    await this.#expectNoRows(cause);
  }

  async #end(cause: Cause): Promise<void> {
    const user = `/Users/${this.#id}`;
    if (cause === 'DELETE') await this.#done(stage.scim.delete(user));
    else if (cause === 'active:false')
      await this.#done(stage.scim.patch(user, [{ op: 'replace', value: { active: false } }]));
    else await this.#done(stage.scim.patch(`/Groups/${engineering}`, [removing(this.#id)]));
  }

  async #restore(cause: Cause): Promise<void> {
    if (cause === 'DELETE') await this.hire();
    else if (cause === 'active:false')
      await this.#done(stage.scim.patch(`/Users/${this.#id}`, [{ op: 'replace', value: { active: true } }]));
    else await this.#done(stage.scim.patch(`/Groups/${engineering}`, [adding([this.#id])]));
  }

  async #done(reply: ReturnType<ScimStage['scim']['get']>): Promise<void> {
    expect([200, 204]).toContain((await reply).status);
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
    const { ledger } = stage.two;
    const rows = { sessions: await ledger.liveSessions(this.#id), grants: await ledger.grants(this.#id) };
    expect({ cause, ...rows }).toEqual({ cause, sessions: 0, grants: 0 });
  }
}

async function expectWorthless({ what, application, answer }: Prize, cause: Cause): Promise<void> {
  for (const name of ['access_token', 'refresh_token']) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const { body } = await post(stage.two.acme.app, 'introspect', { token: String(answer.body[name]) });
    expect({ cause, what, name, active: body['active'] }).toEqual({ cause, what, name, active: false });
  }
  const again = await refresh(application, answer.body['refresh_token']);
  expect({ cause, what, error: again.body['error'] }).toEqual({ cause, what, error: 'invalid_grant' });
}

async function expectSignedOut(browser: HttpBrowser, errors: readonly string[]): Promise<void> {
  const { acme } = stage.two;
  const { url } = authorizationRequest(acme.app, { prompt: 'none' });
  const { location } = await travelOurs(browser, acme.app, url);
  expect(errors).toContain(location?.searchParams.get('error'));
}

describe('invariant 5, G1: access that SCIM ends', () => {
  test('200 races of sign-in, refresh and renewal against SCIM over two nodes: nothing lives', async () => {
    const racers = await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        const racer = new Racer(stage.hire(`racer-${lane}`));
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
    expect(await contradictions((text) => stage.two.ledger.rows(text))).toEqual([]);
  }, 400_000);
});
