import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, redeem, refresh, walk, type TestApplication } from '../support/application.js';
import { formsOf, HttpBrowser, type Page } from '../support/okta-sign-in.js';

let acme: Acme;
let third: TestApplication;

beforeAll(async () => {
  acme = await startAcme();
  await acme.causeway.apply([
    {
      slug: 'acme',
      applications: [
        ...(acme.tenant.applications ?? []),
        {
          clientId: 'third',
          name: 'Third party',
          type: 'spa',
          redirectUris: ['http://localhost:5997/cb'],
          consent: true,
        },
      ],
    },
  ]);
  third = { issuer: acme.app.issuer, clientId: 'third', redirectUri: 'http://localhost:5997/cb' };
});
afterAll(() => acme.stop());

const portal = (): string => `${acme.app.issuer}/portal`;

/** Signs in to the third party's application as far as the consent page, or beyond where nobody is asked. */
const signInToThird = async (
  browser: HttpBrowser,
  known: boolean,
): Promise<{ page: Page; end: URL | undefined; verifier: string }> => {
  const request = authorizationRequest(third);
  const { page, end } = await walk(browser, third, request.url, known ? undefined : ADA);
  return { page, end, verifier: request.verifier };
};

const follow = async (browser: HttpBrowser, page: Page): Promise<URL> => {
  const [, href = ''] = /http-equiv="refresh" content="0;url=([^"]+)"/i.exec(page.text) ?? [];
  const { location } = await browser.travel(
    href.replaceAll('&amp;', '&'),
    (url) => !url.href.startsWith(third.redirectUri),
  );
  if (location === undefined) throw new Error('the continue page leads nowhere');
  return location;
};

describe('the portal', () => {
  test('shows nobody’s permissions to somebody who isn’t signed in', async () => {
    const page = await new HttpBrowser().open(portal());
    expect(page.status).toBe(401);
    expect(page.text).toContain('Sign in first');
  });

  test('withdrawing ends the application’s access at once, and it must ask again', async () => {
    const browser = new HttpBrowser();
    const { page, verifier } = await signInToThird(browser, false);
    const [consent] = formsOf(page);
    if (consent === undefined) throw new Error('no consent page');
    const callback = await follow(browser, await browser.submit(consent, { decision: 'allow' }));
    const tokens = await redeem(third, callback.searchParams.get('code') ?? '', verifier);
    expect(tokens.status).toBe(200);

    const remembered = await signInToThird(browser, true);
    expect(remembered.end?.searchParams.get('code')).toMatch(/./);

    const shown = await browser.open(portal());
    expect(shown.text).toContain('Third party');
    const [withdraw] = formsOf(shown);
    if (withdraw === undefined) throw new Error('nothing to withdraw');
    const forged = await browser.open(portal(), {
      form: { withdraw: 'third' },
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    });
    expect(forged.status).toBe(403);
    expect((await browser.open(portal())).text).toContain('Third party');

    const after = await browser.submit(withdraw, { withdraw: 'third' });
    expect(after.status).toBe(200);
    expect(after.text).not.toContain('Third party');
    expect(await refresh(third, tokens.body['refresh_token'])).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(formsOf((await signInToThird(browser, true)).page)).toHaveLength(1);
  });
});
