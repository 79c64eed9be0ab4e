import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ADA, BOB, CAT, startAcme, type Acme } from '../support/acme.js';
import { post, walk, authorizationRequest, type TestApplication } from '../support/application.js';
import {
  approve,
  ask,
  confirm,
  deviceApplication,
  deviceOf,
  enter,
  fill,
  nextOf,
  poll,
  reachConfirmation,
} from '../support/device.js';
import { Ledger } from '../support/ledger.js';
import { formsOf, HttpBrowser, signInAtOkta, type Page } from '../support/okta-sign-in.js';
import { addOrganization, type Organization } from '../support/organization.js';
import { headingOf, linkOf, readable, travelOurs } from '../support/trip.js';

let acme: Acme;
let globex: Organization;
let tv: TestApplication;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme({ settings: { trustedProxies: { kind: 'hops', count: 1 } } });
  globex = await addOrganization(acme, 'globex', { okta: { users: [{ login: ADA.username }] } });
  const { applications = [] } = acme.tenant;
  const devices = [
    ...applications,
    deviceApplication,
    { ...deviceApplication, clientId: 'staff', assignment: { groups: ['Engineering'], roles: [] } },
    { ...deviceApplication, clientId: 'guest', name: 'Guest TV', consent: true },
  ];
  await acme.causeway.apply([
    { slug: 'acme', applications: devices },
    { slug: 'globex', applications: devices },
  ]);
  tv = deviceOf(acme.app.issuer);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await globex.stop();
  await acme.stop();
});
beforeEach(async () => {
  await ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'Tries'`);
});

const errorOf = async (answer: ReturnType<typeof poll>): Promise<unknown> => (await answer).body['error'];

/** Types a code from an address of the Internet. */
async function enterFrom(browser: HttpBrowser, code: string, ip: string): Promise<Page> {
  const [form] = formsOf(await browser.open(`${tv.issuer}/device`));
  if (form === undefined) throw new Error('no form');
  return browser.open(form.action, {
    form: { ...Object.fromEntries(form.fields), user_code: code },
    headers: { 'x-forwarded-for': ip },
  });
}

/** A page's words without what was typed. */
const wordsOf = (page: Page, code: string): string =>
  page.text.replaceAll(code, '<code>').replaceAll(/name="xsrf" value="\w+"/g, '');

describe('RFC 8628 section 5.4: nobody is signed in on a device by a link', () => {
  test('A-136 a code in the address is shown, and sent by nobody but the person', async () => {
    const asked = await ask(tv);
    const page = await new HttpBrowser().open(String(asked.body['verification_uri_complete']));
    expect(page.status).toBe(200);
    expect(formsOf(page)[0]?.fields.get('user_code')).toBe(asked.userCode);
    expect(page.text).not.toMatch(/<script|http-equiv|onload/i);
    expect(page.headers['content-security-policy']).toMatch(/default-src 'none'/);
    expect(page.headers['content-security-policy']).not.toMatch(/script-src (?!'none')/);
  });

  test('A-104 whatever stands there comes back as text', async () => {
    const code = `"><script>alert(1)</script>`;
    const page = await new HttpBrowser().open(`${tv.issuer}/device?user_code=${encodeURIComponent(code)}`);
    expect(page.text).not.toContain('<script');
    const twice = await new HttpBrowser().open(`${tv.issuer}/device?user_code=a&user_code=b`);
    expect(twice.status).toBe(200);
  });

  test('who is signed in already is asked all the same, each time', async () => {
    const browser = new HttpBrowser();
    await walk(browser, acme.app, authorizationRequest(acme.app).url, ADA);
    for (let times = 0; times < 2; times += 1) {
      const asked = await ask(tv);
      const page = await reachConfirmation(browser, tv, asked.userCode, undefined);
      expect(headingOf(page)).toBe('Sign in on Living-room TV?');
      expect(await errorOf(poll(tv, asked))).toBe('authorization_pending');
      expect(headingOf(await confirm(browser, tv, page))).toBe('Done');
    }
  });

  test('A-59 another browser can’t answer in the person’s place, nor a form from elsewhere', async () => {
    const asked = await ask(tv);
    const browser = new HttpBrowser();
    const page = await reachConfirmation(browser, tv, asked.userCode, ADA);
    const elsewhere = await fill(new HttpBrowser(), page, { device: 'continue' });
    expect(elsewhere.status).toBeGreaterThanOrEqual(400);
    const foreign = await browser.open(page.url, {
      form: { device: 'continue' },
      headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    });
    expect(foreign.status).toBe(403);
    const nonsense = await fill(browser, page, { device: 'perhaps' });
    expect(nonsense.status).toBe(400);
    expect(await errorOf(poll(tv, asked))).toBe('authorization_pending');
  });

  test('another person of the same browser is asked anew', async () => {
    const asked = await ask(tv);
    const browser = new HttpBrowser();
    const page = await reachConfirmation(browser, tv, asked.userCode, ADA);
    const another = linkOf(page, 'Not you?');
    if (another === undefined) throw new Error(readable(page));
    const away = await travelOurs(browser, tv, another);
    const back = await travelOurs(browser, tv, await signInAtOkta(browser, away.location ?? '', CAT));
    const onward = back.location === undefined ? await throughSignOut(browser, back) : back;
    expect(headingOf(onward)).toBe('Sign in on Living-room TV?');
    expect(readable(onward)).toContain(CAT.username);
  });
});

/** The library ends one person's session before the next one's begins, by a form that sends itself. */
async function throughSignOut(browser: HttpBrowser, page: Page): Promise<Page> {
  if (headingOf(page) !== '') return page;
  const [form] = formsOf(page);
  if (form === undefined) return page;
  return travelOurs(browser, tv, nextOf(await browser.submit(form)));
}

describe('RFC 8628 section 5.1: codes can’t be guessed', () => {
  test('A-136 unknown, expired, used and refused ones are told alike', async () => {
    const used = await ask(tv);
    await approve(new HttpBrowser(), tv, used.userCode, ADA);
    const stopped = await ask(tv);
    const stopping = new HttpBrowser();
    const page = await reachConfirmation(stopping, tv, stopped.userCode, ADA);
    await travelOurs(stopping, tv, (await fill(stopping, page, { device: 'stop' })).location ?? '');
    const expired = await ask(tv);
    await ledger.rows(
      `UPDATE oidc_artifacts SET expires_at = now() + interval '599 seconds'
      WHERE kind = 'DeviceCode' AND expires_at > now() + interval '19 minutes' AND payload ->> 'error' IS NULL`,
    );
    const foreign = await ask({ ...tv, issuer: globex.app.issuer });
    const answers: string[] = [];
    for (const code of ['BBBB-BBBB', used.userCode, stopped.userCode, expired.userCode, foreign.userCode]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other, as a person would
      const answer = await enterFrom(new HttpBrowser(), code, `198.51.100.${answers.length + 1}`);
      expect(answer.status).toBe(400);
      expect(readable(answer)).toContain("That code doesn't work.");
      answers.push(wordsOf(answer, code));
    }
    expect(new Set(answers).size).toBe(1);
  });

  test('A-136 after five wrong ones of an address none is looked at any more, a right one neither', async () => {
    const asked = await ask(tv);
    const browser = new HttpBrowser();
    for (let tries = 0; tries < 5; tries += 1)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await enterFrom(browser, 'BBBB-BBBB', '203.0.113.7')).status).toBe(400);
    const over = await enterFrom(browser, asked.userCode, '203.0.113.7');
    expect([over.status, headingOf(over)]).toEqual([429, 'Too many tries']);
    expect(Number(over.headers['retry-after'])).toBeGreaterThan(0);
    await enterFrom(browser, 'BBBB-BBBB', '203.0.113.7');
    expect(await ledger.audit('acme', { action: 'device.tries_exceeded' })).toEqual([
      expect.objectContaining({ outcome: 'refused', details: { limit: 'address' } }),
    ]);
    expect((await enterFrom(browser, asked.userCode, '203.0.113.8')).status).toBe(200);
    await ledger.rows(`UPDATE oidc_artifacts SET expires_at = now() WHERE kind = 'Tries'`);
    expect((await enterFrom(browser, asked.userCode, '203.0.113.7')).status).toBe(200);
  });

  test('A-136 many at once don’t slip by, and a whole /64 is one address', async () => {
    const browsers = Array.from({ length: 12 }, () => new HttpBrowser());
    const answers = await Promise.all(
      browsers.map((browser, index) => enterFrom(browser, 'BBBB-BBBB', `2001:db8:1:2::${index + 1}`)),
    );
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(7);
    expect((await enterFrom(new HttpBrowser(), 'BBBB-BBBB', '2001:db8:1:3::1')).status).toBe(400);
  });

  test('strangers have a limit together, and can’t lock out who is signed in', async () => {
    await ledger.rows(`DELETE FROM oidc_artifacts WHERE kind = 'Tries'`);
    await enterFrom(new HttpBrowser(), 'BBBB-BBBB', '192.0.2.1');
    await ledger.rows(`UPDATE oidc_artifacts SET payload = '{"count": 100}' WHERE kind = 'Tries'`);
    expect((await enterFrom(new HttpBrowser(), 'BBBB-BBBB', '192.0.2.2')).status).toBe(429);
    const browser = new HttpBrowser();
    await walk(browser, acme.app, authorizationRequest(acme.app).url, ADA);
    const asked = await ask(tv);
    expect((await enterFrom(browser, asked.userCode, '192.0.2.3')).status).toBe(200);
  });

  test('right codes and slips of the fingers don’t count', async () => {
    const browser = new HttpBrowser();
    const asked = await ask(tv);
    for (let tries = 0; tries < 8; tries += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await enterFrom(browser, asked.userCode, '192.0.2.9')).status).toBe(200);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await enterFrom(browser, 'BBBB', '192.0.2.9')).status).toBe(400);
    }
  });
});

describe('the page', () => {
  test('takes a code however it is written', async () => {
    const asked = await ask(tv);
    const plain = asked.userCode.replace('-', '');
    for (const code of [
      plain.toLowerCase(),
      ` ${plain} `,
      plain.split('').join(' '),
      `${asked.userCode}\t`,
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await enter(new HttpBrowser(), tv, code)).status).toBe(200);
    }
    const empty = await enter(new HttpBrowser(), tv, '');
    expect([empty.status, readable(empty)]).toEqual([400, expect.stringContaining('Enter the code that')]);
  });

  test('A-102 takes its form from itself only: a stranger’s POST, and one of another session', async () => {
    const asked = await ask(tv);
    const form = { user_code: asked.userCode, confirm: 'yes', xsrf: 'nonsense' };
    const stranger = await new HttpBrowser().open(`${tv.issuer}/device`, { form });
    expect(stranger.status).toBe(400);
    const browser = new HttpBrowser();
    await browser.open(`${tv.issuer}/device`);
    expect((await browser.open(`${tv.issuer}/device`, { form })).status).toBe(400);
    const { xsrf: _xsrf, ...without } = form;
    await browser.open(`${tv.issuer}/device`);
    expect((await browser.open(`${tv.issuer}/device`, { form: without })).status).toBe(400);
    const [other] = formsOf(await new HttpBrowser().open(`${tv.issuer}/device`));
    const theirs = await browser.open(`${tv.issuer}/device`, {
      form: { ...form, xsrf: other?.fields.get('xsrf') ?? '' },
    });
    expect(theirs.status).toBe(400);
    expect(await errorOf(poll(tv, asked))).toBe('authorization_pending');
  });

  test('a form without the wish to go on gets the form again', async () => {
    const asked = await ask(tv);
    const browser = new HttpBrowser();
    const [form] = formsOf(await browser.open(`${tv.issuer}/device`));
    const xsrf = form?.fields.get('xsrf') ?? '';
    const page = await browser.open(`${tv.issuer}/device`, { form: { xsrf, user_code: asked.userCode } });
    expect(formsOf(page)[0]?.fields.get('user_code')).toBe(asked.userCode);
    expect(await errorOf(poll(tv, asked))).toBe('authorization_pending');
  });

  test('a return that nobody waits for is a page, never a fault', async () => {
    for (const path of ['/device/nothing', `/device/${'x'.repeat(43)}`]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const page = await new HttpBrowser().open(`${tv.issuer}${path}`);
      expect([page.status, page.headers['content-type']]).toEqual([400, 'text/html; charset=utf-8']);
    }
  });

  test('invariant 3: of two who answer at once, one is heard', async () => {
    const asked = await ask(tv);
    const [ada, cat] = [new HttpBrowser(), new HttpBrowser()];
    const pages = [
      await reachConfirmation(ada, tv, asked.userCode, ADA),
      await reachConfirmation(cat, tv, asked.userCode, CAT),
    ] as const;
    const answers = [
      await fill(ada, pages[0], { device: 'continue' }),
      await fill(cat, pages[1], { device: 'continue' }),
    ] as const;
    const last = await Promise.all([ada.open(nextOf(answers[0])), cat.open(nextOf(answers[1]))]);
    expect(last.map(headingOf).toSorted()).toEqual(['Done', "This code doesn't work any more"]);
    const who = headingOf(last[0]) === 'Done' ? ADA : CAT;
    const { body } = await poll(tv, asked);
    const { body: told } = await post(tv, 'introspect', { token: String(body['access_token']) });
    const [user] = (await ledger.users('acme')).filter(({ user_name: name }) => name === who.username);
    expect(told).toMatchObject({ active: true, sub: user?.id });
  });

  test('whose code was answered meanwhile is told so', async () => {
    const asked = await ask(tv);
    const browser = new HttpBrowser();
    const page = await reachConfirmation(browser, tv, asked.userCode, ADA);
    await approve(new HttpBrowser(), tv, asked.userCode, CAT);
    expect(headingOf(await browser.open(page.url))).toBe("This code doesn't work any more");
    expect(headingOf(await fill(browser, page, { device: 'continue' }))).toBe(
      "This code doesn't work any more",
    );
  });

  test('B13 somebody who may not use the application gets a page, and the device its no at once', async () => {
    const staff = { ...tv, clientId: 'staff' };
    const asked = await ask(staff);
    const page = await reachConfirmation(new HttpBrowser(), staff, asked.userCode, CAT);
    expect([page.status, headingOf(page)]).toEqual([403, "You don't have access to Living-room TV"]);
    expect(await errorOf(poll(staff, asked))).toBe('access_denied');
    const denied = await ledger.audit('acme', { action: 'device.denied' });
    expect(denied).toContainEqual(expect.objectContaining({ application: 'staff', reason: 'not_assigned' }));
    const engineer = await ask(staff);
    await approve(new HttpBrowser(), staff, engineer.userCode, ADA);
    expect((await poll(staff, engineer)).status).toBe(200);
  });

  test('somebody whom Okta doesn’t let in can go back, and the device is told', async () => {
    const asked = await ask(tv);
    const browser = new HttpBrowser();
    const page = await reachConfirmation(browser, tv, asked.userCode, BOB);
    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(await errorOf(poll(tv, asked))).toBe('authorization_pending');
    const back = linkOf(page, 'Back to Living-room TV');
    if (back === undefined) throw new Error(readable(page));
    expect(headingOf(await travelOurs(browser, tv, back))).toBe('Stopped');
    expect(await errorOf(poll(tv, asked))).toBe('access_denied');
  });

  test('B14 an application that isn’t the tenant’s own asks for consent, too', async () => {
    const guest = { ...tv, clientId: 'guest' };
    const asked = await ask(guest);
    const browser = new HttpBrowser();
    const page = await reachConfirmation(browser, guest, asked.userCode, ADA);
    expect(headingOf(page)).toBe('Sign in on Guest TV?');
    const consent = await confirm(browser, guest, page);
    expect(formsOf(consent)[0]?.buttons).toContain('decision');
    expect(await errorOf(poll(guest, asked))).toBe('authorization_pending');
    const done = await travelOurs(
      browser,
      guest,
      nextOf(await fill(browser, consent, { decision: 'allow' })),
    );
    expect(headingOf(done)).toBe('Done');
    expect((await poll(guest, asked)).status).toBe(200);
  });
});
