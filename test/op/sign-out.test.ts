import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { importJWK, SignJWT } from 'jose';
import { ADA, APP_SECRET, CAT, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  refresh,
  signIn,
  type TestApplication,
  type TokenAnswer,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { formsOf, HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { addOrganization, type Organization } from '../support/organization.js';
import { headingOf, linkOf } from '../support/trip.js';
import { cookiesOf, sessionOf } from './support/session.js';

const BYE = 'https://app.example/bye';
let acme: Acme;
let globex: Organization;
let ledger: Ledger;
let app: TestApplication;
let other: TestApplication;
let browser: HttpBrowser;

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const web = { type: 'web', clientSecret: APP_SECRET, redirectUris: ['https://app.example/cb'] } as const;
  const applications = [
    { ...web, clientId: 'app', name: 'Grafana', postLogoutRedirectUris: [BYE, `${BYE}?x=1`] },
    { ...web, clientId: 'other', name: 'Other', postLogoutRedirectUris: ['https://other.example/bye'] },
  ];
  await acme.causeway.apply([{ slug: 'acme', applications }]);
  globex = await addOrganization(acme, 'globex', {
    okta: { users: [{ login: ADA.username }] },
    tenant: { applications },
  });
  app = {
    issuer: acme.app.issuer,
    clientId: 'app',
    clientSecret: APP_SECRET,
    redirectUri: 'https://app.example/cb',
  };
  other = { ...app, clientId: 'other' };
});
afterAll(async () => {
  await ledger.close();
  await globex.stop();
  await acme.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

type Params = Readonly<Record<string, string | undefined>>;

function signOut(params: Params, from = browser, issuer = app.issuer): Promise<Page> {
  const url = new URL(`${issuer}/oauth2/v1/logout`);
  for (const [name, value] of Object.entries(params))
    if (value !== undefined) url.searchParams.set(name, value);
  return from.open(url);
}

/** A token as the tenant's own key makes it. */
async function signedAs(header: Readonly<Record<string, string>>, claims: object): Promise<string> {
  const keys = (await acme.causeway.node.directory.find('acme'))?.signingKeys(null) ?? [];
  const key = keys.find(({ alg }) => alg === 'RS256');
  if (key === undefined) throw new Error('no key');
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(await importJWK(key, key.alg));
}

const hintOf = ({ body }: TokenAnswer): string => String(body['id_token']);
const sitting = (): Promise<string> => sessionOf(cookiesOf(browser, app), other);

/** The page that asks; nothing has ended yet. */
async function expectQuestion(page: Page): Promise<void> {
  expect([page.status, page.location]).toEqual([200, undefined]);
  expect(formsOf(page)[0]?.action.pathname).toBe('/t/acme/oauth2/v1/logout/confirm');
  expect(page.headers['x-frame-options']).toBe('DENY');
  expect(await sitting()).toBe('open');
}

/** Answers the page that asks. */
const answer = (page: Page, values: Readonly<Record<string, string>> = { logout: 'yes' }): Promise<Page> => {
  const [form] = formsOf(page);
  if (form === undefined) throw new Error('no form');
  return browser.submit(form, values);
};

describe('a sign-out that the application asks for with its ID Token (RP-Initiated Logout 1.0)', () => {
  test.each([
    ['state', { state: 'a b&c' }, `${BYE}?state=a+b%26c`],
    ['no state', {}, BYE],
    ['client_id, the same', { client_id: 'app' }, BYE],
    ['a name and languages, which say nothing here', { logout_hint: CAT.username, ui_locales: 'de en' }, BYE],
    [
      'a registered address with a query',
      { post_logout_redirect_uri: `${BYE}?x=1`, state: 's' },
      `${BYE}?x=1&state=s`,
    ],
  ])('happens at once, and leads to its registered address: %s', async (_case, params, target) => {
    const signedIn = await signIn(browser, app, ADA);
    const before = cookiesOf(browser, app);
    const page = await signOut({ id_token_hint: hintOf(signedIn), post_logout_redirect_uri: BYE, ...params });
    expect([page.status, page.location?.href]).toEqual([303, target]);
    expect(cookiesOf(browser, app)).not.toContain('cw_s_acme=');
    expect(await sessionOf(before, other)).toBe('login_required');
  });

  test('ends at our page when no address is given', async () => {
    const page = await signOut({ id_token_hint: hintOf(await signIn(browser, app, ADA)) });
    expect(page.location?.pathname).toBe('/t/acme/oauth2/v1/logout/success');
    const last = await browser.open(page.location ?? '');
    expect(headingOf(last)).toMatch(/signed out/i);
  });

  test('takes an ID Token whose time is over: who comes back late may sign out too', async () => {
    const signedIn = await signIn(browser, app, ADA);
    const old = await signedAs({}, { ...claimsOf(signedIn.body['id_token']), iat: 1_000, exp: 2_000 });
    const page = await signOut({ id_token_hint: old, post_logout_redirect_uri: BYE });
    expect(page.location?.href).toBe(BYE);
    expect(await sitting()).toBe('login_required');
  });

  test('comes by POST too', async () => {
    const signedIn = await signIn(browser, app, ADA);
    const posted = await browser.open(`${app.issuer}/oauth2/v1/logout`, {
      form: { id_token_hint: hintOf(signedIn), post_logout_redirect_uri: BYE },
    });
    expect(posted.status).toBe(303);
    const page = await browser.open(posted.location ?? '');
    expect(page.location?.href).toBe(BYE);
    expect(await sitting()).toBe('login_required');
  });

  test('ends it for every application, and each is to be told', async () => {
    const [first, second] = [await signIn(browser, app, ADA), await signIn(browser, other, undefined)];
    const before = await ledger.count('outbox', `topic = 'session.ended'`);
    await signOut({ id_token_hint: hintOf(first), post_logout_redirect_uri: BYE });
    expect(await sitting()).toBe('login_required');
    const sids = await ledger.rows<{ sid: string }>(
      `SELECT payload->>'sid' AS sid FROM outbox WHERE topic = 'session.ended' ORDER BY created_at, id OFFSET $1`,
      [before],
    );
    expect(sids.map(({ sid }) => sid).toSorted()).toEqual(
      [first, second].map(({ body }) => String(claimsOf(body['id_token'])['sid'])).toSorted(),
    );
    const [event] = (await ledger.audit('acme', { action: 'access.ended' })).slice(-1);
    expect(event).toMatchObject({ reason: 'signed_out', details: { sessions: 1 } });
  });

  test('leaves the person’s other browsers alone', async () => {
    const [here, there] = [browser, new HttpBrowser()];
    const signedIn = await signIn(here, app, ADA);
    await signIn(there, app, ADA);
    await signOut({ id_token_hint: hintOf(signedIn), post_logout_redirect_uri: BYE });
    expect(await sessionOf(cookiesOf(there, app), other)).toBe('open');
  });
});

const isActive = async (token: unknown): Promise<unknown> =>
  (await post(app, 'introspect', { token: String(token) })).body['active'];

describe('grants at a sign-out', () => {
  test('without offline access they end with the session', async () => {
    const signedIn = await signIn(browser, app, ADA, { scope: 'openid' });
    await signOut({ id_token_hint: hintOf(signedIn), post_logout_redirect_uri: BYE });
    expect(await isActive(signedIn.body['access_token'])).toBe(false);
  });

  test('with offline access they stay', async () => {
    const signedIn = await signIn(browser, app, ADA);
    await signOut({ id_token_hint: hintOf(signedIn), post_logout_redirect_uri: BYE });
    const again = await refresh(app, signedIn.body['refresh_token']);
    expect(again.status).toBe(200);
    expect(await isActive(again.body['access_token'])).toBe(true);
  });

  test('a code that was not redeemed yet is worth nothing', async () => {
    const signedIn = await signIn(browser, app, ADA, { scope: 'openid' });
    const { userId } = await ledger
      .rows<{ userId: string }>(`SELECT id AS "userId" FROM users WHERE user_name = $1`, [ADA.username])
      .then(([row]) => row ?? { userId: '' });
    await signOut({ id_token_hint: hintOf(signedIn), post_logout_redirect_uri: BYE });
    expect(
      await ledger.count(
        'oidc_artifacts',
        `kind = 'Grant' AND user_id = $1 AND payload->'openid'->>'scope' = 'openid'`,
        [userId],
      ),
    ).toBe(0);
  });
});

describe('A-68: nobody is signed out by a link', () => {
  const STRANGE = {
    'nothing at all': () => ({}),
    'an address and no hint': () => ({ post_logout_redirect_uri: BYE }),
    'an address and the application': () => ({ client_id: 'app', post_logout_redirect_uri: BYE, state: 's' }),
    'the person’s name': () => ({ logout_hint: ADA.username }),
  };

  test.each(Object.entries(STRANGE))('%s: the person is asked first', async (_case, params) => {
    await signIn(browser, app, ADA);
    await expectQuestion(await signOut(params()));
  });

  test('a hint of somebody else, or of another sitting, is not enough', async () => {
    const cat = await signIn(new HttpBrowser(), app, CAT);
    const elsewhere = await signIn(new HttpBrowser(), app, ADA);
    await signIn(browser, app, ADA);
    for (const hint of [cat, elsewhere])
      await expectQuestion(await signOut({ id_token_hint: hintOf(hint), post_logout_redirect_uri: BYE }));
  });

  test.each<[string, (hint: string) => Params]>([
    ['unsigned', (hint) => ({ id_token_hint: `${hint.split('.').slice(0, 2).join('.')}.` })],
    ['altered', (hint) => ({ id_token_hint: `${hint.slice(0, -6)}AAAAAA` })],
    ['no token', () => ({ id_token_hint: 'x' })],
    ['of another application', (hint) => ({ id_token_hint: hint, client_id: 'other' })],
    ['of nobody we know', () => ({ client_id: 'nobody' })],
  ])('a hint that is %s is refused', async (_case, params) => {
    const signedIn = await signIn(browser, app, ADA);
    const page = await signOut({ ...params(hintOf(signedIn)), post_logout_redirect_uri: BYE });
    expect([page.status, page.location]).toEqual([400, undefined]);
    expect(await sitting()).toBe('open');
  });

  const EVENTS = { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } };
  test.each([
    ['a logout token', { typ: 'logout+jwt' }, EVENTS],
    ['a logout token without its type', {}, EVENTS],
    ['an access token', { typ: 'at+jwt' }, {}],
    ['an ID-JAG', { typ: 'oauth-id-jag+jwt' }, {}],
  ])('A-30 %s of this very session is no hint, here or at authorize', async (_case, header, more) => {
    const signedIn = await signIn(browser, app, ADA);
    const hint = await signedAs(header, { ...claimsOf(signedIn.body['id_token']), ...more });
    const page = await signOut({ id_token_hint: hint, post_logout_redirect_uri: BYE });
    expect([page.status, page.location]).toEqual([400, undefined]);
    const { url } = authorizationRequest(app, { prompt: 'none', id_token_hint: hint });
    const { location } = await browser.open(url);
    expect(location?.searchParams.get('error')).toBe('invalid_request');
    expect(await sitting()).toBe('open');
  });

  test('A-67: another tenant’s ID Token is refused', async () => {
    await signIn(browser, app, ADA);
    const there = await signIn(new HttpBrowser(), { ...app, issuer: globex.app.issuer }, ADA);
    const page = await signOut({ id_token_hint: hintOf(there), post_logout_redirect_uri: BYE });
    expect([page.status, page.location]).toEqual([400, undefined]);
    expect(await sitting()).toBe('open');
  });

  test.each([
    'https://evil.example/',
    `${BYE}/`,
    `${BYE}?x=2`,
    'https://app.example/BYE',
    'https://app.example/cb',
    'https://other.example/bye',
    'javascript:alert(1)',
    '//evil.example',
  ])('no open redirect: %s', async (address) => {
    const signedIn = await signIn(browser, app, ADA);
    const page = await signOut({ id_token_hint: hintOf(signedIn), post_logout_redirect_uri: address });
    expect([page.status, page.location]).toEqual([400, undefined]);
    expect(await sitting()).toBe('open');
  });

  test('an address without an application that it belongs to is forgotten', async () => {
    await signIn(browser, app, ADA);
    const page = await answer(
      await signOut({ post_logout_redirect_uri: 'https://evil.example/', state: 's' }),
    );
    expect(page.text).not.toContain('evil.example');
    expect(await sitting()).toBe('login_required');
  });
});

describe('the page that asks', () => {
  test('yes: the session ends, and a page leads on; a redirect after a POST would be stopped', async () => {
    await signIn(browser, app, ADA);
    const asked = await signOut({ client_id: 'app', post_logout_redirect_uri: BYE, state: 's' });
    expect(headingOf(asked)).toMatch(/sign out/i);
    const page = await answer(asked);
    expect([page.status, page.location]).toEqual([200, undefined]);
    expect(page.text).toContain(`content="0;url=${BYE}?state=s"`);
    expect(linkOf(page, 'Continue to Grafana') ?? linkOf(page, 'Continue')).toEqual(
      new URL(`${BYE}?state=s`),
    );
    expect(page.headers['content-security-policy']).toContain("form-action 'self'");
    expect(await sitting()).toBe('login_required');
    const [event] = (await ledger.audit('acme', { action: 'access.ended' })).slice(-1);
    expect(event).toMatchObject({ reason: 'signed_out' });
  });

  test('no: everything stays', async () => {
    const signedIn = await signIn(browser, app, ADA);
    await signOut({ client_id: 'app' });
    expect(await sitting()).toBe('open');
    expect((await refresh(app, signedIn.body['refresh_token'])).status).toBe(200);
  });

  test.each([
    ['without the page’s secret', { xsrf: '' }],
    ['with another', { xsrf: 'x'.repeat(43) }],
  ])('its answer %s is refused', async (_case, values) => {
    await signIn(browser, app, ADA);
    const page = await answer(await signOut({}), { ...values, logout: 'yes' });
    expect(page.status).toBe(400);
    expect(await sitting()).toBe('open');
  });

  test('its answer with another browser’s secret is refused', async () => {
    await signIn(browser, app, ADA);
    await signOut({});
    const attacker = new HttpBrowser();
    await signIn(attacker, app, CAT);
    const [form] = formsOf(await signOut({}, attacker));
    const page = await browser.open(`${app.issuer}/oauth2/v1/logout/confirm`, {
      form: { xsrf: form?.fields.get('xsrf') ?? '', logout: 'yes' },
    });
    expect(page.status).toBe(400);
    expect(await sitting()).toBe('open');
  });

  test('who is not signed in at all is not asked: a page posts itself, and leads on', async () => {
    const page = await signOut({ client_id: 'app', post_logout_redirect_uri: BYE, state: 's' });
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toMatch(/'sha256-.*form-action 'self'/);
    const [form] = formsOf(page);
    if (form === undefined) throw new Error('no form');
    const last = await browser.submit(form);
    expect(last.status).toBe(200);
    expect(last.text).toContain(`content="0;url=${BYE}?state=s"`);
  });

  test('says nothing of the address that it was sent to, but a registered one', async () => {
    await signIn(browser, app, ADA);
    const page = await signOut({ client_id: 'app', state: '"><script>alert(1)</script>' });
    expect(page.text).not.toContain('<script>alert');
  });
});
