import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ADA, APP_SECRET, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  signIn,
  walk,
  type TestApplication,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import type { TestNode } from '../support/node.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { leave, signThere, travelOurs } from '../support/trip.js';
import { cookiesOf, sessionOf } from './support/session.js';

let acme: Acme;
let sibling: TestNode;
let ledger: Ledger;
let app: TestApplication;
let second: TestApplication;
let native: TestApplication;
let consented: TestApplication;
let closed: TestApplication;
let browser: HttpBrowser;

beforeAll(async () => {
  acme = await startAcme();
  sibling = await acme.causeway.sibling();
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
        { ...web, clientId: 'closed', assignment: { groups: ['Finance'] } },
        { clientId: 'native', type: 'native', redirectUris: ['https://app.example/cb'] },
      ],
    },
  ]);
  app = acme.app;
  second = { ...app, clientId: 'second', redirectUri: 'https://app.example/cb' };
  consented = { ...second, clientId: 'consented' };
  closed = { ...second, clientId: 'closed' };
  native = { issuer: app.issuer, clientId: 'native', redirectUri: 'https://app.example/cb' };
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

type Params = Readonly<Record<string, string | undefined>>;

/** What an application is told at once, without anybody being asked. */
async function told(application: TestApplication, params: Params = {}, from = browser): Promise<Params> {
  const page = await from.open(authorizationRequest(application, params).url);
  return Object.fromEntries(page.location?.searchParams ?? []);
}

/** As if the sign-in had been so many seconds ago. */
const age = (seconds: number): Promise<unknown> =>
  ledger.rows(
    `UPDATE sessions SET payload = jsonb_set(payload, '{loginTs}', to_jsonb((payload->>'loginTs')::bigint - $1))
    WHERE payload ? 'loginTs'`,
    [seconds],
  );

describe('single sign-on', () => {
  test('the second application needs no upstream, and knows the same sign-in', async () => {
    const first = await signIn(browser, app, ADA);
    acme.okta.org.log.clear();
    const other = await signIn(browser, second, undefined);
    expect(acme.okta.org.log.records).toEqual([]);
    const [a, b] = [first, other].map(({ body }) => claimsOf(body['id_token']));
    expect([b?.['sub'], b?.['auth_time'], b?.['amr']]).toEqual([a?.['sub'], a?.['auth_time'], a?.['amr']]);
    // Each application knows the session by a name of its own: none can speak of the other's.
    expect(b?.['sid']).not.toBe(a?.['sid']);
  });

  test('the same application gets the same sid each time', async () => {
    const [first, again] = [await signIn(browser, app, ADA), await signIn(browser, app, undefined)];
    expect(claimsOf(again.body['id_token'])['sid']).toBe(claimsOf(first.body['id_token'])['sid']);
  });

  test('a native application is not stopped by a consent page each time', async () => {
    await signIn(browser, native, ADA);
    expect((await signIn(browser, native, undefined)).status).toBe(200);
  });

  test('works on another node at once, and ends there at once', async () => {
    await signIn(browser, app, ADA);
    expect(await sessionOf(cookiesOf(browser, app), second, sibling.url)).toBe('open');
    await ledger.rows('UPDATE sessions SET ended_at = now() WHERE ended_at IS NULL');
    for (const through of [sibling.url, undefined])
      expect(await sessionOf(cookiesOf(browser, app), second, through)).toBe('login_required');
  });

  test('two tabs that sign in at once each get there', async () => {
    const [one, two] = [await leave(browser, app), await leave(browser, second)];
    const first = await travelOurs(browser, app, await signThere(browser, one, ADA));
    const other = await travelOurs(browser, second, await signThere(browser, two, ADA));
    expect(first.location?.searchParams.get('code')).toEqual(expect.any(String));
    expect(other.location?.searchParams.get('code')).toEqual(expect.any(String));
    for (const application of [app, second])
      expect((await told(application))['code']).toEqual(expect.any(String));
  });
});

describe('prompt=none (B5)', () => {
  test('nobody is signed in: an error at once, and nothing is kept', async () => {
    const before = await ledger.count('oidc_artifacts');
    const answer = await told(app, { prompt: 'none', state: 's' });
    expect(answer).toMatchObject({ error: 'login_required', state: 's', iss: app.issuer });
    expect(await ledger.count('oidc_artifacts')).toBe(before);
    expect(cookiesOf(browser, app)).toBe('');
  });

  test('with a session: a code', async () => {
    await signIn(browser, app, ADA);
    for (const application of [app, second, native])
      expect((await told(application, { prompt: 'none' }))['code']).toEqual(expect.any(String));
  });

  test.each<[string, () => TestApplication, Params, string, string]>([
    ['the person is not assigned', () => closed, {}, 'access_denied', 'not_assigned'],
    ['a third party was never allowed', () => consented, {}, 'consent_required', ''],
    ['the sign-in is too old', () => second, { max_age: '100' }, 'login_required', ''],
    ['the level was not reached', () => second, { acr_values: 'urn:okta:loa:2fa:any' }, 'login_required', ''],
  ])('%s: %s', async (_case, application, params, error, description) => {
    await signIn(browser, app, ADA);
    await age(200);
    const answer = await told(application(), { ...params, prompt: 'none' });
    expect(answer).toMatchObject({ error, error_description: expect.stringContaining(description) });
    expect(answer['code']).toBeUndefined();
  });

  test.each(['none login', 'none consent', 'login none', 'create', 'select_account'])(
    'prompt=%s is no request',
    async (prompt) => {
      expect(await told(app, { prompt })).toMatchObject({ error: 'invalid_request' });
    },
  );
});

describe('a fresh, a recent, a strong sign-in (A12)', () => {
  test('prompt=login asks again, though there is a session', async () => {
    const first = await signIn(browser, app, ADA);
    await age(1_000);
    acme.okta.org.log.clear();
    const again = await signIn(browser, app, ADA, { prompt: 'login' });
    expect(acme.okta.org.log.to('authorize').length).toBeGreaterThan(0);
    const [before, after] = [first, again].map(({ body }) => claimsOf(body['id_token']));
    expect(Number(after?.['auth_time'])).toBeGreaterThanOrEqual(Number(before?.['auth_time']));
    expect(after?.['sub']).toBe(before?.['sub']);
  });

  test.each([
    ['0', true],
    ['100', true],
    ['1000', false],
  ])('max_age=%s after 200 s: asks again: %s', async (maxAge, asks) => {
    await signIn(browser, app, ADA);
    await age(200);
    const page = await travelOurs(browser, app, authorizationRequest(app, { max_age: maxAge }).url);
    expect(page.location?.origin === acme.okta.url).toBe(asks);
    if (asks) {
      const { body } = await signIn(browser, app, ADA, { max_age: maxAge });
      expect(Math.floor(Date.now() / 1000) - Number(claimsOf(body['id_token'])['auth_time'])).toBeLessThan(
        30,
      );
    }
  });

  test.each(['-1', '1.5', 'x', '1e99'])('max_age=%s is no request', async (maxAge) => {
    expect(await told(app, { max_age: maxAge })).toMatchObject({ error: 'invalid_request' });
  });

  test('acr_values steps up once; then the session has the level', async () => {
    const acr = 'urn:okta:loa:2fa:any';
    await signIn(browser, app, ADA);
    const { body } = await signIn(browser, app, ADA, { acr_values: acr });
    expect(claimsOf(body['id_token'])).toMatchObject({ acr, amr: ['pwd', 'mfa', 'otp'] });
    acme.okta.org.log.clear();
    const again = await signIn(browser, second, undefined, { acr_values: `unknown ${acr}` });
    expect(claimsOf(again.body['id_token'])).toMatchObject({ acr });
    expect(acme.okta.org.log.records).toEqual([]);
  });
});

describe('the end of a session by time (the database’s clock)', () => {
  test.each([
    ['idle', `UPDATE sessions SET expires_at = now() - interval '1 s'`],
    ['ended', `UPDATE sessions SET ended_at = now()`],
  ])('%s', async (_case, change) => {
    await signIn(browser, app, ADA);
    expect(await sessionOf(cookiesOf(browser, app), second)).toBe('open');
    await ledger.rows(change);
    expect(await sessionOf(cookiesOf(browser, app), second)).toBe('login_required');
    // Signing in again is a new session, never the old one risen.
    await signIn(browser, app, ADA);
    const { n } = (
      await ledger.rows<{ n: number }>(
        `SELECT count(DISTINCT uid)::int AS n FROM sessions WHERE user_id IS NOT NULL
      AND ended_at IS NULL AND expires_at > now()`,
      )
    )[0] ?? { n: 0 };
    expect(n).toBe(1);
  });

  test('of one whose person was switched off, though nobody ended it', async () => {
    await signIn(browser, app, ADA);
    await ledger.rows('UPDATE users SET active = false');
    expect(await sessionOf(cookiesOf(browser, app), second)).toBe('login_required');
    await ledger.rows('UPDATE users SET active = true');
  });

  test('A-36: of one whose connection was closed; it does not rise with the connection', async () => {
    await signIn(browser, app, ADA);
    const cookie = cookiesOf(browser, app);
    await acme.causeway.apply([{ slug: 'acme', connections: [{ key: 'okta', status: 'disabled' }] }]);
    expect(await sessionOf(cookie, second)).toBe('login_required');
    await acme.causeway.apply([{ slug: 'acme', connections: [{ key: 'okta', status: 'enforced' }] }]);
    expect(await sessionOf(cookie, second)).toBe('login_required');
    expect((await signIn(browser, app, ADA)).status).toBe(200);
  });

  test('use moves the idle end, but not past the absolute one', async () => {
    await signIn(browser, app, ADA);
    await ledger.rows(`UPDATE sessions SET expires_at = now() + interval '1 min',
      absolute_expires_at = now() + interval '1 h' WHERE ended_at IS NULL AND expires_at > now()`);
    await told(second);
    const [row] = await ledger.rows<{ minutes: number }>(
      `SELECT round(extract(epoch FROM expires_at - now()) / 60)::int AS minutes FROM sessions
      WHERE ended_at IS NULL AND expires_at > now() ORDER BY created_at DESC LIMIT 1`,
    );
    expect(row?.minutes).toBe(60);
  });
});

describe('whoever walks in', () => {
  test('and stops half way is not signed in', async () => {
    await leave(browser, app);
    expect(await sessionOf(cookiesOf(browser, app), second)).toBe('login_required');
    const { end } = await walk(browser, app, authorizationRequest(app).url, ADA);
    expect(end?.searchParams.get('code')).toEqual(expect.any(String));
  });
});
