import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Logger } from '../../src/core/logger.js';
import { silentLogger } from '../../src/core/logger.js';
import type { UserId } from '../../src/core/ids.js';
import { consoleRolesOf } from '../../src/domain/account/console-roles.js';
import { PostgresArtifactStore } from '../../src/storage/artifact-store.js';
import { resetAccount } from '../../src/domain/account/change-account.js';
import { clientOf } from '../scim/http/stage.js';
import { Ledger } from '../support/ledger.js';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import {
  accountDeps,
  codeOf,
  enrolByPassword,
  invite,
  OPERATOR,
  PASSWORD,
  seedOn,
  send,
  type PasswordHolder,
} from '../support/operator.js';
import { arrive, goAndReturn, headingOf, readable } from '../support/trip.js';

const lines: { readonly level: string; readonly event: string; readonly fields: unknown }[] = [];
const keep = (level: string) => (event: string, fields?: unknown) =>
  void lines.push({ level, event, fields });
const log: Logger = { ...silentLogger, info: keep('info'), warn: keep('warn'), child: () => log };

let acme: Acme;
let ledger: Ledger;
let ada: PasswordHolder;
let box: PasswordHolder;

beforeAll(async () => {
  acme = await startAcme({ log });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  await acme.causeway.apply([
    { slug: 'acme', scimTokens: [{ name: 'okta', connection: 'okta', token: TOKEN }] },
  ]);
  ada = await enrolByPassword((await invite(acme.causeway, 'ada')).link);
  const safe = { purpose: 'break-glass', tenant: 'acme' } as const;
  box = await enrolByPassword((await invite(acme.causeway, ADA.username, safe)).link);
});
afterAll(async () => {
  await ledger.close();
  // Okta is gone since the last test but one.
  await acme.causeway.stop();
});
beforeEach(async () => {
  await ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'Tries'`);
  await ledger.rows('UPDATE local_accounts SET totp_last_step = NULL');
  lines.length = 0;
});

const TOKEN = 'scim-token-with-more-than-32-characters-1';

interface Typed {
  readonly userName?: string;
  readonly password?: string;
  readonly code?: string;
  readonly tenant?: string;
}

/** One POST as the page's form sends it; `Retry-After` and all. */
function post(typed: Typed, browser = new HttpBrowser()): Promise<Page> {
  const { tenant = 'system', userName = 'ada', password = PASSWORD, code = codeOf(ada.seed) } = typed;
  const form = { user_name: userName, password, code };
  return browser.open(`${acme.causeway.url}/console/sign-in?tenant=${tenant}&by=password`, { form });
}

const statuses = async (tries: readonly Promise<Page>[]): Promise<readonly number[]> =>
  (await Promise.all(tries)).map(({ status }) => status).toSorted((a, b) => a - b);

const forgetTries = () => ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'Tries'`);
const refusals = async (tenant = 'system') =>
  (await ledger.audit(tenant, { action: 'local_sign_in.refused' })).map(({ reason }) => reason);

describe('enrolment by password and code', () => {
  test('A-123 says what is wrong with a password, and takes a long one whole', async () => {
    const { link } = await invite(acme.causeway, 'eve-of-twelve-characters', { role: 'console:read-only' });
    const browser = new HttpBrowser();
    let page = await browser.open(`${link}?by=password`);
    const seed = seedOn(page);
    for (const [password, told] of [
      ['short', 'at least 12 characters'],
      ['x'.repeat(1_001), 'at most 1,000 characters'],
      ['with a \u0000 in between', "can't be typed"],
      ['EVE-of-twelve-characters', 'something else than your user name'],
      [PASSWORD, "code doesn't match"],
    ] as const) {
      page = await send(browser, page, { password, code: '000000' });
      expect([page.status, readable(page)]).toEqual([400, expect.stringContaining(told)]);
      // The app has read it once: the same stays.
      expect(seedOn(page)).toBe(seed);
    }
    const long = 'é'.repeat(1_000);
    const done = await send(browser, page, { password: long, code: codeOf(seed) });
    expect(headingOf(done)).toBe('Save your recovery codes');
    await ledger.rows('UPDATE local_accounts SET totp_last_step = NULL');
    const userName = 'Eve-Of-Twelve-Characters';
    const wrong = await post({ userName, password: `${long.slice(0, -1)}e`, code: codeOf(seed) });
    expect([wrong.status, (await post({ userName, password: long, code: codeOf(seed) })).status]).toEqual([
      400, 303,
    ]);
  });

  test('A-121 A-126 the link works once, the newest alone, for its own page', async () => {
    const { link, userId } = await invite(acme.causeway, 'mia', { role: '' });
    const { token } = await reset(userId);
    const again = link.replace(/[^/]+$/, token);
    expect(headingOf(await new HttpBrowser().open(link))).toBe('This link has ended');
    const wrongPage = await new HttpBrowser().open(again.replace('/enrol/', '/first-run/'));
    expect(wrongPage.status).toBe(404);
    const mia = await enrolByPassword(again);
    expect(headingOf(await new HttpBrowser().open(again))).toBe('This link was used before');
    const late = await invite(acme.causeway, 'max', { role: '' });
    await ledger.rows(`UPDATE links SET expires_at = now() WHERE user_id = $1`, [late.userId]);
    expect(headingOf(await new HttpBrowser().open(late.link))).toBe('This link has ended');
    // Without the link there is no way to add or change anything.
    const withoutLink = await mia.browser.open(
      `${again.slice(0, -1)}${again.endsWith('0') ? 1 : 0}?by=password`,
      {
        form: { password: 'another long password', code: codeOf(mia.seed) },
      },
    );
    expect(withoutLink.status).toBe(404);
  });
});

const reset = async (userId: Awaited<ReturnType<typeof invite>>['userId']) => {
  const deps = await accountDeps(acme.causeway);
  return acme.causeway.node.database.withTenant(deps.tenantId, (scope) =>
    resetAccount(deps, scope, { userId, actor: OPERATOR, authority: 'host' }),
  );
};

describe('A-118 A-120 a second factor counts once', () => {
  test('of twenty at once with one code, one signs in', async () => {
    const code = codeOf(ada.seed);
    const tries = Array.from({ length: 20 }, () => post({ code }));
    const told = await statuses(tries);
    expect(told.filter((status) => status === 303)).toHaveLength(1);
    await forgetTries();
    expect((await post({ code })).status).toBe(400);
    expect(await refusals()).toContain('used_code');
    expect((await post({ code: codeOf(ada.seed, 1) })).status).toBe(303);
    // An older one than the last is as used as that.
    expect((await post({ code })).status).toBe(400);
  });

  test('a recovery code, however it is typed: once, and loudly', async () => {
    const [first = '', second = ''] = ada.codes;
    const told = await statuses(Array.from({ length: 4 }, () => post({ code: first })));
    expect(told).toEqual([303, 400, 400, 400]);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'local_sign_in.succeeded' }),
    );
    expect((await ledger.audit('system', { action: 'local_sign_in.succeeded' })).at(-1)).toMatchObject({
      details: { method: 'recovery_code' },
    });
    await forgetTries();
    const typed = ` ${second.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    expect((await post({ code: typed, password: 'not her password' })).status).toBe(400);
    expect((await post({ code: typed })).status).toBe(303);
  });
});

describe('A-109 A-119 tries', () => {
  test('are slowed down after five, for a while that is told, and the right one counts again', async () => {
    const told: number[] = [];
    for (let index = 0; index < 7; index += 1) told.push((await post({ code: '000000' })).status);
    expect(told.slice(0, 5)).toEqual([400, 400, 400, 400, 400]);
    expect(told.slice(5)).toContain(429);
    const slowed = await post({});
    expect(slowed.status).toBe(429);
    const wait = Number(slowed.headers['retry-after']);
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(30);
    expect(readable(slowed)).toContain(`Wait ${wait} seconds`);
    // Nothing is locked: the gate opens by itself, here as if the time had passed.
    await ledger.rows(
      `UPDATE oidc_artifacts SET expires_at = now() WHERE kind = 'Tries' AND expires_at < now() + interval '1 minute'`,
    );
    // Five codes were wrong, though: until their window is over, what was written down counts alone.
    expect((await post({})).status).toBe(400);
    expect((await refusals()).at(-1)).toBe('too_many_codes');
    await ledger.rows(
      `UPDATE oidc_artifacts SET expires_at = now() WHERE kind = 'Tries' AND expires_at < now() + interval '1 minute'`,
    );
    expect((await post({ code: ada.codes[2] ?? '' })).status).toBe(303);
  });

  test('by somebody who knows no password leave the codes of the one who does alone', async () => {
    for (let index = 0; index < 4; index += 1) await post({ password: 'a guess of a stranger' });
    expect((await post({})).status).toBe(303);
  });
});

test('A-124 many at once wait or are turned away; the rest of the node goes on', async () => {
  const tries = Array.from({ length: 30 }, (_, index) => post({ userName: `flood-${index}` }));
  const health = await new HttpBrowser().open(`${acme.causeway.url}/healthz`);
  expect(health.status).toBe(200);
  const pages = await Promise.all(tries);
  const turnedAway = pages.filter(({ status }) => status === 429);
  expect(turnedAway.length).toBeGreaterThan(0);
  expect(turnedAway.every(({ headers }) => headers['retry-after'] === '2')).toBe(true);
  expect(pages.filter(({ status }) => status === 400).length).toBe(30 - turnedAway.length);
  await forgetTries();
  expect((await post({})).status).toBe(303);
});

describe('A-110 nobody learns who exists', () => {
  test('a stranger, a wrong password, a wrong code, an account that is off or not set up: one answer', async () => {
    await invite(acme.causeway, 'not-yet');
    const off = await invite(acme.causeway, 'off', { role: '' });
    const offs = await enrolByPassword(off.link);
    await ledger.rows('UPDATE users SET active = false WHERE id = $1', [off.userId]);
    await ledger.rows('UPDATE local_accounts SET totp_last_step = NULL');
    const pages: Page[] = [];
    for (const typed of [
      { userName: 'nobody' },
      { password: 'not her password' },
      { code: '000000' },
      { userName: 'not-yet' },
      { userName: 'off', code: codeOf(offs.seed) },
      { userName: 'a\u0000da' },
      { userName: 'x'.repeat(5_000) },
    ])
      pages.push(await post(typed));
    const seen = pages.map(({ status, text, headers }) => {
      const { date: _date, 'x-request-id': _id, ...rest } = headers;
      return JSON.stringify([status, text, rest]);
    });
    expect(new Set(seen).size).toBe(1);
    expect(pages[0]?.headers['set-cookie']).toBeUndefined();
    expect((await refusals()).slice(-7)).toEqual([
      'unknown_account',
      'wrong_password',
      'wrong_code',
      'wrong_password',
      'account_disabled',
      'unknown_account',
      'unknown_account',
    ]);
  });
});

test('single sign-on and SCIM never merge into a local account of the same name', async () => {
  const scim = clientOf(acme.causeway, TOKEN);
  const [userId = ''] = (await ledger.users('acme')).map(({ id }) => id);
  const listed = await scim.get(`/Users?filter=${encodeURIComponent(`userName eq "${ADA.username}"`)}`);
  expect(listed.body).toMatchObject({ totalResults: 0 });
  expect((await scim.get(`/Users/${userId}`)).status).toBe(404);
  const off = [{ op: 'replace', path: 'active', value: false }];
  expect((await scim.patch(`/Users/${userId}`, off)).status).toBe(404);
  const browser = new HttpBrowser();
  const trip = await goAndReturn(browser, acme.app, ADA);
  await arrive(browser, acme.app, trip.callback);
  const users = await ledger.users('acme');
  expect(users.map(({ source, user_name }) => [source, user_name])).toEqual([
    ['operator', ADA.username],
    ['just_in_time', ADA.username],
  ]);
  expect(users[0]).toMatchObject({ id: userId, subjects: [], groups: [], external_id: null, active: true });
});

test('D5 console roles follow from groups for federated people, and from assignments for both', async () => {
  const { node } = acme.causeway;
  const mapping = { group: { name: 'Engineering' }, role: 'console:read-only' };
  await acme.causeway.apply([{ slug: 'acme', roleMappings: [mapping] }]);
  const tenant = await node.directory.find('acme');
  if (tenant === undefined) throw new Error('no tenant');
  const accounts = new PostgresArtifactStore(node.database);
  const rolesOf = async () => {
    const found = [];
    for (const { id } of await ledger.users('acme'))
      found.push(await consoleRolesOf({ accounts }, tenant.configuration, id as UserId));
    return found;
  };
  expect(await rolesOf()).toEqual([['console:owner'], ['console:read-only']]);
  await ledger.rows('UPDATE users SET active = false WHERE user_name = $1', [ADA.username]);
  expect(await rolesOf()).toEqual([[], []]);
  await ledger.rows('UPDATE users SET active = true WHERE user_name = $1', [ADA.username]);
});

describe('F5 A-125 break-glass', () => {
  test('works while Okta is away: every use and every failed try is loud', async () => {
    await acme.okta.stop();
    const typed = { tenant: 'acme', userName: ADA.username, code: codeOf(box.seed) };
    expect((await post({ ...typed, password: 'not the password' })).status).toBe(400);
    expect((await post(typed)).status).toBe(303);
    const [refused] = await ledger.audit('acme', { action: 'break_glass.refused' });
    expect(refused).toMatchObject({ outcome: 'refused', reason: 'wrong_password' });
    expect(await ledger.audit('acme', { action: 'break_glass.succeeded' })).toHaveLength(1);
    expect(lines.filter(({ event }) => event.startsWith('break_glass'))).toMatchObject([
      { level: 'warn', event: 'break_glass.refused' },
      { level: 'warn', event: 'break_glass.succeeded' },
    ]);
  });
});

test('A-123 secrets of accounts are kept as hashes, or sealed', async () => {
  const rows = await ledger.rows<{ row: unknown }>(
    `SELECT to_jsonb(a) AS row FROM local_accounts a UNION ALL SELECT to_jsonb(c) FROM recovery_codes c
      UNION ALL SELECT to_jsonb(p) FROM pending_sign_ins p UNION ALL SELECT to_jsonb(s) FROM console_sessions s
      UNION ALL SELECT to_jsonb(l) FROM links l`,
  );
  const dump = JSON.stringify(rows);
  expect(dump).toContain('$argon2id$v=19$m=65536,t=3,p=1$');
  const [session = ''] = /[\w-]{43}$/.exec(ada.browser.cookies(new URL(acme.causeway.url))) ?? [];
  for (const secret of [
    ada.seed,
    box.seed,
    PASSWORD,
    session,
    ...ada.codes,
    ...ada.codes.map((code) => code.replaceAll('-', '')),
  ])
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
      Buffer.from(secret).toString('hex'),
    ])
      expect(dump).not.toContain(form);
  expect(JSON.stringify(lines)).not.toContain(ada.seed);
});
