import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ADA, REDIRECT_URI, startAcme, type Acme } from '../support/acme.js';
import { claimsOf, signIn } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { connectionTo } from '../support/organization.js';
import { headingOf, referenceOf } from '../support/trip.js';

let acme: Acme;
let ledger: Ledger;
let browser: HttpBrowser;

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const custom = connectionTo(acme.okta, { key: 'custom', issuer: `${acme.okta.issuer}/oauth2/default` });
  const oidc = connectionTo(acme.okta, {
    key: 'oidc',
    type: 'oidc',
    issuer: `${acme.okta.issuer}/oauth2/default`,
  });
  const native = {
    clientId: 'native',
    type: 'native',
    redirectUris: ['com.example.app:/cb'],
    initiateLoginUri: 'http://localhost:5997/login?from=tile',
  } as const;
  const service = { clientId: 'service', type: 'service' } as const;
  await acme.causeway.apply([
    {
      slug: 'acme',
      connections: [connectionTo(acme.okta), custom, oidc],
      applications: [...(acme.tenant.applications ?? []), native, service],
    },
  ]);
  browser = new HttpBrowser();
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

const TILE = '/initiate/okta/grafana';

/** Clicks a tile, as a browser: by a link, or by a form that Okta's page sends. */
function click(path: string, params: Record<string, string>, method: 'GET' | 'POST' = 'GET'): Promise<Page> {
  const url = new URL(`${acme.app.issuer}${path}`);
  if (method === 'POST') return browser.open(url, { form: params, headers: { origin: acme.okta.issuer } });
  for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value);
  return browser.open(url);
}

/** Where the click led: address and parameters. */
function destination({ status, location }: Page) {
  if (status !== 303 || location === undefined) throw new Error(`it led nowhere: ${status}`);
  return { to: location.origin + location.pathname, with: Object.fromEntries(location.searchParams) };
}

describe('A7 a tile that was clicked at Okta', () => {
  test.each(['GET', 'POST'] as const)(
    'by %s leads to the application, in the name of the tenant',
    async (method) => {
      const page = await click(TILE, { iss: acme.okta.issuer, login_hint: ADA.username }, method);
      expect(destination(page)).toEqual({
        to: 'http://localhost:5999/login',
        with: { iss: acme.app.issuer, login_hint: ADA.username },
      });
      expect(page.headers['cache-control']).toBe('no-store');
    },
  );

  test('A-38 starts nothing by itself: the application’s own request does', async () => {
    const before = await ledger.count('oidc_artifacts');
    const page = await click(TILE, { iss: acme.okta.issuer, login_hint: ADA.username });
    expect(page.headers['set-cookie']).toBeUndefined();
    expect(await ledger.count('oidc_artifacts')).toBe(before);
    expect(await ledger.count('login_transactions')).toBe(0);
    const hint = page.location?.searchParams.get('login_hint') ?? '';
    const { body } = await signIn(new HttpBrowser(), acme.app, ADA, { login_hint: hint, connection: 'okta' });
    expect(claimsOf(body['id_token'])['email']).toBe(ADA.username);
  });

  test.each([
    ['the query of an initiateLoginUri is kept', '/initiate/okta/native', 'http://localhost:5997/login'],
    ['without an initiateLoginUri it is the home page', '/initiate/okta/spa', 'http://localhost:5998/'],
  ])('%s', async (_what, path, to) => {
    const led = destination(await click(path, { iss: acme.okta.issuer }));
    expect(led.to).toBe(to);
    if (path.endsWith('native')) expect(led.with).toEqual({ from: 'tile', iss: acme.app.issuer });
  });
});

const org = (): string => acme.okta.issuer;

describe('A-38 whose click it is', () => {
  test.each<[what: string, path: string, iss: () => string | undefined, status: number]>([
    ['the issuer', TILE, org, 303],
    ['the org of a custom authorization server', '/initiate/custom/grafana', org, 303],
    ['the custom server itself', '/initiate/custom/grafana', () => `${org()}/oauth2/default`, 303],
    ['another server of the org', '/initiate/custom/grafana', () => `${org()}/oauth2/other`, 400],
    ['a server of the org, where the connection is the org’s', TILE, () => `${org()}/oauth2/default`, 400],
    ['the host of an issuer that isn’t Okta’s', '/initiate/oidc/grafana', org, 400],
    ['nobody', TILE, () => undefined, 400],
    ['nobody, in so many words', TILE, () => '', 400],
    ['somebody else', TILE, () => 'https://attacker.example', 400],
    ['a slash too many', TILE, () => `${org()}/`, 400],
    ['another case', TILE, () => org().toUpperCase(), 400],
    ['the tenant itself', TILE, () => acme.app.issuer, 400],
    ['a connection that there isn’t', '/initiate/nope/grafana', org, 400],
    ['an application that there isn’t', '/initiate/okta/nope', org, 400],
    ['an application that signs nobody in', '/initiate/okta/service', org, 400],
    ['none of several applications', '/initiate/okta', org, 400],
  ])('%s', async (_what, path, issuer, status) => {
    const iss = issuer();
    for (const method of ['GET', 'POST'] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const page = await click(path, iss === undefined ? {} : { iss }, method);
      expect([method, page.status]).toEqual([method, status]);
      if (status === 400) {
        expect(headingOf(page)).toBe("We can't use this request");
        referenceOf(page);
      }
    }
  });

  test('two issuers are none', async () => {
    const url = new URL(`${acme.app.issuer}${TILE}`);
    url.searchParams.append('iss', acme.okta.issuer);
    url.searchParams.append('iss', 'https://attacker.example');
    expect((await browser.open(url)).status).toBe(400);
  });

  test('the only application needs no name', async () => {
    const [grafana] = acme.tenant.applications ?? [];
    const one = {
      slug: 'one',
      connections: [connectionTo(acme.okta)],
      applications: grafana === undefined ? [] : [grafana],
    };
    await acme.causeway.apply([one]);
    const issuer = acme.app.issuer.replace(/acme$/, 'one');
    const page = await browser.open(`${issuer}/initiate/okta?iss=${encodeURIComponent(acme.okta.issuer)}`);
    expect(destination(page)).toEqual({ to: 'http://localhost:5999/login', with: { iss: issuer } });
  });
});

describe('A-38 A-105 a target is passed on only to the application’s own places', () => {
  test.each<[target: string, passed: boolean]>([
    ['http://localhost:5999/d/board?panel=1#x', true],
    [REDIRECT_URI, true],
    ['https://attacker.example/', false],
    ['//attacker.example/', false],
    ['http://localhost:5999@attacker.example/', false],
    ['http://localhost:5999.attacker.example/', false],
    ['http://localhost:59990/', false],
    ['https://localhost:5999/', false],
    ['/d/board', false],
    ['javascript:alert(1)', false],
    ['data:text/html,hello', false],
    ['', false],
  ])('%s: %s', async (target, passed) => {
    const led = destination(await click(TILE, { iss: acme.okta.issuer, target_link_uri: target }));
    expect(led.with['target_link_uri']).toBe(passed ? target : undefined);
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', 'com.other.app:/steal'])(
    'a native application’s scheme doesn’t open the door to %s',
    async (target) => {
      const led = destination(
        await click('/initiate/okta/native', { iss: acme.okta.issuer, target_link_uri: target }),
      );
      expect(led.with['target_link_uri']).toBeUndefined();
    },
  );
});

test('a form that is none, or too large, is refused', async () => {
  const json = await browser.open(`${acme.app.issuer}${TILE}`, {
    form: { iss: acme.okta.issuer },
    headers: { 'content-type': 'application/json' },
  });
  expect(json.status).toBe(400);
  expect((await click(TILE, { iss: acme.okta.issuer, login_hint: 'x'.repeat(20_000) }, 'POST')).status).toBe(
    400,
  );
});
