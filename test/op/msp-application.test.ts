import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { authorizationRequest, claimsOf, post, refresh, signIn, walk } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { ADA, BOB, GUS, NORA, SID, startMsp, type Msp } from '../support/msp.js';
import { formsOf, HttpBrowser, type OktaPerson } from '../support/okta-sign-in.js';
import { headingOf, leave, readable, redeemAt, travelOurs } from '../support/trip.js';

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

  test('is told apart in both audit logs', async () => {
    await signIn(browser, msp.app('assets'), GUS, { login_hint: GUS.username });
    const above = (await ledger.audit('northwind', { action: 'sign_in.succeeded' })).at(-1);
    expect(above).toMatchObject({
      application: 'assets',
      details: { customer: 'globex', customerConnection: 'okta' },
    });
  });
});

describe('A-19, A-20 the way back from a customer’s Okta', () => {
  test('is no use to another browser, and is taken once', async () => {
    const trip = await leave(browser, msp.app('tickets'), { login_hint: ADA.username });
    expect(trip.atOkta.searchParams.get('redirect_uri')).toBe(`${msp.publicUrl}/t/acme/callback/okta`);
  });
});
