import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import type { TestApplication } from '../support/application.js';
import { browserPath, launchBrowser, NO_BROWSER } from '../support/browser.js';
import { ask, deviceApplication, deviceOf, poll } from '../support/device.js';
import { Visitor } from './support/visitor.js';

const withBrowser = browserPath() === undefined ? describe.skip : describe;
const PHONE = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true } as const;

/** Okta's pages, up to its second factor where it asks for one. */
async function signIn(visitor: Visitor): Promise<void> {
  await visitor.signInAtOkta(ADA.username);
  const second = visitor.page.getByLabel(/code/i);
  const heading = visitor.page.getByRole('heading', { level: 1, name: /^Sign in on/ });
  await second.or(heading).first().waitFor();
  if (await heading.isVisible()) return;
  await second.fill(ADA.otp ?? '');
  await visitor.click('Verify');
}

withBrowser(`a device${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`, () => {
  let acme: Acme;
  let tv: TestApplication;
  let browser: Browser;

  beforeAll(async () => {
    const launched = await launchBrowser();
    if (launched === undefined) throw new Error(NO_BROWSER);
    browser = launched;
    acme = await startAcme();
    const { applications = [] } = acme.tenant;
    await acme.causeway.apply([{ slug: 'acme', applications: [...applications, deviceApplication] }]);
    tv = deviceOf(acme.app.issuer);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await acme.stop();
  });

  /** A person with a telephone. */
  async function withPhone(work: (visitor: Visitor) => Promise<void>): Promise<void> {
    const context = await browser.newContext(PHONE);
    context.setDefaultTimeout(10_000);
    const visitor = await Visitor.enter(context);
    try {
      await work(visitor);
      expect(visitor.complaints()).toEqual([]);
    } catch (error) {
      await visitor.takePicture('where-it-failed');
      throw error;
    } finally {
      await context.close();
    }
  }

  test('is signed in with a telephone: code, Okta, a question, done', async () => {
    const asked = await ask(tv, { device_reference: 'kitchen-7' }, { 'user-agent': 'LivingTV/3.1' });
    await withPhone(async (visitor) => {
      visitor.expects(/status of 400/);
      const { page } = visitor;
      await visitor.open(`${tv.issuer}/device`);
      await visitor.seesHeading('Enter the code shown on your device');
      await visitor.look('device-code');
      expect(await page.evaluate('document.activeElement.name')).toBe('user_code');
      await page.keyboard.type('bbbb bbbb');
      await page.keyboard.press('Enter');
      await page.getByText("That code doesn't work.").waitFor();
      await visitor.look('device-code-unknown');
      await page.getByLabel('Code').fill(asked.userCode.toLowerCase().replace('-', ' '));
      await visitor.click('Continue');
      await signIn(visitor);
      await visitor.seesHeading('Sign in on Living-room TV?');
      for (const shown of [asked.userCode, 'LivingTV/3.1', 'kitchen-7', '127.0.0.1', ADA.username])
        await page.getByText(shown).first().waitFor();
      await visitor.look('device-confirm');
      expect((await poll(tv, asked)).body['error']).toBe('authorization_pending');
      await visitor.click('Continue');
      await visitor.seesHeading('Done');
      await visitor.look('device-done');
    });
    expect((await poll(tv, asked)).status).toBe(200);
  }, 60_000);

  test('A-136 a link with a code in it does nothing by itself; who didn’t start it says so', async () => {
    const asked = await ask(tv);
    await withPhone(async (visitor) => {
      const { page } = visitor;
      await visitor.open(String(asked.body['verification_uri_complete']));
      await visitor.seesHeading('Enter the code shown on your device');
      expect(await page.getByLabel('Code').inputValue()).toBe(asked.userCode);
      await visitor.click('Continue');
      await signIn(visitor);
      await visitor.seesHeading('Sign in on Living-room TV?');
      await visitor.click("It wasn't me");
      await visitor.seesHeading('Stopped');
      await visitor.look('device-stopped');
    });
    expect((await poll(tv, asked)).body['error']).toBe('access_denied');
  }, 60_000);
});
