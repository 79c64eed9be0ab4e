import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunningOktaOrg } from '../../../demo/okta/server.js';
import { SETUP_RIGHTS } from '../../../src/domain/setup-link/rights.js';
import { UPSTREAM_SECRET, ADA, startAcme, type Acme } from '../../support/acme.js';
import { ApiClient, apiClient, type ApiReply } from '../../support/api.js';
import { sweep } from '../../../src/storage/sweeper.js';
import { Ledger } from '../../support/ledger.js';
import { formsOf, HttpBrowser, signInAtOkta, type Page } from '../../support/okta-sign-in.js';
import { headingOf } from '../../support/trip.js';

const TENANT = '/tenants/acme';
const ELSEWHERE = 'This link is open in another browser';

let acme: Acme;
let okta: RunningOktaOrg;
let ledger: Ledger;
let owner: ApiClient;

beforeAll(async () => {
  acme = await startAcme({ tenant: { connections: [], roleMappings: [], scimTokens: [] } });
  ({ okta } = acme);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  owner = await apiClient(acme.causeway);
  await acme.causeway.apply([{ slug: 'globex' }]);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

interface Link {
  readonly id: string;
  readonly url: string;
}

async function makeLink(wish: object = {}, maker = owner): Promise<Link> {
  const made = await maker.post(`${TENANT}/setup-links`, { connection: 'okta', ...wish });
  expect(made).toMatchObject({ status: 201, body: { state: 'waiting', progress: { step: 'app' } } });
  return { id: String(made.body['id']), url: String(made.body['url']) };
}

const start = (browser: HttpBrowser, link: Link, headers: Record<string, string> = {}): Promise<Page> =>
  browser.open(link.url, { form: {}, headers: { 'sec-fetch-site': 'same-origin', ...headers } });

/** What a browser that holds a link asks of the API. */
function holder(browser: HttpBrowser): ApiClient {
  const base = `${acme.causeway.url}/api/v1`;
  const client = new ApiClient(base, undefined);
  const headers = () => ({
    cookie: browser.cookies(new URL(base)),
    origin: acme.causeway.url,
    'x-causeway-request': '1',
  });
  const call = client.call.bind(client);
  client.call = (method, path, request) =>
    call(method, path, { ...request, headers: { ...headers(), ...request?.headers } });
  return client;
}

async function taken(
  wish: object = {},
  maker = owner,
): Promise<{ link: Link; browser: HttpBrowser; api: ApiClient }> {
  const [link, browser] = [await makeLink(wish, maker), new HttpBrowser()];
  expect((await start(browser, link)).status).toBe(303);
  return { link, browser, api: holder(browser) };
}

describe('the address of a link', () => {
  test('looking uses nothing up; one of twenty browsers takes it, the others are told', async () => {
    const link = await makeLink({ note: 'Dana of Acme', contact: 'dana@northwind.example' });
    for (let looks = 0; looks < 3; looks += 1) {
      const page = await new HttpBrowser().open(link.url);
      expect([page.status, headingOf(page)]).toEqual([200, "Connect Acme Inc.'s Okta to Causeway"]);
      expect(formsOf(page)).toHaveLength(1);
      expect(page.headers['content-security-policy']).toContain("default-src 'none'");
      expect(page.headers['content-security-policy']).not.toContain('script-src');
      expect(page.headers).toMatchObject({ 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
      expect(page.headers['set-cookie']).toBeUndefined();
    }
    const foreign = { 'sec-fetch-site': 'cross-site' };
    expect((await start(new HttpBrowser(), link, foreign)).status).toBe(403);

    const browsers = Array.from({ length: 20 }, () => new HttpBrowser());
    const pages = await Promise.all(browsers.map((browser) => start(browser, link)));
    const won = pages.findIndex(({ status }) => status === 303);
    expect(pages.filter(({ status }) => status === 409)).toHaveLength(19);
    expect(pages[won]?.location?.pathname).toBe('/setup/');
    const lost = pages.find(({ status }) => status === 409);
    expect(lost && headingOf(lost)).toBe(ELSEWHERE);
    expect(lost?.text).toContain('dana@northwind.example');

    const browser = browsers[won] ?? new HttpBrowser();
    expect(browser.cookies(new URL(link.url))).toMatch(/^cw_setup=[\w-]{43}$/);
    expect((await browser.open(link.url)).location?.pathname).toBe('/setup/');
    const own = await browser.open(`${acme.causeway.url}/setup/`);
    expect(own.text).toContain(`${acme.causeway.url}/t/acme/callback/okta`);
    expect(own.text).not.toContain('<script');
    expect(headingOf(await new HttpBrowser().open(link.url))).toBe(ELSEWHERE);
    expect((await new HttpBrowser().open(`${acme.causeway.url}/setup/`)).status).toBe(404);

    const told = await holder(browser).get(`${TENANT}/setup-links/${link.id}`);
    expect(told.body).toMatchObject({ contact: 'dana@northwind.example', note: null });
    const status = await holder(browser).get(`${TENANT}/setup-links/${link.id}/status`);
    expect(status.body).toMatchObject({ values: { appName: 'Causeway' } });
    const shown = await owner.get(`${TENANT}/setup-links/${link.id}`);
    expect(shown.body).toMatchObject({
      state: 'open',
      note: 'Dana of Acme',
      createdBy: expect.stringMatching(/^operator:token:/),
      openedAt: expect.any(String),
      openedFrom: { ip: expect.any(String) },
    });
    const secret = link.url.slice(link.url.indexOf('cw_setup_'));
    const [row] = await ledger.rows('SELECT * FROM links WHERE id = $1', [link.id]);
    expect(JSON.stringify([row, shown.body])).not.toContain(secret);
    const opened = await ledger.audit('acme', { action: 'setup_link.opened' });
    expect(opened.map(({ actor }) => actor)).toEqual([{ type: 'operator', id: `setup:${link.id}` }]);
  });

  test('taken back, ended or mistyped it says so, and its holder’s next call is refused', async () => {
    const { link, browser, api } = await taken();
    const at = `${TENANT}/setup-links/${link.id}`;
    const { etag } = await api.get(at);
    expect((await owner.delete(at, etag)).status).toBe(204);
    expect(await api.get(at)).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    const gone = await browser.open(`${acme.causeway.url}/setup/`);
    expect([gone.status, headingOf(gone)]).toEqual([410, 'This link was taken back']);
    expect((await owner.delete(at)).status).toBe(404);
    expect((await start(new HttpBrowser(), link)).status).toBe(410);

    const late = await taken({ lifetimeSeconds: 300 });
    await ledger.rows('UPDATE links SET expires_at = now() WHERE id = $1', [late.link.id]);
    expect((await late.api.get(`${TENANT}/setup-links/${late.link.id}`)).status).toBe(401);
    const ended = await late.browser.open(late.link.url);
    expect([ended.status, headingOf(ended)]).toEqual([410, 'This link has ended']);
    expect(ended.text).toContain('What you entered is kept.');
    const endedFor = (days: number) =>
      ledger.rows(`UPDATE links SET expires_at = now() - make_interval(days => $2) WHERE id = $1`, [
        late.link.id,
        days,
      ]);
    for (const [days, status] of [
      [89, 200],
      [91, 404],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await endedFor(days);
      // oxlint-disable-next-line no-await-in-loop -- as above
      await sweep(acme.causeway.node.database);
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect((await owner.get(`${TENANT}/setup-links/${late.link.id}`)).status).toBe(status);
    }

    const wrong = await new HttpBrowser().open(`${link.url.slice(0, -1)}x`);
    expect([wrong.status, headingOf(wrong)]).toEqual([404, "This link isn't right"]);
  });

  test('nobody hands on more than they have', async () => {
    const scopes = ['causeway.setup-links.manage'];
    const narrow = await apiClient(acme.causeway, { tenant: 'acme', scopes });
    const wish = { connection: 'okta', parts: ['domains'] };
    expect((await narrow.post(`${TENANT}/setup-links`, wish)).status).toBe(403);
    const wider = [...scopes, 'causeway.connections.manage', 'causeway.domains.manage'];
    const enough = await apiClient(acme.causeway, { tenant: 'acme', scopes: wider });
    expect((await enough.post(`${TENANT}/setup-links`, wish)).status).toBe(201);
    const all = { connection: 'okta' };
    expect((await enough.post(`${TENANT}/setup-links`, all)).status).toBe(403);
  });
});

async function refused(reply: Promise<ApiReply>): Promise<string> {
  const { status, body } = await reply;
  return `${status} ${String(body['detail'])}`;
}

const NOBODY = '00000000-0000-7000-8000-000000000000';

describe('what its holder may', () => {
  test('is what the table of rights says, over all operations, and nothing of another tenant', async () => {
    const { link, api } = await taken({ mayTurnOn: true });
    const wrong: string[] = [];
    const { operations } = acme.causeway.node.management;
    expect(Object.keys(SETUP_RIGHTS).filter((id) => operations.every((one) => one.id !== id))).toEqual([]);
    for (const { id, method, path, body } of operations) {
      const own = path.includes('/setup-links/{id}') ? link.id : NOBODY;
      const ask = (tenant: string): Promise<ApiReply> => {
        const filled = path.replace('{tenant}', tenant).replace('{key}', 'okta').replace('{id}', own);
        return api.call(method, filled.replaceAll(/\{[A-Za-z]+\}/g, NOBODY), {
          ...(body === undefined || method === 'GET' ? {} : { body: { unknownMember: true } }),
          headers: { 'if-match': '"none"' },
        });
      };
      const isListed = Object.hasOwn(SETUP_RIGHTS, id);
      // Makes a token as soon as it is asked.
      if (id === 'makeSetupScimToken') continue;
      const { status, body: told } = await ask('acme');
      const isForbidden = status === 403 && told['detail'] === 'This set-up link is not for that.';
      if (isForbidden === isListed || status === 401 || status >= 500) wrong.push(`${id}: ${status}`);
      if (!path.includes('{tenant}')) continue;
      for (const tenant of ['globex', 'system', 'none']) {
        const elsewhere = await ask(tenant);
        if (elsewhere.status !== 404) wrong.push(`${id} of ${tenant}: ${elsewhere.status}`);
      }
    }
    expect(wrong).toEqual([]);
    const other = await makeLink();
    expect((await api.get(`${TENANT}/setup-links/${other.id}`)).status).toBe(404);
  });

  test('counts with its own origin and header alone', async () => {
    const { link, browser, api } = await taken();
    const at = `${TENANT}/setup-links/${link.id}`;
    expect((await api.get('/me')).body).toMatchObject({
      kind: 'setup_link',
      tenant: 'acme',
      roles: [],
      setupLink: { id: link.id, connection: 'okta', mayTurnOn: false },
    });
    for (const headers of [{ origin: 'https://evil.example' }, { 'x-causeway-request': '0' }])
      expect((await api.call('GET', at, { headers })).status).toBe(403);
    const cookie = browser.cookies(new URL(link.url));
    const bare = new ApiClient(api.base, undefined);
    expect((await bare.get(at, { cookie })).status).toBe(403);
    expect((await bare.get(at, { cookie, 'x-causeway-request': '1' })).status).toBe(200);
    expect((await bare.get(at, { cookie: 'cw_setup=x', 'x-causeway-request': '1' })).status).toBe(401);
  });

  test('ends at its parts, its connection, and what changes nobody’s sign-in', async () => {
    const { link, api } = await taken({ connection: 'second', parts: ['domains'] });
    const at = `${TENANT}/connections`;
    const draft = { key: 'second', issuer: okta.issuer, clientId: 'x' };
    expect(await refused(api.post(at, { ...draft, key: 'okta' }))).toMatch(/^403 .*'second'/);
    expect(await refused(api.post(at, { ...draft, status: 'enabled' }))).toMatch(/^403 .*status/);
    expect(await refused(api.post(at, { ...draft, join: {} }))).toMatch(/^403 .*join/);
    const made = await api.post(at, draft);
    expect(made).toMatchObject({ status: 201, body: { status: 'draft' } });
    expect((await api.get(`${at}/okta`)).status).toBe(404);
    expect((await api.post(`${TENANT}/role-mappings/preview`, { add: [] })).status).toBe(403);
    expect((await api.post(`${TENANT}/setup-links/${link.id}/scim-token`)).status).toBe(403);
    expect((await api.get(`${TENANT}/groups?connection=second`)).status).toBe(403);
    const domain = { name: 'new.example' };
    expect((await api.post(`${TENANT}/domains`, { ...domain, connection: 'okta' })).status).toBe(403);
    expect((await api.post(`${TENANT}/domains`, { ...domain, verified: true })).status).toBe(403);
    expect(await api.post(`${TENANT}/domains`, domain)).toMatchObject({
      status: 201,
      body: { verified: false, record: { type: 'TXT' } },
    });
    await acme.causeway.apply([
      { slug: 'acme', connections: [{ ...draft, clientSecret: UPSTREAM_SECRET, status: 'enabled' }] },
    ]);
    const served = await refused(api.patch(`${at}/second`, { clientId: 'y' }, '*'));
    expect(served).toMatch(/^403 People sign in by this connection/);
    const on = await taken({ connection: 'second', mayTurnOn: true });
    await acme.causeway.apply([{ slug: 'acme', connections: [{ key: 'second', status: 'disabled' }] }]);
    expect((await on.api.patch(`${at}/second`, { status: 'enabled' }, '*')).status).toBe(403);
    await acme.causeway.apply([{ slug: 'acme', connections: [] }]);
  });
});

test('A-112 a link does no more than its maker may when it is used', async () => {
  const draft = { key: 'lent', issuer: okta.issuer, clientId: 'x', clientSecret: UPSTREAM_SECRET };
  expect((await owner.post(`${TENANT}/connections`, draft)).status).toBe(201);
  const wish = { connection: 'lent', parts: ['provisioning'], mayTurnOn: true };
  const admin = await apiClient(acme.causeway, { tenant: 'acme', role: 'console:admin' });
  const [lent, own] = [await taken(wish, admin), await taken(wish)];
  const ask = ({ api, link }: typeof lent) =>
    refused(api.post(`${TENANT}/setup-links/${link.id}/scim-token`));
  expect(await ask(lent)).toMatch(/^201/);
  await acme.causeway.apply([
    { slug: 'acme', roleMappings: [{ group: { name: 'IT Admins' }, role: 'console:owner' }] },
  ]);
  expect(await ask(lent)).toMatch(/^403 Groups give console:owner/);
  const on = lent.api.patch(`${TENANT}/connections/lent`, { status: 'enabled' }, '*');
  expect(await refused(on)).toMatch(/^403 Groups give console:owner/);
  expect(await ask(own)).toMatch(/^201/);
  expect((await owner.get(`${TENANT}/setup-links/${own.link.id}`)).body).not.toHaveProperty('maker');
  await acme.causeway.apply([{ slug: 'acme', roleMappings: [], scimTokens: [], connections: [] }]);
});

interface Status {
  readonly steps: readonly { readonly id: string; readonly state: string }[];
  readonly checks: readonly { readonly id: string; readonly status: string; readonly seen: string }[];
  readonly scimRequests: readonly { readonly method: string; readonly target: string }[];
  readonly cursor: string;
}

/** Polls until it is so, as the guided page does. */
async function until<T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const seen = await look();
    if (isSo(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`never so: ${JSON.stringify(await look())}`);
}

test('F3 an Okta admin sets up sign-in and provisioning by curl, from nothing to the first push', async () => {
  const { link, api } = await taken({ parts: ['sign-in', 'provisioning'], mayTurnOn: true });
  const at = `${TENANT}/setup-links/${link.id}`;
  const connection = `${TENANT}/connections/okta`;
  const status = async (cursor?: string): Promise<Status> => {
    await acme.causeway.node.scimRecorder.flush();
    const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const reply = await api.get(`${at}/status${query}`);
    expect(reply.status).toBe(200);
    return reply.body as unknown as Status;
  };
  const check = async (id: string): Promise<string> => {
    const found = (await status()).checks.find((one) => one.id === id);
    return `${found?.status ?? 'absent'}: ${found?.seen ?? ''}`;
  };
  const step = async (id: string): Promise<string | undefined> =>
    (await status()).steps.find((one) => one.id === id)?.state;

  // 0, 1: the app is saved at Okta.
  expect(await check('public_address')).toMatch(/^warning: Okta can't reach http:/);
  const { etag } = await api.get(at);
  const progress = { step: 'values', done: ['app'] };
  expect((await api.put(`${at}/progress`, { ...progress, skipped: ['domains'] }, etag)).status).toBe(400);
  expect(await api.put(`${at}/progress`, progress, etag)).toMatchObject({ status: 200, body: { progress } });
  expect((await api.put(`${at}/progress`, progress, etag)).status).toBe(412);
  expect([await step('app'), await step('values'), await step('logout')]).toEqual(['done', 'now', undefined]);

  // 2: three values, the secret wrong at first.
  const values = { issuer: okta.issuer, clientId: '0oacauseway000000001' };
  const wrong = 'wrong-secret-with-32-characters-0001';
  const made = await api.post(`${TENANT}/connections`, { key: 'okta', ...values, clientSecret: wrong });
  expect(made).toMatchObject({ status: 201, body: { status: 'draft', clientSecret: { set: true } } });
  const runTest = async (): Promise<Readonly<Record<string, unknown>>> => {
    const { status: code, body } = await api.post(`${connection}/test`, {});
    expect(code).toBe(201);
    const read = async () => (await api.get(`${connection}/tests/${String(body['id'])}`)).body;
    await until(read, (seen) => seen['state'] !== 'probing');
    return body;
  };
  await runTest();
  expect(await check('client_authentication')).toMatch(/^failed/);
  expect(await step('values')).toBe('needs_attention');
  const mended = await api.patch(connection, { clientSecret: UPSTREAM_SECRET }, made.etag);
  expect(mended.status).toBe(200);

  // 3, 4: groups, and a sign-in of one's own.
  const { signInUrl } = await runTest();
  expect([await step('values'), await check('sign_in')]).toEqual(['done', expect.stringMatching(/^waiting/)]);
  expect((await api.patch(connection, { status: 'enabled' }, mended.etag)).body['code']).toBe('not_tested');
  const browser = new HttpBrowser();
  const left = await browser.open(String(signInUrl));
  await browser.open(await signInAtOkta(browser, left.location ?? '', ADA));
  await until(
    () => step('test'),
    (state) => state === 'done',
  );
  expect(await step('groups')).toBe('done');

  // 5: who gets what.
  expect((await api.get(`${connection}/upstream-groups`)).status).toBe(200);
  const add = [{ group: { name: 'Engineering' }, role: 'admin' }];
  const console = [{ group: { name: 'Engineering' }, role: 'console:owner' }];
  expect((await api.post(`${TENANT}/role-mappings/preview`, { add: console })).status).toBe(403);
  expect((await api.post(`${TENANT}/role-mappings/preview`, { add, whenNoRole: 'deny' })).status).toBe(403);
  const { version } = (await api.post(`${TENANT}/role-mappings/preview`, { add })).body;
  expect((await api.post(`${TENANT}/role-mapping-changes`, { add: console, version })).status).toBe(403);
  expect((await api.post(`${TENANT}/role-mapping-changes`, { add, version })).status).toBe(201);
  expect(await check('role_mappings')).toBe(
    'warning: Not seen yet: Engineering. They count as soon as Okta sends them.',
  );

  // 6: provisioning, with all that can be wrong about a token.
  const { scimBaseUrl, token } = (await api.post(`${at}/scim-token`)).body;
  const push = (authorization: string): Promise<ApiReply> =>
    new ApiClient(String(scimBaseUrl), undefined).get('/Users', { authorization });
  const old = String(token);
  expect(await check('scim_token')).toBe("waiting: Waiting for Okta's first call.");
  await push(old.slice(0, -3));
  expect(await check('scim_token')).toMatch(/^failed: .* cut or mistyped/);
  const foreign = await owner.post('/tenants/globex/connections', { key: 'okta', ...values });
  expect(foreign.status).toBe(201);
  const theirs = await owner.post('/tenants/globex/scim-tokens', { name: 'okta', connection: 'okta' });
  await push(String(theirs.body['token']));
  expect(await check('scim_token')).toMatch(/^failed: .*another tenant's token/);
  const second = await api.post(`${at}/scim-token`);
  expect(second.status).toBe(201);
  await push(old);
  expect(await check('scim_token')).toMatch(/^failed: .*revoked or replaced/);
  await push(owner.token ?? '');
  expect(await check('scim_token')).toMatch(/^failed: .*something else than SCIM/);
  const [row] = await ledger.rows(`SELECT * FROM scim_requests WHERE token_fault = 'mistyped'`);
  expect(JSON.stringify(row)).not.toContain(old.slice(20, 60));

  const before = await status();
  expect(before.scimRequests).toEqual([]);
  const agent = okta.org.provisioning('Causeway');
  agent.enable({ baseUrl: String(scimBaseUrl), authorization: `Bearer ${String(second.body['token'])}` });
  await agent.idle();
  const tested = await status(before.cursor);
  expect(tested.scimRequests.map(({ method }) => method)).toContain('GET');
  expect(await check('scim_token')).toMatch(/^passed/);
  expect(await check('scim_credentials')).toMatch(/^passed/);
  expect(await check('scim_person')).toMatch(/^waiting/);
  agent.provisionUsers();
  await agent.idle();
  expect(await check('scim_attributes')).toBe('passed: 2 people came with an e-mail address.');
  agent.pushGroup('Engineering');
  await agent.idle();
  expect(await check('scim_group')).toBe('passed: 1 group came with members.');
  expect(await check('role_mappings')).toMatch(/^passed/);
  expect(await check('scim_deactivation')).toMatch(/^waiting/);
  okta.org.unassignGroup('Causeway', 'Support');
  await agent.idle();
  expect(await check('scim_deactivation')).toMatch(/^passed/);
  const rest = await status(tested.cursor);
  expect(rest.scimRequests.length).toBeGreaterThan(2);
  expect(JSON.stringify(rest)).not.toContain('emails');
  expect((await status(rest.cursor)).scimRequests).toEqual([]);
  // Another node has written one late, which began before the last that was told.
  await ledger.rows(`INSERT INTO scim_requests (tenant_id, id, at, connection_id, request_id, method, target, status,
      duration_ms, request, response, effects)
    SELECT tenant_id, overlay(id::text PLACING '0000000000aa' FROM 25)::uuid, at, connection_id, request_id, method, '/late', status,
      duration_ms, request, response, effects FROM scim_requests WHERE token_fault IS NULL ORDER BY id DESC OFFSET 1 LIMIT 1`);
  const later = await status(rest.cursor);
  expect(later.scimRequests.map(({ target }) => target)).toEqual(['/late']);
  expect((await status(later.cursor)).scimRequests).toEqual([]);
  expect(await step('provisioning')).toBe('done');

  // 8: who gets what, and turned on.
  expect((await api.get(`${connection}/role-coverage`)).body).toMatchObject({
    sentence: '1 person matches; 1 gets a role; 0 get none.',
    items: [],
  });
  expect((await api.get(`${TENANT}/connections/second/role-coverage`)).status).toBe(404);
  const current = await api.get(connection);
  expect(current.body).toMatchObject({ tested: true, status: 'draft' });
  expect((await api.patch(connection, { status: 'enforced' }, current.etag)).status).toBe(403);
  await push(old);
  expect(await check('scim_token')).toMatch(/^failed/);
  expect((await api.patch(connection, { status: 'enabled' }, current.etag)).body).toMatchObject({
    code: 'reason_required',
    checks: [{ id: 'scim_token', seen: expect.stringContaining('revoked or replaced') }],
  });
  const reason = 'An old app still calls with the old token.';
  const on = await api.patch(connection, { status: 'enabled', reason }, current.etag);
  expect(on).toMatchObject({ status: 200, body: { status: 'enabled' } });
  expect((await api.patch(connection, { status: 'draft' }, on.etag)).status).toBe(403);
  expect(await step('hand-over')).toBe('done');
  const { body: summary } = await api.get(`${at}/status`);
  expect(summary).toMatchObject({
    connection: { key: 'okta', status: 'enabled', ...values },
    reminders: [{ of: 'clientSecret', expiresAt: null }, { of: 'scimToken' }],
  });
  const [reminder] = summary['reminders'] as readonly Readonly<Record<string, string>>[];
  const days =
    (Date.parse(reminder?.['changeBy'] ?? '') - Date.parse(reminder?.['madeAt'] ?? '')) / 86_400_000;
  expect(days).toBe(365);
  expect(JSON.stringify(summary)).not.toContain(UPSTREAM_SECRET);
  const events = await ledger.audit('acme', { action: 'connection.updated' });
  expect(events.at(-1)).toMatchObject({
    actor: { type: 'operator', id: `setup:${link.id}` },
    details: { reason },
  });
});

test('every step of the guide runs as it stands there', async () => {
  const { url } = await makeLink({ mayTurnOn: true });
  await acme.causeway.apply([{ slug: 'acme', connections: [], roleMappings: [] }]);
  const guide = await readFile(new URL('../../../docs/guides/setup-link.md', import.meta.url), 'utf8');
  const block = [...guide.matchAll(/```sh\n([\s\S]*?)```/g)].at(-1)?.[1] ?? '';
  const script = block
    .replaceAll('https://sso.example', acme.causeway.url)
    .replaceAll('https://acme.okta.com', okta.issuer)
    .replaceAll('cw_setup_…', url.slice(url.indexOf('cw_setup_')))
    .replaceAll('"0oa…"', '"0oacauseway000000001"')
    .replaceAll('"…"', `"${UPSTREAM_SECRET}"`);
  const directory = await mkdtemp(join(tmpdir(), 'causeway-guide-'));
  const options = { cwd: directory };
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], options);
  await rm(directory, { recursive: true });
  expect(stdout).toContain(`"redirectUri": "${acme.causeway.url}/t/acme/callback/okta"`);
  expect(stdout).toMatch(/\/t\/acme\/test-sign-in\/[\w-]+\./);
  expect(stdout).toMatch(/\/t\/acme\/scim\/v2\ncw_scim_\w+\n/);
  expect(stdout).toContain('"state":"applied"');
  // Nobody has signed in to test it.
  expect(stdout).toContain('"code":"not_tested"');
  expect(stdout).toMatch(/clientSecret: change it by 20\d\d-.*Z\n/);
});
