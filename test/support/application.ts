import { createHash, randomBytes } from 'node:crypto';
import type { HttpBrowser, OktaPerson, Page } from './okta-sign-in.js';
import { signInAtOkta } from './okta-sign-in.js';

/** An application of a test: an OAuth client as far as HTTP goes. */
export interface TestApplication {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  readonly redirectUri: string;
}

export interface AuthorizationRequest {
  readonly url: URL;
  readonly verifier: string;
  readonly state: string;
  readonly nonce: string;
}

/** An authorization request with PKCE; `undefined` takes a parameter away. */
export function authorizationRequest(
  application: TestApplication,
  params: Readonly<Record<string, string | undefined>> = {},
): AuthorizationRequest {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(8).toString('base64url');
  const nonce = randomBytes(8).toString('base64url');
  const url = new URL(`${application.issuer}/oauth2/v1/authorize`);
  const all = {
    client_id: application.clientId,
    redirect_uri: application.redirectUri,
    response_type: 'code',
    scope: 'openid profile email offline_access',
    state,
    nonce,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...params,
  };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
  return { url, verifier, state, nonce };
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

/** Posts a form to an endpoint of the issuer, authenticated as the application. */
export async function post(
  application: TestApplication,
  endpoint: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> {
  const { clientId, clientSecret } = application;
  const basic = Buffer.from(`${clientId}:${clientSecret ?? ''}`).toString('base64');
  // oxlint-disable-next-line no-restricted-globals -- a test's client is not Causeway's
  const response = await fetch(`${application.issuer}/oauth2/v1/${endpoint}`, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      ...(clientSecret === undefined ? {} : { authorization: `Basic ${basic}` }),
      ...headers,
    },
    body: new URLSearchParams({ ...form, ...(clientSecret === undefined ? { client_id: clientId } : {}) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers };
}

export const redeem = (application: TestApplication, code: string, verifier: string): Promise<TokenAnswer> =>
  post(application, 'token', {
    grant_type: 'authorization_code',
    code,
    redirect_uri: application.redirectUri,
    code_verifier: verifier,
  });

export const refresh = (
  application: TestApplication,
  token: unknown,
  more: Readonly<Record<string, string>> = {},
): Promise<TokenAnswer> =>
  post(application, 'token', { grant_type: 'refresh_token', refresh_token: String(token), ...more });

/** Claims of a JWT, unverified. */
export function claimsOf(token: unknown): Readonly<Record<string, unknown>> {
  const [, payload = ''] = String(token).split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
}

/**
 * Walks an authorization request through Causeway and Okta as a browser would.
 * @returns the page or address where it ends: the application's redirect URI isn't fetched
 */
export async function walk(
  browser: HttpBrowser,
  application: TestApplication,
  start: URL,
  person: OktaPerson | undefined,
): Promise<{ readonly end: URL | undefined; readonly page: Page }> {
  const isEnd = (url: URL): boolean => url.href.startsWith(application.redirectUri);
  const isOurs = (url: URL): boolean => url.origin === new URL(application.issuer).origin && !isEnd(url);
  let page = await browser.travel(start, isOurs);
  if (page.location === undefined || isEnd(page.location)) return { end: page.location, page };
  if (person === undefined) throw new Error(`nobody to sign in at ${page.location.href}`);
  const callback = await signInAtOkta(browser, page.location, person);
  page = await browser.travel(callback, isOurs);
  return { end: page.location, page };
}

/** A whole sign-in: to the application's tokens. */
export async function signIn(
  browser: HttpBrowser,
  application: TestApplication,
  person: OktaPerson | undefined,
  params: Readonly<Record<string, string | undefined>> = {},
): Promise<TokenAnswer & { readonly request: AuthorizationRequest; readonly code: string }> {
  const request = authorizationRequest(application, params);
  const { end, page } = await walk(browser, application, request.url, person);
  const code = end?.searchParams.get('code');
  if (end === undefined || code === null || code === undefined)
    throw new Error(
      `no code: ${end?.href ?? ''} ${page.status} ${page.text.replace(/<[^>]+>/g, ' ').slice(0, 600)}`,
    );
  return { ...(await redeem(application, code, request.verifier)), request, code };
}
