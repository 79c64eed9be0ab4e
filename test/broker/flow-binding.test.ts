import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { RunningOktaOrg } from '../../demo/okta/server.js';
import { ADA, BOB, CAT, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, claimsOf, post, redeem } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { anOkta, connectionTo } from '../support/organization.js';
import { rawRequest } from '../support/raw-request.js';
import { arrive, goAndReturn, headingOf, leave, redeemAt, referenceOf, signThere } from '../support/trip.js';

let acme: Acme;
let second: RunningOktaOrg;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme();
  second = await anOkta([`${acme.app.issuer}/callback/second`], { users: [{ login: ADA.username }] });
  await configure();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await second.stop();
  await acme.stop();
});
beforeEach(() => {
  for (const { org } of [acme.okta, second]) {
    org.heal();
    org.log.clear();
  }
});

/** Two connections; `okta` is the default. */
async function configure(okta: Parameters<typeof connectionTo>[1] = {}): Promise<void> {
  await acme.causeway.apply([
    {
      slug: 'acme',
      signIn: { default: 'okta' },
      connections: [
        connectionTo(acme.okta, okta),
        connectionTo(second, { key: 'second', name: 'Second Okta' }),
      ],
    },
  ]);
}

const tokenRequests = (): number => acme.okta.org.log.to('token').length + second.org.log.to('token').length;

async function setTenantStatus(status: string): Promise<void> {
  await ledger.rows(
    `UPDATE tenants SET status = $1, config_version = config_version + 1, config_changed_at = now()
    WHERE slug = 'acme'`,
    [status],
  );
  await acme.causeway.node.directory.refresh();
}

/** A refused return: the page, nothing asked of any upstream, nobody signed in, and it is in the audit trail. */
async function expectRefused(page: Page, heading: string, status = 400): Promise<void> {
  expect([headingOf(page), page.status]).toEqual([heading, status]);
  expect(tokenRequests()).toBe(0);
  expect(page.headers['cache-control']).toBe('no-store');
  const [event] = await ledger.audit('acme', { reference: referenceOf(page) });
  expect(event).toMatchObject({ action: 'sign_in.refused', outcome: 'refused' });
}

const OTHER_BROWSER = 'Finish in the browser you started in';
const EXPIRED = 'This sign-in took too long';
const USED = 'This sign-in was already finished';
const BAD_REQUEST = "We can't use this request";

describe('A-19 an answer in another browser than the one that asked', () => {
  test('is refused, and the right browser can still finish', async () => {
    const [mine, other] = [new HttpBrowser(), new HttpBrowser()];
    const { callback, request } = await goAndReturn(mine, acme.app, ADA);
    const sessions = await ledger.liveSessions();
    await expectRefused(await other.open(callback), OTHER_BROWSER);
    expect(await ledger.liveSessions()).toBe(sessions);
    const { status } = await redeemAt(acme.app, await arrive(mine, acme.app, callback), request);
    expect(status).toBe(200);
  });

  test('is refused though that browser brings a cookie of the right name with a secret of its own', async () => {
    const [mine, other] = [new HttpBrowser(), new HttpBrowser()];
    const { callback, request } = await goAndReturn(mine, acme.app, ADA);
    const theirs = await goAndReturn(other, acme.app, ADA);
    const [name = ''] = mine.cookies(callback).split('=');
    const [, secret = ''] = other.cookies(theirs.callback).split('=');
    const forger = new HttpBrowser();
    await expectRefused(
      await forger.open(callback, { headers: { cookie: `${name}=${secret}` } }),
      OTHER_BROWSER,
    );
    const { status } = await redeemAt(acme.app, await arrive(mine, acme.app, callback), request);
    expect(status).toBe(200);
  });
});

/** The browser's cookie of a trip: its name, its secret, and the interaction that it speaks for. */
function tripCookie(browser: HttpBrowser, callback: URL): readonly [string, string, string] {
  const [, name = '', secret = '', uid = ''] =
    /(cw_t_\w+)=([\w-]+)\.([\w-]+)/.exec(browser.cookies(callback)) ?? [];
  return [name, secret, uid];
}

describe('an answer in the browser that asked', () => {
  test('leads to the application at once, with a session, and nothing of the sign-in is left in the browser', async () => {
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, ADA);
    const [, , uid] = tripCookie(browser, callback);
    const waiting = new URL(`${acme.app.issuer}/oauth2/v1/authorize/${uid}`);
    expect(browser.cookies(waiting)).toContain('cw_r_acme=');
    const end = await browser.open(callback);
    expect([end.status, end.location?.href.startsWith(acme.app.redirectUri)]).toEqual([303, true]);
    expect([end.headers['cache-control'], end.headers['referrer-policy']]).toEqual([
      'no-store',
      'no-referrer',
    ]);
    const left = Array.from(browser.cookies(waiting).matchAll(/cw_[^=]+/g), ([name]) => name);
    expect(left).toEqual(['cw_s_acme', 'cw_s_acme.sig']);
    expect((await redeemAt(acme.app, end, request)).status).toBe(200);
    // What it has left in the history leads nowhere.
    expect((await browser.open(waiting)).location?.searchParams.get('code') ?? null).toBeNull();
  });

  test('A-19 speaks for its own sign-in alone, whatever its cookie names', async () => {
    const [mine, other] = [new HttpBrowser(), new HttpBrowser()];
    const theirs = await goAndReturn(other, acme.app, ADA);
    const [, , theirUid] = tripCookie(other, theirs.callback);
    const { callback } = await goAndReturn(mine, acme.app, BOB);
    const [name, secret] = tripCookie(mine, callback);
    const forger = new HttpBrowser();
    const cookie = `${name}=${secret}.${theirUid}`;
    await expectRefused(await forger.open(callback, { headers: { cookie } }), OTHER_BROWSER);
    const end = await arrive(other, acme.app, theirs.callback);
    expect((await redeemAt(acme.app, end, theirs.request)).status).toBe(200);
  });
});

/** The same answer at the other connection's callback. */
const elsewhere = (callback: URL): URL =>
  new URL(callback.href.replace('/callback/okta', '/callback/second'));

describe('A-20 an answer at the callback of another connection', () => {
  test('doesn’t even find its cookie there', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, ADA);
    expect(browser.cookies(elsewhere(callback))).not.toContain('cw_t_');
    await expectRefused(await browser.open(elsewhere(callback)), OTHER_BROWSER);
  });

  test('is refused though the cookie came along', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, ADA);
    const cookie = browser.cookies(callback);
    await expectRefused(await new HttpBrowser().open(elsewhere(callback), { headers: { cookie } }), EXPIRED);
  });
});

describe('A-21 mix-up', () => {
  test('an answer in the name of another issuer is refused before the code is redeemed', async () => {
    acme.okta.org.fail('authorize.foreign_iss');
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, ADA);
    expect(callback.searchParams.get('iss')).toBe('https://attacker.example');
    const page = await arrive(browser, acme.app, callback);
    expect(page.status).toBe(502);
    expect(tokenRequests()).toBe(0);
  });

  test('one in the name of the right issuer is taken', async () => {
    acme.okta.org.fail('authorize.foreign_iss', { value: acme.okta.issuer });
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, ADA);
    const { status } = await redeemAt(acme.app, await arrive(browser, acme.app, callback), request);
    expect(status).toBe(200);
  });

  test('one without a name is refused where the issuer promises to give it', async () => {
    second.org.fail('discovery.claims_response_iss');
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, ADA, { connection: 'second' });
    const page = await arrive(browser, acme.app, callback);
    expect(page.status).toBe(502);
    expect(second.org.log.to('token')).toEqual([]);
  });
});

describe('A-22 an answer that comes again', () => {
  test('by reload or the back button tells that the sign-in is over, and asks nobody', async () => {
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, ADA);
    const door = await arrive(browser, acme.app, callback);
    acme.okta.org.log.clear();
    await expectRefused(await browser.open(callback), USED);
    expect((await redeemAt(acme.app, door, request)).status).toBe(200);
  });

  test('with its cookie kept is refused all the same', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, ADA);
    const cookie = browser.cookies(callback);
    await arrive(browser, acme.app, callback);
    acme.okta.org.log.clear();
    await expectRefused(await new HttpBrowser().open(callback, { headers: { cookie } }), USED);
  });

  test('invariant 3: of 20 at once one is taken, with one token request', async () => {
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, ADA);
    const headers = { cookie: browser.cookies(callback) };
    const node = await acme.causeway.sibling();
    const doors = [callback.href, callback.href.replace(new URL(callback).origin, node.url)];
    const host = new URL(callback).host;
    const pages = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        rawRequest(doors[index % 2] ?? '', { headers: { ...headers, host } }),
      ),
    );
    expect(pages.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(pages.filter(({ status }) => status === 400)).toHaveLength(19);
    expect(tokenRequests()).toBe(1);
    const there = pages.find(({ status }) => status === 303)?.location ?? '';
    const code = new URL(there).searchParams.get('code') ?? '';
    expect((await redeem(acme.app, code, request.verifier)).status).toBe(200);
  });
});

describe('an answer that is no answer', () => {
  test.each<[what: string, change: (url: URL) => void, heading: string]>([
    ['without state', (url) => url.searchParams.delete('state'), BAD_REQUEST],
    ['with an empty state', (url) => url.searchParams.set('state', ''), BAD_REQUEST],
    ['with two states', (url) => url.searchParams.append('state', 'another'), BAD_REQUEST],
    [
      'with a state of nobody',
      (url) => url.searchParams.set('state', 'nobody-ever-made-this'),
      OTHER_BROWSER,
    ],
    ['with a state in another case', (url) => swapCase(url), OTHER_BROWSER],
  ])('%s', async (_what, change, heading) => {
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, ADA);
    const changed = new URL(callback);
    change(changed);
    await expectRefused(await browser.open(changed), heading);
    expect((await redeemAt(acme.app, await arrive(browser, acme.app, callback), request)).status).toBe(200);
  });

  test('A-23 with a code from another sign-in: the verifier doesn’t fit', async () => {
    const [mine, other] = [new HttpBrowser(), new HttpBrowser()];
    const { callback } = await goAndReturn(mine, acme.app, ADA);
    const stolen = await goAndReturn(other, acme.app, CAT);
    callback.searchParams.set('code', stolen.callback.searchParams.get('code') ?? '');
    const page = await arrive(mine, acme.app, callback);
    expect([page.status, page.location]).toEqual([400, undefined]);
    expect(await ledger.audit('acme', { reference: referenceOf(page) })).toMatchObject([
      { details: { cause: 'code_invalid' } },
    ]);
  });

  test('by another method takes nothing', async () => {
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, ADA);
    const headers = { cookie: browser.cookies(callback) };
    for (const method of ['HEAD', 'POST', 'PUT']) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect((await rawRequest(callback, { headers, method })).status).toBe(404);
    }
    expect((await redeemAt(acme.app, await arrive(browser, acme.app, callback), request)).status).toBe(200);
  });
});

describe('A-36 what changed while the person was at the upstream', () => {
  test('10 minutes have passed', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, ADA);
    await ledger.rows(`UPDATE login_transactions SET expires_at = now() - interval '1 second'`);
    const forgotten = await new HttpBrowser().open(callback);
    await expectRefused(await browser.open(callback), EXPIRED);
    // By then the browser has dropped its cookie too.
    await expectRefused(forgotten, EXPIRED);
  });

  test('the connection was disabled', async () => {
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, ADA);
    await configure({ status: 'disabled' });
    await expectRefused(
      await browser.open(callback),
      'Sign-in through Acme Okta is off or needs repair',
      403,
    );
    await configure();
    expect((await redeemAt(acme.app, await arrive(browser, acme.app, callback), request)).status).toBe(200);
  });

  test('the connection went back to draft', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, ADA);
    await configure({ status: 'draft' });
    await expectRefused(
      await browser.open(callback),
      'Sign-in through Acme Okta is off or needs repair',
      403,
    );
    await configure();
  });

  test('the connection was disabled after Okta’s answer was taken, on a node that doesn’t know yet', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, CAT);
    const end = await ledger.withAnswer(`UPDATE connections SET status = 'disabled' WHERE key = 'okta'`, () =>
      arrive(browser, acme.app, callback),
    );
    await ledger.rows(`UPDATE connections SET status = 'enforced' WHERE key = 'okta'`);
    expect(end.location?.searchParams.has('code') ?? false).toBe(false);
    const cat = (await ledger.users('acme')).find(({ profile }) => profile['email'] === CAT.username);
    expect(await ledger.liveSessions(cat?.id)).toBe(0);
  });

  test('the issuer was changed, and back', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, ADA);
    await configure({ issuer: second.issuer });
    await expectRefused(await browser.open(callback), EXPIRED);
    const again = await goAndReturn(browser, acme.app, ADA, { connection: 'second' });
    await configure();
    await arrive(browser, acme.app, again.callback);
    const late = new HttpBrowser();
    const { callback: lateCallback } = await goAndReturn(late, acme.app, ADA);
    await configure({ issuer: second.issuer });
    await configure();
    second.org.log.clear();
    await expectRefused(await late.open(lateCallback), EXPIRED);
  });

  test('the tenant was suspended', async () => {
    const browser = new HttpBrowser();
    const { callback, request } = await goAndReturn(browser, acme.app, ADA);
    await setTenantStatus('suspended');
    const page = await browser.open(callback);
    expect([page.status, headingOf(page)]).toEqual([403, "Acme Inc.'s sign-in is paused"]);
    expect(tokenRequests()).toBe(0);
    await setTenantStatus('active');
    expect((await redeemAt(acme.app, await arrive(browser, acme.app, callback), request)).status).toBe(200);
  });
});

describe('A-56 applications at a suspended tenant', () => {
  beforeAll(() => setTenantStatus('suspended'));
  afterAll(() => setTenantStatus('active'));

  test.each<[endpoint: string, form: Record<string, string>, status: number, answer: object]>([
    ['token', { grant_type: 'refresh_token', refresh_token: 'any' }, 400, { error: 'invalid_grant' }],
    ['par', { response_type: 'code' }, 400, { error: 'access_denied' }],
    ['introspect', { token: 'any' }, 200, { active: false }],
    ['revoke', { token: 'any' }, 200, {}],
    ['userinfo', { access_token: 'any' }, 401, { error: 'invalid_token' }],
  ])('%s', async (endpoint, form, status, answer) => {
    const { status: got, body } = await post(acme.app, endpoint, form);
    expect(got).toBe(status);
    expect(body).toMatchObject(answer);
  });

  test('keys and metadata are still there, so that tokens can be verified', async () => {
    for (const address of ['.well-known/openid-configuration', 'oauth2/v1/keys']) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect((await new HttpBrowser().open(`${acme.app.issuer}/${address}`)).status).toBe(200);
    }
  });
});

describe('two tabs of one browser', () => {
  test('don’t take each other’s trip, whichever comes back first', async () => {
    const browser = new HttpBrowser();
    const first = await leave(browser, acme.app);
    const other = await leave(browser, acme.spa);
    const otherCallback = await signThere(browser, other, ADA);
    const firstCallback = await signThere(browser, first, ADA);
    const answers = [
      await redeemAt(acme.spa, await arrive(browser, acme.spa, otherCallback), other.request),
      await redeemAt(acme.app, await arrive(browser, acme.app, firstCallback), first.request),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const [one, two] = answers.map(({ body }) => claimsOf(body['id_token']));
    expect(one?.['sub']).toBe(two?.['sub']);
  });

  test('may come back at the same moment', async () => {
    const browser = new HttpBrowser();
    const trips = [
      { app: acme.app, ...(await goAndReturn(browser, acme.app, ADA)) },
      { app: acme.spa, ...(await goAndReturn(browser, acme.spa, ADA)) },
      { app: acme.app, ...(await goAndReturn(browser, acme.app, ADA)) },
    ];
    const answers = await Promise.all(
      trips.map(async ({ app, callback, request }) =>
        redeemAt(app, await arrive(browser, app, callback), request),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('what a trip leaves where', () => {
  test('D-05 the upstream gets state, nonce and challenge; the browser the secret; the database only hashes', async () => {
    const browser = new HttpBrowser();
    const { atOkta } = await leave(browser, acme.app);
    const asked = Object.fromEntries(atOkta.searchParams);
    expect(asked).toMatchObject({
      response_type: 'code',
      redirect_uri: `${acme.app.issuer}/callback/okta`,
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(asked[name]).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const secret =
      browser
        .cookies(new URL(`${acme.app.issuer}/callback/okta`))
        .split('=')[1]
        ?.split('.')[0] ?? '';
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const rows = JSON.stringify(await ledger.rows('SELECT * FROM login_transactions'));
    for (const value of [secret, asked['state'], asked['nonce'], asked['code_challenge']])
      expect(rows).not.toContain(value);
  });

  test('the trip’s cookie reaches only its callback, only over http here, for 10 minutes', async () => {
    const page = await rawRequest(authorizationRequest(acme.app).url);
    const cookie = page.setCookie.find((line) => line.startsWith('cw_t_')) ?? '';
    const [pair = '', ...attributes] = cookie.split('; ');
    expect(pair).toMatch(/^cw_t_[0-9a-f]{16}=[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{10,64}$/);
    const expires = attributes.find((attribute) => attribute.startsWith('expires='))?.slice(8) ?? '';
    expect(Math.abs(Date.parse(expires) - Date.now() - 600_000)).toBeLessThan(10_000);
    expect(attributes.filter((attribute) => !attribute.startsWith('expires='))).toEqual([
      'path=/t/acme/callback/okta',
      'samesite=lax',
      'httponly',
    ]);
  });

  test('over https every cookie is Secure and named so', async () => {
    const secure = await startAcme({
      settings: { publicUrl: 'https://sso.example' },
      tenant: { connections: [connectionTo(acme.okta, { issuer: 'https://acme.okta.example' })] },
    });
    await keepMetadata(secure, 'https://acme.okta.example');
    const { url } = authorizationRequest(secure.app);
    const address = `${secure.causeway.url}${url.pathname}${url.search}`;
    const page = await rawRequest(address, { headers: { host: 'sso.example' } });
    await secure.stop();
    expect(page.location).toMatch(/^https:\/\/acme\.okta\.example\/authorize\?/);
    const trips = page.setCookie.filter((line) => /^\S*cw_t_/.test(line));
    expect(trips).toHaveLength(1);
    for (const line of page.setCookie) expect(line).toMatch(/^__Secure-cw_\w.*; secure(?:;|$)/);
    expect(trips[0]).toMatch(/; path=\/t\/acme\/callback\/okta;.*samesite=lax;.*httponly/);
  });

  test('A-72 the way back isn’t cached and tells nobody where it came from', async () => {
    const browser = new HttpBrowser();
    const { callback } = await goAndReturn(browser, acme.app, ADA);
    const { status, headers } = await browser.open(callback);
    expect([status, headers['cache-control'], headers['referrer-policy']]).toEqual([
      303,
      'no-store',
      'no-referrer',
    ]);
  });
});

/** Metadata as if it had been fetched: an upstream that a test can't run. */
async function keepMetadata({ causeway }: Acme, issuer: string): Promise<void> {
  const kept = await Ledger.open(causeway.databaseUrl);
  const body = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
  const [fetchedAt, freshUntil] = [new Date(), new Date(Date.now() + 600_000)];
  await kept.rows(
    `INSERT INTO upstream_key_sets (tenant_id, connection_id, connection_version, metadata)
    SELECT tenant_id, id, version, $1 FROM connections`,
    [JSON.stringify({ body, fetchedAt, freshUntil })],
  );
  await kept.close();
}

function swapCase(url: URL): void {
  const state = url.searchParams.get('state') ?? '';
  url.searchParams.set(
    'state',
    state.replace(/[A-Za-z]/, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    ),
  );
}
