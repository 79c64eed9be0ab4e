import type { ConnectionCause } from '../../src/domain/connection/diagnosis/cause.js';
import type { Check, CheckCounts, Verdict } from '../../src/domain/connection/testing/check.js';
import type { BroughtFacts, TestPerson } from '../../src/domain/connection/testing/connection-test.js';
import type { Acme } from '../support/acme.js';
import type { ApiClient } from '../support/api.js';
import { HttpBrowser, signInAtOkta, type OktaPerson, type Page } from '../support/okta-sign-in.js';

/** A test as the API tells it. */
export interface ToldTest {
  readonly id: string;
  readonly source: string;
  readonly state: string;
  readonly verdict: Verdict | null;
  readonly counts: CheckCounts;
  readonly checks: readonly (Check & {
    readonly cure?: { readonly mender: string; readonly path: readonly { readonly name: string }[] };
  })[];
  readonly brought: BroughtFacts | null;
  readonly person: TestPerson | null;
  readonly signInUrl: string;
  readonly startedBy: string;
}

/** Tests of Acme's connection, by the API and a browser. */
export class Testing {
  constructor(
    readonly acme: Acme,
    readonly api: ApiClient,
    readonly key = 'okta',
  ) {}

  get #root(): string {
    return `/tenants/acme/connections/${this.key}`;
  }

  /** Starts a test and waits until Okta has been asked all that needs no person. */
  async start(body: object = {}): Promise<ToldTest> {
    const { status, body: told } = await this.api.post(`${this.#root}/test`, body);
    if (status !== 201) throw new Error(`${status}: ${JSON.stringify(told)}`);
    const started = told as unknown as ToldTest;
    return { ...(await this.settled(started.id)), signInUrl: started.signInUrl };
  }

  async read(id: string): Promise<ToldTest> {
    const { body } = await this.api.get(`${this.#root}/tests/${id}`);
    return body as unknown as ToldTest;
  }

  async settled(id: string): Promise<ToldTest> {
    for (let tries = 0; tries < 400; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop -- until it is so
      const test = await this.read(id);
      if (test.state !== 'probing') return test;
      // oxlint-disable-next-line no-await-in-loop -- as above
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`the test ${id} never ends`);
  }

  /** Opens the one-time address: the upstream's, or a page. */
  leave(browser: HttpBrowser, test: ToldTest): Promise<Page> {
    return browser.open(test.signInUrl);
  }

  /** The whole way of a person, up to the last page. */
  async signIn(test: ToldTest, person: OktaPerson, browser = new HttpBrowser()): Promise<Page> {
    const page = await this.leave(browser, test);
    if (page.location === undefined) return page;
    return browser.open(await signInAtOkta(browser, page.location, person));
  }

  reportPage(id: string, page: string): ReturnType<ApiClient['post']> {
    return this.api.post(`${this.#root}/tests/${id}/okta-page`, { page });
  }

  /** Another configuration of the connection, not served. */
  async candidate(candidate: object | null, secrets: object | null = null): Promise<void> {
    await this.acme.causeway.node.database.query({
      text: `UPDATE connections SET candidate = $1, candidate_secrets = $2 WHERE key = $3`,
      values: [candidate && JSON.stringify(candidate), secrets && JSON.stringify(secrets), this.key],
    });
  }

  /** As if all tests had been started so many seconds ago. */
  async age(seconds: number): Promise<void> {
    await this.acme.causeway.node.database.query({
      text: `UPDATE connection_tests SET created_at = created_at - make_interval(secs => $1),
        expires_at = expires_at - make_interval(secs => $1)`,
      values: [seconds],
    });
  }
}

/** What didn't go as it should, and what passed with a word: `callback redirect_uri_mismatch`. */
export const findings = (test: ToldTest): readonly string[] =>
  test.checks.flatMap(({ id, cause }) => (cause === undefined ? [] : [`${id} ${cause}`]));

export const causesIn = (test: ToldTest): readonly ConnectionCause[] =>
  test.checks.flatMap(({ cause }) => cause ?? []);
