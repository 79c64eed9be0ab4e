import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sweep } from '../../src/storage/sweeper.js';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import { signIn, type TestApplication, type TokenAnswer } from '../support/application.js';
import { framesOf } from '../support/frames.js';
import { Ledger } from '../support/ledger.js';
import { formsOf, HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { addOrganization, connectionTo, type Organization } from '../support/organization.js';
import { headingOf, linkOf, readable } from '../support/trip.js';
import { send } from '../op/support/http.js';
import { cookiesOf, sessionOf } from '../op/support/session.js';

const BYE = 'https://mail.example/bye';
let acme: Acme;
let globex: Organization;
let ledger: Ledger;
let browser: HttpBrowser;

const application = (clientId: string): TestApplication => ({
  issuer: acme.app.issuer,
  clientId,
  clientSecret: APP_SECRET,
  redirectUri: `https://${clientId}.example/cb`,
});

const applications = (postLogoutRedirectUris: readonly string[] = [BYE]) => [
  {
    clientId: 'mail',
    name: 'Mail',
    type: 'web' as const,
    clientSecret: APP_SECRET,
    redirectUris: ['https://mail.example/cb'],
    postLogoutRedirectUris,
  },
  {
    clientId: 'wiki',
    name: 'Wiki',
    type: 'web' as const,
    clientSecret: APP_SECRET,
    redirectUris: ['https://wiki.example/cb'],
    frontchannelLogoutUri: 'https://wiki.example/out',
  },
];

const forwarding = (forwardLogout = true) =>
  acme.causeway.apply([
    { slug: 'acme', connections: [connectionTo(acme.okta, { forwardLogout })], applications: applications() },
  ]);

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  globex = await addOrganization(acme, 'globex');
});
afterAll(async () => {
  await ledger.close();
  await globex.stop();
  await acme.stop();
});
beforeEach(async () => {
  browser = new HttpBrowser();
  await forwarding();
});
afterEach(() => {
  acme.okta.org.heal();
});

function signOut(answer: TokenAnswer, params: Readonly<Record<string, string>> = {}): Promise<Page> {
  const url = new URL(`${acme.app.issuer}/oauth2/v1/logout`);
  const all = { id_token_hint: String(answer.body['id_token']), post_logout_redirect_uri: BYE, ...params };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  return browser.open(url);
}

const atOkta = (page: Page): URL => {
  if (page.location?.pathname !== '/oauth2/v1/logout' || page.location.origin !== acme.okta.url)
    throw new Error(`not at Okta: ${page.status} ${page.location?.href ?? readable(page)}`);
  return page.location;
};

/** Signs out here and there; the address that Okta sends the browser back to, not opened yet. */
async function thereAndBack(params: Readonly<Record<string, string>> = {}): Promise<URL> {
  const left = await signOut(await signIn(browser, application('mail'), ADA), params);
  const { location } = await browser.open(atOkta(left));
  if (location === undefined) throw new Error('Okta keeps the browser');
  return location;
}

describe('A13 a sign-out that is forwarded to the upstream', () => {
  test('goes to Okta with the ID Token of the sign-in, and comes back to the application with its state', async () => {
    const signedIn = await signIn(browser, application('mail'), ADA);
    const cookies = cookiesOf(browser, application('mail'));
    const left = await signOut(signedIn, { state: 'a b&c' });
    const there = atOkta(left);
    expect(there.searchParams.get('post_logout_redirect_uri')).toBe(`${acme.app.issuer}/signed-out/okta`);
    expect(there.searchParams.get('state')).toMatch(/^[\w-]{43}$/);
    expect(there.searchParams.get('id_token_hint')).toMatch(/^eyJ/);
    expect(there.href).not.toContain('mail.example');
    expect(await sessionOf(cookies, application('wiki'))).toBe('login_required');
    const back = await browser.open(there);
    expect(acme.okta.org.sessions.list()).toEqual([]);
    expect(back.location?.href.split('?')[0]).toBe(`${acme.app.issuer}/signed-out/okta`);
    const last = await browser.open(back.location ?? '');
    expect([last.status, last.location?.href]).toEqual([303, `${BYE}?state=a+b%26c`]);
    expect(last.headers['cache-control']).toBe('no-store');
  });

  test('without an address of the application it ends at our page', async () => {
    const signedIn = await signIn(browser, application('mail'), ADA);
    const url = new URL(`${acme.app.issuer}/oauth2/v1/logout`);
    url.searchParams.set('id_token_hint', String(signedIn.body['id_token']));
    const { location } = await browser.open(atOkta(await browser.open(url)));
    const last = await browser.open(location ?? '');
    expect([last.status, headingOf(last)]).toEqual([200, "You're signed out of Mail"]);
  });

  test('after a confirmation a page leads to Okta: a redirect after a POST would be stopped', async () => {
    await signIn(browser, application('mail'), ADA);
    const url = `${acme.app.issuer}/oauth2/v1/logout?client_id=mail&post_logout_redirect_uri=${BYE}`;
    const [form] = formsOf(await browser.open(url));
    if (form === undefined) throw new Error('no form');
    const page = await browser.submit(form, { logout: 'yes' });
    expect([page.status, page.location]).toEqual([200, undefined]);
    const there = linkOf(page, 'Continue to Acme Okta');
    expect(there?.pathname).toBe('/oauth2/v1/logout');
    const { location } = await browser.open(there ?? '');
    expect((await browser.open(location ?? '')).location?.href).toBe(BYE);
  });

  test('frames come first', async () => {
    const signedIn = await signIn(browser, application('mail'), ADA);
    await signIn(browser, application('wiki'), undefined);
    const page = await signOut(signedIn);
    expect(framesOf(page)).toHaveLength(1);
    expect(linkOf(page, 'Continue to Acme Okta')?.pathname).toBe('/oauth2/v1/logout');
  });

  test('is off unless the connection says so, and no ID Token is kept then', async () => {
    await forwarding(false);
    const signedIn = await signIn(browser, application('mail'), ADA);
    expect(await ledger.count('sessions', 'upstream_id_token_sealed IS NOT NULL AND ended_at IS NULL')).toBe(
      0,
    );
    expect((await signOut(signedIn)).location?.href).toBe(BYE);
  });

  test('A-39 the ID Token is kept sealed, while the session lives and no longer', async () => {
    await ledger.rows('UPDATE sessions SET ended_at = now()');
    const signedIn = await signIn(browser, application('mail'), ADA);
    const kept = () =>
      ledger.rows<{ kept: string | null }>(
        'SELECT upstream_id_token_sealed AS kept FROM sessions ORDER BY created_at DESC LIMIT 1',
      );
    expect((await kept())[0]?.kept).toMatch(/^[\w-]+\.cw1/);
    await signOut(signedIn);
    expect((await kept())[0]?.kept).toBeNull();
    await signIn(new HttpBrowser(), application('mail'), ADA);
    expect((await kept())[0]?.kept).toMatch(/^[\w-]+\.cw1/);
    await ledger.rows(`UPDATE sessions SET expires_at = now() - interval '1 second' WHERE ended_at IS NULL`);
    await sweep(acme.causeway.node.database);
    expect((await kept())[0]?.kept).toBeNull();
  });

  test('a hint that can’t be opened any more costs nobody their sign-out', async () => {
    const signedIn = await signIn(browser, application('mail'), ADA);
    await ledger.rows(
      `UPDATE sessions SET upstream_id_token_sealed = 'row.cw1.broken' WHERE ended_at IS NULL`,
    );
    expect((await signOut(signedIn)).location?.href).toBe(BYE);
    expect(await sessionOf(cookiesOf(browser, application('mail')), application('wiki'))).toBe(
      'login_required',
    );
  });
});

const returning = (search: string) => browser.open(`${acme.app.issuer}/signed-out/okta${search}`);

describe('A-68 the way back is no open redirect', () => {
  test.each([
    '',
    '?state=',
    '?state=unknown',
    '?state=a&state=b',
    `?post_logout_redirect_uri=${BYE}`,
    '?state=x&post_logout_redirect_uri=https://evil.example/',
    '?redirect_uri=https://evil.example/&target=//evil.example',
  ])('nobody waits for %j: a page that leads nowhere', async (search) => {
    const page = await returning(search);
    expect([page.status, page.location, headingOf(page)]).toEqual([200, undefined, "You're signed out"]);
    expect(page.text).not.toContain('evil');
    expect(page.headers['x-frame-options']).toBe('DENY');
  });

  test('another browser gets nothing of it, and takes nothing from the right one', async () => {
    const back = await thereAndBack();
    const stranger = await new HttpBrowser().open(back);
    expect([stranger.status, stranger.location]).toEqual([200, undefined]);
    expect((await browser.open(back)).location?.href).toBe(BYE);
  });

  test('works once', async () => {
    const back = await thereAndBack();
    expect((await browser.open(back)).status).toBe(303);
    expect((await browser.open(back)).status).toBe(200);
  });

  test('at another tenant, or for another connection, the same state means nothing', async () => {
    await acme.causeway.apply([
      {
        slug: 'acme',
        signIn: { default: 'okta' },
        connections: [
          connectionTo(acme.okta, { forwardLogout: true }),
          connectionTo(acme.okta, { key: 'second', forwardLogout: true }),
        ],
      },
    ]);
    const back = await thereAndBack();
    const pair =
      browser
        .cookies(back)
        .split('; ')
        .find((one) => one.startsWith('cw_o_')) ?? '';
    expect(pair).not.toBe('');
    for (const path of ['/t/globex/signed-out/okta', '/t/acme/signed-out/second']) {
      const url = new URL(`${path}${back.search}`, back);
      const page = await new HttpBrowser().open(url, { headers: { cookie: pair } });
      expect([path, page.status, page.location]).toEqual([path, 200, undefined]);
    }
    expect((await browser.open(back)).location?.href).toBe(BYE);
    await acme.causeway.apply([{ slug: 'acme', signIn: { default: null } }]);
  });

  test('an address that the application has no more is not gone to', async () => {
    const back = await thereAndBack();
    await acme.causeway.apply([{ slug: 'acme', applications: applications(['https://mail.example/other']) }]);
    expect((await browser.open(back)).location).toBeUndefined();
  });

  test('of a connection that there isn’t, there is nothing', async () => {
    expect((await browser.open(`${acme.app.issuer}/signed-out/nobody`)).status).toBe(404);
  });
});

/** Signs out through a node that knows of the upstream only what is stored. */
async function signOutElsewhere(prepare: () => Promise<unknown>): Promise<Page> {
  const signedIn = await signIn(browser, application('mail'), ADA);
  const cookie = cookiesOf(browser, application('mail'));
  await prepare();
  const node = await acme.causeway.sibling();
  try {
    const url = new URL(`${acme.app.issuer}/oauth2/v1/logout`);
    url.searchParams.set('id_token_hint', String(signedIn.body['id_token']));
    url.searchParams.set('post_logout_redirect_uri', BYE);
    const answer = await send(url.href, { headers: { cookie }, through: node.url });
    expect(await sessionOf(cookie, application('wiki'))).toBe('login_required');
    return { ...answer, url };
  } finally {
    await node.leave();
  }
}

describe('an upstream that can’t help', () => {
  test('without a sign-out of its own it is left out', async () => {
    const page = await signOutElsewhere(() =>
      ledger.rows(`UPDATE upstream_key_sets SET metadata = metadata #- '{body,end_session_endpoint}'`),
    );
    expect([page.status, page.location?.href]).toEqual([303, BYE]);
  });

  test('that can’t be asked: the person is signed out here, is told, and gets on by a link', async () => {
    const page = await signOutElsewhere(() => {
      acme.okta.org.fail('discovery.wrong_issuer');
      return ledger.rows('DELETE FROM upstream_key_sets');
    });
    expect([page.status, page.location]).toEqual([200, undefined]);
    expect(readable(page)).toContain("Acme Okta can't be reached now");
    expect(linkOf(page, 'Back to Mail')?.href).toBe(BYE);
  });
});
