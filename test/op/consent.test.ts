import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ADA, APP_SECRET, CAT, startAcme, type Acme } from '../support/acme.js';
import {
  authorizationRequest,
  claimsOf,
  redeem,
  refresh,
  signIn,
  walk,
  type AuthorizationRequest,
  type TestApplication,
} from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { formsOf, HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { headingOf, readable, travelOurs } from '../support/trip.js';

const API = 'https://api.acme.example';
let acme: Acme;
let ledger: Ledger;
let third: TestApplication;
let own: TestApplication;
let browser: HttpBrowser;

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const web = {
    type: 'web',
    clientSecret: APP_SECRET,
    redirectUris: ['https://app.example/cb'],
    apis: [API],
  } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      apis: [{ identifier: API, scopes: [{ name: 'read' }, { name: 'write' }] }],
      accessPolicies: [
        {
          api: API,
          clients: 'all',
          grants: ['authorization_code', 'refresh_token'],
          scopes: ['read', 'write'],
        },
      ],
      applications: [
        { ...web, clientId: 'third', name: 'Third Party Ltd.', consent: true },
        { ...web, clientId: 'fourth', consent: true },
        { ...web, clientId: 'own', name: 'Our Own' },
      ],
    },
  ]);
  const { issuer } = acme.app;
  third = { issuer, clientId: 'third', clientSecret: APP_SECRET, redirectUri: 'https://app.example/cb' };
  own = { ...third, clientId: 'own' };
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(async () => {
  browser = new HttpBrowser();
  await ledger.rows('DELETE FROM consents');
});

type Params = Readonly<Record<string, string | undefined>>;

interface Asked {
  readonly request: AuthorizationRequest;
  readonly page: Page;
}

/** Signs in as far as the page that asks, or the application's door. */
async function ask(params: Params = {}, application = third, person = ADA, from = browser): Promise<Asked> {
  const request = authorizationRequest(application, { scope: 'openid email', ...params });
  const { page } = await walk(from, application, request.url, person);
  return { request, page };
}

async function decide(
  { page }: Asked,
  decision: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Page> {
  const [form] = formsOf(page);
  if (form === undefined) throw new Error(`no form: ${readable(page)}`);
  return browser.open(form.action, { form: { decision }, headers });
}

/** The page after a decision leads on by itself. */
function onwards(page: Page): Promise<Page> {
  expect([page.status, page.location]).toEqual([200, undefined]);
  const [, href = ''] = /http-equiv="refresh" content="0;url=([^"]*)"/.exec(page.text) ?? [];
  return travelOurs(browser, third, href.replaceAll('&amp;', '&'));
}

const codeAt = (page: Page): string => page.location?.searchParams.get('code') ?? '';
const isAsked = ({ page }: Asked): boolean => page.status === 200 && page.text.includes('name="decision"');
const consents = (): Promise<{ scopes: string[] }[]> => ledger.rows('SELECT scopes FROM consents');

describe('consent (B14)', () => {
  test('is asked before anything is given, naming who asks, for what, and for whom', async () => {
    const asked = await ask({ scope: 'openid profile email' });
    expect(isAsked(asked)).toBe(true);
    const text = readable(asked.page);
    expect(text).toContain('Third Party Ltd.');
    expect(text).toContain(ADA.username);
    expect(text).toContain('app.example');
    expect(asked.page.headers).toMatchObject({ 'cache-control': 'no-store', 'x-frame-options': 'DENY' });
    expect(
      await ledger.count('oidc_artifacts', `kind IN ('AuthorizationCode', 'Grant') AND client_id = 'third'`),
    ).toBe(0);
    expect(await ledger.count('session_applications', `client_id = 'third'`)).toBe(0);
  });

  test('given: a code for just that, and it is remembered, with its audit event', async () => {
    const asked = await ask();
    const end = await onwards(await decide(asked, 'allow'));
    const { body } = await redeem(third, codeAt(end), asked.request.verifier);
    expect(body['scope']).toBe('openid email');
    expect(claimsOf(body['id_token'])).toMatchObject({ email: ADA.username });
    expect((await consents()).map(({ scopes }) => scopes.toSorted())).toEqual([['email', 'openid']]);
    const [event] = (await ledger.audit('acme', { action: 'consent.given' })).slice(-1);
    expect(event).toMatchObject({ application: 'third', details: { scopes: ['openid', 'email'] } });
  });

  test('given once, it isn’t asked again: not in this sitting, not in the next, not for less', async () => {
    await onwards(await decide(await ask(), 'allow'));
    expect(codeAt((await ask()).page)).not.toBe('');
    browser = new HttpBrowser();
    expect(codeAt((await ask()).page)).not.toBe('');
    expect(codeAt((await ask({ scope: 'openid' })).page)).not.toBe('');
    expect(codeAt((await ask({ prompt: 'none' })).page)).not.toBe('');
  });

  test('a new scope is asked for, and it alone', async () => {
    await onwards(await decide(await ask(), 'allow'));
    const asked = await ask({ scope: 'openid email profile' });
    expect(isAsked(asked)).toBe(true);
    expect(asked.page.text.match(/<li>/g)?.length).toBe(1);
    const end = await onwards(await decide(asked, 'allow'));
    const { body } = await redeem(third, codeAt(end), asked.request.verifier);
    expect(body['scope']).toBe('openid email profile');
    expect((await consents())[0]?.scopes.toSorted()).toEqual(['email', 'openid', 'profile']);
  });

  test('scopes of an API are allowed one by one', async () => {
    const read = { scope: 'openid read', resource: API };
    await onwards(await decide(await ask(read), 'allow'));
    const asked = await ask({ scope: 'openid read write', resource: API });
    expect(isAsked(asked)).toBe(true);
    expect(readable(asked.page)).toContain('write');
    const end = await onwards(await decide(asked, 'allow'));
    const { body } = await redeem(third, codeAt(end), asked.request.verifier);
    expect(claimsOf(body['access_token'])['scope']).toBe('read write');
    expect(codeAt((await ask(read)).page)).not.toBe('');
  });

  test('offline access is asked for like the rest, and works', async () => {
    const asked = await ask({ scope: 'openid offline_access' });
    const end = await onwards(await decide(asked, 'allow'));
    const { body } = await redeem(third, codeAt(end), asked.request.verifier);
    expect((await refresh(third, body['refresh_token'])).status).toBe(200);
  });

  test('one person’s is not another’s, one application’s not another’s', async () => {
    await onwards(await decide(await ask(), 'allow'));
    expect(isAsked(await ask({}, { ...third, clientId: 'fourth' }))).toBe(true);
    expect(isAsked(await ask({}, third, CAT, new HttpBrowser()))).toBe(true);
  });

  test('refused: the application is told, nothing is remembered', async () => {
    const asked = await ask({ state: 's t' });
    const end = await onwards(await decide(asked, 'deny'));
    expect(Object.fromEntries(end.location?.searchParams ?? [])).toEqual({
      error: 'access_denied',
      error_description: 'consent_refused',
      state: 's t',
      iss: third.issuer,
    });
    expect(await consents()).toEqual([]);
    expect(isAsked(await ask())).toBe(true);
  });
});

describe('the answer to the page', () => {
  test.each([
    ['from another site', 'https://evil.example'],
    ['from a sandboxed frame', 'null'],
    ['from another port of the host', 'http://localhost:1'],
  ])('A-59: %s is not taken', async (_case, origin) => {
    const page = await decide(await ask(), 'allow', { origin });
    expect(page.status).toBe(403);
    expect(await consents()).toEqual([]);
  });

  test('from our own origin is taken', async () => {
    const page = await decide(await ask(), 'allow', { origin: new URL(third.issuer).origin });
    expect(codeAt(await onwards(page))).not.toBe('');
  });

  test.each(['', 'yes', 'ALLOW'])('%j is none: nothing is given', async (decision) => {
    const page = await decide(await ask(), decision);
    expect(page.status).toBe(400);
    expect(await consents()).toEqual([]);
  });

  test('is taken once', async () => {
    const asked = await ask();
    const first = await decide(asked, 'allow');
    await onwards(first);
    const second = await decide(asked, 'allow');
    expect(second.status).toBe(400);
    expect(headingOf(second)).not.toBe('');
  });

  test('is for who was asked: somebody else has signed in meanwhile', async () => {
    const asked = await ask();
    const page = asked.page.url;
    await ledger.rows('UPDATE sessions SET ended_at = now() WHERE ended_at IS NULL');
    await signIn(browser, own, CAT);
    const posted = await browser.open(page, { form: { decision: 'allow' } });
    expect(posted.status).toBe(400);
    expect(await consents()).toEqual([]);
  });
});

describe('an application of the tenant’s own', () => {
  test('never asks', async () => {
    expect((await signIn(browser, own, ADA)).status).toBe(200);
  });

  test('asks when it wants to: prompt=consent, as libraries send it for offline_access', async () => {
    const asked = await ask({ prompt: 'consent', scope: 'openid offline_access' }, own);
    expect(isAsked(asked)).toBe(true);
    const end = await onwards(await decide(asked, 'allow'));
    const { body } = await redeem(own, codeAt(end), asked.request.verifier);
    expect(body).toHaveProperty('refresh_token');
  });
});
