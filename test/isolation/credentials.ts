import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../../src/core/json.js';
import { Testing } from '../broker/connection-test-kit.js';
import type { Acme } from '../support/acme.js';
import { ADA, APP_SECRET } from '../support/acme.js';
import { apiClient } from '../support/api.js';
import {
  authorizationRequest,
  post,
  redeem,
  refresh,
  signIn,
  type TestApplication,
} from '../support/application.js';
import { HttpBrowser } from '../support/okta-sign-in.js';
import { rawRequest } from '../support/raw-request.js';
import { oktaGroup, oktaUser, ScimClient } from '../support/scim-client.js';
import { ask, deviceOf, poll } from '../support/device.js';
import { ask as askRegistry, initialAccess, register } from '../op/support/registration.js';
import { arrive, goAndReturn, leave, travelOurs } from '../support/trip.js';

/** An API of both tenants, with JWT access tokens. */
export const API = 'https://api.example';
/** The secret of an application that both tenants have, each with its own secret. */
export const REPORTS_SECRET = 'the-secret-of-reports-at-acme-0123456';

export const ACME_SCIM_TOKEN = 'acme-scim-token-0123456789abcdef';
export const GLOBEX_SCIM_TOKEN = 'globex-scim-token-0123456789abcdef';

/** Which of Acme's connections. */
const OKTA = { connection: 'okta' } as const;

/** What a request can carry of a credential; each part goes wherever a route would look for it. */
export interface Carried {
  readonly cookies?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly authorization?: string;
  /** Id of an interaction, in paths. */
  readonly uid?: string;
  /** Key of a connection, in paths. */
  readonly connection?: string;
  /** `client_id` of a registered application, in paths and bodies. */
  readonly client?: string;
  /** Id of a pushed user or group, in paths and bodies. */
  readonly resource?: string;
}

/** A credential that is good at Acme, the same in form but random, and the proof that it is good. */
export interface Credential {
  readonly real: Carried;
  readonly random: Carried;
  readonly worksAtHome: () => Promise<boolean>;
}

/** Replaces every letter and digit by a random one: what stays is the form. */
function scrambled(text: string): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  return text.replace(/[A-Za-z0-9]/g, () => alphabet[(randomBytes(1)[0] ?? 0) % alphabet.length] ?? 'a');
}

const scrambledAll = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, scrambled(value)]));

/** A JWT of the same claims with another signature. */
function forged(jwt: string): string {
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  return [header, payload, scrambled(signature)].join('.');
}

/** The cookies that a browser has for an address of Acme, under Acme's names and under Globex's. */
function cookiesOf(browser: HttpBrowser, address: string): Record<string, string> {
  const pairs = browser
    .cookies(new URL(address))
    .split('; ')
    .filter((pair) => pair.startsWith('cw_'))
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)] as const);
  return Object.fromEntries(
    pairs.flatMap(([name, value]) => [
      [name, value],
      [name.replace('_acme', '_globex'), value],
    ]),
  );
}

// Where a request would carry each.
const asBearer = (value: string): Carried => ({
  authorization: `Bearer ${value}`,
  form: { token: value, access_token: value },
  query: { access_token: value },
});
const asCode = (values: { code: string; code_verifier: string }): Carried => ({
  form: values,
  query: values,
});
const asRefreshToken = (token: string): Carried => ({ form: { refresh_token: token, token } });
const asHint = (value: string): Carried => ({
  ...asBearer(value),
  query: { id_token_hint: value },
});
const asRequestUri = (value: string): Carried => ({
  query: { request_uri: value },
  form: { request_uri: value },
});
const asBasic = (secret: string): Carried => ({
  authorization: `Basic ${Buffer.from(`reports:${secret}`).toString('base64')}`,
});
const asIssuer = (iss: string): Carried => ({ query: { iss }, form: { iss } });

const bearer = (token: string, random: (token: string) => string = scrambled) => ({
  real: asBearer(token),
  random: asBearer(random(token)),
});

async function code(app: TestApplication): Promise<Credential> {
  const browser = new HttpBrowser();
  const { callback, request } = await goAndReturn(browser, app, ADA, OKTA);
  const door = await arrive(browser, app, callback);
  const value = door.location?.searchParams.get('code') ?? '';
  const real = { code: value, code_verifier: request.verifier };
  return {
    real: asCode(real),
    random: asCode({ ...real, code: scrambled(value) }),
    worksAtHome: async () => (await redeem(app, value, request.verifier)).status === 200,
  };
}

async function refreshToken(app: TestApplication): Promise<Credential> {
  const { body } = await signIn(new HttpBrowser(), app, ADA, OKTA);
  const value = String(body['refresh_token']);
  return {
    real: asRefreshToken(value),
    random: asRefreshToken(scrambled(value)),
    worksAtHome: async () => (await refresh(app, value)).status === 200,
  };
}

async function opaqueAccessToken(app: TestApplication): Promise<Credential> {
  const { body } = await signIn(new HttpBrowser(), app, ADA, OKTA);
  const token = String(body['access_token']);
  return {
    ...bearer(token),
    worksAtHome: async () => (await post(app, 'introspect', { token })).body['active'] === true,
  };
}

async function jwtAccessToken(app: TestApplication): Promise<Credential> {
  const { body } = await signIn(new HttpBrowser(), app, ADA, { ...OKTA, resource: API });
  const token = String(body['access_token']);
  return {
    ...bearer(token, forged),
    worksAtHome: async () => (await post(app, 'introspect', { token })).body['active'] === true,
  };
}

/** A sign-out by it ends the session, so the proof comes last. */
async function idToken(app: TestApplication): Promise<Credential> {
  const browser = new HttpBrowser();
  const { body } = await signIn(browser, app, ADA, OKTA);
  const token = String(body['id_token']);
  return {
    real: asHint(token),
    random: asHint(forged(token)),
    worksAtHome: async () => {
      const url = new URL(`${app.issuer}/oauth2/v1/logout`);
      url.searchParams.set('id_token_hint', token);
      return (await browser.open(url)).status === 303;
    },
  };
}

async function sessionCookie(app: TestApplication): Promise<Credential> {
  const browser = new HttpBrowser();
  await signIn(browser, app, ADA, OKTA);
  const cookies = cookiesOf(browser, app.issuer);
  return {
    real: { cookies },
    random: { cookies: scrambledAll(cookies) },
    worksAtHome: async () => {
      const { url } = authorizationRequest(app, { prompt: 'none' });
      return (await travelOurs(browser, app, url)).location?.searchParams.has('code') === true;
    },
  };
}

/** A sign-in that waits on the chooser: the id in the address, and the cookies that open it. */
async function interaction(app: TestApplication): Promise<Credential> {
  const browser = new HttpBrowser();
  const page = await browser.open(
    authorizationRequest(app, { prompt: 'login', login_hint: 'x@ask.example' }).url,
  );
  const uid = /sign-in\/([\w-]+)/.exec(page.location?.href ?? '')?.[1] ?? '';
  const cookies = {
    ...cookiesOf(browser, `${app.issuer}/sign-in/${uid}`),
    ...cookiesOf(browser, `${app.issuer}/oauth2/v1/authorize/${uid}`),
  };
  return {
    real: { uid, cookies },
    random: { uid: scrambled(uid), cookies: scrambledAll(cookies) },
    worksAtHome: async () => (await browser.open(`${app.issuer}/sign-in/${uid}`)).status === 200,
  };
}

/** A trip to the upstream: `state`, code, and the cookie that binds it. */
async function trip(app: TestApplication): Promise<Credential> {
  const browser = new HttpBrowser();
  const { callback, request } = await goAndReturn(browser, app, ADA, OKTA);
  const query = Object.fromEntries(callback.searchParams);
  const cookies = cookiesOf(browser, callback.href);
  return {
    real: { query, form: query, cookies },
    random: { query: scrambledAll(query), form: scrambledAll(query), cookies: scrambledAll(cookies) },
    worksAtHome: async () => {
      const door = await arrive(browser, app, callback);
      return (
        (await redeem(app, door.location?.searchParams.get('code') ?? '', request.verifier)).status === 200
      );
    },
  };
}

async function pushedRequest(app: TestApplication): Promise<Credential> {
  const { url } = authorizationRequest(app, OKTA);
  const { body } = await post(app, 'par', Object.fromEntries(url.searchParams));
  const uri = String(body['request_uri']);
  const prefix = uri.slice(0, uri.lastIndexOf(':') + 1);
  return {
    real: asRequestUri(uri),
    random: asRequestUri(prefix + scrambled(uri.slice(prefix.length))),
    worksAtHome: async () => {
      const at = new URL(`${app.issuer}/oauth2/v1/authorize`);
      at.search = new URLSearchParams({ client_id: app.clientId, request_uri: uri }).toString();
      return (await new HttpBrowser().open(at)).status === 303;
    },
  };
}

/** What the page that confirms a sign-out holds: only with it the answer counts. */
async function signOutForm(app: TestApplication): Promise<Credential> {
  const browser = new HttpBrowser();
  await signIn(browser, app, ADA, OKTA);
  const page = await browser.open(`${app.issuer}/oauth2/v1/logout`);
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  const cookies = cookiesOf(browser, app.issuer);
  return {
    real: { form: { xsrf, logout: 'yes' }, cookies },
    random: { form: { xsrf: scrambled(xsrf), logout: 'yes' }, cookies: scrambledAll(cookies) },
    worksAtHome: async () => {
      const confirm = `${app.issuer}/oauth2/v1/logout/confirm`;
      return (await browser.open(confirm, { form: { xsrf, logout: 'yes' } })).status === 200;
    },
  };
}

function clientSecret(app: TestApplication): Promise<Credential> {
  return Promise.resolve({
    real: asBasic(REPORTS_SECRET),
    random: asBasic(scrambled(REPORTS_SECRET)),
    worksAtHome: async () => {
      const own = { ...app, clientId: 'reports', clientSecret: REPORTS_SECRET };
      return (await post(own, 'introspect', { token: 'any' })).status === 200;
    },
  });
}

function upstreamIssuer({ app, okta }: Acme): Promise<Credential> {
  return Promise.resolve({
    real: asIssuer(okta.issuer),
    random: asIssuer(okta.issuer.replace(/\d+$/, (port) => scrambledDigits(port))),
    worksAtHome: async () => {
      const url = `${app.issuer}/initiate/okta/grafana?iss=${encodeURIComponent(okta.issuer)}`;
      return (await rawRequest(url)).status === 303;
    },
  });
}

const scrambledDigits = (digits: string): string =>
  digits.replace(/\d/g, (digit) => String((Number(digit) + 1) % 10));

function connectionKey(app: TestApplication): Promise<Credential> {
  return Promise.resolve({
    real: { connection: 'acmes-own', query: { connection: 'acmes-own' } },
    random: { connection: 'nobody-s', query: { connection: 'nobody-s' } },
    worksAtHome: async () =>
      (await rawRequest(`${app.issuer}/connections/acmes-own/jwks.json`)).status === 200,
  });
}

/** A device that waits for its person: its own code, and the one that the person types. */
async function deviceCode(app: TestApplication): Promise<Credential> {
  const device = deviceOf(app.issuer);
  const asked = await ask(device);
  const codes = { device_code: asked.deviceCode, user_code: asked.userCode };
  const random = scrambledAll(codes);
  return {
    real: { form: codes, query: { user_code: asked.userCode } },
    random: { form: random, query: { user_code: random['user_code'] ?? '' } },
    worksAtHome: async () => (await poll(device, asked)).body['error'] === 'authorization_pending',
  };
}

/** The id of a sign-in that is on its way to the upstream, without its cookies. */
async function interactionAlone(app: TestApplication): Promise<Credential> {
  const browser = new HttpBrowser();
  const { atOkta } = await leave(browser, app, OKTA);
  const [, uid = ''] =
    browser.cookies(new URL(`${app.issuer}/callback/okta`)).match(/cw_t_\w+=[\w-]+\.([\w-]+)/) ?? [];
  return {
    real: { uid },
    random: { uid: scrambled(uid) },
    worksAtHome: () => Promise.resolve(uid !== '' && atOkta.searchParams.has('state')),
  };
}

const scimOf = (app: TestApplication): ScimClient => new ScimClient(`${app.issuer}/scim/v2`, ACME_SCIM_TOKEN);

function scimToken(app: TestApplication): Promise<Credential> {
  return Promise.resolve({
    ...bearer(ACME_SCIM_TOKEN),
    worksAtHome: async () => (await scimOf(app).get('/Users?count=0')).status === 200,
  });
}

/** Known to another tenant, whose own token is good: it leads nowhere there. */
async function pushedResource(app: TestApplication, endpoint: string, body: JsonObject): Promise<Credential> {
  const { id } = (await scimOf(app).post(endpoint, body)).body;
  if (typeof id !== 'string') throw new Error(`nothing was made at ${endpoint}`);
  return {
    real: { resource: id },
    random: { resource: '01900000-0000-7000-8000-00000000000f' },
    worksAtHome: async () => (await scimOf(app).get(`${endpoint}/${id}`)).status === 200,
  };
}

const SERVICE = { application_type: 'service', grant_types: ['client_credentials'] };

async function initialAccessToken({ app, causeway }: Acme): Promise<Credential> {
  const { token } = await initialAccess(causeway, 'acme');
  return {
    ...bearer(token),
    worksAtHome: async () => 'client_id' in (await register(app.issuer, token, SERVICE)),
  };
}

async function registrationToken({ app, causeway }: Acme): Promise<Credential> {
  const { token } = await initialAccess(causeway, 'acme');
  const information = await register(app.issuer, token, SERVICE);
  const own = String(information['registration_access_token']);
  const { real, random } = bearer(own);
  const client = String(information['client_id']);
  return {
    real: { ...real, client },
    random: { ...random, client: '01900000-0000-7000-8000-00000000000e' },
    worksAtHome: async () =>
      (await askRegistry(String(information['registration_client_uri']), { method: 'GET', token: own }))
        .status === 200,
  };
}

/** The one-time address of a connection's test. */
async function testAddress(acme: Acme): Promise<Credential> {
  const testing = new Testing(acme, await apiClient(acme.causeway));
  const { signInUrl } = await testing.start();
  const token = signInUrl.slice(signInUrl.lastIndexOf('/') + 1);
  const worksAtHome = async (): Promise<boolean> => (await new HttpBrowser().open(signInUrl)).status === 303;
  return { real: { uid: token }, random: { uid: scrambled(token) }, worksAtHome };
}

/** Every kind of credential that a tenant hands out or keeps. */
export const CREDENTIALS: Readonly<Record<string, (acme: Acme) => Promise<Credential>>> = {
  'an authorization code': ({ app }) => code(app),
  'a refresh token': ({ app }) => refreshToken(app),
  'an opaque access token': ({ app }) => opaqueAccessToken(app),
  'a JWT access token': ({ app }) => jwtAccessToken(app),
  'an ID Token': ({ app }) => idToken(app),
  'a session’s cookie': ({ app }) => sessionCookie(app),
  'a waiting interaction with its cookies': ({ app }) => interaction(app),
  'an interaction’s id alone': ({ app }) => interactionAlone(app),
  'a trip to the upstream with its cookie': ({ app }) => trip(app),
  'the address of a test': (acme) => testAddress(acme),
  'a pushed request': ({ app }) => pushedRequest(app),
  'a form that confirms a sign-out': ({ app }) => signOutForm(app),
  'a device’s codes': ({ app }) => deviceCode(app),
  'an application’s secret': ({ app }) => clientSecret(app),
  'the issuer of an upstream': (acme) => upstreamIssuer(acme),
  'the key of a connection': ({ app }) => connectionKey(app),
  'a SCIM token': ({ app }) => scimToken(app),
  'a token for registering applications': (acme) => initialAccessToken(acme),
  'a registered application’s token': (acme) => registrationToken(acme),
  'the id of a pushed user': ({ app }) => pushedResource(app, '/Users', oktaUser('pushed@acme.example')),
  'the id of a pushed group': ({ app }) => pushedResource(app, '/Groups', oktaGroup('Pushed')),
};

/** Basic credentials of the application that both tenants have with the same secret. */
export const SHARED_BASIC = `Basic ${Buffer.from(`grafana:${APP_SECRET}`).toString('base64')}`;
