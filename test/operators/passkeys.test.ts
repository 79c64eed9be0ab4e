import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Authenticator, Lies } from '../support/authenticator.js';
import { Ledger } from '../support/ledger.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import {
  enrolByPasskey,
  firstRunLink,
  invite,
  optionsOf,
  send,
  type PasskeyHolder,
} from '../support/operator.js';
import { headingOf, linkOf, readable } from '../support/trip.js';
import { rawRequest } from '../support/raw-request.js';

let node: TestNode;
let ledger: Ledger;
let ada: PasskeyHolder;
let adasId: string;

beforeAll(async () => {
  node = await startTestNode();
  ledger = await Ledger.open(node.databaseUrl);
  await node.apply([{ slug: 'acme', name: 'Acme Inc.' }]);
  ada = await enrolByPasskey(await firstRunLink(node), 'ada');
  [adasId = ''] = (await ledger.users('system')).map(({ id }) => id);
});
afterAll(async () => {
  await ledger.close();
  await node.stop();
});
beforeEach(() => ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'Tries'`));

const at = (path: string): string => `${node.url}/console/${path}`;

/** A sign-in by passkey, told the truth or not. */
async function signIn(
  key: Authenticator,
  options: {
    readonly lies?: Lies;
    readonly tenant?: string;
    readonly query?: string;
    readonly browser?: HttpBrowser;
  } = {},
) {
  const { browser = new HttpBrowser(), tenant = 'system', query = '' } = options;
  const page = await browser.open(at(`sign-in?tenant=${tenant}${query}`));
  const answer = key.get(optionsOf(page), options.lies);
  return { browser, page, answer, end: await send(browser, page, { passkey: answer }) };
}

/** A sign-in without a passkey. */
const byCode = (code: string, password = '') =>
  new HttpBrowser().open(at('sign-in?by=password'), { form: { user_name: 'ada', password, code } });

/** Who the browser is to the console. */
async function isSignedIn(browser: HttpBrowser): Promise<boolean> {
  return headingOf(await browser.open(at('sign-out'))).startsWith('Sign out');
}

describe('first run', () => {
  test('the link makes the first owner, once; opening it uses nothing up', async () => {
    expect(await isSignedIn(ada.browser)).toBe(true);
    expect(new Set(ada.codes).size).toBe(10);
    const created = await ledger.audit('system', { action: 'account.created' });
    expect(created).toMatchObject([{ target: `user:${adasId}`, details: { role: 'console:owner' } }]);
    expect(await ledger.audit('system', { action: 'account.enrolled' })).toMatchObject([
      { actor: { type: 'user', id: adasId }, details: { method: 'passkey', link: 'first_run' } },
    ]);
  });

  test('A-117 with an owner there, no first-run link counts any more, and none is a secret that can be guessed', async () => {
    const page = await new HttpBrowser().open(await firstRunLink(node));
    expect([page.status, headingOf(page)]).toEqual([410, 'This link was used before']);
    expect(readable(page)).toContain('npm run cli -- admin create');
    const unknown = await new HttpBrowser().open(at('first-run/none'));
    expect([unknown.status, headingOf(unknown)]).toEqual([404, "This link isn't right"]);
  });

  test('A-103 pages are framed by nobody, kept by nobody, and run one script of our own', async () => {
    const page = await new HttpBrowser().open(at('sign-in'));
    expect(page.headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; script-src 'self'; " +
        "require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; frame-ancestors 'none'",
    });
    const [, src = ''] = /<script src="([^"]+)"/.exec(page.text) ?? [];
    const script = await new HttpBrowser().open(new URL(src, node.url));
    expect([script.status, script.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
    const byPassword = await new HttpBrowser().open(at('sign-in?by=password'));
    expect(byPassword.headers['content-security-policy']).not.toContain('script-src');
  });
});

describe('A-122 a passkey signs in', () => {
  test('whoever holds it, and nobody is named before', async () => {
    const { browser, page, end } = await signIn(ada.key);
    expect([end.status, end.location?.pathname]).toEqual([303, '/console/']);
    expect(optionsOf(page)).not.toHaveProperty('allowCredentials');
    expect(optionsOf(page)).toMatchObject({ userVerification: 'required', rpId: 'localhost' });
    expect(await isSignedIn(browser)).toBe(true);
    expect(browser.cookies(new URL(node.url))).toMatch(/^cw_console=[\w-]{43}$/);
    expect((await ledger.audit('system', { action: 'local_sign_in.succeeded' })).at(-1)).toMatchObject({
      actor: { type: 'user', id: adasId },
      details: { method: 'passkey', during: 'sign_in' },
    });
  });

  test.each<[what: string, lies: Lies]>([
    ['from another origin', { origin: 'http://evil.example' }],
    ['from another port', { origin: 'http://localhost:1' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['without verifying its person', { verified: false }],
    ['to another challenge', { challenge: 'A'.repeat(43) }],
    ['that has counted less than before', { counter: 1 }],
    ['for another person', { userHandle: Buffer.alloc(32).toString('base64url') }],
    ['for nobody', { userHandle: '' }],
    ['of a credential that nobody has', { credentialId: 'A'.repeat(43) }],
    ['that was made for creating one', { type: 'webauthn.create' }],
  ])('not %s', async (_what, lies) => {
    const { browser, end } = await signIn(ada.key, { lies });
    expect([end.status, readable(end)]).toEqual([400, expect.stringContaining("That didn't match")]);
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('not twice: each challenge is answered once, by the browser that it was given to', async () => {
    const { browser, page, answer, end } = await signIn(ada.key);
    expect(end.status).toBe(303);
    browser.clearCookies();
    const stranger = new HttpBrowser();
    const theirs = await stranger.open(at('sign-in'));
    for (const [who, form] of [
      [browser, page],
      [stranger, theirs],
    ] as const) {
      const again = await send(who, form, { passkey: answer });
      expect([again.status, await isSignedIn(who)]).toEqual([400, false]);
    }
    // An answer that was wrong has used its challenge up, too.
    const { browser: other, page: asked } = await signIn(ada.key, { lies: { verified: false } });
    const late = await send(other, asked, { passkey: ada.key.get(optionsOf(asked)) });
    expect(late.status).toBe(400);
  });

  test('not at another tenant, though they share the host', async () => {
    const bob = await enrolByPasskey((await invite(node, 'bob', { tenant: 'acme' })).link);
    expect((await signIn(ada.key, { tenant: 'acme' })).end.status).toBe(400);
    expect((await signIn(bob.key)).end.status).toBe(400);
    expect((await signIn(bob.key, { tenant: 'acme' })).end.status).toBe(303);
  });

  test('without it a recovery code does, once, where there is no password', async () => {
    expect((await byCode('000000', 'a password of hers')).status).toBe(400);
    const told = await Promise.all([ada.codes[0], ada.codes[0]].map((code) => byCode(code ?? '')));
    expect(told.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 400]);
    const [session] = await ledger.rows<{ amr: string[] }>(
      'SELECT amr FROM console_sessions ORDER BY created_at DESC LIMIT 1',
    );
    expect(session?.amr).toEqual(['otp']);
  });

  test('not by what is no answer at all', async () => {
    const browser = new HttpBrowser();
    for (const passkey of [
      '',
      'null',
      '[]',
      '{"id":1}',
      '{"id":"AA","rawId":"AA","type":"public-key"}',
      '{',
    ]) {
      const page = await browser.open(at('sign-in'));
      expect((await send(browser, page, { passkey })).status).toBe(400);
    }
  });
});

describe('sessions of the console', () => {
  test('A-107 what a browser is in the middle of is no session', async () => {
    const browser = new HttpBrowser();
    await browser.open(at('sign-in'));
    const [, pending = ''] = /cw_pending=([\w-]+)/.exec(browser.cookies(new URL(node.url))) ?? [];
    for (const name of ['cw_console', 'cw_pending']) {
      const headers = { cookie: `${name}=${pending}` };
      const page = await rawRequest(new URL(at('step-up')), { headers });
      expect([name, page.status]).toEqual([name, 303]);
      const api = await rawRequest(new URL(`${node.url}/api/v1/tenants`), {
        headers: { ...headers, 'x-causeway-request': '1' },
      });
      expect([name, api.status]).toEqual([name, 401]);
    }
  });

  test('the API knows a session, its roles, and when it was proved last', async () => {
    const { browser } = await signIn(ada.key);
    const headers = { 'x-causeway-request': '1' };
    expect((await browser.open(`${node.url}/api/v1/tenants`, { headers })).status).toBe(200);
    expect((await browser.open(`${node.url}/api/v1/tenants`)).status).toBe(403);
    await ledger.rows(`DELETE FROM role_assignments WHERE user_id = $1`, [adasId]);
    expect((await browser.open(`${node.url}/api/v1/tenants`, { headers })).status).toBeGreaterThanOrEqual(
      403,
    );
    await ledger.rows(
      `INSERT INTO role_assignments (tenant_id, id, user_id, role_id, source)
        SELECT r.tenant_id, gen_random_uuid(), $1, r.id, 'operator' FROM roles r JOIN tenants t ON t.id = r.tenant_id
        WHERE t.slug = 'system' AND r.key = 'console:owner'`,
      [adasId],
    );
  });

  test('end after an hour unused, after twelve hours, with their person, and by hand', async () => {
    for (const [column, interval] of [
      ['last_used_at', '61 minutes'],
      ['expires_at', '12 hours'],
    ]) {
      const { browser } = await signIn(ada.key);
      await ledger.rows(`UPDATE console_sessions SET ${column} = ${column} - $1::interval`, [interval]);
      expect([column, await isSignedIn(browser)]).toEqual([column, false]);
    }
    const { browser } = await signIn(ada.key);
    await ledger.rows('UPDATE users SET active = false WHERE id = $1', [adasId]);
    expect(await isSignedIn(browser)).toBe(false);
    await ledger.rows('UPDATE users SET active = true WHERE id = $1', [adasId]);
    const page = await browser.open(at('sign-out'));
    const out = await send(browser, page, {});
    expect([out.status, out.location?.search]).toEqual([303, '?tenant=system']);
    expect(await isSignedIn(browser)).toBe(false);
    expect(await ledger.audit('system', { action: 'console.signed_out' })).toHaveLength(1);
    const [session] = await ledger.rows<{ hash: Buffer; ended_at: Date | null }>(
      'SELECT hash, ended_at FROM console_sessions ORDER BY created_at DESC LIMIT 1',
    );
    expect(session?.ended_at).not.toBeNull();
  });

  test('step-up: a new proof by the same person, and by nobody else', async () => {
    const { browser } = await signIn(ada.key);
    await ledger.rows(`UPDATE console_sessions SET authenticated_at = now() - interval '6 minutes'`);
    const eve = await enrolByPasskey((await invite(node, `eve-${node.node.ids.secret(4)}`)).link);
    const old = await ledger.count('console_sessions', `authenticated_at < now() - interval '5 minutes'`);
    const page = await browser.open(at('step-up?return=/console/roles'));
    expect(headingOf(page)).toBe("Show that it's you");
    const foreign = await send(browser, page, { passkey: eve.key.get(optionsOf(page)) });
    expect(foreign.status).toBe(400);
    const proved = await send(browser, foreign, { passkey: ada.key.get(optionsOf(foreign)) });
    expect([proved.status, proved.location?.pathname]).toEqual([303, '/console/roles']);
    const left = await ledger.count('console_sessions', `authenticated_at < now() - interval '5 minutes'`);
    expect(old - left).toBe(1);
  });

  test('A-102 a form of another site does nothing', async () => {
    const { browser } = await signIn(ada.key);
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'null' },
    ]) {
      const out = await browser.open(at('sign-out'), { form: {}, headers });
      expect(out.status).toBe(403);
    }
    expect(await isSignedIn(browser)).toBe(true);
  });

  test.each([
    ['/console/roles?x=1#y', '/console/roles'],
    ['//evil.example', '/console/'],
    ['/\\evil.example', '/console/'],
    ['https:evil.example', '/console/'],
    ['https://evil.example/', '/console/'],
    ['/console/%0d%0aLocation:x', '/console/%0d%0aLocation:x'],
    ['/\tconsole', '/console/'],
    ['/.//evil.example', '/console/'],
  ])('A-105 after the sign-in, return=%j leads to %s', async (path, landed) => {
    const { end } = await signIn(ada.key, { query: `&return=${encodeURIComponent(path)}` });
    expect(end.location?.origin).toBe(node.url);
    expect(end.location?.pathname).toBe(landed);
  });

  test('both ways in are one click apart, and the tenant stays', async () => {
    const page = await new HttpBrowser().open(at('sign-in?tenant=acme&return=/console/x'));
    const other = linkOf(page, 'Use password and code');
    expect(other?.search).toBe('?tenant=acme&by=password&return=%2Fconsole%2Fx');
    expect((await new HttpBrowser().open(at('sign-in?tenant=nobody'))).status).toBe(404);
  });
});
