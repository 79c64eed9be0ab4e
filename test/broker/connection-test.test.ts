import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { diagnosisOf } from '../../src/domain/connection/diagnosis/causes.js';
import { fingerprintOf } from '../../src/domain/connection/fingerprint.js';
import { sweep } from '../../src/storage/sweeper.js';
import { KeptLog } from '../rp/kit.js';
import { ADA, BOB, startAcme, UPSTREAM_SECRET, type Acme } from '../support/acme.js';
import { apiClient } from '../support/api.js';
import { Ledger } from '../support/ledger.js';
import { HttpBrowser, signInAtOkta } from '../support/okta-sign-in.js';
import { headingOf } from '../support/trip.js';
import { causesIn, findings, Testing, type ToldTest } from './connection-test-kit.js';

const log = new KeptLog();
let acme: Acme;
let ledger: Ledger;
let testing: Testing;

beforeAll(async () => {
  acme = await startAcme({ log });
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  testing = new Testing(acme, await apiClient(acme.causeway));
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});
beforeEach(async () => {
  acme.okta.org.heal();
  await testing.candidate(null);
  await testing.age(120);
});

const DONE = 'Done, go back to the first tab';
const OVER = 'This test is over';

const rows = async (): Promise<Record<string, number>> => ({
  users: await ledger.count('users'),
  identities: await ledger.count('identities'),
  groups: await ledger.count('groups'),
  sessions: await ledger.count('sessions'),
  artifacts: await ledger.count('oidc_artifacts'),
});

/** What counts as tested, and what is served. */
async function fingerprints(): Promise<{ readonly tested: string | undefined; readonly served: string }> {
  const [row] = await ledger.rows<{ tested: Buffer | null; sealed: string | null }>(
    `SELECT tested_fingerprint AS tested, client_secret_sealed AS sealed FROM connections WHERE key = 'okta'`,
  );
  const connection = (await acme.causeway.node.directory.find('acme'))?.connection('okta');
  if (connection === undefined || row === undefined) throw new Error('Acme has its connection');
  const served = fingerprintOf(connection, { clientSecret: row.sealed, secondarySecret: null });
  return { tested: row.tested?.toString('hex'), served: served.toString('hex') };
}

const withConnection = (change: object) => ({
  ...acme.tenant,
  connections: (acme.tenant.connections ?? []).map((one) => ({ ...one, ...change })),
});

test('A17 a sound draft: every check, who came in, what follows; nobody is made, and it counts as tested', async () => {
  await acme.causeway.apply([withConnection({ status: 'draft' })]);
  const before = await rows();
  const started = await testing.start({
    typedIssuer: `${acme.okta.issuer}/.well-known/openid-configuration`,
  });
  expect(started).toMatchObject({ state: 'waiting', verdict: null, source: 'served', person: null });
  expect(started.signInUrl).toMatch(/\/t\/acme\/test-sign-in\/[0-9a-f-]{36}\.[\w-]{43}$/);
  expect(findings(started)).toEqual(['address wellknown_suffix']);
  expect(started.checks.filter(({ status }) => status === 'not_tried').map(({ id }) => id)).toEqual([
    'sign_in',
    'person',
    'claims',
    'groups',
    'assurance',
    'sign_out',
  ]);

  const page = await testing.signIn(started, ADA);
  expect([page.status, headingOf(page)]).toEqual([200, DONE]);
  expect(page.text).not.toMatch(/ada|Ada|Engineering/);
  expect(page.headers['cache-control']).toBe('no-store');
  const ended = await testing.read(started.id);
  expect(ended).toMatchObject({
    state: 'passed',
    verdict: 'ready',
    counts: { failed: 0, warning: 0, notTried: 0 },
    person: {
      subject: acme.okta.org.user(ADA.username).id,
      userName: ADA.username,
      email: ADA.username,
      name: 'Ada Byron',
      groups: [
        { id: null, name: 'Everyone' },
        { id: null, name: 'Engineering' },
      ],
      roles: [{ key: 'admin', application: null }],
    },
    brought: { groupCount: 2, amr: ['pwd'], acr: null },
  });
  expect(ended.brought?.claims.idToken).toContain('groups');
  expect(ended.signInUrl).toBeUndefined();
  expect(await rows()).toEqual(before);

  const { tested, served } = await fingerprints();
  expect(tested).toBe(served);
  const [event] = (await ledger.audit('acme', { action: 'connection.tested' })).slice(-1);
  expect(event).toMatchObject({
    outcome: 'success',
    connection: 'okta',
    target: 'connection:okta',
    details: { state: 'passed', verdict: 'ready', causes: [], source: 'served' },
  });
  expect(JSON.stringify(event)).not.toMatch(/ada@|Ada|Engineering/);
  await acme.causeway.apply([acme.tenant]);
});

test('a person who would be kept out is a warning, and no row', async () => {
  await acme.causeway.apply([withConnection({ provisioning: 'off' })]);
  const started = await testing.start();
  await testing.signIn(started, ADA);
  const ended = await testing.read(started.id);
  expect(ended).toMatchObject({ state: 'passed', verdict: 'works_with_warnings' });
  expect(ended.checks.find(({ id }) => id === 'person')).toMatchObject({
    status: 'warning',
    facts: { refusal: 'provisioning_off' },
  });
  await acme.causeway.apply([acme.tenant]);
});

test('a candidate is tested in place of what is served, with the secrets that it has', async () => {
  await testing.candidate({ settings: { scopes: ['openid', 'profile', 'email'] } });
  const started = await testing.start();
  expect(started.source).toBe('candidate');
  await testing.signIn(started, ADA);
  const ended = await testing.read(started.id);
  expect(ended).toMatchObject({ state: 'passed', verdict: 'works_with_warnings' });
  expect(findings(ended)).toEqual(['groups groups_missing']);
  // It counts as tested by itself: what is served is neither the better nor the worse for it.
  const [row] = await ledger.rows<{ tested: { fingerprint: string; test: string } | null }>(
    `SELECT candidate -> 'tested' AS tested FROM connections WHERE key = 'okta'`,
  );
  const { tested, served } = await fingerprints();
  expect(row?.tested).toMatchObject({ test: started.id });
  expect(Buffer.from(row?.tested?.fingerprint ?? '', 'base64url').toString('hex')).not.toBe(served);
  await testing.signIn(await testing.start({ source: 'served' }), ADA);
  expect((await fingerprints()).tested).toBe(served);
  expect(tested === undefined || tested === served).toBe(true);
});

test('A-22 the one-time address works once, and only its own', async () => {
  const browser = new HttpBrowser();
  const started = await testing.start();
  const forged = started.signInUrl.replace(/\.[\w-]{43}$/, `.${'A'.repeat(43)}`);
  expect(headingOf(await browser.open(forged))).toBe(OVER);
  expect((await testing.leave(browser, started)).status).toBe(303);
  const second = await testing.leave(new HttpBrowser(), started);
  expect([second.status, headingOf(second)]).toEqual([410, OVER]);
});

test('A-19 A-20 A-22 the way back: of this browser, once, and never into a session', async () => {
  const browser = new HttpBrowser();
  const started = await testing.start();
  const left = await testing.leave(browser, started);
  const callback = await signInAtOkta(browser, left.location ?? '', ADA);
  const asked = acme.okta.org.log.to('token').length;
  const stranger = await new HttpBrowser().open(callback);
  expect([stranger.status, headingOf(stranger)]).toEqual([400, 'This test began in another browser']);
  expect(await testing.read(started.id)).toMatchObject({ state: 'failed', verdict: 'broken' });
  expect(findings(await testing.read(started.id))).toEqual(['sign_in browser_lost']);
  expect(headingOf(await browser.open(callback))).toBe(OVER);
  expect(acme.okta.org.log.to('token')).toHaveLength(asked);

  const again = await testing.start();
  const there = await testing.leave(browser, again);
  const back = await signInAtOkta(browser, there.location ?? '', ADA);
  expect(headingOf(await browser.open(back))).toBe(DONE);
  expect(headingOf(await browser.open(back))).not.toBe(DONE);
  expect((await testing.read(again.id)).state).toBe('passed');
});

test('another test, another configuration or ten minutes end a test; nothing is asked of Okta then', async () => {
  const browser = new HttpBrowser();
  const first = await testing.start();
  const left = await testing.leave(browser, first);
  const callback = await signInAtOkta(browser, left.location ?? '', ADA);
  const asked = acme.okta.org.log.to('token').length;
  const second = await testing.start();
  expect((await testing.read(first.id)).state).toBe('superseded');
  expect(headingOf(await browser.open(callback))).toBe(OVER);

  const onTheWay = await testing.leave(browser, second);
  const late = await signInAtOkta(browser, onTheWay.location ?? '', ADA);
  const probed = acme.okta.org.log.to('token').length;
  await acme.causeway.node.database.query({
    text: `UPDATE connections SET settings = jsonb_set(settings, '{groupsClaim}', '"teams"') WHERE key = 'okta'`,
    values: [],
  });
  expect(headingOf(await browser.open(late))).toBe(OVER);
  expect((await testing.read(second.id)).state).toBe('superseded');
  await acme.causeway.node.database.query({
    text: `UPDATE connections SET settings = jsonb_set(settings, '{groupsClaim}', '"groups"') WHERE key = 'okta'`,
    values: [],
  });

  const third = await testing.start();
  await testing.age(601);
  expect((await testing.read(third.id)).state).toBe('expired');
  expect(headingOf(await testing.signIn(third, ADA))).toBe(OVER);
  expect(acme.okta.org.log.to('token').length - probed).toBeLessThanOrEqual(1);
  expect(probed).toBeGreaterThanOrEqual(asked);
});

test('an operator tells what Okta’s page said: a cause like any other, once', async () => {
  const started = await testing.start();
  const told = await testing.reportPage(started.id, 'policy');
  expect(told).toMatchObject({ status: 200, body: { state: 'failed', verdict: 'broken' } });
  expect(findings(told.body as unknown as ToldTest)).toEqual(['sign_in app_policy_denied']);
  expect(await testing.reportPage(started.id, 'other')).toMatchObject({ status: 409 });
  expect(await testing.reportPage(started.id, 'nonsense')).toMatchObject({ status: 400 });
  const [event] = (await ledger.audit('acme', { action: 'connection.tested' })).slice(-1);
  expect(event).toMatchObject({ outcome: 'failure', reason: 'app_policy_denied' });
});

test('A-44 at most ten tests a minute and tenant', async () => {
  for (let begun = 0; begun < 10; begun += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await testing.start();
  }
  expect(await testing.api.post('/tenants/acme/connections/okta/test', {})).toMatchObject({ status: 429 });
  await testing.age(61);
  await testing.start();
});

test('whom a test saw is told for a day, then erased; another connection’s test is none of its', async () => {
  const started = await testing.start();
  await testing.signIn(started, ADA);
  expect((await testing.read(started.id)).person).not.toBeNull();
  const seen = `person_sealed IS NOT NULL`;
  const before = await ledger.count('connection_tests', seen);
  await testing.age(86_401);
  expect((await testing.read(started.id)).person).toBeNull();
  await sweep(acme.causeway.node.database);
  expect(await ledger.count('connection_tests', seen)).toBeLessThan(before);
  expect((await testing.api.get(`/tenants/acme/connections/other/tests/${started.id}`)).status).toBe(404);
  expect(await testing.api.post('/tenants/acme/connections/other/test', {})).toMatchObject({ status: 404 });
});

test('A-129 neither report, log nor page holds a secret, a code or a token', async () => {
  const started = await testing.start();
  const page = await testing.signIn(started, BOB);
  const ended = await testing.read(started.id);
  expect(causesIn(ended)).toEqual(['user_not_assigned']);
  expect(ended.checks.find(({ cause }) => cause !== undefined)?.cure?.path.length).toBeGreaterThan(0);
  expect(diagnosisOf('user_not_assigned').mender).toBe('okta_admin');
  const stored = await ledger.rows<{ report: unknown }>('SELECT report, person_sealed FROM connection_tests');
  const told = JSON.stringify([ended, log.lines, stored]) + page.text;
  const secrets = [UPSTREAM_SECRET, started.signInUrl.split('/').at(-1) ?? ''];
  for (const secret of secrets) expect(told).not.toContain(secret);
  expect(told).not.toMatch(/eyJ[\w-]+\./);
});
