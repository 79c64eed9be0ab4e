import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import {
  authorizationRequest,
  claimsOf,
  post,
  refresh,
  signIn,
  walk,
  type AuthorizationRequest,
  type TestApplication,
  type TokenAnswer,
} from '../support/application.js';
import { PostgresAccessStore } from '../../src/storage/access-store.js';
import { PostgresSessionListStore } from '../../src/storage/session-list-store.js';
import { RoleExplanationBody } from '../../src/management/contract/role-explanation.js';
import { apiClient } from '../support/api.js';
import { Ledger } from '../support/ledger.js';
import { ADA, BOB, CAL, GUS, NORA, SID, startMsp, type Msp } from '../support/msp.js';
import { formsOf, HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { headingOf, leave, readable, redeemAt, signThere, travelOurs } from '../support/trip.js';

let msp: Msp;
let ledger: Ledger;
let browser: HttpBrowser;

beforeAll(async () => {
  msp = await startMsp();
  ledger = await Ledger.open(msp.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await msp.stop();
});
beforeEach(() => {
  browser = new HttpBrowser();
});

const at = (host: keyof Msp['oktas']): string => new URL(msp.oktas[host].issuer).origin;

/** Where a request of an application leads a new browser. */
async function leadsTo(clientId: string, params: Readonly<Record<string, string>>): Promise<string> {
  const page = await travelOurs(
    new HttpBrowser(),
    msp.app(clientId),
    authorizationRequest(msp.app(clientId), params).url,
  );
  return page.location?.origin ?? headingOf(page);
}

describe('E4: which organization a person is of', () => {
  test('is told by the domain of the address, by its slug, or by a connection of the MSP', async () => {
    expect(await leadsTo('tickets', { login_hint: ADA.username })).toBe(at('acme'));
    expect(await leadsTo('tickets', { domain_hint: 'globex.example' })).toBe(at('globex'));
    expect(await leadsTo('tickets', { organization: 'globex' })).toBe(at('globex'));
    expect(await leadsTo('tickets', { organization: 'northwind' })).toBe(at('northwind'));
    expect(await leadsTo('tickets', { login_hint: NORA.username })).toBe(at('northwind'));
    expect(await leadsTo('tickets', { connection: 'okta' })).toBe(at('northwind'));
  });

  test('is asked where nobody said, and the address that is typed decides', async () => {
    const page = await travelOurs(browser, msp.app('tickets'), authorizationRequest(msp.app('tickets')).url);
    const [form] = formsOf(page);
    if (form === undefined) throw new Error(readable(page));
    const next = await browser.submit(form, { email: GUS.username });
    expect(next.text).toContain(at('globex'));
  });

  test('of an application for the MSP alone, is never a customer', async () => {
    expect(await leadsTo('internal', { login_hint: ADA.username })).toBe(at('northwind'));
    expect(await leadsTo('internal', { organization: 'acme' })).toBe(at('northwind'));
  });

  test('A-83 siblings and customers of others are as unknown as what is not there', async () => {
    const unknown = await leadsTo('tickets', { organization: 'nobody-at-all' });
    for (const organization of ['stranger', 'contoso', 'system'])
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect(await leadsTo('tickets', { organization })).toBe(unknown);
    expect(await leadsTo('tickets', { login_hint: SID.username })).toBe(unknown);
  });
});

/** How a person fares in a new browser: `in`, or the heading of the page that they read. */
async function outcome(clientId: string, person: OktaPerson): Promise<string> {
  const { url } = authorizationRequest(msp.app(clientId), { login_hint: person.username });
  const { end, page } = await walk(new HttpBrowser(), msp.app(clientId), url, person);
  return end?.searchParams.has('code') === true ? 'in' : headingOf(page);
}

async function idOf(slug: string, { username }: OktaPerson): Promise<string> {
  const user = (await ledger.users(slug)).find(({ user_name: name }) => name === username);
  if (user === undefined) throw new Error(`${username} is not there`);
  return user.id;
}

describe('E4: an application of an MSP for all its customers', () => {
  test('gets tokens of the MSP’s issuer that say whose person it is', async () => {
    const { body } = await signIn(browser, msp.app('tickets'), ADA, { login_hint: ADA.username });
    const claims = claimsOf(body['id_token']);
    const [user] = await ledger.users('acme');
    expect(claims).toMatchObject({
      iss: `${msp.publicUrl}/t/northwind`,
      sub: user?.id,
      tenant: 'acme',
      idp: 'okta',
      roles: ['admin'],
      groups: ['Engineering', 'Everyone', 'Owners'],
      email: ADA.username,
    });
    const userinfo = await post(
      msp.app('tickets'),
      'userinfo',
      {},
      { authorization: `Bearer ${String(body['access_token'])}` },
    );
    expect(userinfo.body).toMatchObject({ sub: user?.id, tenant: 'acme', roles: ['admin'] });
    const seen = await post(msp.app('tickets'), 'introspect', { token: String(body['access_token']) });
    expect(seen.body).toMatchObject({ active: true, sub: user?.id });
    const renewed = await refresh(msp.app('tickets'), body['refresh_token']);
    expect(renewed.status).toBe(200);
    expect(claimsOf(renewed.body['id_token'])).toMatchObject({
      sub: user?.id,
      tenant: 'acme',
      roles: ['admin'],
    });
  });

  test('is explained as its tokens are made: for a customer’s person, and for a technician by grant (D6)', async () => {
    await signIn(browser, msp.app('tickets'), ADA, { login_hint: ADA.username });
    await signIn(new HttpBrowser(), msp.app('tickets'), NORA, { login_hint: NORA.username });
    await msp.causeway.apply([
      {
        slug: 'northwind',
        grants: [
          { group: { name: 'Support' }, customers: ['acme'], roles: ['console:technician'] },
          { group: { name: 'Chiefs' }, customers: 'all', roles: ['console:admin'] },
        ],
      },
    ]);
    const api = await apiClient(msp.causeway);
    const ada = `/tenants/acme/users/${await idOf('acme', ADA)}/roles/explain`;
    const { body } = await api.get(`${ada}?application=tickets&above=true&others=true`);
    expect(body).toMatchObject({
      sentence:
        'Ada Person has admin in tickets because they are in the Okta group Engineering, which gives admin.',
      application: { clientId: 'tickets', tenant: 'northwind' },
      roles: [{ role: 'admin', chains: [{ kind: 'mapping' }] }],
      claims: { roles: { value: ['admin'] }, groups: { value: ['Engineering', 'Everyone', 'Owners'] } },
      access: { allowed: true },
    });
    const lacking = body['whyNot'] as { role: string; rules: { missing: { kind: string } }[] }[];
    expect(lacking.map(({ role, rules }) => [role, rules.map(({ missing }) => missing.kind)])).toEqual([
      ['guest', []],
      ['viewer', ['other_application', 'no_such_group']],
    ]);
    // What the customer makes up means nothing there; its own application of that name comes first.
    expect((await api.get(`${ada}?application=tickets&above=true&role=owner`)).body['sentence']).toContain(
      'Northwind IT defines no such role',
    );
    expect((await api.get(`${ada}?application=tickets`)).body).toMatchObject({
      application: { tenant: 'acme' },
      roles: [{ role: 'admin' }, { role: 'owner' }, { role: 'viewer' }],
    });
    expect((await api.get(`${ada}?application=assets`)).body).toMatchObject({
      application: { tenant: 'northwind' },
    });
    expect((await api.get(`${ada}?application=internal`)).status).toBe(400);
    const claims = `/tenants/acme/users/${await idOf('acme', ADA)}/claims`;
    expect(
      (await api.get(`${claims}?application=tickets&above=true&scope=openid%20email`)).body,
    ).toMatchObject({
      tenant: 'northwind',
      allowed: true,
      idToken: { tenant: 'acme', roles: ['admin'], groups: ['Engineering', 'Everyone', 'Owners'] },
      userinfo: { email: ADA.username },
      accessToken: { iss: `${msp.publicUrl}/t/northwind` },
    });
    expect((await api.get(`${claims}?application=tickets`)).body).toMatchObject({ tenant: 'acme' });
    expect((await api.get(`${claims}?application=for-support`)).body).toMatchObject({
      reason: 'not_assigned',
    });
    expect((await api.get(`${claims}?application=internal`)).status).toBe(400);
    const remove = [{ group: { name: 'Engineering' }, role: 'admin' }];
    const preview = await api.post('/tenants/acme/role-mappings/preview', { remove });
    expect(preview.body).toMatchObject({ gains: 1, loses: 1, loseAccess: 1 });
    const ofMsp = { application: null, tenant: 'northwind' };
    expect((preview.body['losing'] as { items: unknown[] }).items).toMatchObject([
      {
        userName: ADA.username,
        gains: [{ role: 'guest', ...ofMsp }],
        loses: [
          { role: 'admin', application: null },
          { role: 'admin', ...ofMsp },
        ],
        losesAccess: [{ application: 'for-admins', tenant: 'northwind' }],
      },
    ]);
    const nora = `/tenants/northwind/users/${await idOf('northwind', NORA)}/roles/explain`;
    const there = await api.get(`${nora}?customer=acme&others=true`);
    expect(there.body).toMatchObject({
      sentence: expect.stringMatching(
        / has console:technician in acme Inc\. because they are in the Okta group Support, to which console:technician is granted there\.$/,
      ),
      customer: { slug: 'acme' },
      roles: [{ role: 'console:technician', chains: [{ kind: 'grant', grant: { customers: ['acme'] } }] }],
    });
    expect(JSON.stringify(there.body['whyNot'])).toContain('the grant to name:Chiefs gives it there');
    expect((await api.get(`${nora}?customer=globex`)).body).toMatchObject({
      roles: [],
      access: { allowed: false, reason: 'no_role' },
    });
    for (const query of ['customer=stranger', 'customer=acme&application=tickets'])
      // oxlint-disable-next-line no-await-in-loop -- one after another
      expect((await api.get(`${nora}?${query}`)).status).toBe(400);
    const schema = new Ajv({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });
    for (const answer of [body, there.body])
      expect(schema.validate(RoleExplanationBody, answer) ? null : schema.errors).toBeNull();
  });

  test('serves people of the MSP itself as ever', async () => {
    const { body } = await signIn(browser, msp.app('tickets'), NORA, { login_hint: NORA.username });
    expect(claimsOf(body['id_token'])).toMatchObject({ tenant: 'northwind', idp: 'okta', roles: ['guest'] });
  });

  test('gives the MSP’s default role to whom the customer gives none that the MSP knows', async () => {
    const { body } = await signIn(browser, msp.app('tickets'), GUS, { login_hint: GUS.username });
    expect(claimsOf(body['id_token'])).toMatchObject({
      tenant: 'globex',
      roles: ['guest'],
      groups: ['Everyone'],
    });
  });

  test('shares its session with others of the MSP, also without a page', async () => {
    await signIn(browser, msp.app('tickets'), BOB, { login_hint: BOB.username });
    const request = authorizationRequest(msp.app('assets'), { prompt: 'none' });
    const page = await travelOurs(browser, msp.app('assets'), request.url);
    const { body } = await redeemAt(msp.app('assets'), page, request);
    expect(claimsOf(body['id_token'])).toMatchObject({ tenant: 'acme', roles: ['viewer'] });
  });

  test('that means people of one organization gets nobody else, whoever is signed in', async () => {
    await signIn(browser, app(), ADA, { login_hint: ADA.username });
    const outcomeFor = async (organization: string): Promise<string> => {
      const { url } = authorizationRequest(app(), { prompt: 'none', organization });
      const { location } = await travelOurs(browser, app(), url);
      return location?.searchParams.get('error') ?? 'code';
    };
    expect(await outcomeFor('acme')).toBe('code');
    expect(await outcomeFor('globex')).toBe('login_required');
    expect(await outcomeFor('northwind')).toBe('login_required');
    expect(await outcomeFor('nobody-at-all')).toBe('login_required');
  });

  test('that is for the MSP alone refuses people of customers', async () => {
    await signIn(browser, msp.app('tickets'), ADA, { login_hint: ADA.username });
    const { url } = authorizationRequest(msp.app('internal'), { prompt: 'none' });
    const { location } = await travelOurs(browser, msp.app('internal'), url);
    expect(Object.fromEntries(location?.searchParams ?? [])).toMatchObject({
      error: 'access_denied',
      error_description: 'not_assigned',
    });
  });

  test('is open to who has one of its roles or groups, the customer’s ones counting', async () => {
    expect(await outcome('for-admins', ADA)).toBe('in');
    expect(await outcome('for-admins', BOB)).not.toBe('in');
    expect(await outcome('for-support', BOB)).toBe('in');
    expect(await outcome('for-support', GUS)).not.toBe('in');
  });

  test('shows the MSP’s operator whose session it is, not who, and lets them end it', async () => {
    const { body } = await signIn(browser, app(), CAL, { login_hint: CAL.username });
    const sub = String(claimsOf(body['id_token'])['sub']);
    const { node } = msp.causeway;
    const northwind = await node.directory.find('northwind');
    if (northwind === undefined) throw new Error('no tenant northwind');
    const { items: sessions } = await new PostgresSessionListStore(node.database).list(northwind.id, {
      limit: 200,
      over: false,
    });
    const shown = sessions.find(({ userId }) => userId === sub);
    expect(shown).toMatchObject({
      userName: 'a person of acme',
      applications: ['tickets'],
      connection: null,
    });
    const access = new PostgresAccessStore(node.database);
    await node.database.withTenant(northwind.id, (scope) =>
      access.end(scope, { session: shown?.id ?? '' }, 'revoked_by_operator'),
    );
    const { url } = authorizationRequest(app(), { prompt: 'none' });
    const { location } = await travelOurs(browser, app(), url);
    expect(location?.searchParams.get('error')).toBe('login_required');
  });

  test('is told apart in both audit logs', async () => {
    await signIn(browser, msp.app('assets'), GUS, { login_hint: GUS.username });
    const above = (await ledger.audit('northwind', { action: 'sign_in.succeeded' })).at(-1);
    expect(above).toMatchObject({
      application: 'assets',
      details: { customer: 'globex', customerConnection: 'okta' },
    });
  });
});

const app = (): TestApplication => msp.app('tickets');

/** Signs in at the customer's Okta; the callback, not opened yet. */
async function goAndComeBack(
  person: OktaPerson,
): Promise<{ readonly callback: URL; readonly request: AuthorizationRequest }> {
  const trip = await leave(browser, app(), { login_hint: person.username });
  return { callback: await signThere(browser, trip, person), request: trip.request };
}

/** Another person signs in over a session: the page in between posts itself, and the sign-in goes on. */
async function takeOver(person: OktaPerson): Promise<TokenAnswer> {
  const trip = await leave(browser, app(), { login_hint: person.username, prompt: 'login' });
  const callback = await signThere(new HttpBrowser(), trip, person);
  const [form] = formsOf(await travelOurs(browser, app(), callback));
  if (form === undefined) throw new Error('no page in between');
  const posted = await browser.submit(form);
  const next = /http-equiv="refresh" content="0;url=([^"]*)"/.exec(posted.text)?.[1];
  const page = await travelOurs(browser, app(), String(next).replaceAll('&amp;', '&'));
  return redeemAt(app(), page, trip.request);
}

describe('the way back from a customer’s Okta', () => {
  test('is the customer’s own, so that nothing changes in its Okta', async () => {
    const { callback } = await goAndComeBack(ADA);
    expect(`${callback.origin}${callback.pathname}`).toBe(`${msp.publicUrl}/t/acme/callback/okta`);
  });

  test('A-19 A-20 is no use to another browser, and is still good for the one that left', async () => {
    const { callback, request } = await goAndComeBack(ADA);
    const other = await travelOurs(new HttpBrowser(), app(), callback);
    expect({ status: other.status, location: other.location }).toEqual({ status: 400, location: undefined });
    const page = await travelOurs(browser, app(), callback);
    expect((await redeemAt(app(), page, request)).status).toBe(200);
  });

  test('A-20 A-59 what the callback has answered is finished by no browser but the one that began at the MSP', async () => {
    const { callback } = await goAndComeBack(ADA);
    const answered = await browser.open(callback);
    expect(answered.location?.pathname).toMatch(/^\/t\/northwind\/oauth2\/v1\/authorize\//);
    const stolen = await travelOurs(new HttpBrowser(), app(), answered.location ?? '');
    expect(stolen.location?.searchParams.get('code')).toBeUndefined();
    expect(stolen.status).toBe(400);
  });

  test('A-22 is taken once', async () => {
    const { callback } = await goAndComeBack(ADA);
    await travelOurs(browser, app(), callback);
    expect((await travelOurs(browser, app(), callback)).status).toBe(400);
  });

  test('A-20 is not taken at a sibling, at the MSP, or by another connection', async () => {
    const { callback } = await goAndComeBack(ADA);
    for (const slug of ['globex', 'northwind', 'stranger']) {
      const elsewhere = new URL(callback.href.replace('/t/acme/', `/t/${slug}/`));
      // oxlint-disable-next-line no-await-in-loop -- one after another
      const page = await travelOurs(browser, app(), elsewhere);
      expect({ slug, status: page.status, location: page.location }).toEqual({
        slug,
        status: 400,
        location: undefined,
      });
    }
  });

  test('leads nowhere once the customer is another MSP’s', async () => {
    const { callback } = await goAndComeBack(GUS);
    await msp.causeway.apply([{ ...msp.tenants.globex, parent: 'contoso' }]);
    const page = await travelOurs(browser, app(), callback);
    expect({ status: page.status, location: page.location }).toEqual({ status: 400, location: undefined });
    await msp.causeway.apply([msp.tenants.globex]);
  });

  test('a customer’s own sign-in gives no session at the MSP, nor the other way round', async () => {
    const own = { ...app(), issuer: `${msp.publicUrl}/t/acme` };
    await signIn(browser, own, ADA);
    const { url } = authorizationRequest(app(), { prompt: 'none' });
    const { location } = await travelOurs(browser, app(), url);
    expect(location?.searchParams.get('error')).toBe('login_required');
    const second = new HttpBrowser();
    await signIn(second, app(), ADA, { login_hint: ADA.username });
    const there = await travelOurs(second, own, authorizationRequest(own, { prompt: 'none' }).url);
    expect(there.location?.searchParams.get('error')).toBe('login_required');
  });

  test('A-82 another person in the same browser has their own session, and nothing of the one before', async () => {
    await ledger.rows('DELETE FROM sessions');
    const first = await signIn(browser, app(), ADA, { login_hint: ADA.username });
    const second = await takeOver(GUS);
    const third = await takeOver(NORA);
    const tenants = [first, second, third].map(({ body }) => claimsOf(body['id_token'])['tenant']);
    expect(tenants).toEqual(['acme', 'globex', 'northwind']);
    expect(await ledger.liveSessions(String(claimsOf(third.body['id_token'])['sub']))).toBe(1);
    expect(
      await ledger.count('sessions', 'brokered_user_id = $1 AND ended_at IS NULL', [
        claimsOf(second.body['id_token'])['sub'],
      ]),
    ).toBe(0);
    const request = authorizationRequest(msp.app('assets'), { prompt: 'none' });
    const page = await travelOurs(browser, msp.app('assets'), request.url);
    const { body } = await redeemAt(msp.app('assets'), page, request);
    expect(claimsOf(body['id_token'])['sub']).toBe(claimsOf(third.body['id_token'])['sub']);
  });

  test('tokens of the MSP’s application mean nothing at the customer’s one of the same name', async () => {
    const { body } = await signIn(browser, app(), ADA, { login_hint: ADA.username });
    const own = { ...app(), issuer: `${msp.publicUrl}/t/acme` };
    expect((await refresh(own, body['refresh_token'])).body['error']).toBe('invalid_grant');
    expect((await post(own, 'introspect', { token: String(body['access_token']) })).body['active']).toBe(
      false,
    );
  });
});

async function flushesOf<T>(
  work: () => Promise<T>,
): Promise<{ readonly flushes: number; readonly result: T }> {
  const counter = msp.causeway.node.metrics.databaseFlushes;
  const total = async (): Promise<number> => (await counter.get()).values[0]?.value ?? 0;
  const before = await total();
  const result = await work();
  return { flushes: (await total()) - before, result };
}

/** What each request of a sign-in, a single sign-on and a refresh costs. */
async function costOf(person: OktaPerson): Promise<Record<string, number>> {
  const hint = { login_hint: person.username };
  await signIn(new HttpBrowser(), app(), person, hint);
  const own = new HttpBrowser();
  const begun = await flushesOf(() => leave(own, app(), hint));
  const callback = await signThere(own, begun.result, person);
  const back = await flushesOf(() => travelOurs(own, app(), callback));
  const tokens = await flushesOf(() => redeemAt(app(), back.result, begun.result.request));
  const { url } = authorizationRequest(msp.app('assets'), { prompt: 'none' });
  const renewal = await flushesOf(() => own.open(url));
  const renewed = await flushesOf(() => refresh(app(), tokens.result.body['refresh_token']));
  expect(renewed.result.status).toBe(200);
  return {
    authorize: begun.flushes,
    back: back.flushes,
    code: tokens.flushes,
    singleSignOn: renewal.flushes,
    refresh: renewed.flushes,
  };
}

describe('a person of a customer costs no more than one trip to the database more', () => {
  test('in each request; a refresh costs three', async () => {
    const own = await costOf(NORA);
    const customers = await costOf(ADA);
    // The trip is taken, the person met, the answer written, the session begun.
    expect(own['back']).toBe(4);
    const more = Object.entries(customers).map(([name, n]) => [name, n - (own[name] ?? 0)]);
    expect(Object.fromEntries(more)).toEqual({
      authorize: 1,
      // One at the callback, one where the browser goes on from there: at the issuer above.
      back: 2,
      code: 1,
      singleSignOn: 1,
      refresh: 1,
    });
    expect(customers['refresh']).toBe(3);
  });
});
