import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { RunningApp } from '../../../demo/apps/shared/serve.js';
import { startTv } from '../../../demo/apps/tv/server.js';
import { ADA, startAcme, type Acme } from '../../support/acme.js';
import { approve, deviceApplication, deviceOf, fill, reachConfirmation } from '../../support/device.js';
import { HttpBrowser } from '../../support/okta-sign-in.js';
import { readable } from '../../support/trip.js';

let acme: Acme;
const running: RunningApp[] = [];

beforeAll(async () => {
  acme = await startAcme();
  await acme.causeway.apply([{ slug: 'acme', applications: [deviceApplication] }]);
});
afterAll(() => acme.stop());
afterEach(async () => {
  await Promise.all(running.splice(0).map((tv) => tv.stop()));
});

async function start(issuer = acme.app.issuer): Promise<RunningApp> {
  const look = { tenant: 'Acme', name: 'Living-room TV', accent: 'blue' } as const;
  const tv = await startTv({ look, issuer, clientId: 'tv', port: 0 });
  running.push(tv);
  return tv;
}

const CODE = /class="code">\s*([A-Z]{4}-[A-Z]{4})/;

const screenOf = async (tv: RunningApp): Promise<string> => (await new HttpBrowser().open(tv.url)).text;

/** Presses a button of the remote control; the screen after it. */
async function press(tv: RunningApp, path: string): Promise<string> {
  expect((await new HttpBrowser().open(tv.url + path, { form: {} })).location?.href).toBe(`${tv.url}/`);
  return screenOf(tv);
}

/** Waits for a screen, which comes when the TV has asked the issuer the next time. */
async function until(tv: RunningApp, words: string): Promise<string> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const text = await screenOf(tv);
    if (text.includes(words)) return text;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`the screen never said ${words}`);
}

const numberOf = async (tv: RunningApp): Promise<unknown> =>
  JSON.parse((await new HttpBrowser().open(`${tv.url}/screen`)).text);

test('the code that is shown last counts; its person is told what asks, stays who they are, and signs out', async () => {
  const tv = await start();
  const [, first = ''] = CODE.exec(await press(tv, '/sign-in')) ?? [];
  const before = await numberOf(tv);
  const [, second = ''] = CODE.exec(await press(tv, '/sign-in')) ?? [];
  expect(second).not.toBe(first);
  expect(await numberOf(tv)).not.toEqual(before);
  const device = deviceOf(acme.app.issuer);
  const browser = new HttpBrowser();
  const asking = await reachConfirmation(browser, device, first, ADA);
  expect(readable(asking)).toContain('Acme Living-room TV');
  await approve(browser, device, second, undefined);
  const text = await until(tv, 'Hello, Ada Byron');
  expect(text).toContain('<span class="pill">admin</span>');
  expect(await press(tv, '/sign-in')).toContain('Hello, Ada Byron');
  await acme.causeway.apply([
    { slug: 'acme', roleMappings: [{ group: { name: 'Engineering' }, role: 'viewer' }] },
  ]);
  for (let times = 0; times < 2; times += 1)
    expect(await press(tv, '/renew')).toContain('<span class="pill">viewer</span>');
  expect(await press(tv, '/sign-out')).toContain('Signed out.');
  expect(await press(tv, '/renew')).toContain('Signed out.');
}, 120_000);

test('somebody whose access ends is gone from the screen when it looks again', async () => {
  const tv = await start();
  const [, code = ''] = CODE.exec(await press(tv, '/sign-in')) ?? [];
  await approve(new HttpBrowser(), deviceOf(acme.app.issuer), code, ADA);
  await until(tv, 'Hello, Ada Byron');
  await acme.causeway.apply([
    { slug: 'acme', applications: [{ ...deviceApplication, assignment: { roles: ['admin'] } }] },
  ]);
  const text = await press(tv, '/renew');
  expect(text).toContain('Your access has ended.');
  expect(text).not.toContain('Ada');
  await acme.causeway.apply([
    { slug: 'acme', applications: [{ ...deviceApplication, assignment: 'everyone' }] },
  ]);
}, 120_000);

test('somebody says that it wasn’t them: the screen says so', async () => {
  const tv = await start();
  const [, code = ''] = CODE.exec(await press(tv, '/sign-in')) ?? [];
  const browser = new HttpBrowser();
  const page = await reachConfirmation(browser, deviceOf(acme.app.issuer), code, ADA);
  await browser.travel((await fill(browser, page, { device: 'stop' })).location ?? '', () => true);
  const text = await until(tv, 'let in');
  expect(text).toContain('Good evening');
  expect(text).not.toContain('Ada');
}, 120_000);

test('an issuer that is away: the screen says so', async () => {
  expect(await press(await start('http://localhost:1/t/acme'), '/sign-in')).toContain('available right now');
});

test('the remote control is its own page: a form of another site presses nothing', async () => {
  const tv = await start();
  const headers = { Origin: 'http://localhost:9' };
  const page = await new HttpBrowser().open(`${tv.url}/sign-in`, { form: {}, headers });
  expect([page.status, await numberOf(tv)]).toEqual([403, { screen: 0 }]);
});
