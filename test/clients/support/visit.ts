import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import { signInAtOkta, type HttpBrowser, type OktaPerson, type Page } from '../../support/okta-sign-in.js';

/**
 * Opens an address of an application and goes wherever it leads: through Causeway to Okta, where the person signs in, and
 * back to a page of the application.
 */
export async function signInThrough(
  browser: HttpBrowser,
  address: string,
  okta: RunningOktaOrg,
  person: OktaPerson,
): Promise<Page> {
  const atOkta = await browser.travel(address, (url) => url.origin !== okta.url);
  return finishAtOkta(browser, atOkta, person);
}

/** Signs the person in at Okta, where the page leads, and goes back to a page of the application. */
export async function finishAtOkta(browser: HttpBrowser, page: Page, person: OktaPerson): Promise<Page> {
  if (page.location === undefined)
    throw new Error(`it did not leave for Okta: ${page.url.href} ${page.status} ${page.text.slice(0, 300)}`);
  return browser.travel(await signInAtOkta(browser, page.location, person), () => true);
}

/** What an application says as JSON. */
export function told(page: Page): unknown {
  if (page.status !== 200) throw new Error(`${page.url.href}: ${page.status} ${page.text.slice(0, 500)}`);
  return JSON.parse(page.text);
}
