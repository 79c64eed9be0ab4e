import { createHash, randomBytes } from 'node:crypto';
import { afterEach } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { startOktaOrg, type RunningOktaOrg, type StartOktaOrgConfig } from '../../../demo/okta/server.js';
import { HttpBrowser, signInAtOkta, type OktaPerson, type Page } from '../../support/okta-sign-in.js';

export const REDIRECT_URI = 'http://localhost:5999/callback';
export const CLIENT_ID = '0oatestapp0000000001';
export const CLIENT_SECRET = 'a-secret_with-hyphens_and-underscores-1';
export const ADA: OktaPerson = { username: 'ada.byron@acme.example', password: 'Okta-demo-1', otp: '123456' };
export const BOB: OktaPerson = { username: 'bob.stone@acme.example', password: 'Okta-demo-1', otp: '123456' };

const running: RunningOktaOrg[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
});

/**
 * An org with two people (Bob isn't assigned), one web app, and whatever a test adds. It is stopped after the
 * test.
 */
export async function anOrg(config: Partial<StartOktaOrgConfig> = {}): Promise<RunningOktaOrg> {
  const { users = [], apps = [], ...rest } = config;
  const okta = await startOktaOrg({
    groups: [{ name: 'Engineering' }, { name: 'Payroll', source: 'active_directory' }],
    users: [
      { login: ADA.username, groups: ['Engineering'], factors: ['otp'] },
      { login: BOB.username, factors: [] },
      ...users,
    ],
    apps: [
      {
        label: 'Causeway',
        clientId: CLIENT_ID,
        clientSecret: CLIENT_SECRET,
        redirectUris: [REDIRECT_URI],
        postLogoutRedirectUris: ['http://localhost:5999/signed-out'],
        initiateLoginUri: 'http://localhost:5999/initiate?tile=1',
        groupsClaim: { name: 'groups', type: 'FILTER', match: 'REGEX', value: '.*' },
        assign: { groups: ['Engineering'] },
      },
      ...apps,
    ],
    ...rest,
  });
  running.push(okta);
  return okta;
}

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function pkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** An authorization request of the test app; `undefined` takes a parameter away. */
export function authorizeUrl(
  { url }: RunningOktaOrg,
  params: Readonly<Record<string, string | undefined>> = {},
  base = '/oauth2',
): URL {
  const address = new URL(`${url}${base}/v1/authorize`);
  const all = {
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid profile email groups',
    state: 'state-1',
    ...params,
  };
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined) address.searchParams.set(name, value);
  }
  return address;
}

/** Posts a form, as clients do at the token endpoint. */
export function post(
  address: string,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Page> {
  return new HttpBrowser().open(address, { form, headers });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new Error(`no JSON object: ${text.slice(0, 100)}`);
  return value;
}

export function jsonOf(page: Page): Record<string, unknown> {
  return parseObject(page.text);
}

/** Redeems a code with the test app's secret. */
export async function redeem(
  { url }: RunningOktaOrg,
  code: string,
  form: Readonly<Record<string, string>> = {},
  base = '/oauth2',
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
  const page = await post(`${url}${base}/v1/token`, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    ...form,
  });
  return { status: page.status, body: jsonOf(page) };
}

/** A whole sign-in; the answer of the token endpoint. */
export async function signIn(
  okta: RunningOktaOrg,
  params: Readonly<Record<string, string | undefined>> = {},
  { person = ADA, browser = new HttpBrowser(), base = '/oauth2' } = {},
): Promise<Record<string, unknown>> {
  const callback = await signInAtOkta(browser, authorizeUrl(okta, params, base), person);
  const code = callback.searchParams.get('code');
  if (code === null) throw new Error(`no code: ${callback.href}`);
  return (await redeem(okta, code, {}, base)).body;
}

/** The payload of a JWT, unverified. */
export function claimsOf(jwt: unknown): Record<string, unknown> {
  const payload = String(jwt).split('.')[1] ?? '';
  return parseObject(Buffer.from(payload, 'base64url').toString());
}

/** The protected header of a JWT. */
export function headerOf(jwt: unknown): Record<string, unknown> {
  const header = String(jwt).split('.')[0] ?? '';
  return parseObject(Buffer.from(header, 'base64url').toString());
}

export interface ClientKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
  readonly kid: string;
}

export async function clientKey(kid: string): Promise<ClientKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { privateKey, kid, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
}

/** A client assertion as Okta wants it; `claims` and `header` spoil it (`undefined` removes a member). */
export function assertion(
  key: ClientKey,
  audience: string,
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const payload = {
    iss: CLIENT_ID,
    sub: CLIENT_ID,
    aud: audience,
    jti: randomBytes(16).toString('hex'),
    iat: now,
    exp: now + 60,
    ...claims,
  };
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', kid: key.kid, ...header })
    .sign(key.privateKey);
}

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A callback's parameters after a sign-in. */
export async function callbackOf(
  okta: RunningOktaOrg,
  params: Readonly<Record<string, string | undefined>> = {},
  person = ADA,
  browser = new HttpBrowser(),
): Promise<Record<string, string>> {
  return Object.fromEntries((await signInAtOkta(browser, authorizeUrl(okta, params), person)).searchParams);
}

/** How a junk code is refused: what a client hears that has shown who it is. */
export const BAD_CODE = [400, 'invalid_grant', 'The authorization code is invalid or has expired.'] as const;

/** A token request that is refused, as status, error and its text. */
export async function refusal(
  { url }: RunningOktaOrg,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<[number, unknown, unknown]> {
  const request = { grant_type: 'authorization_code', code: 'junk', ...form };
  const page = await post(`${url}/oauth2/v1/token`, request, headers);
  const body = jsonOf(page);
  return [page.status, body['error'] ?? body['errorCode'], body['error_description'] ?? body['errorSummary']];
}

/** A client_secret_basic header, as it is. */
export function basic(secret: string, id = CLIENT_ID): Readonly<Record<string, string>> {
  return { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}
