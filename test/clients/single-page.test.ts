import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { claimsOf } from '../support/application.js';
import { browserPath, launchBrowser, NO_BROWSER } from '../support/browser.js';
import { freePort, type Program } from './support/program.js';
import { servePage } from './support/page-server.js';

const withBrowser = browserPath() === undefined ? describe.skip : describe;

const API = 'api://default';
const REFRESHING = 'openid profile email offline_access read';

let acme: Acme;
let browser: Browser | undefined;
const pages = new Map<string, Program>();

async function start(): Promise<void> {
  acme = await startAcme();
  const applications = [
    { clientId: 'refreshing', module: 'single-page.js', scope: REFRESHING },
    { clientId: 'framing', module: 'single-page.js', scope: 'openid profile email read' },
    { clientId: 'okta', module: 'okta-auth-js.js', scope: '' },
  ];
  const served = await Promise.all(
    applications.map(async (one) => {
      const settings = { ISSUER: acme.app.issuer, CLIENT_ID: one.clientId, SCOPE: one.scope };
      const program = await servePage(one.module, await freePort(), settings);
      pages.set(one.clientId, program);
      return { clientId: one.clientId, url: program.url };
    }),
  );
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [{ identifier: API, scopes: [{ name: 'read' }], profile: 'okta', default: true }],
      accessPolicies: [
        { api: API, clients: 'all', grants: ['authorization_code', 'refresh_token'], scopes: ['read'] },
      ],
      applications: served.map(({ clientId, url }) => ({
        clientId,
        name: clientId,
        type: 'spa' as const,
        redirectUris: ['/callback', '/silent-callback', '/login/callback'].map((path) => `${url}${path}`),
        postLogoutRedirectUris: [`${url}/`],
        allowedOrigins: [url],
      })),
    },
  ]);
  browser = await launchBrowser();
}

/** A page of an application, in a browser of its own. */
class Tab {
  /** What it sent to the token endpoint. */
  readonly forms: URLSearchParams[] = [];
  /** What it complained of. */
  readonly complaints: string[] = [];

  private constructor(
    readonly url: string,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async open(clientId: string): Promise<Tab> {
    const url = pages.get(clientId)?.url ?? '';
    const context = await browser?.newContext();
    if (context === undefined) throw new Error(NO_BROWSER);
    context.setDefaultTimeout(30_000);
    const tab = new Tab(url, context, await context.newPage());
    tab.page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/oauth2/v1/token'))
        tab.forms.push(new URLSearchParams(request.postData() ?? ''));
    });
    tab.page.on('pageerror', (error) => tab.complaints.push(String(error)));
    await tab.page.goto(url);
    await tab.ready();
    return tab;
  }

  /** Waits until the module of the page can be called. */
  async ready(): Promise<void> {
    await this.page.waitForFunction("document.title === 'ready' && globalThis.app !== undefined");
  }

  /** Calls what the module exports. */
  call<T>(name: string): Promise<T> {
    return this.page.evaluate<T>(`app.${name}()`);
  }

  /** Calls what leaves the page. */
  async leaveBy(name: string): Promise<void> {
    await this.page.evaluate(`void app.${name}().catch((error) => setTimeout(() => { throw error; }))`);
  }

  async signIn(): Promise<void> {
    await this.leaveBy('signIn');
    const { page } = this;
    await page.getByLabel('Username').fill(ADA.username);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('Password').fill(ADA.password);
    await page.getByRole('button', { name: 'Verify' }).click();
    const isBack = (address: URL): boolean =>
      address.origin === this.url && address.pathname.endsWith('/callback');
    await page.waitForURL(isBack, { waitUntil: 'commit' }).catch(async (error: unknown) => {
      const shown = await page.evaluate<string>('document.body?.innerText');
      throw new Error(`still at ${page.url()}, which says: ${shown}`, { cause: error });
    });
    await this.ready();
  }

  async close(): Promise<void> {
    expect(this.complaints).toEqual([]);
    await this.context.close();
  }
}

/** Signs out by the library; the session at the issuer is over then. */
async function signOut(tab: Tab): Promise<void> {
  const asked = tab.page.waitForRequest((request) => request.url().includes('/oauth2/v1/logout?'));
  await tab.leaveBy('signOut');
  await asked;
  await tab.page.waitForURL(`${tab.url}/`);
  await tab.ready();
  const names = (await tab.context.cookies(`${acme.app.issuer}/`)).map(({ name }) => name);
  expect(names).not.toContain('cw_s_acme');
}

const PERSON = { name: 'Ada Byron', roles: ['admin'], tenant: 'acme' };

withBrowser(`single-page applications${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`, () => {
  beforeAll(start, 120_000);
  afterAll(async () => {
    await browser?.close();
    await Promise.all([...pages.values()].map((page) => page.stop()));
    await acme.stop();
  });

  describe('oidc-client-ts', () => {
    test('signs in with PKCE, renews by refresh tokens and keeps the person’s roles, signs out', async () => {
      const tab = await Tab.open('refreshing');
      await tab.signIn();
      expect(await tab.call('finishSignIn')).toMatchObject(PERSON);
      expect(tab.page.url()).toBe(`${tab.url}/`);
      for (let times = 0; times < 3; times += 1) expect(await tab.call('renew')).toMatchObject(PERSON);
      const refreshes = tab.forms.filter((form) => form.get('grant_type') === 'refresh_token');
      expect(new Set(refreshes.map((form) => form.get('refresh_token'))).size).toBe(3);
      // The library asks for the scope that the last answer told.
      expect(refreshes.map((form) => form.get('scope'))).toEqual(Array(3).fill(REFRESHING));
      await signOut(tab);
      await tab.close();
    });

    test('B5 renews in a hidden frame where it has no refresh token, and hears at once when nobody is there', async () => {
      const tab = await Tab.open('framing');
      await tab.signIn();
      expect(await tab.call('finishSignIn')).toMatchObject(PERSON);
      expect(await tab.call('renew')).toMatchObject(PERSON);
      expect(tab.forms.map((form) => form.get('grant_type'))).toEqual(Array(2).fill('authorization_code'));
      expect(tab.forms.at(-1)?.get('redirect_uri')).toBe(`${tab.url}/silent-callback`);
      await tab.context.clearCookies();
      await expect(tab.call('renew')).rejects.toThrow(/login_required|End-User/i);
      await tab.close();
    });
  });

  describe('@okta/okta-auth-js', () => {
    test('B2 signs in, gets the person, renews, signs out after a change of issuer', async () => {
      const tab = await Tab.open('okta');
      await tab.signIn();
      await tab.leaveBy('finishSignIn');
      await tab.page.waitForURL(`${tab.url}/`);
      await tab.ready();
      expect(await tab.call('person')).toMatchObject({ ...PERSON, email: ADA.username });
      expect(claimsOf(await tab.call('accessToken'))).toMatchObject({ aud: API, cid: 'okta', ver: 1 });
      for (let times = 0; times < 2; times += 1) expect(await tab.call('renew')).toMatchObject(PERSON);
      const refreshes = tab.forms.filter((form) => form.get('grant_type') === 'refresh_token');
      expect(new Set(refreshes.map((form) => form.get('refresh_token'))).size).toBe(2);
      const revoked: (string | null)[] = [];
      tab.page.on('request', (request) => {
        if (request.url().endsWith('/oauth2/v1/revoke'))
          revoked.push(new URLSearchParams(request.postData() ?? '').get('token_type_hint'));
      });
      await signOut(tab);
      expect(new Set(revoked)).toEqual(new Set(['access_token', 'refresh_token']));
      await tab.close();
    });
  });
});
