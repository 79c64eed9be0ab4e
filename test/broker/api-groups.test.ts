import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { DesiredConnection } from '../../src/domain/configuration/desired.js';
import { KeptLog } from '../rp/kit.js';
import { startAcme, type Acme } from '../support/acme.js';
import { apiClient, type ApiClient } from '../support/api.js';
import { claimsOf, refresh, type AuthorizationRequest } from '../support/application.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser, signInAtOkta, type OktaPerson, type Page } from '../support/okta-sign-in.js';
import { connectionTo } from '../support/organization.js';
import { arrive, headingOf, leave, redeemAt, signThere, type Trip } from '../support/trip.js';
import { causesIn, Testing } from './connection-test-kit.js';

const log = new KeptLog();
const API_TOKEN = '00an-api-token-of-okta-0001';
const SERVICE = '0oagroups00000000001';
const TOO_MANY = 'The groups claim matched too many groups and must be configured to match fewer groups';
const GROUPS_API = '/tenants/acme/connections/okta/groups-api';
const ALL_GROUPS = { name: 'groups', type: 'FILTER', match: 'REGEX', value: '(?!Everyone).*' } as const;
let acme: Acme;
let ledger: Ledger;
let api: ApiClient;

beforeAll(async () => {
  acme = await startAcme({
    log,
    okta: { apiTokens: [{ name: 'causeway', value: API_TOKEN, role: 'GROUP_ADMIN' }] },
  });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  api = await apiClient(acme.causeway);
  acme.okta.org.assignGroup('Causeway', 'Everyone');
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(async () => {
  acme.okta.org.heal();
  acme.okta.org.app('Causeway').groupsClaim = ALL_GROUPS;
  await configure();
  await setUp({ kind: 'api-token', token: API_TOKEN });
  acme.okta.org.log.clear();
});

async function configure(change: Partial<DesiredConnection> = {}): Promise<void> {
  const settings = {
    provisioning: 'create-and-update',
    join: { claim: 'sub' },
    groupSource: 'auto',
    revalidateSeconds: null,
    groupsFrom: ['id_token', 'userinfo'],
  } as const;
  const connection = connectionTo(acme.okta, { ...settings, ...change });
  await acme.causeway.apply([{ slug: 'acme', connections: [connection], whenNoRole: 'allow' }]);
}

async function setUp(body: object): Promise<void> {
  const { status, body: told } = await api.put(GROUPS_API, body, '*');
  if (status !== 200) throw new Error(`${status}: ${JSON.stringify(told)}`);
}

let made = 0;

/** Somebody new at Acme's Okta, in these groups; `isCrowded`: in 150 more, so that the claim is an error. */
function somebody(groups: readonly string[], { isCrowded = false } = {}): OktaPerson {
  made += 1;
  const username = `member-${made}@acme.example`;
  acme.okta.org.addUser({ login: username, groups });
  if (isCrowded) acme.okta.org.fail('groups.many', { value: username });
  return { username, password: 'Okta-demo-1', otp: '123456' };
}

interface Ended {
  readonly page: Page;
  readonly request: AuthorizationRequest;
  /** What Okta was asked, in order. */
  readonly trips: readonly URL[];
  readonly callbacks: readonly URL[];
}

/** A sign-in to its end, however often it goes to Okta. */
async function travels(
  person: OktaPerson,
  params: Readonly<Record<string, string>> = {},
  browser = new HttpBrowser(),
): Promise<Ended> {
  const trip: Trip = await leave(browser, acme.app, params);
  const trips = [trip.atOkta];
  const callbacks: URL[] = [];
  for (;;) {
    const atOkta = trips.at(-1) ?? trip.atOkta;
    // oxlint-disable-next-line no-await-in-loop -- one trip after the other
    const callback = await signThere(browser, { ...trip, atOkta }, person);
    callbacks.push(callback);
    // oxlint-disable-next-line no-await-in-loop -- as above
    const page = await arrive(browser, acme.app, callback);
    if (page.location?.origin !== acme.okta.issuer || trips.length > 3)
      return { page, request: trip.request, trips, callbacks };
    trips.push(page.location);
  }
}

/** A sign-in that succeeds: roles, groups as kept, and what the audit event says of them. */
async function comesIn(person: OktaPerson, params: Readonly<Record<string, string>> = {}) {
  const ended = await travels(person, params);
  const { body } = await redeemAt(acme.app, ended.page, ended.request);
  const claims = claimsOf(body['id_token']);
  const { groups } = await ledger.user('acme', claims['sub']);
  const event = (await ledger.audit('acme', { action: 'sign_in.succeeded' })).at(-1);
  return {
    ...ended,
    refreshToken: body['refresh_token'],
    roles: claims['roles'],
    groups,
    told: event?.details['groups'],
  };
}

const calls = (): number => acme.okta.org.log.to('groups').length;
const scopesOf = (url: URL): readonly string[] => url.searchParams.get('scope')?.split(' ') ?? [];

test('A11 more than 100 groups: one more trip without the claim, and roles by what the API tells', async () => {
  const ada = somebody(['Engineering'], { isCrowded: true });
  const came = await comesIn(ada, { prompt: 'login' });
  expect(came.roles).toEqual(['admin']);
  expect([came.groups.length, came.groups.includes('token:Engineering')]).toEqual([151, true]);
  expect(came.told).toEqual({ from: 'groups_api', count: 151, leftOut: 0 });

  // The second trip is one of its own, and asks nobody to sign in again.
  const [first, second, ...more] = came.trips;
  if (first === undefined || second === undefined) throw new Error('it went to Okta once');
  expect(more).toEqual([]);
  expect([scopesOf(first).includes('groups'), scopesOf(second).includes('groups')]).toEqual([true, false]);
  expect([first.searchParams.get('prompt'), second.searchParams.get('prompt')]).toEqual(['login', null]);
  for (const name of ['state', 'nonce', 'code_challenge'])
    expect(second.searchParams.get(name)).not.toBe(first.searchParams.get(name));

  // Computed, never accumulated: the next sign-in gives what is so then, and a token's word counts as ever.
  acme.okta.org.leaveGroup(ada.username, 'Engineering');
  acme.okta.org.joinGroup(ada.username, 'Support');
  expect((await comesIn(ada)).roles).toEqual(['viewer']);
  acme.okta.org.heal();
  const asked = calls();
  expect(await comesIn(ada)).toMatchObject({ roles: ['viewer'], groups: ['token:Support'], told: undefined });
  expect(calls()).toBe(asked);
  expect(JSON.stringify([log.lines, await ledger.audit('acme')])).not.toContain(API_TOKEN);
});

test('A19 a refresh that asks Okta again asks its API, too', async () => {
  const scopes = ['openid', 'profile', 'email', 'groups', 'offline_access'];
  await configure({ scopes, revalidateSeconds: 300 });
  const gus = somebody(['Engineering'], { isCrowded: true });
  const { refreshToken, roles } = await comesIn(gus);
  acme.okta.org.leaveGroup(gus.username, 'Engineering');
  await ledger.rows(`UPDATE upstream_grants SET checked_at = checked_at - interval '1 hour'`);
  const { body } = await refresh(acme.app, refreshToken);
  expect([roles, claimsOf(body['id_token'])['roles']]).toEqual([['admin'], []]);
  const event = (await ledger.audit('acme', { action: 'access.revalidated' })).at(-1);
  expect(event?.details).toMatchObject({ groupsLeft: 1, groups: { from: 'groups_api', count: 150 } });
});

test('there is no third trip, none without the API or where SCIM decides, and none is taken twice', async () => {
  const bob = somebody(['Engineering']);
  acme.okta.org.fail('authorize.groups_too_many');
  const browser = new HttpBrowser();
  const ended = await travels(bob, {}, browser);
  expect([ended.trips.length, ended.page.status]).toEqual([2, 502]);
  expect(headingOf(ended.page)).toContain('needs repair');
  const again = await arrive(browser, acme.app, ended.callbacks[0] ?? '');
  expect([again.status, again.location]).toEqual([400, undefined]);
  await configure({ groupSource: 'scim' });
  expect((await travels(bob)).trips).toHaveLength(1);
  acme.okta.org.heal();
  expect((await comesIn(bob)).told).toBeUndefined();
  await configure();
  expect((await api.delete(GROUPS_API)).status).toBe(204);
  acme.okta.org.fail('authorize.groups_too_many');
  expect((await travels(bob)).trips).toHaveLength(1);
  expect(calls()).toBe(0);
});

test('a claim that is absent though it was asked for is asked about; one that wasn’t, isn’t', async () => {
  acme.okta.org.app('Causeway').groupsClaim = undefined;
  const cat = somebody(['Support']);
  expect(await comesIn(cat)).toMatchObject({ roles: ['viewer'], told: { from: 'groups_api', count: 1 } });
  // Nobody but the person themselves: what is no Okta id leads elsewhere in an address.
  await configure({ groupsFrom: ['id_token'] });
  acme.okta.org.log.clear();
  for (const value of ['me', '../groups', 'cat@acme.example']) {
    acme.okta.org.fail('id_token.other_sub', { value });
    // oxlint-disable-next-line no-await-in-loop -- one org, one subject at a time
    expect((await comesIn(cat)).told).toEqual({ from: 'earlier_sign_in', trouble: 'unknown_person' });
  }
  acme.okta.org.heal();
  await configure({ scopes: ['openid', 'profile', 'email'] });
  expect((await comesIn(cat)).told).toBeUndefined();
  // Credentials of one org never go to another.
  await configure();
  await ledger.rows(
    `UPDATE connections SET groups_api = jsonb_set(groups_api, '{origin}', '"https://other.example"')`,
  );
  expect((await comesIn(cat)).told).toBeUndefined();
  expect((await api.put(GROUPS_API, { kind: 'api-token' }, '*')).status).toBe(400);
  expect(calls()).toBe(0);
});

test('an API that fails changes nobody’s groups, and the audit event says whose word they are', async () => {
  const dan = somebody(['Engineering']);
  expect((await comesIn(dan)).roles).toEqual(['admin']);
  acme.okta.org.app('Causeway').groupsClaim = undefined;
  const outcomes = [
    ['groups.http_500', 'unreachable'],
    ['groups.garbage', 'unreachable'],
    ['groups.foreign_next', 'foreign_page'],
  ] as const;
  for (const [failure, trouble] of outcomes) {
    acme.okta.org.fail(failure);
    // oxlint-disable-next-line no-await-in-loop -- one org, one failure at a time
    expect(await comesIn(dan)).toMatchObject({
      roles: ['admin'],
      groups: ['token:Engineering'],
      told: { from: 'earlier_sign_in', trouble },
    });
    acme.okta.org.failures.heal(failure);
  }
  expect(log.events()).toContain('groups_api.failed');
  // All or nothing: a list that is cut off would take roles away.
  for (let i = 0; i < 1_001; i += 1) {
    acme.okta.org.addGroup({ name: `Team ${i}` });
    acme.okta.org.joinGroup(dan.username, `Team ${i}`);
  }
  expect((await comesIn(dan)).told).toEqual({ from: 'earlier_sign_in', trouble: 'too_many' });
});

test('nobody keeps groups of before by saying that there are too many: a second trip needs the API’s word', async () => {
  const gil = somebody(['Engineering']);
  expect((await comesIn(gil)).roles).toEqual(['admin']);
  acme.okta.org.leaveGroup(gil.username, 'Engineering');
  /** Gil puts Okta's refusal in the place of its code, and comes back from the second trip as Okta sends them. */
  const forges = async (): Promise<Page> => {
    const browser = new HttpBrowser();
    const trip = await leave(browser, acme.app);
    const forged = await signThere(browser, trip, gil);
    forged.searchParams.delete('code');
    forged.searchParams.set('error', 'access_denied');
    forged.searchParams.set('error_description', TOO_MANY);
    const { location: atOkta } = await arrive(browser, acme.app, forged);
    if (atOkta === undefined) throw new Error('it went to Okta once');
    return arrive(browser, acme.app, await signThere(browser, { ...trip, atOkta }, gil));
  };
  acme.okta.org.fail('groups.http_500');
  const refused = await forges();
  expect([refused.status, headingOf(refused)]).toEqual([503, "Acme Okta isn't answering"]);
  const event = (await ledger.audit('acme', { action: 'sign_in.refused' })).at(-1);
  expect(event?.details).toMatchObject({
    groups: { from: 'nowhere', trouble: 'unreachable' },
    step: 'groups_api',
  });
  // Nor does somebody get in whom the API can't tell about, until it is repaired.
  acme.okta.org.heal();
  await setUp({ kind: 'api-token', token: '00a-token-that-okta-does-not-know' });
  expect((await forges()).status).toBe(502);
  await setUp({ kind: 'api-token', token: API_TOKEN });
  const { location } = await forges();
  expect(location?.searchParams.has('error')).toBe(false);
  expect((await comesIn(gil)).roles).toEqual([]);
});

test('A17 a test says that the API would mend it; with the API it passes, and shows whose groups they are', async () => {
  const fay = somebody(['Engineering'], { isCrowded: true });
  const testing = new Testing(acme, api);
  await api.delete(GROUPS_API);
  /** A test's sign-in, up to its last page. */
  const tested = async () => {
    const started = await testing.start();
    const browser = new HttpBrowser();
    let page = await testing.leave(browser, started);
    for (let trips = 0; page.location !== undefined && trips < 3; trips += 1) {
      const atOkta = page.location;
      // oxlint-disable-next-line no-await-in-loop -- one trip after the other
      page = await browser.open(await signInAtOkta(browser, atOkta, fay));
    }
    return testing.read(started.id);
  };
  const refused = await tested();
  expect([refused.verdict, causesIn(refused)]).toEqual(['broken', ['groups_too_many']]);
  expect(JSON.stringify(refused.checks.find(({ id }) => id === 'sign_in'))).toContain('Groups API');
  await setUp({ kind: 'api-token', token: API_TOKEN });
  const mended = await tested();
  expect([mended.verdict, mended.brought?.groupCount]).toEqual(['ready', 151]);
  expect(mended.checks.find(({ id }) => id === 'groups')).toMatchObject({
    status: 'passed',
    facts: { source: 'groups_api', count: '151', leftOut: '0' },
  });
  expect(mended.person?.roles).toContainEqual({ key: 'admin', application: null });
  acme.okta.org.fail('groups.http_500');
  const untold = await tested();
  expect(untold.verdict).toBe('broken');
  expect(untold.checks.find(({ id }) => id === 'groups')).toMatchObject({
    status: 'failed',
    cause: 'groups_too_many',
    facts: { trouble: 'unreachable' },
  });
});

test('a service app needs okta.users.read; which groups count is the tenant’s rule', async () => {
  const eve = somebody(['Engineering', 'Support'], { isCrowded: true });
  acme.okta.org.addGroup({ name: 'Imported', source: 'active_directory' });
  acme.okta.org.joinGroup(eve.username, 'Imported');
  const { body } = await api.get(GROUPS_API);
  acme.okta.org.addApp({
    label: 'Groups',
    type: 'service',
    clientId: SERVICE,
    jwksUri: String(body['jwksUri']),
    grantedScopes: ['okta.groups.read'],
    adminRole: 'READ_ONLY_ADMIN',
  });
  await setUp({ kind: 'service-app', clientId: SERVICE, namesBegin: 'Eng' });
  const refusal = async () => {
    const { status } = (await travels(eve)).page;
    return [status, (await ledger.audit('acme', { action: 'sign_in.refused' })).at(-1)?.details['groups']];
  };
  expect(await refusal()).toEqual([502, { from: 'nowhere', trouble: 'forbidden' }]);
  acme.okta.org.app(SERVICE).grantedScopes.push('okta.users.read');
  expect(await comesIn(eve)).toMatchObject({
    roles: ['admin'],
    groups: ['token:Engineering'],
    told: { from: 'groups_api', count: 1, leftOut: 153 },
  });
  await setUp({ kind: 'service-app', clientId: SERVICE });
  expect((await comesIn(eve)).told).toEqual({ from: 'groups_api', count: 153, leftOut: 1 });
  await setUp({ kind: 'service-app', clientId: SERVICE, importedGroups: true });
  const came = await comesIn(eve);
  expect([came.groups.includes('token:Imported'), came.told]).toEqual([
    true,
    { from: 'groups_api', count: 154, leftOut: 0 },
  ]);
  const changed = (await ledger.audit('acme', { action: 'connection.groups_api_changed' })).at(-1);
  expect(changed?.details).toMatchObject({ after: { kind: 'service-app', importedGroups: true } });

  // Whom Okta asks to wait, waits.
  acme.okta.org.settings.rateLimit = 0;
  expect(await refusal()).toEqual([503, { from: 'nowhere', trouble: 'rate_limited' }]);
  const asked = calls();
  expect(await refusal()).toEqual([503, { from: 'nowhere', trouble: 'rate_limited' }]);
  expect(calls()).toBe(asked);
});
