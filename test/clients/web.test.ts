import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, CAT, startAcme, type Acme } from '../support/acme.js';
import { HttpBrowser, formsOf, type Page } from '../support/okta-sign-in.js';
import { freePort, startProgram, type Program } from './support/program.js';
import { finishAtOkta, signInThrough, told } from './support/visit.js';

/** The web applications of the guides: the program, where its library takes the answer, what it needs besides. */
const APPLICATIONS = [
  { clientId: 'openid-client', program: 'web-openid-client.mjs', callback: '/callback' },
  { clientId: 'express', program: 'web-express-openid-connect.mjs', callback: '/callback' },
  { clientId: 'passport', program: 'web-passport.mjs', callback: '/callback', pkce: 'optional' },
  { clientId: 'authjs', program: 'web-authjs.mjs', callback: '/auth/callback/causeway' },
  {
    clientId: 'okta-middleware',
    program: 'okta-oidc-middleware.mjs',
    callback: '/authorization-code/callback',
    pkce: 'optional',
  },
] as const;
type ClientId = (typeof APPLICATIONS)[number]['clientId'];

const SECRET = 'application-secret-with-32-chars-01';
const ADMIN = { name: 'Ada Byron', roles: ['admin'] };

let acme: Acme;
const programs = new Map<ClientId, Program>();

beforeAll(async () => {
  acme = await startAcme();
  const served = await Promise.all(APPLICATIONS.map(async (one) => ({ ...one, port: await freePort() })));
  const applications = served.map(({ clientId, callback, port, ...one }) => ({
    clientId,
    name: clientId,
    type: 'web' as const,
    redirectUris: [`http://localhost:${port}${callback}`],
    postLogoutRedirectUris: [`http://localhost:${port}/signed-out`, `http://localhost:${port}/`],
    clientSecret: SECRET,
    ...('pkce' in one ? { pkce: one.pkce } : {}),
  }));
  // As where an application came from one of Okta's custom authorization servers: every token is for its audience.
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [{ identifier: 'api://default', scopes: [{ name: 'read' }], profile: 'okta', default: true }],
      accessPolicies: [
        {
          api: 'api://default',
          clients: 'all',
          grants: ['authorization_code', 'refresh_token'],
          scopes: ['read'],
        },
      ],
      applications,
    },
  ]);
  for (const { clientId, program, port } of served) {
    const environment = { ISSUER: acme.app.issuer, CLIENT_ID: clientId, CLIENT_SECRET: SECRET };
    programs.set(clientId, await startProgram(program, port, environment));
  }
}, 120_000);
afterAll(async () => {
  await Promise.all([...programs.values()].map((program) => program.stop()));
  await acme.stop();
});

function urlOf(clientId: ClientId): string {
  const program = programs.get(clientId);
  if (program === undefined) throw new Error(`${clientId} isn't started`);
  return program.url;
}

/** Whether this browser is asked at Okta when it opens the application. */
async function isAsked(browser: HttpBrowser, address: string): Promise<boolean> {
  const page = await browser.travel(address, (url) => url.origin !== acme.okta.url);
  return page.location !== undefined;
}

const open = (browser: HttpBrowser, address: string): Promise<Page> => browser.travel(address, () => true);

describe('openid-client', () => {
  test('signs in, renews, signs out everywhere', async () => {
    const browser = new HttpBrowser();
    const url = urlOf('openid-client');
    const home = await signInThrough(browser, url, acme.okta, ADA);
    expect(told(home)).toEqual({ ...ADMIN, sub: expect.any(String) });
    for (let times = 0; times < 2; times += 1)
      expect(told(await open(browser, `${url}/renew`))).toEqual(told(home));
    const end = await open(browser, `${url}/logout`);
    expect([end.url.href, end.text]).toEqual([`${url}/signed-out`, 'You are signed out.']);
    expect(await isAsked(browser, url)).toBe(true);
  });
});

describe('express-openid-connect', () => {
  test('signs in, asks for userinfo, renews, judges by role, signs out', async () => {
    const browser = new HttpBrowser();
    const url = urlOf('express');
    expect(told(await signInThrough(browser, url, acme.okta, ADA))).toMatchObject(ADMIN);
    expect(told(await open(browser, `${url}/userinfo`))).toMatchObject({ ...ADMIN, email: ADA.username });
    expect(told(await open(browser, `${url}/renew`))).toMatchObject(ADMIN);
    expect((await open(browser, `${url}/admin`)).text).toBe('For administrators.');
    expect((await open(browser, `${url}/logout`)).url.href).toBe(`${url}/signed-out`);
    expect(await isAsked(browser, url)).toBe(true);
  });

  test('somebody without the role stays outside', async () => {
    const browser = new HttpBrowser();
    const url = urlOf('express');
    expect(told(await signInThrough(browser, url, acme.okta, CAT))).toMatchObject({ roles: ['viewer'] });
    expect((await browser.open(`${url}/admin`)).status).toBe(403);
  });
});

describe('passport-openidconnect', () => {
  test('signs in without PKCE where the operator allows it, and signs out', async () => {
    const browser = new HttpBrowser();
    const url = urlOf('passport');
    expect(told(await signInThrough(browser, url, acme.okta, ADA))).toMatchObject(ADMIN);
    const end = await open(browser, `${url}/logout`);
    expect(end.url.href).toBe(`${url}/signed-out`);
    expect(await isAsked(browser, url)).toBe(true);
  });
});

describe('Auth.js', () => {
  test('signs in by its page, shows roles in its session, signs out', async () => {
    const browser = new HttpBrowser();
    const url = urlOf('authjs');
    const page = await open(browser, url);
    const form = formsOf(page).find(({ action }) => action.pathname === '/auth/signin/causeway');
    if (form === undefined) throw new Error(`no form: ${page.text}`);
    const sent = await browser.submit(form);
    const leaving = await browser.travel(sent.location ?? '', (to) => to.origin !== acme.okta.url);
    expect(told(await finishAtOkta(browser, leaving, ADA))).toEqual(ADMIN);
    const [signOut] = formsOf(await open(browser, `${url}/auth/signout`));
    if (signOut === undefined) throw new Error('no form to sign out');
    await browser.submit(signOut);
    expect((await browser.open(url)).location?.pathname).toBe('/auth/signin');
  });
});

describe('@okta/oidc-middleware', () => {
  test('B2 signs in and out after a change of issuer', async () => {
    const browser = new HttpBrowser();
    const url = urlOf('okta-middleware');
    const home = await signInThrough(browser, `${url}/login`, acme.okta, ADA);
    expect(told(home)).toEqual({ ...ADMIN, sub: expect.any(String) });
    const left = await browser.open(`${url}/logout`, { form: {} });
    expect(left.location?.searchParams.get('id_token_hint')).toEqual(expect.any(String));
    const end = await browser.travel(left.location ?? '', (address) => address.origin !== url);
    expect(end.location?.href).toBe(`${url}/`);
    expect(await isAsked(browser, `${url}/login`)).toBe(true);
  });
});
