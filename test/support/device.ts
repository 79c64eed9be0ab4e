import { post, type TestApplication, type TokenAnswer } from './application.js';
import { formsOf, signInAtOkta, type HttpBrowser, type OktaPerson, type Page } from './okta-sign-in.js';
import { linkOf, readable, travelOurs } from './trip.js';

/** A device of a test: a public client without a browser. */
export const deviceOf = (issuer: string, clientId = 'tv'): TestApplication => ({
  issuer,
  clientId,
  // Devices have none: nothing of theirs is ever sent there.
  redirectUri: 'http://nowhere.invalid/',
});

/** The device as an application of a tenant's file. */
export const deviceApplication = {
  clientId: 'tv',
  name: 'Living-room TV',
  type: 'native',
  grantTypes: ['device_code', 'refresh_token'],
  tokenEndpointAuthMethod: 'none',
  redirectUris: [],
  claims: { roles: 'roles', groups: true },
} as const;

/** What a device is told when it asks. */
export interface Asked {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function ask(
  device: TestApplication,
  form: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Asked> {
  const scope = 'openid profile email offline_access';
  const { status, body } = await post(device, 'device/authorize', { scope, ...form }, headers);
  if (status !== 200) throw new Error(`the device was refused: ${status} ${JSON.stringify(body)}`);
  return { deviceCode: String(body['device_code']), userCode: String(body['user_code']), body };
}

export const poll = (device: TestApplication, { deviceCode }: Asked): Promise<TokenAnswer> =>
  post(device, 'token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: deviceCode,
  });

/** A page's form, sent. */
export async function fill(
  browser: HttpBrowser,
  page: Page,
  values: Readonly<Record<string, string>>,
): Promise<Page> {
  const [form] = formsOf(page);
  if (form === undefined) throw new Error(`no form: ${page.status} ${readable(page)}`);
  return browser.submit(form, values);
}

/** Types a code into the page; the answer, not followed. */
export async function enter(browser: HttpBrowser, device: TestApplication, userCode: string): Promise<Page> {
  return fill(browser, await browser.open(`${device.issuer}/device`), { user_code: userCode });
}

/** Types a code, signs in where that is asked for, and stops at the page that asks whether it was them. */
export async function reachConfirmation(
  browser: HttpBrowser,
  device: TestApplication,
  userCode: string,
  person: OktaPerson | undefined,
): Promise<Page> {
  const left = await enter(browser, device, userCode);
  const onward = nextOf(left);
  const ours = onward.origin === new URL(device.issuer).origin;
  const page = ours ? await travelOurs(browser, device, onward) : undefined;
  const atOkta = page === undefined ? onward : page.location;
  if (page !== undefined && atOkta === undefined) return page;
  if (person === undefined || atOkta === undefined) throw new Error(`nobody to sign in: ${onward.href}`);
  return travelOurs(browser, device, await signInAtOkta(browser, atOkta, person));
}

/** Presses the button that goes on, and follows to the last page. */
export async function confirm(browser: HttpBrowser, device: TestApplication, page: Page): Promise<Page> {
  return travelOurs(browser, device, nextOf(await fill(browser, page, { device: 'continue' })));
}

/** From the code to the last page. */
export async function approve(
  browser: HttpBrowser,
  device: TestApplication,
  userCode: string,
  person: OktaPerson | undefined,
): Promise<Page> {
  return confirm(browser, device, await reachConfirmation(browser, device, userCode, person));
}

/** Where a page that goes on by itself leads. */
export function nextOf(page: Page): URL {
  const [, target] = /http-equiv="refresh" content="0;url=([^"]*)"/i.exec(page.text) ?? [];
  const href = target?.replaceAll('&amp;', '&') ?? linkOf(page, 'Continue')?.href;
  if (href === undefined) throw new Error(`it doesn't go on: ${page.status} ${readable(page)}`);
  return new URL(href, page.url);
}
