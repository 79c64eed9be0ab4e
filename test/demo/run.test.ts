import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formsOf, HttpBrowser, signInAtOkta, type Page } from '../support/okta-sign-in.js';
import { Visitor } from '../browser/support/visitor.js';
import { browserPath, launchBrowser, NO_BROWSER } from '../support/browser.js';
import { approve, deviceOf } from '../support/device.js';
import { freeOffset } from './support/free-offset.js';

interface Described {
  readonly causeway: { readonly url: string; readonly firstRunLink: string | null };
  readonly okta: readonly { readonly tenant: string; readonly url: string; readonly dashboard: string }[];
  readonly applications: readonly {
    readonly tenant: string;
    readonly clientId: string;
    readonly name: string;
    readonly url: string;
  }[];
  readonly people: readonly { readonly username: string; readonly password: string; readonly otp: string }[];
}

/** `npm run demo`, as far as it is this repository's: a process that runs until it is told to stop. */
class DemoProcess {
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #out = '';
  #err = '';

  constructor(args: readonly string[], variables: Readonly<Record<string, string>>) {
    const env = { ...process.env, NODE_ENV: undefined, ...variables };
    this.#child = spawn(process.execPath, ['--import', 'tsx', 'demo/run.ts', ...args], { env });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#out += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#err += text));
    this.ended = new Promise((resolve) => {
      this.#child.once('close', resolve);
    });
  }

  get out(): string {
    return this.#out;
  }

  get err(): string {
    return this.#err;
  }

  /** Waits for the first line on stdout. @throws Error with stderr when the process ends before */
  async line(): Promise<string> {
    const stdout = this.#child.stdout;
    const line = new Promise<string>((resolve) => {
      const look = (): void => {
        if (this.#out.includes('\n')) resolve(this.#out);
      };
      stdout?.on('data', look);
      look();
    });
    const early = this.ended.then((code) => {
      throw new Error(`ended with ${code}: ${this.#err}`);
    });
    return Promise.race([line, early]);
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended;
  }
}

/** A fact that an application's page shows, the first of its name. */
const factOn = ({ text }: Page, name: string): string | undefined =>
  new RegExp(`<dt>${name}</dt>\\s*<dd>([^<]*)<`).exec(text)?.[1]?.trim();

const subjectOn = (page: Page): string | undefined => factOn(page, 'sub');

const withBrowser = browserPath() === undefined ? test.skip : test;

/** Presses the button of a page that sends a form there; the page that it leads to. */
async function press(page: Page, action: string): Promise<Page> {
  const form = formsOf(page).find((one) => one.action.pathname === action);
  if (form === undefined) throw new Error(`no button for ${action}: ${page.text}`);
  const { location } = await new HttpBrowser().submit(form);
  return new HttpBrowser().open(location ?? '');
}

const START_MS = 240_000;

describe('npm run demo', () => {
  let dataDir: string;
  let variables: Record<string, string>;
  let demo: DemoProcess;
  let described: Described;

  const start = async (): Promise<void> => {
    demo = new DemoProcess(['--json'], variables);
    described = JSON.parse(await demo.line()) as Described;
  };

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'causeway-demo-'));
    // Under root, PostgreSQL runs as somebody else, who must be able to pass.
    await chmod(dataDir, 0o711);
    variables = { DEMO_PORT_OFFSET: String(await freeOffset()), DEMO_DATA_DIR: join(dataDir, 'demo') };
    await start();
  }, START_MS);

  afterAll(async () => {
    await demo.stop('SIGTERM');
    await rm(dataDir, { recursive: true, force: true });
  }, 60_000);

  /** Signs in over HTTP, from an application's own start to its page that shows who it is. */
  async function signIn(tenant: string, username: string, address: string): Promise<Page> {
    const browser = new HttpBrowser();
    const okta = described.okta.find((org) => org.tenant === tenant);
    const person = described.people.find((one) => one.username === username);
    if (okta === undefined || person === undefined) throw new Error(`no ${username} at ${tenant}`);
    const request = await browser.travel(address, (url) => url.origin !== okta.url);
    const callback = await signInAtOkta(browser, request.location ?? '', person);
    return browser.travel(callback, () => true);
  }

  const application = (tenant: string, clientId: string): string =>
    described.applications.find((one) => one.tenant === tenant && one.clientId === clientId)?.url ?? '';

  test('prints one JSON object, and nothing else', () => {
    expect(demo.out.trimEnd().split('\n')).toHaveLength(1);
    expect(Object.keys(described)).toEqual(['causeway', 'okta', 'tenants', 'applications', 'people']);
    expect(described.causeway.firstRunLink).toMatch(/\/console\/first-run\//);
  });

  test.each([
    ['acme', 'ada.byron@acme.example', 'Ada Byron', 'admin'],
    ['acme', 'grace.hall@acme.example', 'Grace Hall', 'viewer'],
    ['globex', 'hank.scorpio@globex.example', 'Hank Scorpio', 'viewer'],
  ])('%s: %s signs in', async (tenant, username, name, role) => {
    const page = await signIn(tenant, username, `${application(tenant, 'dashboards')}/login`);
    expect(page.status).toBe(200);
    expect(page.text).toContain(`<h1>${name}</h1>`);
    expect(page.text).toContain(`<span class="pill">${role}</span>`);
  });

  const named = (name: string): string => described.applications.find((one) => one.name === name)?.url ?? '';

  test('the bot has registered itself, and calls its API; its button does it again', async () => {
    const page = await new HttpBrowser().open(named('Acme Reporter'));
    const bot = described.applications.find(({ name }) => name === 'Acme Reporter');
    expect(bot?.clientId).toMatch(/./);
    expect(factOn(page, 'client')).toBe(bot?.clientId);
    expect(factOn(page, 'registration')).toContain('registered itself');
    expect(factOn(page, 'the API said')).toMatch(/^201 .*&quot;report&quot;:1,/);
    expect(factOn(page, 'aud')).toBe('https://reports.acme.example');
    expect(factOn(page, 'scope')).toBe('reports:file');
    expect(factOn(page, 'active')).toBe('true');
    const again = await press(page, '/ask');
    expect(factOn(again, 'client')).toBe(bot?.clientId);
    expect(factOn(again, 'registration')).toContain('kept');
    expect(factOn(again, 'the API said')).toMatch(/^201 .*&quot;report&quot;:2,/);
    expect(factOn(again, 'jti')).not.toBe(factOn(page, 'jti'));
  });

  test('the television shows a code, then who signed in with it; signing out ends that', async () => {
    const url = named('Acme Living-room TV');
    const screen = async (pattern: RegExp): Promise<RegExpExecArray> => {
      for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
        const { text } = await new HttpBrowser().open(url);
        const match = pattern.exec(text);
        if (match !== null) return match;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      throw new Error(`the screen never showed ${pattern.source}`);
    };
    await press(await new HttpBrowser().open(url), '/sign-in');
    const [, code = ''] = await screen(/class="code">\s*([A-Z]{4}-[A-Z]{4})/);
    const grace = described.people.find(({ username }) => username === 'grace.hall@acme.example');
    await approve(new HttpBrowser(), deviceOf(`${described.causeway.url}/t/acme`, 'tv'), code, grace);
    await screen(/<h1>Hello, Grace Hall<\/h1>[^]*<span class="pill">viewer<\/span>/);
    const after = await press(await new HttpBrowser().open(url), '/sign-out');
    expect(after.text).toContain('Signed out.');
    expect(after.text).not.toContain('Grace');
  }, 120_000);

  withBrowser(
    `in a browser, Okta's library signs in, renews, signs out; the new pages are for everybody${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`,
    async () => {
      const browser = await launchBrowser();
      if (browser === undefined) throw new Error(NO_BROWSER);
      try {
        const context = await browser.newContext();
        context.setDefaultTimeout(30_000);
        const visitor = await Visitor.enter(context);
        await visitor.open(named('Acme Orders'));
        await visitor.click('Sign in');
        await visitor.signInAtOkta('ada.byron@acme.example');
        await visitor.seesPerson('Ada Byron');
        expect(await visitor.roles()).toEqual(['admin']);
        await visitor.look('orders');
        const renewed = visitor.page.waitForResponse((answer) => answer.url().endsWith('/oauth2/v1/token'));
        await visitor.click('Renew now');
        const answer = await renewed;
        expect(answer.status()).toBe(200);
        expect(answer.request().postData()).toContain('grant_type=refresh_token');
        await visitor.seesPerson('Ada Byron');
        await visitor.click('Sign out');
        await visitor.seesHeading('Welcome to Acme Orders');
        for (const name of ['Acme Reporter', 'Acme Living-room TV']) {
          await visitor.open(named(name));
          await visitor.look(name);
        }
        await visitor.click('Sign in');
        await visitor.page.getByText(/^[A-Z]{4}-[A-Z]{4}$/).waitFor();
        await visitor.look('tv-code');
        expect(visitor.complaints()).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    120_000,
  );

  test('a second one is told which ports are taken, by what, and what to do', async () => {
    const second = new DemoProcess([], variables);
    expect(await second.ended).toBe(1);
    expect(second.out).toBe('');
    expect(second.err.match(/^Port \d+ is taken, and .+ needs it\.$/gm)).toHaveLength(10);
    expect(second.err).toContain('DEMO_PORT_OFFSET');
  });

  test('an unknown option is refused, with the usage', async () => {
    const wrong = new DemoProcess(['--jsn'], variables);
    expect(await wrong.ended).toBe(64);
    expect(wrong.err).toContain('Unknown: --jsn');
  });

  test(
    'Ctrl-C stops all of it; the next run knows the same people',
    async () => {
      const address = `${application('acme', 'dashboards')}/login`;
      const bot = described.applications.find(({ name }) => name === 'Acme Reporter')?.clientId;
      const before = subjectOn(await signIn('acme', 'ada.byron@acme.example', address));
      expect(await demo.stop('SIGINT')).toBe(0);
      await start();
      const after = await signIn('acme', 'ada.byron@acme.example', address);
      expect(subjectOn(after)).toBe(before);
      const reporter = await new HttpBrowser().open(named('Acme Reporter'));
      expect(factOn(reporter, 'client')).toBe(bot);
      expect(factOn(reporter, 'registration')).toContain('kept');
      expect(formsOf(after).map(({ action }) => action.pathname)).toContain('/logout');
    },
    START_MS,
  );
});
