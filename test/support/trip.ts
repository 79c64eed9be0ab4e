import {
  authorizationRequest,
  redeem,
  type AuthorizationRequest,
  type TestApplication,
  type TokenAnswer,
} from './application.js';
import { signInAtOkta, type HttpBrowser, type OktaPerson, type Page } from './okta-sign-in.js';

/** Follows redirects within Causeway; stops at a page, at the application's door, or where another host begins. */
export function travelOurs(
  browser: HttpBrowser,
  application: TestApplication,
  address: URL | string,
): Promise<Page> {
  const { origin } = new URL(application.issuer);
  return browser.travel(
    address,
    (url) => url.origin === origin && !url.href.startsWith(application.redirectUri),
  );
}

/** A sign-in that has left for the upstream. */
export interface Trip {
  readonly request: AuthorizationRequest;
  /** The upstream's authorization endpoint, with what it was asked. */
  readonly atOkta: URL;
}

/** Begins a sign-in and stops before the upstream is asked. */
export async function leave(
  browser: HttpBrowser,
  application: TestApplication,
  params: Readonly<Record<string, string | undefined>> = {},
): Promise<Trip> {
  const request = authorizationRequest(application, params);
  const page = await travelOurs(browser, application, request.url);
  if (page.location === undefined) throw new Error(`it did not leave: ${page.status} ${readable(page)}`);
  return { request, atOkta: page.location };
}

/** Signs the person in at the upstream; the callback's address, not opened yet. */
export const signThere = (browser: HttpBrowser, trip: Trip, person: OktaPerson): Promise<URL> =>
  signInAtOkta(browser, trip.atOkta, person);

/** Begins a sign-in and goes as far as the callback's address. */
export async function goAndReturn(
  browser: HttpBrowser,
  application: TestApplication,
  person: OktaPerson,
  params: Readonly<Record<string, string | undefined>> = {},
): Promise<Trip & { readonly callback: URL }> {
  const trip = await leave(browser, application, params);
  return { ...trip, callback: await signThere(browser, trip, person) };
}

/** Comes back from the upstream: to the application's door with a code, or to a page. */
export function arrive(...trip: Parameters<typeof travelOurs>): ReturnType<typeof travelOurs> {
  return travelOurs(...trip);
}

/** The code at the application's door, redeemed. */
export function redeemAt(
  application: TestApplication,
  page: Page,
  request: AuthorizationRequest,
): Promise<TokenAnswer> {
  const code = page.location?.searchParams.get('code');
  if (code === null || code === undefined)
    throw new Error(`no code: ${page.location?.href ?? ''} ${page.status} ${readable(page)}`);
  return redeem(application, code, request.verifier);
}

/** What a person reads on a page. */
export function readable(page: Page): string {
  return page.text
    .replace(/<\/?(?:bdi|b|em|strong|span|code|time)\b[^>]*>/g, '')
    .replace(/<style[\s\S]*?<\/style>|<[^>]+>/g, ' ')
    .replace(/&#x27;|&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim();
}

/** The heading of a page. */
export function headingOf(page: Page): string {
  const [, heading = ''] = /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(page.text) ?? [];
  return readable({ ...page, text: heading });
}

/** The reference that a refused person reads out loud. */
export function referenceOf(page: Page): string {
  const [reference] = /cw-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(page.text) ?? [];
  if (reference === undefined) throw new Error(`no reference on the page: ${readable(page)}`);
  return reference;
}

/** The address behind a link or button of a page, by its words. */
export function linkOf(page: Page, words: string): URL | undefined {
  for (const [, attributes = '', inner = ''] of page.text.matchAll(/<a\b([^>]*)>([\s\S]*?)<\/a>/g)) {
    const [, href] = /\shref="([^"]*)"/.exec(attributes) ?? [];
    if (href !== undefined && readable({ ...page, text: inner }) === words)
      return new URL(href.replaceAll('&amp;', '&'), page.url);
  }
  return undefined;
}
