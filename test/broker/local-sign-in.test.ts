import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger, type Logger } from '../../src/core/logger.js';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { apiClient, type ApiClient } from '../support/api.js';
import {
  authorizationRequest,
  claimsOf,
  post,
  redeem,
  refresh,
  signIn,
  type TokenAnswer,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { formsOf, HttpBrowser, type Page } from '../support/okta-sign-in.js';
import {
  codeOf,
  enrolByPasskey,
  enrolByPassword,
  invite,
  optionsOf,
  PASSWORD,
  send,
  type PasskeyHolder,
  type PasswordHolder,
} from '../support/operator.js';
import { goAndReturn, headingOf, linkOf, readable, travelOurs } from '../support/trip.js';

const lines: { readonly level: string; readonly event: string }[] = [];
const keep = (level: string) => (event: string) => void lines.push({ level, event });
const log: Logger = { ...silentLogger, info: keep('info'), warn: keep('warn'), child: () => log };

let acme: Acme;
let ledger: Ledger;
let api: ApiClient;
/** For an emergency; with Ada's name at Okta. */
let box: PasswordHolder;
let boxId: string;
/** Invited by an admin, with a passkey. */
let pat: PasskeyHolder;
let patId: string;

type Policy = 'enabled' | 'break-glass' | 'disabled';
const setPolicy = async (local: Policy, signInDefault: string | null = null) => {
  await acme.causeway.apply([{ slug: 'acme', signIn: { local, default: signInDefault } }]);
};

beforeAll(async () => {
  acme = await startAcme({ log });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  api = await apiClient(acme.causeway);
  const emergency = await invite(acme.causeway, ADA.username, { purpose: 'break-glass', tenant: 'acme' });
  boxId = emergency.userId;
  box = await enrolByPassword(emergency.link);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(async () => {
  acme.okta.org.heal();
  await ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'Tries'`);
  await ledger.rows('UPDATE local_accounts SET totp_last_step = NULL');
  lines.length = 0;
});

const request = (params: Readonly<Record<string, string | undefined>> = {}) =>
  authorizationRequest(acme.app, params);

/** The page that a request leads to within Causeway. */
const arriveAt = (browser: HttpBrowser, url: URL | string): Promise<Page> =>
  travelOurs(browser, acme.app, url);

/** Sends the form of password and code; gives the page that comes. */
const byPassword = (browser: HttpBrowser, page: Page, typed: Readonly<Record<string, string>> = {}) =>
  send(browser, page, { user_name: ADA.username, password: PASSWORD, code: codeOf(box.seed), ...typed });

const newest = async (action: string): Promise<string> => {
  const [row] = await ledger.rows<{ id: string }>(
    'SELECT id FROM audit_events WHERE action = $1 ORDER BY id DESC LIMIT 1',
    [action],
  );
  return String(row?.id);
};

/** the owners are told, until one of them has seen it. */
async function expectNotice(): Promise<void> {
  const [event, signedIn] = [await newest('break_glass.succeeded'), await newest('sign_in.succeeded')];
  const open = async () => (await api.get('/tenants/acme/notices')).body['items'];
  const notice = {
    id: event,
    kind: 'break_glass.succeeded',
    message: 'A break-glass account was used.',
    seen: null,
  };
  expect(await open()).toContainEqual(expect.objectContaining(notice));
  const seen = await api.post(`/tenants/acme/notices/${event}/see`);
  expect([seen.status, seen.body['seen']]).toEqual([200, { by: expect.any(String), at: expect.any(String) }]);
  expect((await api.post(`/tenants/acme/notices/${event}/see`)).body).toEqual(seen.body);
  expect(await open()).not.toContainEqual(expect.objectContaining({ id: event }));
  expect((await api.get('/tenants/acme/notices?state=all')).body['items']).toContainEqual(seen.body);
  expect((await api.get(`/tenants/acme/notices/${signedIn}`)).status).toBe(404);
}

/** From "Continue to …" to the application's door. */
async function goOn(browser: HttpBrowser, page: Page): Promise<URL> {
  expect([page.status, headingOf(page)]).toEqual([200, 'Continue to Grafana']);
  expect(page.headers['content-security-policy']).toContain("form-action 'self'");
  const href = linkOf(page, 'Continue to Grafana');
  const door = await arriveAt(browser, href ?? '');
  if (door.location === undefined) throw new Error(`it stays: ${door.status} ${readable(door)}`);
  return door.location;
}

async function tokensOf(door: URL, verifier: string): Promise<TokenAnswer> {
  const code = door.searchParams.get('code');
  if (code === null) throw new Error(`no code: ${door.href}`);
  return redeem(acme.app, code, verifier);
}

const outage = (body: object) => api.post('/tenants/acme/connections/okta/outage', body);
const begin = () => arriveAt(new HttpBrowser(), request({ login_hint: ADA.username }).url);

const asksFor =
  (by: 'password' | 'passkey') =>
  (page: Page): string =>
    `${page.url.origin}${page.url.pathname}?connection=local${by === 'password' ? '&by=password' : ''}`;

/** Signs the break-glass account in, whatever Okta does. */
async function breakGlass(browser = new HttpBrowser(), params: Readonly<Record<string, string>> = {}) {
  const asked = request({ connection: 'local', ...params });
  const first = await arriveAt(browser, asked.url);
  const page = await browser.open(asksFor('password')(first));
  const door = await goOn(browser, await byPassword(browser, page));
  return { door, asked, page, first };
}

async function patSignsIn(browser = new HttpBrowser()) {
  const asked = request({ connection: 'local' });
  const page = await arriveAt(browser, asked.url);
  const done = await send(browser, page, { passkey: pat.key.get(optionsOf(page)) });
  const door = await goOn(browser, done);
  return { ...(await tokensOf(door, asked.verifier)), browser };
}

describe('F5 A-125 break-glass, which is the default', () => {
  test('A18 is offered before Okta while an outage is declared, unless the policy has no local accounts', async () => {
    expect((await begin()).location?.origin).toBe(new URL(acme.okta.issuer).origin);
    await outage({ on: true, reason: 'Okta is down' });
    const browser = new HttpBrowser();
    const page = await arriveAt(browser, request({ connection: 'okta' }).url);
    expect(readable(page)).toContain('Sign-in through Acme Okta has a problem right now.');
    const local = await browser.open(linkOf(page, 'Use a local account') ?? '');
    expect(readable(local)).toContain('Every use is recorded and the owners are told.');
    // Whoever tries Okta nevertheless, goes there.
    const tried = await arriveAt(browser, linkOf(page, 'Acme Okta') ?? '');
    expect(tried.location?.origin).toBe(new URL(acme.okta.issuer).origin);
    await setPolicy('disabled');
    expect((await begin()).location?.origin).toBe(new URL(acme.okta.issuer).origin);
    await setPolicy('break-glass');
    await outage({ on: false });
    expect((await begin()).location?.origin).toBe(new URL(acme.okta.issuer).origin);
  });

  test('works by what the address asks for, a page that says that it is loud, and a fresh proof', async () => {
    const browser = new HttpBrowser();
    const { door, asked, first, page } = await breakGlass(browser);
    expect(headingOf(first)).toBe('Sign in to Grafana');
    expect(readable(page)).toContain('Every use is recorded and the owners are told.');
    expect(first.headers['content-security-policy']).toContain("script-src 'self'");
    const { body } = await tokensOf(door, asked.verifier);
    const claims = claimsOf(body['id_token']);
    expect(claims).toMatchObject({
      sub: boxId,
      tenant: 'acme',
      idp: 'local',
      amr: ['pwd', 'otp', 'mfa'],
      roles: [],
      preferred_username: ADA.username,
    });
    expect(claims).not.toHaveProperty('acr');
    expect(Math.abs(Number(claims['auth_time']) - Date.now() / 1000)).toBeLessThan(30);
    const [told] = await ledger.audit('acme', { action: 'break_glass.succeeded' });
    expect(told).toMatchObject({ actor: { type: 'user', id: boxId }, details: { method: 'password' } });
    expect(lines).toContainEqual({ level: 'warn', event: 'break_glass.succeeded' });
    const [came] = await ledger.audit('acme', { action: 'sign_in.succeeded' });
    expect(came).toMatchObject({ connection: null, details: { by: 'local' } });
    await expectNotice();

    // The session goes on; a demand for a fresh sign-in asks again, with a new code.
    const again = await arriveAt(browser, request({ prompt: 'none' }).url);
    expect(again.location?.searchParams.get('code')).toBeTruthy();
    const fresh = await arriveAt(browser, request({ prompt: 'login', connection: 'local' }).url);
    expect(headingOf(fresh)).toBe('Sign in to Grafana');
    const used = await byPassword(browser, await browser.open(asksFor('password')(fresh)));
    expect([used.status, readable(used)]).toEqual([400, expect.stringContaining("That didn't match")]);
    await ledger.rows('UPDATE local_accounts SET totp_last_step = NULL');
    expect((await goOn(browser, await byPassword(browser, used))).searchParams.get('code')).toBeTruthy();
  });

  test('works while Okta is down, from its error page; nobody is told of it who needs only Okta', async () => {
    acme.okta.org.fail('token.http_500');
    const browser = new HttpBrowser();
    const { callback, request: asked } = await goAndReturn(browser, acme.app, ADA);
    let page = await arriveAt(browser, callback);
    expect(headingOf(page)).toBe("Acme Okta isn't answering");
    const way = linkOf(page, 'Other ways to sign in');
    expect(way?.search).toBe('?connection=local');
    page = await browser.open(`${way?.href ?? ''}&by=password`);
    const { status, body } = await tokensOf(
      await goOn(browser, await byPassword(browser, page)),
      asked.verifier,
    );
    expect([status, claimsOf(body['id_token'])['idp']]).toEqual([200, 'local']);
  });

  test('A-10 A-17 single sign-on never takes it for the person of the same name', async () => {
    const { body } = await signIn(new HttpBrowser(), acme.app, ADA);
    const claims = claimsOf(body['id_token']);
    expect(claims['preferred_username']).toBe(ADA.username);
    expect([claims['idp'], claims['sub'] === boxId]).toEqual(['okta', false]);
  });

  test('A-107 half a sign-in opens nothing; A-110 A-109 whatever is wrong reads alike, and is slowed down', async () => {
    const browser = new HttpBrowser();
    const first = await arriveAt(browser, request({ connection: 'local' }).url);
    expect(browser.cookies(first.url)).toContain('cw_pending');
    const silent = await arriveAt(browser, request({ prompt: 'none' }).url);
    expect(silent.location?.searchParams.get('error')).toBe('login_required');
    expect((await browser.open(`${acme.app.issuer}/portal`)).status).toBe(401);
    expect((await browser.open(`${acme.causeway.url}/api/v1/me`)).status).toBe(401);

    const page = await browser.open(asksFor('password')(first));
    const wrong = async (typed: Readonly<Record<string, string>>) => {
      const { status, text } = await byPassword(browser, page, typed);
      return [status, text];
    };
    const alike = [
      await wrong({ password: 'something else' }),
      await wrong({ user_name: 'nobody-here' }),
      await wrong({ code: '000000' }),
    ];
    expect(new Set(alike.map(([status]) => status))).toEqual(new Set([400]));
    expect(new Set(alike.map(([, text]) => text)).size).toBe(1);
    expect(lines).toContainEqual({ level: 'warn', event: 'break_glass.refused' });
    const statuses = [];
    for (let tries = 0; tries < 8; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      statuses.push((await byPassword(browser, page, { user_name: 'nobody-here' })).status);
    }
    expect([statuses[0], statuses.includes(429)]).toEqual([400, true]);
    // A form of another site isn't taken.
    const [form] = formsOf(page);
    const foreign = await browser.open(form?.action ?? '', {
      form: { user_name: ADA.username },
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(foreign.status).toBe(403);
  });

  test('a level of assurance that only Okta could vouch for stays unmet', async () => {
    const asked = request({ connection: 'local', acr_values: 'phr' });
    const page = await arriveAt(new HttpBrowser(), asked.url);
    expect([page.status, headingOf(page)]).toEqual([403, 'Grafana needs a stronger sign-in']);
  });
});

describe('F4 people whom an admin invites', () => {
  test('sign in where the tenant lets them, with the roles that they were given; a reset ends it all', async () => {
    await setPolicy('enabled');
    const made = await api.post('/tenants/acme/operators', { userName: 'pat', purpose: 'person', roles: [] });
    expect(made.status).toBe(201);
    patId = String(made.body['id']);
    const { link } = made.body['enrolment'] as { link: string };
    pat = await enrolByPasskey(link);
    // Nothing is theirs to do in the console.
    expect(pat.browser.cookies(new URL(acme.causeway.url))).not.toContain('cw_console');
    const atConsole = await pat.browser.open(`${acme.causeway.url}/console/sign-in?tenant=acme`);
    const told = await send(pat.browser, atConsole, { passkey: pat.key.get(optionsOf(atConsole)) });
    expect([told.status, headingOf(told)]).toEqual([403, 'You have no role in the console of Acme Inc.']);
    const given = await api.post('/tenants/acme/role-assignments', { user: patId, role: 'viewer' });
    expect(given.status).toBe(201);

    // One connection is no longer the only way: everybody is asked.
    const browser = new HttpBrowser();
    const asked = request();
    const chooser = await arriveAt(browser, asked.url);
    expect(headingOf(chooser)).toBe('Choose how to sign in');
    expect(linkOf(chooser, 'Acme Okta')).toBeDefined();
    const page = await browser.open(linkOf(chooser, 'Use a local account') ?? '');
    expect(readable(page)).toContain('Every use of a break-glass account is recorded');
    const door = await goOn(browser, await send(browser, page, { passkey: pat.key.get(optionsOf(page)) }));
    const { body } = await tokensOf(door, asked.verifier);
    expect(claimsOf(body['id_token'])).toMatchObject({
      sub: patId,
      idp: 'local',
      roles: ['viewer'],
      amr: ['pop', 'user', 'mfa'],
    });
    const renewed = await refresh(acme.app, body['refresh_token']);
    expect(renewed.status).toBe(200);
    const introspected = () => post(acme.app, 'introspect', { token: String(renewed.body['access_token']) });
    expect((await introspected()).body).toMatchObject({ active: true, sub: patId });

    const reset = await api.post(`/tenants/acme/operators/${patId}/reset`);
    expect(reset.status).toBeLessThan(300);
    expect((await introspected()).body).toEqual({ active: false });
    expect((await refresh(acme.app, renewed.body['refresh_token'])).status).toBe(400);
    const silent = await arriveAt(browser, request({ prompt: 'none' }).url);
    expect(silent.location?.searchParams.get('error')).toBe('login_required');
    pat = await enrolByPasskey((reset.body['enrolment'] as { link: string }).link);
  });

  test('a default goes to Okta at once, and the stricter policy ends what the looser one let in', async () => {
    await setPolicy('enabled', 'okta');
    const straight = await arriveAt(new HttpBrowser(), request().url);
    expect(straight.location?.origin).toBe(new URL(acme.okta.issuer).origin);
    const patHas = await patSignsIn();
    const boxHas = await breakGlass();
    const boxTokens = await tokensOf(boxHas.door, boxHas.asked.verifier);

    await setPolicy('break-glass');
    const silent = await arriveAt(patHas.browser, request({ prompt: 'none' }).url);
    expect(silent.location?.searchParams.get('error')).toBe('login_required');
    expect((await refresh(acme.app, patHas.body['refresh_token'])).status).toBe(400);
    const kept = await refresh(acme.app, boxTokens.body['refresh_token']);
    expect(kept.status).toBe(200);
    const browser = new HttpBrowser();
    const page = await arriveAt(browser, request({ connection: 'local' }).url);
    const refused = await send(browser, page, { passkey: pat.key.get(optionsOf(page)) });
    expect([refused.status, readable(refused)]).toEqual([400, expect.stringContaining("That didn't match")]);
    const [why] = (await ledger.audit('acme', { action: 'local_sign_in.refused' })).slice(-1);
    expect(why?.reason).toBe('not_admitted');

    await setPolicy('disabled');
    expect((await refresh(acme.app, kept.body['refresh_token'])).status).toBe(400);
    const [ended] = (await ledger.audit('acme', { action: 'access.ended' })).slice(-1);
    expect(ended).toMatchObject({ reason: 'local_sign_in_off', target: 'local:all' });
  });

  test('a policy with which no owner could come in is refused by the API', async () => {
    await setPolicy('enabled');
    const owner = await invite(acme.causeway, 'olga', { tenant: 'acme' });
    await enrolByPassword(owner.link);
    const turn = async (local: Policy) => {
      const { etag } = await api.get('/tenants/acme');
      return api.patch('/tenants/acme', { signIn: { local } }, etag);
    };
    const refused = await turn('disabled');
    expect([refused.status, refused.body['detail']]).toEqual([
      409,
      expect.stringContaining('nobody would be an owner'),
    ]);
    // Operators may use the console still.
    expect((await turn('break-glass')).status).toBe(200);
    expect((await api.get('/tenants/acme')).body).toMatchObject({ signIn: { local: 'break-glass' } });
  });

  test('A-137 where it is off, the address means as little as any other that nobody knows', async () => {
    await setPolicy('disabled');
    const pages = await Promise.all(
      ['local', 'unknown'].map((connection) => arriveAt(new HttpBrowser(), request({ connection }).url)),
    );
    expect(pages.map(headingOf)).toEqual([headingOf(pages[1] as Page), headingOf(pages[1] as Page)]);
    expect(pages.every((page) => linkOf(page, 'Other ways to sign in') === undefined)).toBe(true);
    // A page that was open before answers like that, too.
    await setPolicy('break-glass');
    const browser = new HttpBrowser();
    const page = await browser.open(
      asksFor('password')(await arriveAt(browser, request({ connection: 'local' }).url)),
    );
    await setPolicy('disabled');
    expect(headingOf(await byPassword(browser, page))).toBe('Sign in to Grafana');
  });

  test('a node that has not heard of the policy yet gives nobody a session', async () => {
    await setPolicy('enabled');
    const browser = new HttpBrowser();
    const page = await arriveAt(browser, request({ connection: 'local' }).url);
    const done = await send(browser, page, { passkey: pat.key.get(optionsOf(page)) });
    await ledger.rows(
      `UPDATE tenants SET settings = jsonb_set(settings, '{localSignIn}', '"break-glass"') WHERE slug = 'acme'`,
    );
    const door = await goOn(browser, done);
    expect(door.searchParams.get('error')).toBe('access_denied');
  });
});
