import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest, claimsOf } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser, type Page } from '../support/okta-sign-in.js';
import { connectionTo } from '../support/organization.js';
import {
  arrive,
  goAndReturn,
  headingOf,
  leave,
  linkOf,
  redeemAt,
  referenceOf,
  signThere,
  travelOurs,
} from '../support/trip.js';

const TWO_FACTORS = 'urn:okta:loa:2fa:any';
const STRONGER = 'Grafana needs a stronger sign-in';
const FRESHER = 'Grafana wants a fresh sign-in';

let acme: Acme;
let ledger: Ledger;
let browser: HttpBrowser;

beforeAll(async () => {
  acme = await startAcme();
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(() => {
  acme.okta.org.heal();
  browser = new HttpBrowser();
});

/** Claims of the ID Token after a whole sign-in that asked for something. */
async function claimsAfter(params: Record<string, string>): Promise<Readonly<Record<string, unknown>>> {
  const { callback, request } = await goAndReturn(browser, acme.app, ADA, params);
  const { body } = await redeemAt(acme.app, await arrive(browser, acme.app, callback), request);
  return claimsOf(body['id_token']);
}

/** A sign-in that ends with a page; nobody is signed in by it. */
async function refusedAfter(params: Record<string, string>): Promise<{ page: Page; state: string }> {
  const sessions = await ledger.liveSessions();
  const { callback, request } = await goAndReturn(browser, acme.app, ADA, params);
  const page = await arrive(browser, acme.app, callback);
  expect(page.location).toBeUndefined();
  expect(await ledger.liveSessions()).toBe(sessions);
  return { page, state: request.state };
}

const now = (): number => Math.floor(Date.now() / 1000);

describe('A12 what an application demands goes up, is verified, and comes down', () => {
  test('nothing: what Okta says of the sign-in comes down as it was', async () => {
    const { atOkta } = await leave(browser, acme.app);
    for (const name of ['prompt', 'max_age', 'acr_values']) expect(atOkta.searchParams.has(name)).toBe(false);
    const claims = await claimsAfter({});
    expect(claims['amr']).toEqual(['pwd']);
    expect(Math.abs(Number(claims['auth_time']) - now())).toBeLessThan(30);
  });

  test('acr_values', async () => {
    const { atOkta } = await leave(browser, acme.app, { acr_values: TWO_FACTORS });
    expect(atOkta.searchParams.get('acr_values')).toBe(TWO_FACTORS);
    const claims = await claimsAfter({ acr_values: TWO_FACTORS });
    expect(claims['acr']).toBe(TWO_FACTORS);
    expect(claims['amr']).toEqual(expect.arrayContaining(['pwd', 'otp']));
  });

  test('max_age', async () => {
    const { atOkta } = await leave(browser, acme.app, { max_age: '300' });
    expect(atOkta.searchParams.get('max_age')).toBe('300');
    expect(Number((await claimsAfter({ max_age: '300' }))['auth_time'])).toBeGreaterThan(now() - 60);
  });

  test.each<[params: Record<string, string>]>([[{ prompt: 'login' }], [{ max_age: '0' }]])(
    '%j: Okta asks again, whoever is signed in there',
    async (params) => {
      await claimsAfter({});
      const { atOkta } = await leave(browser, acme.app, params);
      expect(atOkta.searchParams.get('prompt')).toBe('login');
      const claims = await claimsAfter(params);
      expect(Number(claims['auth_time'])).toBeGreaterThan(now() - 60);
    },
  );

  test('the connection’s own demand holds for every application', async () => {
    await acme.causeway.apply([
      { slug: 'acme', connections: [connectionTo(acme.okta, { acrValues: [TWO_FACTORS] })] },
    ]);
    const claims = await claimsAfter({});
    expect(claims['amr']).toEqual(expect.arrayContaining(['pwd', 'otp']));
    acme.okta.org.fail('id_token.acr_downgrade');
    browser = new HttpBrowser();
    expect(headingOf((await refusedAfter({})).page)).toBe(STRONGER);
    await acme.causeway.apply([{ slug: 'acme', connections: [connectionTo(acme.okta, { acrValues: [] })] }]);
  });
});

describe('A-32 a demand that Okta ignores', () => {
  test('is told as such, to the person, the application and the audit trail', async () => {
    acme.okta.org.fail('id_token.acr_downgrade');
    const { page, state } = await refusedAfter({ acr_values: TWO_FACTORS });
    expect([page.status, headingOf(page)]).toEqual([403, STRONGER]);
    const [event] = await ledger.audit('acme', { reference: referenceOf(page) });
    expect(event).toMatchObject({ reason: 'mfa_required', details: { cause: 'assurance_unmet' } });
    const { location } = await travelOurs(browser, acme.app, linkOf(page, 'Back to Grafana') ?? '');
    expect(Object.fromEntries(location?.searchParams ?? [])).toMatchObject({
      error: 'access_denied',
      error_description: 'mfa_required',
      state,
    });
  });

  test('doesn’t pass by a session of before', async () => {
    await claimsAfter({});
    const { atOkta } = await leave(browser, acme.app, { acr_values: TWO_FACTORS });
    expect(atOkta.origin).toBe(acme.okta.url);
    acme.okta.org.fail('id_token.acr_downgrade');
    expect(headingOf((await refusedAfter({ acr_values: TWO_FACTORS })).page)).toBe(STRONGER);
  });

  test('with prompt=none is login_required, whatever session there is', async () => {
    await claimsAfter({});
    const { url } = authorizationRequest(acme.app, { prompt: 'none', acr_values: TWO_FACTORS });
    const { location } = await travelOurs(browser, acme.app, url);
    expect(location?.searchParams.get('error')).toBe('login_required');
  });

  test('a session that was strong enough passes', async () => {
    await claimsAfter({ acr_values: TWO_FACTORS });
    const { url } = authorizationRequest(acme.app, { prompt: 'none', acr_values: TWO_FACTORS });
    expect((await travelOurs(browser, acme.app, url)).location?.searchParams.has('code')).toBe(true);
  });

  test('Okta’s own refusal to go that far is the same page', async () => {
    acme.okta.org.fail('authorize.mfa_unmet');
    expect(headingOf((await refusedAfter({ acr_values: TWO_FACTORS })).page)).toBe(STRONGER);
  });
});

describe('A-33 a fresh sign-in that Okta doesn’t ask for', () => {
  test.each<
    [params: Record<string, string>, failure: 'id_token.stale_auth_time' | 'id_token.missing_auth_time']
  >([
    [{ max_age: '300' }, 'id_token.stale_auth_time'],
    [{ max_age: '300' }, 'id_token.missing_auth_time'],
    [{ max_age: '0' }, 'id_token.stale_auth_time'],
    [{ prompt: 'login' }, 'id_token.stale_auth_time'],
    [{ prompt: 'login' }, 'id_token.missing_auth_time'],
  ])('%j, %s: is refused', async (params, failure) => {
    acme.okta.org.fail(failure);
    const { page } = await refusedAfter(params);
    expect([page.status, headingOf(page)]).toEqual([403, FRESHER]);
  });

  test('is asked for once more, by another word, and then it is good', async () => {
    acme.okta.org.fail('id_token.stale_auth_time', { times: 1 });
    const trip = await goAndReturn(browser, acme.app, ADA, { max_age: '300' });
    const page = await arrive(browser, acme.app, trip.callback);
    const again = await travelOurs(browser, acme.app, linkOf(page, 'Sign in again') ?? '');
    expect(again.location?.searchParams.get('prompt')).toBe('login');
    const callback = await signThere(browser, { ...trip, atOkta: again.location ?? trip.atOkta }, ADA);
    const { status } = await redeemAt(acme.app, await arrive(browser, acme.app, callback), trip.request);
    expect(status).toBe(200);
  });

  test('prompt=login wants a sign-in of this very trip, not one of five minutes ago', async () => {
    await claimsAfter({});
    const trip = await leave(browser, acme.app, { prompt: 'login' });
    // An upstream that ignores the prompt answers by the session it has.
    trip.atOkta.searchParams.delete('prompt');
    trip.atOkta.searchParams.delete('max_age');
    for (const session of acme.okta.org.sessions.list()) session.authTime -= 300;
    const page = await arrive(browser, acme.app, await signThere(browser, trip, ADA));
    expect([page.status, headingOf(page)]).toEqual([403, FRESHER]);
  });

  test('without a demand an old session at Okta is good, and its age comes down', async () => {
    acme.okta.org.fail('id_token.stale_auth_time');
    expect(Math.abs(Number((await claimsAfter({}))['auth_time']) - (now() - 86_400))).toBeLessThan(60);
  });
});
