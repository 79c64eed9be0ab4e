import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../src/server/logger.js';
import { ADA, APP_SECRET, CAT, startAcme, UPSTREAM_SECRET, type Acme } from '../support/acme.js';
import { authorizationRequest, post, redeem, refresh, type TokenAnswer } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { connectionTo } from '../support/organization.js';
import { rawRequest } from '../support/raw-request.js';
import { arrive, goAndReturn, linkOf, redeemAt, travelOurs } from '../support/trip.js';

const SECONDARY_SECRET = 'canary-secondary-secret_with-32-chars';

/** Everything that is worth keeping to oneself, by what it is: gathered while the flows run. */
const canaries = new Map<string, string>();
/** What outsiders get to see besides the application: pages and error bodies. */
const shown: string[] = [];
const lines: string[] = [];
let acme: Acme;
let ledger: Ledger;

function keep(what: string, value: unknown): void {
  if (typeof value === 'string' && value.length >= 8) canaries.set(value, what);
}

function keepQuery(whose: string, url: URL | undefined, names: readonly string[]): void {
  for (const name of names) keep(`${whose} ${name}`, url?.searchParams.get(name));
}

function keepCookies(browser: HttpBrowser): void {
  for (const path of ['/', '/oauth2/v1/authorize', '/callback/okta'])
    for (const pair of browser.cookies(new URL(`${acme.app.issuer}${path}`)).split('; '))
      for (const part of pair.slice(pair.indexOf('=') + 1).split('.'))
        keep(`cookie ${pair.split('=')[0]}`, part);
}

function keepTokens({ body }: TokenAnswer): void {
  for (const name of ['access_token', 'refresh_token', 'id_token']) keep(name, body[name]);
}

/** A whole sign-in, with every secret of it kept. */
async function signInKeeping(
  browser: HttpBrowser,
  params: Record<string, string> = {},
): Promise<TokenAnswer> {
  const { request, atOkta, callback } = await goAndReturn(browser, acme.app, ADA, params);
  keep('verifier', request.verifier);
  keep('state', request.state);
  keep('nonce', request.nonce);
  keepQuery('upstream', atOkta, ['state', 'nonce']);
  keepQuery('upstream', callback, ['code']);
  keepCookies(browser);
  const uid = /sign-in\/([\w-]+)/.exec((await browser.open(request.url)).location?.href ?? '')?.[1];
  keep('interaction', uid);
  const door = await arrive(browser, acme.app, callback);
  keepCookies(browser);
  keepQuery('our', door.location, ['code']);
  keep('upstream verifier', acme.okta.org.log.to('token').at(-1)?.params.get('code_verifier'));
  const answer = await redeemAt(acme.app, door, request);
  keepTokens(answer);
  const code = door.location?.searchParams.get('code') ?? '';
  shown.push(JSON.stringify((await redeem(acme.app, code, request.verifier)).body));
  return answer;
}

const see = (page: Page): Page => {
  shown.push(page.text);
  return page;
};

beforeAll(async () => {
  acme = await startAcme({ log: createLogger('debug', { write: (line) => void lines.push(line) }) });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  await acme.causeway.apply([
    { slug: 'acme', connections: [connectionTo(acme.okta, { secondarySecret: SECONDARY_SECRET })] },
  ]);
  for (const secret of [UPSTREAM_SECRET, SECONDARY_SECRET, APP_SECRET]) keep('configured secret', secret);
  await runFlows();
  await runTroubles();
}, 120_000);
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

/** What happens on a good day. */
async function runFlows(): Promise<void> {
  const browser = new HttpBrowser();
  const first = await signInKeeping(browser);
  const answer = await signInKeeping(new HttpBrowser(), {
    acr_values: 'urn:okta:loa:2fa:any',
    max_age: '600',
  });
  const renewed = await refresh(acme.app, answer.body['refresh_token']);
  keepTokens(renewed);
  for (const endpoint of ['introspect', 'revoke', 'userinfo']) {
    const token = String(renewed.body['access_token']);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await post(acme.app, endpoint, endpoint === 'userinfo' ? { access_token: token } : { token });
  }
  const silent = authorizationRequest(acme.app, { prompt: 'none' });
  const door = await travelOurs(browser, acme.app, silent.url);
  keepQuery('our', door.location, ['code']);
  // Signed in already: the interaction of a second request knows the session.
  const again = authorizationRequest(acme.app, { prompt: 'login' });
  await browser.open(again.url);
  keepCookies(browser);
  const { body } = await post(
    acme.app,
    'par',
    Object.fromEntries(authorizationRequest(acme.app).url.searchParams),
  );
  keep('pushed request', String(body['request_uri']).split(':').at(-1));
  const logout = new URL(`${acme.app.issuer}/oauth2/v1/logout`);
  logout.searchParams.set('id_token_hint', String(first.body['id_token']));
  await browser.open(logout);
}

/** What happens on bad ones. */
async function runTroubles(): Promise<void> {
  for (const failure of [
    'token.http_500',
    'token.garbage',
    'token.invalid_client',
    'id_token.wrong_nonce',
  ] as const) {
    acme.okta.org.heal();
    acme.okta.org.fail(failure);
    const browser = new HttpBrowser();
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const { callback, atOkta } = await goAndReturn(browser, acme.app, CAT);
    keepQuery('upstream', atOkta, ['state', 'nonce']);
    keepQuery('upstream', callback, ['code']);
    keepCookies(browser);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const page = see(await arrive(browser, acme.app, callback));
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await travelOurs(browser, acme.app, linkOf(page, 'Back to Grafana') ?? '');
    // oxlint-disable-next-line no-await-in-loop -- one after another
    see(await browser.open(callback));
    // oxlint-disable-next-line no-await-in-loop -- one after another
    see(await new HttpBrowser().open(callback));
  }
  acme.okta.org.heal();
  const wrong = 'canary-wrong-client-secret-0123456789';
  keep('wrong secret', wrong);
  const refused = [
    await post({ ...acme.app, clientSecret: wrong }, 'token', {
      grant_type: 'authorization_code',
      code: 'canary-code-1',
    }),
    await refresh(acme.app, 'canary-refresh-token-1'),
    await post(acme.app, 'introspect', { token: 'canary-introspected-1' }),
  ];
  for (const value of ['canary-code-1', 'canary-refresh-token-1', 'canary-introspected-1'])
    keep('sent', value);
  shown.push(...refused.map(({ body }) => JSON.stringify(body)));
  await runOddRequests();
  await runDatabaseTrouble();
}

/** Requests that nobody expects, with secrets in every place. */
async function runOddRequests(): Promise<void> {
  const canary = 'canary-in-an-odd-place-12345';
  keep('odd', canary);
  const odd: [address: string, headers?: Record<string, string>, method?: string, body?: string][] = [
    [`${acme.app.issuer}/callback/okta?code=${canary}&state=${canary}`],
    [`${acme.app.issuer}/callback/nope?code=${canary}&state=${canary}`],
    [`${acme.app.issuer}/sign-in/${canary}`],
    [`${acme.app.issuer}/oauth2/v1/authorize/${canary}`],
    [`${acme.app.issuer}/nowhere?token=${canary}`],
    [`${acme.causeway.url}/console/first-run/${canary}`],
    [`${acme.app.issuer}/oauth2/v1/userinfo`, { authorization: `Bearer ${canary}` }],
    [
      `${acme.app.issuer}/oauth2/v1/authorize?client_id=grafana&state=${canary}&redirect_uri=https://x.example/${canary}`,
    ],
    [`${acme.causeway.url}/metrics`, { authorization: `Bearer cw_api_01_${canary}_ff` }],
    [
      `${acme.app.issuer}/oauth2/v1/token`,
      { 'content-type': 'application/json' },
      'POST',
      `{"code":"${canary}`,
    ],
    [`${acme.app.issuer}/oauth2/v1/token`, { cookie: `cw_s_acme=${canary}` }, 'POST', `code=${canary}`],
  ];
  for (const [address, headers = {}, method = 'GET', body] of odd) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await rawRequest(address, { headers, method, ...(body === undefined ? {} : { body }) });
  }
}

/** The database fails in the middle: errors of libraries reach the log. */
async function runDatabaseTrouble(): Promise<void> {
  const browser = new HttpBrowser();
  const { callback } = await goAndReturn(browser, acme.app, CAT);
  keepQuery('upstream', callback, ['code', 'state']);
  keepCookies(browser);
  for (const table of ['login_transactions', 'identities', 'oidc_artifacts']) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await ledger.rows(`ALTER TABLE ${table} RENAME TO away`);
    // oxlint-disable-next-line no-await-in-loop -- one after another
    see(await browser.open(callback));
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await refresh(acme.app, [...canaries].find(([, what]) => what === 'refresh_token')?.[0]).catch(
      () => undefined,
    );
    // oxlint-disable-next-line no-await-in-loop -- one after another
    await ledger.rows(`ALTER TABLE away RENAME TO ${table}`);
  }
}

/** Which canaries a text holds, by what they are. */
function found(text: string): string[] {
  return [...new Set([...canaries].filter(([value]) => text.includes(value)).map(([, what]) => what))];
}

describe('A-129 no secret of any flow stands in the clear', () => {
  test('though many were there to be found', () => {
    const kinds = new Set(canaries.values());
    for (const kind of [
      'verifier',
      'state',
      'nonce',
      'upstream code',
      'upstream verifier',
      'our code',
      'refresh_token',
    ])
      expect(kinds).toContain(kind);
    expect([...kinds].filter((kind) => kind.startsWith('cookie ')).length).toBeGreaterThan(3);
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.some((line) => line.includes('"level":50'))).toBe(true);
  });

  test('in the log, at debug', () => {
    expect(lines.flatMap((line) => (found(line).length === 0 ? [] : [[found(line), line]]))).toEqual([]);
  });

  test('on pages and in errors', () => {
    const values = shown.map((text) => text.replaceAll(/href="[^"]*"/g, ''));
    expect(values.flatMap((text) => (found(text).length === 0 ? [] : [[found(text), text]]))).toEqual([]);
  });

  test('in metrics', async () => {
    expect(found(await acme.causeway.node.metrics.registry.metrics())).toEqual([]);
  });

  test('invariant 6: in the database, but for what applications sent to be given back', async () => {
    const tables = await ledger.rows<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    expect(tables.length).toBeGreaterThan(30);
    const clear = new Map<string, string[]>();
    for (const { name } of tables) {
      // oxlint-disable-next-line no-await-in-loop -- one table after another
      const text = JSON.stringify(await ledger.rows(`SELECT t::text AS row FROM ${name} t`));
      const what = found(text).filter((kind) => kind !== 'state' && kind !== 'nonce');
      if (what.length > 0) clear.set(name, what);
    }
    expect(Object.fromEntries(clear)).toEqual({});
  });
});

describe('A-127 what a browser says of itself', () => {
  test('forges no line and no member in log and audit trail', async () => {
    const forged = `Mozilla\u0000"}\\n{"action":"sign_in.succeeded","x":"`;
    const agent = 'Mozilla"}{"action":"sign_in.succeeded"}';
    await rawRequest(`${acme.app.issuer}/callback/okta?state=whatever`, { headers: { 'user-agent': agent } });
    expect(forged).toContain('Mozilla');
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
    const [last] = (await ledger.audit('acme', { action: 'sign_in.refused' })).slice(-1);
    expect(last).toMatchObject({ action: 'sign_in.refused', reason: 'other_browser' });
    expect(JSON.stringify(last)).not.toContain('Mozilla');
  });
});
