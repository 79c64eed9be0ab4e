import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetch } from 'undici';
import { ADA, BOB, NORA, startMsp, type Msp } from '../support/msp.js';
import { apiClient } from '../support/api.js';
import { authorizationRequest, claimsOf, post, signIn } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { formsOf, HttpBrowser, signInAtOkta, type OktaPerson, type Page } from '../support/okta-sign-in.js';
import { clientOf, idOf as scimId, TOKEN } from '../scim/http/stage.js';
import { oktaGroup, oktaUser } from '../support/scim-client.js';
import { headingOf, linkOf, readable } from '../support/trip.js';

let msp: Msp;
let ledger: Ledger;
let base: string;

beforeAll(async () => {
  msp = await startMsp();
  base = msp.causeway.url;
  ledger = await Ledger.open(msp.causeway.databaseUrl);
  const { acme, northwind } = msp.tenants;
  await msp.causeway.apply([
    {
      slug: 'acme',
      // Nobody without a role may come in: a role of the console is one.
      whenNoRole: 'deny',
      roleMappings: [...(acme.roleMappings ?? []), { group: { name: 'Owners' }, role: 'console:owner' }],
    },
    {
      slug: 'northwind',
      grants: [{ group: { name: 'Support' }, customers: ['acme'], roles: ['console:technician'] }],
      applications: northwind.applications ?? [],
    },
  ]);
});
afterAll(async () => {
  await ledger.close();
  await msp.stop();
});

const isOurs = (url: URL): boolean => url.origin === base && !/^\/console\/(?:t\/|$)/.test(url.pathname);

/** Follows a way through Okta to where it ends: the console, or a page. */
async function through(browser: HttpBrowser, address: URL | string, person: OktaPerson): Promise<Page> {
  const away = await browser.travel(address, isOurs);
  if (away.location === undefined || away.location.origin === base) return away;
  return browser.travel(await signInAtOkta(browser, away.location, person), isOurs);
}

/** The link on the console's page for a tenant. */
async function offered(browser: HttpBrowser, slug: string, words: string, more = ''): Promise<URL> {
  const page = await browser.open(`${base}/console/sign-in?tenant=${slug}${more}`);
  const link = linkOf(page, words);
  if (link === undefined) throw new Error(`not offered: ${page.status} ${readable(page)}`);
  return link;
}

async function comeIn(slug: string, person: OktaPerson, browser = new HttpBrowser()): Promise<HttpBrowser> {
  const link = await offered(browser, slug, `Sign in with ${slug === 'northwind' ? 'Northwind' : slug} Okta`);
  const page = await through(browser, link, person);
  expect([page.status, page.location?.pathname]).toEqual([303, '/console/']);
  return browser;
}

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A call as the console makes it. */
async function call(browser: HttpBrowser, path: string, method = 'GET', body?: object): Promise<Reply> {
  const response = await fetch(`${base}/api/v1${path}`, {
    method,
    headers: {
      cookie: browser.cookies(new URL(base)),
      origin: base,
      'x-causeway-request': '1',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Reply['body']) };
}

describe('F1 D5 the console through the organization’s Okta', () => {
  test('lets in whom a group makes somebody there, by their issuer’s session and its time', async () => {
    const browser = new HttpBrowser();
    const link = await offered(browser, 'acme', 'Sign in with acme Okta', '&return=/console/t/acme');
    const page = await through(browser, link, ADA);
    expect(page.location?.pathname).toBe('/console/t/acme');
    expect((await call(browser, '/tenants/acme')).status).toBe(200);
    expect((await call(browser, '/tenants/northwind')).status).toBe(404);
    const [event] = await ledger.audit('acme', { action: 'console.signed_in' });
    expect(event?.details).toMatchObject({ by: 'organization' });
    const [row] = await ledger.rows<{ uid: string; late: boolean }>(
      `SELECT c.session_uid AS uid, c.authenticated_at > now() AS late FROM console_sessions c
        JOIN sessions s ON s.tenant_id = c.tenant_id AND s.uid = c.session_uid WHERE c.ended_at IS NULL`,
    );
    expect([typeof row?.uid, row?.late]).toEqual(['string', false]);
    // Signing out of the session at the issuer is signing out of the console.
    const sessions = await call(browser, `/tenants/acme/sessions`);
    expect(sessions.status).toBe(200);
    const api = await apiClient(msp.causeway);
    const ended = await api.post('/tenants/acme/sessions/end', { session: row?.uid });
    expect(ended.body).toMatchObject({ sessions: 1 });
    expect((await call(browser, '/tenants/acme')).status).toBe(401);
  });

  test('keeps out whom no group makes anybody there; a lost role is lost at the next request', async () => {
    const browser = new HttpBrowser();
    const page = await through(browser, await offered(browser, 'acme', 'Sign in with acme Okta'), BOB);
    expect([page.status, headingOf(page)]).toEqual([403, 'You have no role in the console of acme Inc.']);
    expect((await call(browser, '/me')).status).toBe(401);
    const [refused] = await ledger.audit('acme', { action: 'console.refused' });
    expect(refused).toMatchObject({ reason: 'no_role', outcome: 'refused' });

    const ada = await comeIn('acme', ADA);
    const { roleMappings = [] } = msp.tenants.acme;
    await msp.causeway.apply([{ slug: 'acme', roleMappings }]);
    expect((await call(ada, '/tenants/acme')).status).not.toBe(200);
    await msp.causeway.apply([
      {
        slug: 'acme',
        roleMappings: [...roleMappings, { group: { name: 'Owners' }, role: 'console:owner' }],
      },
    ]);
    expect((await call(ada, '/tenants/acme')).status).toBe(200);
    // Their access ends: so does the console.
    const [person] = await ledger.rows<{
      id: string;
    }>(`SELECT u.id FROM users u JOIN tenants t ON t.id = u.tenant_id
      WHERE t.slug = 'acme' AND u.user_name = '${ADA.username}'`);
    const api = await apiClient(msp.causeway);
    expect((await api.post(`/tenants/acme/users/${person?.id}/end-access`)).status).toBe(200);
    expect((await call(ada, '/tenants/acme')).status).toBe(401);
  });

  test('A-112 asks for a fresh sign-in there before what is dangerous, of the same person', async () => {
    const browser = await comeIn('acme', ADA);
    await ledger.rows(`UPDATE console_sessions SET authenticated_at = now() - interval '10 minutes'`);
    const assign = { user: '01900000-0000-7000-8000-000000000000', role: 'viewer' };
    const stale = await call(browser, '/tenants/acme/role-assignments', 'POST', assign);
    expect([stale.status, stale.body['code']]).toEqual([403, 'step_up_required']);
    const away = await browser.travel(`${base}/console/step-up?return=/console/t/acme`, isOurs);
    expect(away.location?.searchParams.get('prompt')).toBe('login');
    const back = await browser.travel(await signInAtOkta(browser, away.location ?? '', ADA), isOurs);
    expect(back.location?.pathname).toBe('/console/t/acme');
    const fresh = await call(browser, '/tenants/acme/role-assignments', 'POST', assign);
    expect(fresh.status).not.toBe(403);
    // Somebody else's proof is not theirs.
    const leaves = await through(browser, `${base}/console/step-up`, BOB);
    // The issuer signs Ada out first, by a form that sends itself.
    const [form] = formsOf(leaves);
    const gone = form === undefined ? leaves : await browser.submit(form);
    const on = linkOf(gone, 'Continue to Causeway');
    if (on === undefined) throw new Error(`it doesn't go on: ${gone.status} ${readable(gone)}`);
    const other = await browser.travel(on, isOurs);
    expect((await call(browser, '/me')).status).toBe(401);
    expect([other.status, headingOf(other)]).toEqual([403, 'You signed in as somebody else']);
  });

  test('A-20 A-22 an answer counts in the browser that asked, once, and for nobody else', async () => {
    const browser = new HttpBrowser();
    const link = await offered(browser, 'acme', 'Sign in with acme Okta');
    const away = await browser.travel(link, isOurs);
    const callback = await signInAtOkta(browser, away.location ?? '', ADA);
    const atConsole = (url: URL): boolean => isOurs(url) && url.pathname !== '/console/callback';
    const { location } = await browser.travel(callback, atConsole);
    const code = location?.searchParams.get('code') ?? '';
    const elsewhere = await new HttpBrowser().open(location ?? '');
    expect([elsewhere.status, headingOf(elsewhere)]).toEqual([400, 'This sign-in took too long']);
    const posted = await browser.open(location ?? '', { form: {} });
    expect(posted.status).toBe(404);
    // The application has no secret, so nobody redeems its codes but the console.
    const client = {
      issuer: `${base}/t/acme`,
      clientId: 'causeway-console',
      clientSecret: 'a-secret-of-32-characters-or-more-1',
      redirectUri: `${base}/console/callback`,
    };
    const form = { grant_type: 'authorization_code', code, redirect_uri: client.redirectUri };
    for (const secret of [client.clientSecret, '', undefined]) {
      const { clientSecret: _, ...known } = client;
      const asked = secret === undefined ? known : { ...known, clientSecret: secret };
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const told = await post(asked, 'token', { ...form, code_verifier: 'x'.repeat(43) });
      expect(told.body['error']).toMatch(/^invalid_(?:client|request)$/);
    }
    const bent = new URL(location ?? '');
    bent.searchParams.set('code', `${code.slice(0, -1)}${code.endsWith('A') ? 'B' : 'A'}`);
    const refused = await browser.open(bent);
    expect([refused.status, headingOf(refused)]).toEqual([403, "You aren't signed in to the console"]);
    const late = await browser.open(location ?? '');
    expect([late.status, headingOf(late)]).toEqual([400, 'This sign-in took too long']);
  });

  test('A-23 a code of another application, with all else right, is none of the console’s', async () => {
    const browser = new HttpBrowser();
    const start = await browser.open(await offered(browser, 'acme', 'Sign in with acme Okta'));
    const asked = new URL(start.location ?? '');
    const state = asked.searchParams.get('state') ?? '';
    const door = 'http://localhost:5999/tickets';
    asked.searchParams.set('client_id', 'tickets');
    asked.searchParams.set('redirect_uri', door);
    const there = await through(browser, asked, ADA);
    const code = there.location?.searchParams.get('code') ?? '';
    expect([there.location?.href.startsWith(door), code === '']).toEqual([true, false]);
    const query = new URLSearchParams({ code, state, iss: `${base}/t/acme` }).toString();
    const refused = await browser.open(`${base}/console/callback?${query}`);
    expect([refused.status, headingOf(refused)]).toEqual([403, "You aren't signed in to the console"]);
    expect((await call(browser, '/me')).status).toBe(401);
  });

  test('the application is built in: no configuration defines, lists or changes it', async () => {
    const api = await apiClient(msp.causeway);
    const body = { clientId: 'causeway-console', name: 'Mine', redirectUris: ['http://localhost:1/cb'] };
    const made = await api.post('/tenants/acme/applications', body);
    expect([made.status, JSON.stringify(made.body)]).toEqual([400, expect.stringContaining('built in')]);
    expect((await api.get('/tenants/acme/applications/causeway-console')).status).toBe(404);
    expect(JSON.stringify((await api.get('/tenants/acme/applications')).body)).not.toContain(
      'causeway-console',
    );
    await expect(
      msp.causeway.apply([{ slug: 'globex', applications: [{ clientId: 'causeway-console', name: 'x' }] }]),
    ).rejects.toThrow('built in');
    // A tile at Okta leads to its page.
    const iss = msp.oktas.acme.issuer;
    const tile = await new HttpBrowser().open(
      `${base}/t/acme/initiate/okta/causeway-console?iss=${encodeURIComponent(iss)}`,
    );
    expect(tile.location?.pathname).toBe('/console/sign-in');
  });

  test('A-137 where local accounts are off, the page offers Okta alone', async () => {
    await msp.causeway.apply([{ slug: 'globex', signIn: { local: 'disabled' } }]);
    const page = await new HttpBrowser().open(`${base}/console/sign-in?tenant=globex`);
    expect([page.status, headingOf(page)]).toEqual([200, 'Choose how to sign in']);
    expect(page.text).not.toContain('<form');
    const form = { user_name: 'x', password: 'y', code: 'z' };
    const posted = await new HttpBrowser().open(`${base}/console/sign-in?tenant=globex`, { form });
    expect(posted.status).toBe(404);
  });
});

describe('E2 an MSP’s people', () => {
  test('come in at the MSP and reach the customers that were granted, and no others', async () => {
    const nora = await comeIn('northwind', NORA);
    expect((await call(nora, '/tenants/acme')).status).toBe(200);
    expect((await call(nora, '/tenants/globex')).status).toBe(404);
    expect((await call(nora, '/tenants/stranger')).status).toBe(404);
    const role = { key: 'more', name: 'More' };
    expect((await call(nora, '/tenants/acme/roles', 'POST', role)).status).toBe(403);
    await msp.causeway.apply([{ slug: 'northwind', grants: [] }]);
    expect((await call(nora, '/tenants/acme')).status).toBe(404);
  });

  test('A-15 a new group of a granted name reaches no customer until an owner says yes', async () => {
    const grant = { group: { name: 'Techs' }, customers: ['acme'], roles: ['console:technician'] };
    await msp.causeway.apply([
      {
        slug: 'northwind',
        grants: [grant],
        scimTokens: [{ name: 'okta', connection: 'okta', token: TOKEN }],
      },
    ]);
    const scim = clientOf(msp.causeway, TOKEN, 'northwind');
    const known = (await ledger.users('northwind')).find((user) => user.user_name === NORA.username);
    const assigned = oktaUser(NORA.username, { externalId: known?.subjects[0] ?? '' });
    const person = scimId(await scim.post('/Users', assigned));
    const reaches = async () => (await call(nora, '/tenants/acme')).status;
    const techs = async () => scimId(await scim.post('/Groups', oktaGroup('Techs', [person])));
    const first = await techs();
    const nora = await comeIn('northwind', NORA);
    expect(await reaches()).toBe(200);
    const rename = { op: 'replace', value: { id: first, displayName: 'Old techs' } };
    await scim.patch(`/Groups/${first}`, [rename]);
    expect(await reaches()).toBe(200);
    const second = await techs();
    await scim.patch(`/Groups/${first}`, [{ op: 'remove', path: 'members' }]);
    expect(await reaches()).toBe(404);
    // A mapping by the name that comes and goes changes nothing: the grant means its group still.
    await msp.causeway.apply([{ slug: 'northwind', roleMappings: [{ group: grant.group, role: 'viewer' }] }]);
    await msp.causeway.apply([{ slug: 'northwind', roleMappings: [] }]);
    await msp.causeway.apply([{ slug: 'northwind', grants: [{ ...grant, customers: 'all' }] }]);
    expect(await reaches()).toBe(404);
    const questions = '/tenants/northwind/role-mapping-questions';
    const owner = await apiClient(msp.causeway);
    const { body } = await owner.get(questions);
    expect(body).toMatchObject({
      items: [
        {
          id: second,
          sentence: 'A new group is called Techs. Does it get console:technician in all customers?',
          meant: { id: first, name: 'Old techs' },
          mappings: [],
          grants: [{ ...grant, customers: 'all' }],
          gains: 1,
          loses: 0,
        },
      ],
    });
    const { version } = (await owner.get(`${questions}/${second}`)).body;
    const admin = await apiClient(msp.causeway, { tenant: 'northwind', role: 'console:admin' });
    const answer = { give: true, version };
    expect((await admin.post(`${questions}/${second}/answer`, answer)).status).toBe(403);
    expect(await reaches()).toBe(404);
    expect((await owner.post(`${questions}/${second}/answer`, answer)).status).toBe(200);
    expect(await reaches()).toBe(200);
    // What is granted anew means the group that bears the name by then, and no other that takes it.
    await msp.causeway.apply([{ slug: 'northwind', grants: [] }]);
    await msp.causeway.apply([{ slug: 'northwind', grants: [grant] }]);
    expect(await reaches()).toBe(200);
    await scim.delete(`/Groups/${second}`);
    await techs();
    expect(await reaches()).toBe(404);
    await msp.causeway.apply([{ slug: 'northwind', grants: [] }]);
  });

  test('local accounts of the MSP are none of a customer’s', async () => {
    const statuses: number[] = [];
    for (const organization of ['northwind', 'acme']) {
      const parameters = { connection: 'local', organization };
      const { url } = authorizationRequest(msp.app('tickets'), parameters);
      statuses.push((await new HttpBrowser().travel(url, isOurs)).status);
    }
    expect(statuses).toEqual([200, 403]);
  });

  test('a customer’s people have no console at the MSP, whatever session they have there', async () => {
    const browser = new HttpBrowser();
    const { body } = await signIn(browser, msp.app('tickets'), ADA, { organization: 'acme' });
    expect(claimsOf(body['id_token'])['tenant']).toBe('acme');
    const page = await browser.travel(
      await offered(browser, 'northwind', 'Sign in with Northwind Okta'),
      isOurs,
    );
    expect([page.status, page.location?.origin === base]).not.toEqual([303, true]);
    expect((await call(browser, '/me')).status).toBe(401);
  });
});
