import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ADA, APP_SECRET, CAT, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  redeem,
  refresh,
  signIn,
  type TestApplication,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { formsOf, HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { addOrganization, type Organization } from '../support/organization.js';
import { headingOf, leave, signThere, travelOurs } from '../support/trip.js';
import { send } from './support/http.js';
import { cookiesOf, sessionOf } from './support/session.js';

let acme: Acme;
let globex: Organization;
let ledger: Ledger;
let app: TestApplication;
let second: TestApplication;
let consented: TestApplication;
let browser: HttpBrowser;

beforeAll(async () => {
  acme = await startAcme();
  globex = await addOrganization(acme, 'globex', { okta: { users: [{ login: ADA.username }] } });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const { applications = [] } = acme.tenant;
  const web = { type: 'web', clientSecret: APP_SECRET, redirectUris: ['https://app.example/cb'] } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        ...applications,
        { ...web, clientId: 'second' },
        { ...web, clientId: 'consented', consent: true },
      ],
    },
  ]);
  app = acme.app;
  second = { ...app, clientId: 'second', redirectUri: 'https://app.example/cb' };
  consented = { ...second, clientId: 'consented' };
});
afterAll(async () => {
  await ledger.close();
  await globex.stop();
  await acme.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

describe('A-60: a session’s name changes when somebody signs in', () => {
  test('the old cookie is dead, the new one lives', async () => {
    await signIn(browser, app, ADA);
    const before = cookiesOf(browser, app);
    await signIn(browser, app, ADA, { prompt: 'login' });
    const after = cookiesOf(browser, app);
    expect(after).not.toBe(before);
    expect([await sessionOf(before, second), await sessionOf(after, second)]).toEqual([
      'login_required',
      'open',
    ]);
  });

  test('a cookie that was planted before names nobody afterwards', async () => {
    const attacker = new HttpBrowser();
    await signIn(attacker, app, CAT);
    const planted = cookiesOf(attacker, app);
    // The victim's browser sends the attacker's session along, and signs in as herself.
    const victim = new PlantedBrowser(planted);
    const trip = await leave(victim, app, { prompt: 'login' });
    let page = await travelOurs(victim, app, await signThere(victim, trip, ADA));
    page = await confirmSwitch(victim, page);
    const { body } = await redeem(app, page.location?.searchParams.get('code') ?? '', trip.request.verifier);
    expect(claimsOf(body['id_token'])['email']).toBe(ADA.username);
    expect(await sessionOf(planted, second)).toBe('login_required');
  });

  test.each([
    ['a name that nobody has', 'cw_s_acme=attackers-choice-of-a-session-name-1234567'],
    ['an empty one', 'cw_s_acme='],
  ])('a name that the browser brought is not taken: %s', async (_case, cookie) => {
    const victim = new PlantedBrowser(cookie);
    await signIn(victim, app, ADA);
    const [name] = /cw_s_acme=[^;]*/.exec(cookiesOf(victim, app)) ?? [];
    expect(name).toMatch(/^cw_s_acme=[\w-]{43}$/);
    expect(cookie).not.toContain(String(name));
    expect(await sessionOf(cookie, second)).toBe('login_required');
  });

  test('a cookie without its signature, or with another’s, is none', async () => {
    await signIn(browser, app, ADA);
    const cookies = Object.fromEntries(
      cookiesOf(browser, app)
        .split('; ')
        .map((pair) => pair.split('=') as [string, string]),
    );
    const { cw_s_acme: value = '', 'cw_s_acme.sig': signature = '' } = cookies;
    expect(await sessionOf(`cw_s_acme=${value}; cw_s_acme.sig=${signature}`, second)).toBe('open');
    for (const forged of [
      `cw_s_acme=${value}`,
      `cw_s_acme=${value}; cw_s_acme.sig=${signature.slice(1)}x`,
      `cw_s_acme=${value.slice(1)}x; cw_s_acme.sig=${signature}`,
    ])
      expect(await sessionOf(forged, second)).toBe('login_required');
  });
});

/** A browser into which somebody has planted a cookie: it goes along until the server sets one of that name. */
class PlantedBrowser extends HttpBrowser {
  constructor(private readonly planted: string) {
    super();
  }

  override cookies(url: URL): string {
    const own = super.cookies(url);
    if (!url.pathname.startsWith('/t/acme')) return own;
    return own.includes('cw_s_acme=') ? own : [this.planted, own].filter((part) => part !== '').join('; ');
  }
}

/** Another person signs in over a session: the page in between posts itself, and the sign-in goes on. */
async function confirmSwitch(from: HttpBrowser, page: Page): Promise<Page> {
  const [form] = formsOf(page);
  expect(form?.action.pathname).toBe('/t/acme/oauth2/v1/logout/confirm');
  expect(page.headers['content-security-policy']).toMatch(/'sha256-.*form-action 'self'/);
  if (form === undefined) throw new Error('no form');
  const posted = await from.submit(form);
  const next = /http-equiv="refresh" content="0;url=([^"]*)"/.exec(posted.text)?.[1];
  return travelOurs(from, app, String(next).replaceAll('&amp;', '&'));
}

describe('another person at the same browser', () => {
  test('takes over with a session of their own; the first one’s is over', async () => {
    const first = await signIn(browser, app, ADA);
    const before = cookiesOf(browser, app);
    const trip = await leave(browser, app, { prompt: 'login' });
    const atOkta = new HttpBrowser();
    const page = await confirmSwitch(
      browser,
      await travelOurs(browser, app, await signThere(atOkta, trip, CAT)),
    );
    const { body } = await redeem(app, page.location?.searchParams.get('code') ?? '', trip.request.verifier);
    expect(claimsOf(body['id_token'])['email']).toBe(CAT.username);
    expect([await sessionOf(before, second), await sessionOf(cookiesOf(browser, app), second)]).toEqual([
      'login_required',
      'open',
    ]);
    expect(claimsOf((await signIn(browser, second, undefined)).body['id_token'])['email']).toBe(CAT.username);
    // Ada had asked for offline access: what she holds outside of the session is hers still.
    expect((await refresh(app, first.body['refresh_token'])).status).toBe(200);
  });
});

describe('A-59: a request that waits belongs to one browser', () => {
  test('its page, its end and its consent are nobody else’s', async () => {
    await signIn(browser, app, ADA);
    const page = await travelOurs(browser, consented, authorizationRequest(consented).url);
    const { pathname } = page.url;
    const uid = pathname.split('/').at(-1) ?? '';
    const stranger = new HttpBrowser();
    await signIn(stranger, app, CAT);
    const theirs = await stranger.open(page.url);
    expect([theirs.status, headingOf(theirs)]).toEqual([400, 'Finish in the browser you started in']);
    const [form] = formsOf(page);
    if (form === undefined) throw new Error('no consent form');
    const posted = await stranger.open(form.action, { form: { decision: 'allow' } });
    expect([posted.status, headingOf(posted)]).toEqual([400, 'Finish in the browser you started in']);
    const resumed = await stranger.open(`${app.issuer}/oauth2/v1/authorize/${uid}`);
    expect([resumed.status, resumed.location]).toEqual([400, undefined]);
    expect(await ledger.count('consents')).toBe(0);
  });

  test('with a cookie of another request of the same browser it is not opened either', async () => {
    await signIn(browser, app, ADA);
    const one = await travelOurs(browser, consented, authorizationRequest(consented).url);
    const two = await travelOurs(
      browser,
      consented,
      authorizationRequest(consented, { scope: 'openid' }).url,
    );
    const answer = await send(one.url.href, { headers: { cookie: browser.cookies(two.url) } });
    expect(answer.status).toBe(400);
  });
});

describe('A-75: a session is of one tenant', () => {
  test('its cookie goes to that tenant’s path only, under a name of its own', async () => {
    await signIn(browser, app, ADA);
    expect(cookiesOf(browser, app)).toContain('cw_s_acme=');
    expect(cookiesOf(browser, globex.app)).not.toContain('cw_');
    expect(browser.cookies(new URL(`${acme.causeway.url}/`))).not.toContain('cw_');
    expect(browser.cookies(new URL(`${acme.causeway.url}/t/acmee/`))).not.toContain('cw_');
  });

  test('sent to another tenant under its name there, with its own signature, it opens nothing', async () => {
    await signIn(browser, app, ADA);
    const here = cookiesOf(browser, app);
    const there = here.replaceAll('cw_s_acme', 'cw_s_globex');
    expect(await sessionOf(there, globex.app)).toBe('login_required');
    expect(await sessionOf(`${here}; ${there}`, globex.app)).toBe('login_required');
  });

  test('a person signed in at both is signed in twice', async () => {
    await signIn(browser, app, ADA);
    await signIn(browser, globex.app, ADA);
    expect([
      await sessionOf(cookiesOf(browser, app), second),
      await sessionOf(cookiesOf(browser, globex.app), globex.app),
    ]).toEqual(['open', 'open']);
  });
});

describe('cookies on plain http', () => {
  test('are HttpOnly and Lax, each on the narrowest path that works', async () => {
    const lines: string[] = [];
    const answer = await send(authorizationRequest(app).url.href);
    lines.push(...answer.cookies);
    const trip = await leave(browser, app);
    const callback = await signThere(browser, trip, ADA);
    const ended = await send(callback.href, { headers: { cookie: browser.cookies(callback) } });
    lines.push(...ended.cookies);
    const set = lines.filter((line) => !/expires=Thu, 01 Jan 1970/i.test(line));
    const seen = new Set<string>();
    for (const line of set) {
      const [name = ''] = line.split('=');
      seen.add(name.replace(/^cw_t_[0-9a-f]{16}/, 'cw_t_*'));
      expect(line).toMatch(/; httponly/i);
      expect(line).toMatch(/; samesite=lax/i);
      expect(line).not.toMatch(/; secure|; domain/i);
      const [, path = ''] = /; path=([^;]*)/i.exec(line) ?? [];
      expect(path).toMatch(pathOf(name));
    }
    expect([...seen].toSorted()).toEqual([
      'cw_i_acme',
      'cw_i_acme.sig',
      'cw_r_acme',
      'cw_r_acme.sig',
      'cw_s_acme',
      'cw_s_acme.sig',
      'cw_t_*',
    ]);
  });
});

function pathOf(name: string): RegExp {
  if (name.startsWith('cw_i')) return /^\/t\/acme\/sign-in\/[\w-]+$/;
  if (name.startsWith('cw_r')) return /^\/t\/acme\/oauth2\/v1\/authorize\/[\w-]+$/;
  return name.startsWith('cw_t') ? /^\/t\/acme\/callback\/okta$/ : /^\/t\/acme$/;
}
