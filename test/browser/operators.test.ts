import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext } from 'playwright-core';
import { browserPath, launchBrowser, NO_BROWSER } from '../support/browser.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { firstRunLink } from '../support/operator.js';
import { Visitor } from './support/visitor.js';

const withBrowser = browserPath() === undefined ? describe.skip : describe;

/** A device that keeps passkeys and knows its owner, as Chromium plays one. */
async function giveAuthenticator({ page, context }: Visitor): Promise<(verifies: boolean) => Promise<void>> {
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  });
  return async (isUserVerified) => {
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  };
}

withBrowser(`operators${browserPath() === undefined ? ` (${NO_BROWSER})` : ''}`, () => {
  let node: TestNode;
  let browser: Browser;

  beforeAll(async () => {
    const launched = await launchBrowser();
    if (launched === undefined) throw new Error(NO_BROWSER);
    browser = launched;
    node = await startTestNode();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await node.stop();
  });

  async function withVisitor(
    work: (visitor: Visitor, context: BrowserContext) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(20_000);
    const visitor = await Visitor.enter(context);
    try {
      await work(visitor, context);
      expect(visitor.complaints()).toEqual([]);
    } catch (error) {
      await visitor.takePicture('where-it-failed');
      throw error;
    } finally {
      await context.close();
    }
  }

  test('F2 the first owner: link, name, passkey, codes; signs out, and in again by the passkey', async () => {
    await withVisitor(async (visitor) => {
      const { page } = visitor;
      const verifies = await giveAuthenticator(visitor);
      await visitor.open(await firstRunLink(node));
      await visitor.seesHeading('Become the first owner');
      await visitor.look('first-run');
      await page.getByLabel('User name').fill('ada');
      await visitor.click('Create a passkey');
      await visitor.seesHeading('Save your recovery codes');
      expect((await page.locator('code').innerText()).split('\n')).toHaveLength(10);
      await visitor.click("I've saved them");
      await page.waitForURL(`${node.url}/console/`);

      await visitor.open(`${node.url}/console/sign-out`);
      await visitor.click('Sign out');
      await visitor.seesHeading('Sign in to Causeway');
      await visitor.look('local-sign-in');
      // Somebody else has the device in their hands: it doesn't know them, and nothing is sent.
      await verifies(false);
      await visitor.click('Use a passkey');
      await page.getByText('Nothing came from your passkey. Try again.').waitFor();
      await verifies(true);
      await visitor.click('Use a passkey');
      await page.waitForURL(`${node.url}/console/`);

      await visitor.open(`${node.url}/console/step-up?return=/console/sign-out`);
      await visitor.seesHeading("Show that it's you");
      await visitor.click('Use a passkey');
      await visitor.seesHeading('Sign out of Causeway?');
    });
  }, 120_000);
});
