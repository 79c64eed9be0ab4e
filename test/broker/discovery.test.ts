import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { RunningOktaOrg } from '../../demo/okta/server.js';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import { ADA, CAT, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, claimsOf, signIn } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { formsOf, HttpBrowser, type Page, type PageForm } from '../support/okta-sign-in.js';
import { addOrganization, anOkta, connectionTo, type Organization } from '../support/organization.js';
import {
  arrive,
  headingOf,
  leave,
  linkOf,
  readable,
  redeemAt,
  signThere,
  travelOurs,
} from '../support/trip.js';

let acme: Acme;
let globex: Organization;
let second: RunningOktaOrg;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme();
  globex = await addOrganization(acme, 'globex');
  second = await anOkta([`${acme.app.issuer}/callback/second`], {
    users: [{ login: 'eve@second.example', groups: ['Support'] }],
  });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await globex.stop();
  await second.stop();
  await acme.stop();
});

/** Two connections; one verified domain for each, one for nobody, one unverified. */
const configure = (change: Partial<DesiredTenant> = {}): Promise<unknown> =>
  acme.causeway.apply([
    {
      slug: 'acme',
      signIn: { default: null },
      domains: [
        { name: 'acme.example', verified: true, connection: 'okta' },
        { name: 'second.example', verified: true, connection: 'second' },
        { name: 'unproven.example', verified: false, connection: 'second' },
        { name: 'nowhere.example', verified: true },
      ],
      connections: [connectionTo(acme.okta), connectionTo(second, { key: 'second', name: 'Second Okta' })],
      ...change,
    },
  ]);
beforeEach(async () => {
  await configure();
});

const ASK = 'Sign in to Grafana';
const CHOOSE = 'Choose how to sign in';
const OFF = "Sign-in through your organization's sign-in is off or needs repair";

/** Where a request leads: the upstream's name, or the heading of the page. */
async function leadsTo(params: Record<string, string>, browser = new HttpBrowser()): Promise<string> {
  const page = await travelOurs(browser, acme.app, authorizationRequest(acme.app, params).url);
  if (page.location?.origin === acme.okta.url) return 'okta';
  if (page.location?.origin === second.url) return 'second';
  return headingOf(page);
}

describe('A8 where a person is sent', () => {
  test.each<[what: string, params: Record<string, string>, change: Partial<DesiredTenant>, to: string]>([
    ['the connection that is named', { connection: 'second' }, {}, 'second'],
    ['idp is another word for it', { idp: 'second' }, {}, 'second'],
    ['connection before idp', { connection: 'okta', idp: 'second' }, {}, 'okta'],
    ['that of the domain hint', { domain_hint: 'second.example' }, {}, 'second'],
    ['whatever the case of the domain hint', { domain_hint: 'Second.Example' }, {}, 'second'],
    ['that of the login hint’s domain', { login_hint: 'eve@second.example' }, {}, 'second'],
    [
      'the hint’s before the default',
      { login_hint: 'eve@second.example' },
      { signIn: { default: 'okta' } },
      'second',
    ],
    [
      'the hint’s before the chooser',
      { login_hint: 'eve@second.example' },
      { signIn: { default: 'chooser' } },
      'second',
    ],
    [
      'A-12 not by a domain that isn’t verified',
      { login_hint: 'eve@unproven.example' },
      { signIn: { default: 'okta' } },
      'okta',
    ],
    ['A-12 not by another tenant’s domain', { domain_hint: 'globex.example' }, {}, ASK],
    ['the default', {}, { signIn: { default: 'second' } }, 'second'],
    ['the chooser', {}, { signIn: { default: 'chooser' } }, CHOOSE],
    ['the page that asks', {}, {}, ASK],
    ['the page that asks, for a domain that decides nothing', { login_hint: 'eve@nowhere.example' }, {}, ASK],
    ['nowhere, by the name of no connection', { connection: 'nope' }, {}, OFF],
    ['nowhere, by the name of another tenant’s connection', { connection: 'globex' }, {}, OFF],
  ])('%s', async (_what, params, change, to) => {
    await configure(change);
    expect(await leadsTo(params)).toBe(to);
  });

  test('the only connection that is open', async () => {
    const closed = connectionTo(second, { key: 'second', status: 'disabled' });
    await configure({ connections: [connectionTo(acme.okta), closed] });
    expect(await leadsTo({})).toBe('okta');
    expect(await leadsTo({ login_hint: 'eve@second.example' })).toBe('okta');
    expect(await leadsTo({ connection: 'second' })).toBe(OFF);
  });

  test('nowhere when every connection is closed; the application hears connection_disabled', async () => {
    await configure({
      connections: [
        connectionTo(acme.okta, { status: 'draft' }),
        connectionTo(second, { key: 'second', status: 'disabled' }),
      ],
    });
    const browser = new HttpBrowser();
    const { url, state } = authorizationRequest(acme.app);
    const page = await travelOurs(browser, acme.app, url);
    expect([page.status, headingOf(page)]).toEqual([403, OFF]);
    const { location } = await travelOurs(browser, acme.app, linkOf(page, 'Back to Grafana') ?? '');
    expect(Object.fromEntries(location?.searchParams ?? [])).toMatchObject({
      error: 'access_denied',
      error_description: 'connection_disabled',
      state,
    });
  });

  test.each([
    ['of a verified domain goes on to the upstream', 'ada@acme.example', 'ada@acme.example'],
    ['of an unverified one doesn’t', 'ada@unproven.example', null],
    ['of another tenant’s doesn’t', 'ada@globex.example', null],
    ['that is no address doesn’t', '00u1', null],
    ['with two @ doesn’t', 'evil@evil.example@acme.example', null],
  ])('A-37 a login hint %s', async (_what, hint, sent) => {
    await configure({ signIn: { default: 'okta' } });
    const { atOkta } = await leave(new HttpBrowser(), acme.app, { login_hint: hint });
    expect(atOkta.searchParams.get('login_hint')).toBe(sent);
  });
});

/** The page that asks for an address, with its form. */
async function askPage(browser: HttpBrowser, params: Record<string, string> = {}) {
  const request = authorizationRequest(acme.app, params);
  const page = await travelOurs(browser, acme.app, request.url);
  const [form] = formsOf(page);
  if (form === undefined) throw new Error(`no form: ${readable(page)}`);
  return { request, page, form };
}

/** What is the same for everybody: without what each trip makes anew. */
function sameForAll(page: Page): object {
  const text = page.text
    .replaceAll(/\b(state|nonce|code_challenge|login_hint)=[^&"]+/g, '$1=…')
    .replaceAll(/value="[^"]*@[^"]*"/g, 'value="…"')
    .replaceAll(/sign-in\/[\w-]+/g, 'sign-in/…');
  const { date: _date, 'x-request-id': _id, 'content-length': _length, ...headers } = page.headers;
  const cookies = headers['set-cookie']?.replaceAll(/cw_t_\w+=[^;]+|expires=[^;]+/g, '…');
  return { status: page.status, text, headers: { ...headers, 'set-cookie': cookies } };
}

describe('the page that asks for an address', () => {
  test('leads to the domain’s connection by a page that goes on by itself', async () => {
    const browser = new HttpBrowser();
    const { form, request } = await askPage(browser);
    const page = await browser.submit(form, { email: 'eve@second.example' });
    expect([page.status, headingOf(page)]).toEqual([200, 'Continue to Second Okta']);
    const href = linkOf(page, 'Continue to Second Okta');
    expect(page.text).toContain(`http-equiv="refresh" content="0;url=${href?.href.replaceAll('&', '&amp;')}`);
    expect(href?.searchParams.get('login_hint')).toBe('eve@second.example');
    const trip = { request, atOkta: href ?? new URL('about:blank') };
    const eve = { username: 'eve@second.example', password: 'Okta-demo-1', otp: '123456' };
    const end = await arrive(browser, acme.app, await signThere(browser, trip, eve));
    const { body } = await redeemAt(acme.app, end, request);
    expect(claimsOf(body['id_token'])).toMatchObject({ idp: 'second', email: 'eve@second.example' });
  });

  test('A-110 tells nobody who exists: every address of a domain gets the same', async () => {
    await signIn(new HttpBrowser(), acme.app, ADA, { connection: 'okta' });
    const pages = await Promise.all(
      [ADA.username, 'nobody-at-all@acme.example'].map(async (email) => {
        const browser = new HttpBrowser();
        return browser.submit((await askPage(browser)).form, { email });
      }),
    );
    expect(pages[0]?.status).toBe(200);
    expect(sameForAll(pages[1] as Page)).toEqual(sameForAll(pages[0] as Page));
  });

  test('A-110 nor which domains are known, here or at another tenant', async () => {
    const pages = await Promise.all(
      ['a@unknown.example', 'a@globex.example', 'a@unproven.example', 'a@nowhere.example'].map(
        async (email) => {
          const browser = new HttpBrowser();
          return browser.submit((await askPage(browser)).form, { email });
        },
      ),
    );
    const [first] = pages;
    expect(first?.status).toBe(400);
    expect(readable(first as Page)).toContain("We couldn't find a sign-in for that address.");
    for (const page of pages) expect(sameForAll(page)).toEqual(sameForAll(first as Page));
    expect(
      await ledger.count(
        'login_transactions',
        `expires_at > now() AND consumed_at IS NULL AND connection_id IN
      (SELECT id FROM connections WHERE key NOT IN ('okta', 'second'))`,
      ),
    ).toBe(0);
  });

  test.each([
    ['', 'Enter your work email.'],
    ['   ', 'Enter your work email.'],
    ['ada', 'Enter an address like name@company.example.'],
    ['a@b@acme.example', 'Enter an address like name@company.example.'],
    ['"><script>alert(1)</script>', 'Enter an address like name@company.example.'],
  ])('says what is wrong with %j, and takes another', async (email, told) => {
    const browser = new HttpBrowser();
    const { form } = await askPage(browser);
    const page = await browser.submit(form, { email });
    expect(page.status).toBe(400);
    expect(readable(page)).toContain(told);
    expect(page.text).not.toContain('<script');
    const again = await browser.submit(formsOf(page)[0] as PageForm, { email: 'eve@second.example' });
    expect(again.status).toBe(200);
  });

  test.each<[string, Record<string, string>, number]>([
    ['from another site', { origin: 'https://attacker.example' }, 403],
    ['from a page without an origin', { origin: 'null' }, 403],
    ['from our own', { origin: '' }, 200],
  ])('A-102 takes its form %s: %#', async (_what, headers, status) => {
    const browser = new HttpBrowser();
    const { form } = await askPage(browser);
    const own = headers['origin'] === '' ? { origin: new URL(acme.app.issuer).origin } : headers;
    const page = await browser.open(form.action, { form: { email: ADA.username }, headers: own });
    expect(page.status).toBe(status);
  });

  test('A-59 is for the browser that asked', async () => {
    const { form } = await askPage(new HttpBrowser());
    const page = await new HttpBrowser().open(form.action);
    expect([page.status, headingOf(page)]).toEqual([400, 'Finish in the browser you started in']);
    const other = new HttpBrowser();
    await askPage(other);
    expect((await other.open(form.action)).status).toBe(400);
  });
});

describe('the chooser', () => {
  test('offers each open connection and an address, as links', async () => {
    await configure({ signIn: { default: 'chooser' } });
    const browser = new HttpBrowser();
    const page = await travelOurs(browser, acme.app, authorizationRequest(acme.app).url);
    expect(formsOf(page)).toEqual([]);
    const chosen = await travelOurs(browser, acme.app, linkOf(page, 'Second Okta') ?? '');
    expect(chosen.location?.origin).toBe(second.url);
    const asked = await travelOurs(browser, acme.app, linkOf(page, 'Use another email address') ?? '');
    expect(headingOf(asked)).toBe(ASK);
  });

  test('doesn’t choose a connection that is closed', async () => {
    await configure({ signIn: { default: 'chooser' } });
    const browser = new HttpBrowser();
    const page = await travelOurs(browser, acme.app, authorizationRequest(acme.app).url);
    const href = linkOf(page, 'Second Okta') ?? '';
    const closed = connectionTo(second, { key: 'second', name: 'Second Okta', status: 'disabled' });
    await configure({ signIn: { default: 'chooser' }, connections: [connectionTo(acme.okta), closed] });
    expect((await travelOurs(browser, acme.app, href)).status).toBe(403);
  });
});

describe('another account', () => {
  test.each<[string, Partial<DesiredTenant>]>([
    ['where there is one way', { signIn: { default: 'okta' } }],
    ['where there is a choice', { signIn: { default: 'chooser' } }],
  ])('%s: the upstream must ask, whoever is signed in there', async (_what, change) => {
    await configure(change);
    const browser = new HttpBrowser();
    /** To the upstream's door, through the chooser where there is one. */
    const toOkta = async (from: URL): Promise<URL> => {
      const page = await travelOurs(browser, acme.app, from);
      const { location } =
        page.location === undefined
          ? await travelOurs(browser, acme.app, linkOf(page, 'Acme Okta') ?? '')
          : page;
      return location ?? new URL('about:blank');
    };
    const request = authorizationRequest(acme.app);
    const atOkta = await toOkta(request.url);
    expect(atOkta.searchParams.has('prompt')).toBe(false);
    await signIn(new HttpBrowser(), acme.app, CAT, { connection: 'okta' });
    await ledger.rows('UPDATE users SET active = false');
    const page = await arrive(browser, acme.app, await signThere(browser, { request, atOkta }, CAT));
    await ledger.rows('UPDATE users SET active = true');
    expect(page.status).toBe(403);
    const again = await toOkta(linkOf(page, 'Use another account') ?? new URL('about:blank'));
    expect([again.origin, again.searchParams.get('prompt')]).toEqual([acme.okta.url, 'login']);
    const end = await arrive(browser, acme.app, await signThere(browser, { request, atOkta: again }, ADA));
    const { body } = await redeemAt(acme.app, end, request);
    expect(claimsOf(body['id_token'])['email']).toBe(ADA.username);
  });
});
