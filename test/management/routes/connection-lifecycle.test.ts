import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Testing } from '../../broker/connection-test-kit.js';
import { refresh, signIn } from '../../support/application.js';
import { ADA, CAT, startAcme, UPSTREAM_SECRET, type Acme } from '../../support/acme.js';
import { apiClient, type ApiClient, type ApiReply } from '../../support/api.js';
import { Ledger } from '../../support/ledger.js';
import { HttpBrowser, type OktaPerson } from '../../support/okta-sign-in.js';

let acme: Acme;
let api: ApiClient;
let ledger: Ledger;
/** Ada's refresh token of a sign-in through the served connection. */
let adaRefreshes: unknown;
/** The same org under its custom domain. */
let customIssuer = '';

const API_TOKEN = '00an-api-token-of-okta';
const OKTA = '/tenants/acme/connections/okta';
const SECOND = '/tenants/acme/connections/second';

beforeAll(async () => {
  const apiTokens = [{ name: 'reader', value: API_TOKEN, role: 'READ_ONLY_ADMIN' as const }];
  acme = await startAcme({ okta: { customHost: '127.0.0.1', apiTokens } });
  api = await apiClient(acme.causeway);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
  const app = acme.okta.org.app('0oacauseway000000001');
  app.issuerMode = 'DYNAMIC';
  app.redirectUris.push(`${acme.app.issuer}/callback/second`);
  customIssuer = acme.okta.issuer.replace('localhost', '127.0.0.1');
  const signedIn = await signIn(new HttpBrowser(), acme.app, ADA, { scope: 'openid offline_access' });
  adaRefreshes = signedIn.body['refresh_token'];
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

const read = (address: string): Promise<ApiReply> => api.get(address);

async function change(address: string, body: object): Promise<ApiReply> {
  return api.patch(address, body, (await read(address)).etag);
}

/** A test of a connection by somebody. */
async function testedBy(key: string, person: OktaPerson): Promise<string> {
  const testing = new Testing(acme, api, key);
  const started = await testing.start();
  await testing.signIn(started, person);
  const { state, checks } = await testing.read(started.id);
  if (state !== 'passed') throw new Error(JSON.stringify(checks));
  return started.id;
}

const code = ({ status, body }: ApiReply): readonly unknown[] => [status, body['code']];

test('draft, tested, enabled, enforced: nothing is switched on untested, nobody is affected unconfirmed', async () => {
  const draft = {
    key: 'second',
    issuer: acme.okta.issuer,
    clientId: '0oacauseway000000001',
    clientSecret: UPSTREAM_SECRET,
    scopes: ['openid', 'profile', 'email', 'groups'],
  };
  const connections = '/tenants/acme/connections';
  expect(code(await api.post(connections, { ...draft, status: 'enforced' }))).toEqual([409, 'not_tested']);
  const made = await api.post(connections, draft);
  expect(made).toMatchObject({
    status: 201,
    body: { status: 'draft', tested: false, testedAt: null, enforcedAt: null, candidate: null },
  });
  expect(code(await change(SECOND, { status: 'enabled' }))).toEqual([409, 'not_tested']);
  await testedBy('second', ADA);
  const enabled = await api.patch(SECOND, { status: 'enabled' }, made.etag);
  expect(enabled).toMatchObject({
    status: 200,
    body: { status: 'enabled', tested: true, testedAt: expect.any(String) },
  });

  // Served goes on as it is, but it isn't what was tested any more, until it is again.
  expect((await change(SECOND, { groupsClaim: 'teams' })).body).toMatchObject({
    tested: false,
    status: 'enabled',
  });
  expect(code(await change(SECOND, { status: 'enforced' }))).toEqual([409, 'not_tested']);
  expect((await change(SECOND, { groupsClaim: 'groups' })).body).toMatchObject({ tested: true });
  expect(
    code(await change(SECOND, { status: 'enforced', clientSecret: 'another-secret-of-32-characters-1' })),
  ).toEqual([409, 'not_tested']);

  const impact = await read(`${SECOND}/impact?status=enforced`);
  expect(impact.body).toMatchObject({
    people: 1,
    unknown: 1,
    sessions: 0,
    breakGlassAccounts: 0,
    isMore: false,
    otherConnections: ['okta'],
    isLocalTheOnlyOtherWay: false,
    confirmation: expect.any(String),
  });
  expect(impact.body['sentence']).toContain(
    'Of 1 person who signed in in the last 30 days 1 is unknown to second.',
  );
  const unconfirmed = await change(SECOND, { status: 'enforced' });
  expect(unconfirmed).toMatchObject({
    status: 409,
    body: { code: 'confirmation_required', impact: impact.body },
  });
  const { confirmation: confirm } = impact.body;
  expect(code(await change(SECOND, { status: 'enforced', confirm: 'yes' }))).toEqual([
    409,
    'confirmation_required',
  ]);
  expect(code(await change(OKTA, { status: 'disabled', confirm }))).toEqual([409, 'confirmation_required']);
  // A later test of the same failed: whoever goes on says why.
  await ledger.rows(`UPDATE connection_tests SET report = jsonb_set(report, '{checks,0}', report #> '{checks,0}'
    || '{"status": "failed", "seen": "Nothing answers."}') WHERE id = (SELECT max(id::text)::uuid FROM connection_tests)`);
  expect(await change(SECOND, { status: 'enforced', confirm })).toMatchObject({
    status: 409,
    body: {
      code: 'reason_required',
      detail: expect.stringContaining('What would fail: Nothing answers. To turn it on anyway, say why'),
      checks: [{ id: expect.any(String), seen: 'Nothing answers.' }],
    },
  });
  for (const reason of ['', 'r'.repeat(501), 'two\nlines'])
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    expect((await change(SECOND, { status: 'enforced', confirm, reason })).status).toBe(400);
  const reason = 'Okta was down for a minute.';
  const untested = { status: 'enforced', groupsClaim: 'teams', confirm, reason };
  expect(code(await change(SECOND, untested))).toEqual([409, 'not_tested']);
  const enforced = await change(SECOND, { status: 'enforced', confirm, reason });
  const [event] = (await ledger.audit('acme', { action: 'connection.updated' })).slice(-1);
  expect(event?.details).toMatchObject({ after: { status: 'enforced' }, reason });
  expect(enforced).toMatchObject({ status: 200, body: { enforcedAt: expect.any(String) } });
  // Loosening it needs neither test nor confirmation, nor does what affects nobody.
  expect((await change(SECOND, { status: 'enabled' })).body).toMatchObject({
    status: 'enabled',
    enforcedAt: null,
  });
  expect((await change(SECOND, { status: 'disabled' })).body).toMatchObject({ status: 'disabled' });
  expect((await api.delete(SECOND)).status).toBe(204);
});

test('what ends people’s access is counted and confirmed; a file is above that', async () => {
  const impact = await read(`${OKTA}/impact?status=deleted`);
  expect(impact.body).toMatchObject({ people: 1, unknown: 0, sessions: 1, isLocalTheOnlyOtherWay: true });
  expect(impact.body['sentence']).toContain('1 session ends at once. Local sign-in is the only other way.');
  expect(await api.delete(OKTA)).toMatchObject({ status: 409, body: { impact: impact.body } });
  expect(code(await api.call('DELETE', `${OKTA}?confirm=no`, { ifMatch: '*' }))).toEqual([
    409,
    'confirmation_required',
  ]);
  expect((await read(`${OKTA}/impact?status=enabled`)).body).toMatchObject({ confirmation: null });
  expect(await read(`${OKTA}/impact?status=gone`)).toMatchObject({ status: 400 });
  await acme.causeway.apply([acme.tenant]);
  expect((await refresh(acme.app, adaRefreshes)).status).toBe(200);
});

test('another issuer waits as a candidate; nothing that is served changes; it can be dropped', async () => {
  const before = await read(OKTA);
  const kept = await change(OKTA, { issuer: `${customIssuer}/`, scopes: ['openid', 'profile', 'email'] });
  expect(kept).toMatchObject({
    status: 200,
    body: {
      issuer: acme.okta.issuer,
      scopes: before.body['scopes'],
      version: 1,
      candidate: { issuer: customIssuer, scopes: ['openid', 'profile', 'email'], secrets: [], tested: false },
    },
  });
  expect(kept.etag).not.toBe(before.etag);
  expect((await api.patch(OKTA, { issuer: customIssuer }, before.etag)).status).toBe(412);
  expect(code(await change(OKTA, { issuer: customIssuer, status: 'enabled' }))).toEqual([409, 'conflict']);
  expect(await change(OKTA, { issuer: 'ftp://acme' })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/issuer' }] },
  });
  const secret = await change(OKTA, { clientAuth: 'client_secret_basic', clientSecret: UPSTREAM_SECRET });
  expect(secret.body).toMatchObject({
    clientAuth: 'client_secret_post',
    candidate: { issuer: customIssuer, clientAuth: 'client_secret_basic', secrets: ['clientSecret'] },
  });
  expect(JSON.stringify(secret.body)).not.toContain(UPSTREAM_SECRET);
  expect(code(await api.post(`${OKTA}/candidate/serve`, {}))).toEqual([409, 'not_tested']);
  expect((await api.delete(`${OKTA}/candidate`)).status).toBe(204);
  expect((await read(OKTA)).body).toEqual(before.body);
  expect((await api.delete(`${OKTA}/candidate`)).status).toBe(404);
  expect((await api.post(`${OKTA}/candidate/serve`, {})).status).toBe(404);
  const actions = (await ledger.audit('acme', {})).map(({ action }) => action);
  expect(actions).toEqual(
    expect.arrayContaining(['connection.candidate_kept', 'connection.candidate_dropped']),
  );
});

test('A-10 people go along to a new issuer only where the test’s sign-in proves the same org', async () => {
  await change(OKTA, { issuer: customIssuer });
  await testedBy('okta', CAT);
  const stranger = await api.post(`${OKTA}/candidate/serve`, { rejoin: true });
  expect(stranger).toMatchObject({ status: 409, body: { code: 'conflict' } });
  expect(stranger.body['detail']).toContain('had never come in');

  await acme.okta.org.keys.emergencyRotate();
  await testedBy('okta', ADA);
  const otherKey = await api.post(`${OKTA}/candidate/serve`, { rejoin: true });
  expect(otherKey.body['detail']).toContain('a key that the served issuer doesn’t publish');
  expect(code(await api.post(`${OKTA}/candidate/serve`, {}))).toEqual([409, 'confirmation_required']);
  expect((await read(`${OKTA}/impact?status=served`)).body).toMatchObject({
    people: 1,
    unknown: 0,
    sessions: 1,
  });
  expect((await read(OKTA)).body).toMatchObject({ issuer: acme.okta.issuer, candidate: { tested: true } });
});

test('served by several at once, it is served once; those who rejoin keep their access', async () => {
  // Somebody signs in through what is served: its new key is known now.
  const fresh = await signIn(new HttpBrowser(), acme.app, ADA, { scope: 'openid offline_access' });
  const users = await ledger.count('users');
  const { etag } = await read(OKTA);
  const replies = await Promise.all(
    Array.from({ length: 5 }, () =>
      api.call('POST', `${OKTA}/candidate/serve`, { body: { rejoin: true }, ifMatch: etag }),
    ),
  );
  const served = replies.filter(({ status }) => status === 200);
  expect(replies.map(code)).toEqual(
    replies.map(({ status }) => (status === 200 ? [200, undefined] : [status, expect.any(String)])),
  );
  expect(served).toHaveLength(1);
  expect(
    replies.filter(({ status }) => status !== 200).every(({ status }) => [404, 409, 412].includes(status)),
  ).toBe(true);
  expect(served[0]?.body).toMatchObject({
    issuer: customIssuer,
    version: 2,
    tested: true,
    testedAt: expect.any(String),
    candidate: null,
  });
  expect(await ledger.rows('SELECT DISTINCT iss, connection_version FROM identities')).toEqual([
    { iss: customIssuer, connection_version: 2 },
  ]);
  expect((await refresh(acme.app, fresh.body['refresh_token'])).status).toBe(200);
  await signIn(new HttpBrowser(), acme.app, ADA);
  expect(await ledger.count('users')).toBe(users);
  expect((await ledger.audit('acme', { action: 'connection.candidate_served' })).at(-1)).toMatchObject({
    details: { rejoined: true, version: 2, issuer: { before: acme.okta.issuer, after: customIssuer } },
  });
});

test('without rejoining, and confirmed, people of the new issuer are new people', async () => {
  await change(OKTA, { issuer: acme.okta.issuer });
  await testedBy('okta', ADA);
  const { confirmation } = (await read(`${OKTA}/impact?status=served`)).body;
  const served = await api.post(`${OKTA}/candidate/serve`, { confirm: confirmation });
  expect(served).toMatchObject({ status: 200, body: { version: 3, tested: true, issuer: acme.okta.issuer } });
  const before = await ledger.count('users');
  await signIn(new HttpBrowser(), acme.app, ADA);
  expect(await ledger.count('users')).toBe(before + 1);
});

test('secrets rotate with an overlap: each has its age and its use, and one in use is not taken away unasked', async () => {
  await acme.causeway.node.secretUses.flush();
  const before = await read(OKTA);
  expect(before.body['clientSecret']).toMatchObject({ lastUsedAt: expect.any(String) });
  const newSecret = 'the-next-secret_with-32-characters';
  const rotate = { body: { newSecret }, ifMatch: before.etag };
  const replies = await Promise.all([1, 2, 3].map(() => api.call('POST', `${OKTA}/secret-rotation`, rotate)));
  expect(replies.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([200, 409, 409]);
  const rotated = await read(OKTA);
  expect(rotated.body).toMatchObject({
    clientSecret: { set: true, lastUsedAt: null },
    secondarySecret: before.body['clientSecret'] as object,
    tested: false,
  });
  expect(JSON.stringify([rotated.body, replies])).not.toContain(newSecret);

  // Okta knows only the old one yet: it is tried, and noted.
  await signIn(new HttpBrowser(), acme.app, ADA);
  const finish = await api.post(`${OKTA}/secret-rotation/finish`, {});
  expect(finish).toMatchObject({
    status: 409,
    body: {
      code: 'confirmation_required',
      impact: { secret: 'secondarySecret', confirmation: expect.any(String) },
    },
  });
  expect(code(await change(OKTA, { secondarySecret: null }))).toEqual([409, 'confirmation_required']);
  const { confirmation } = finish.body['impact'] as { confirmation: string };
  const finished = await api.post(`${OKTA}/secret-rotation/finish`, { confirm: confirmation });
  expect(finished).toMatchObject({ status: 200, body: { secondarySecret: { set: false } } });
  expect((await api.post(`${OKTA}/secret-rotation/finish`, {})).status).toBe(409);
  await change(OKTA, { clientSecret: UPSTREAM_SECRET });

  const made = await api.post('/tenants/acme/applications/grafana/secret-rotation', { overlapSeconds: 3600 });
  expect(made).toMatchObject({ status: 201, body: { clientId: 'grafana', overlapSeconds: 3600 } });
  const renewed = { ...acme.app, clientSecret: String(made.body['clientSecret']) };
  for (const app of [renewed, acme.app]) expect((await signIn(new HttpBrowser(), app, ADA)).status).toBe(200);
  expect((await read('/tenants/acme/applications/grafana')).body).toMatchObject({
    clientSecret: { set: true, expiresAt: null },
    secondarySecret: { set: true, expiresAt: expect.any(String) },
  });
  expect((await api.post('/tenants/acme/applications/spa/secret-rotation', {})).status).toBe(400);
});

const namesOf = ({ body }: ApiReply, source: string): readonly string[] =>
  (body['items'] as readonly { name: string; source: string }[])
    .filter((item) => item.source === source)
    .map(({ name }) => name);

const noteOf = ({ body }: ApiReply): unknown => (body['note'] as { code: string } | null)?.code;

test('groups to pick: known ones always; Okta’s own by a token or a service app, and why not', async () => {
  const pick = async (q = ''): Promise<ApiReply> => read(`${OKTA}/upstream-groups${q}`);
  const without = await pick();
  expect([without.status, noteOf(without)]).toEqual([200, 'not_set_up']);
  expect(namesOf(without, 'seen')).toContain('Engineering');
  expect(namesOf(without, 'okta')).toEqual([]);

  const groupsApi = `${OKTA}/groups-api`;
  expect(await api.put(groupsApi, { kind: 'api-token' }, '*')).toMatchObject({ status: 400 });
  expect(await api.put(groupsApi, { kind: 'service-app', token: API_TOKEN }, '*')).toMatchObject({
    status: 400,
  });
  const put = await api.put(groupsApi, { kind: 'api-token', token: API_TOKEN }, (await read(groupsApi)).etag);
  expect(put).toMatchObject({
    status: 200,
    body: { kind: 'api-token', clientId: null, token: { set: true } },
  });
  expect(JSON.stringify(put.body)).not.toContain(API_TOKEN);
  for (let i = 0; i < 450; i += 1) acme.okta.org.addGroup({ name: `Team ${i}` });
  const all = await pick();
  expect([noteOf(all), namesOf(all, 'okta').length > 450]).toEqual([undefined, true]);
  expect(namesOf(await pick('?q=supp'), 'okta')).toEqual(['Support']);
  expect(namesOf(await pick('?q=%22%20or%20type'), 'okta')).toEqual([]);

  // A link elsewhere isn't followed: nobody else gets the token. Pages in a circle end.
  acme.okta.org.fail('groups.foreign_next', { times: 1 });
  expect(noteOf(await pick())).toBe('foreign_page');
  acme.okta.org.heal();
  acme.okta.org.fail('groups.endless');
  expect((await pick()).status).toBe(200);
  acme.okta.org.heal();

  const jwksUri = String(put.body['jwksUri']);
  acme.okta.org.addApp({
    label: 'Groups',
    type: 'service',
    clientId: '0oagroups',
    jwksUri,
    grantedScopes: ['okta.groups.read'],
  });
  await api.put(groupsApi, { kind: 'service-app', clientId: '0oagroups' }, '*');
  expect(noteOf(await pick())).toBe('forbidden');
  acme.okta.org.app('0oagroups').adminRole = 'READ_ONLY_ADMIN';
  expect(namesOf(await pick('?q=eng'), 'okta')).toEqual(['Engineering']);
  expect((await read(groupsApi)).body).toMatchObject({
    kind: 'service-app',
    clientId: '0oagroups',
    token: { set: false },
  });
  acme.okta.org.settings.rateLimit = 1;
  await pick();
  expect(noteOf(await pick())).toBe('rate_limited');
  const asked = acme.okta.org.requests.length;
  // Whoever is asked to wait, waits.
  expect(noteOf(await pick())).toBe('rate_limited');
  expect(acme.okta.org.requests.length).toBe(asked);
  expect((await api.delete(groupsApi)).status).toBe(204);
  expect(noteOf(await pick())).toBe('not_set_up');
});

test('A18 an outage that is declared is shown, audited, told in the tenant’s health, and ends', async () => {
  const { etag } = await read(OKTA);
  expect(await api.post(`${OKTA}/outage`, { on: true })).toMatchObject({ status: 400 });
  expect(await api.post(`${OKTA}/outage`, { on: false })).toMatchObject({ status: 409 });
  const declared = await api.post(`${OKTA}/outage`, { on: true, reason: 'Okta is down', untilSeconds: 600 });
  expect(declared).toMatchObject({ status: 200, body: { outage: { reason: 'Okta is down' } }, etag });
  const checks = JSON.stringify((await read('/tenants/acme/health')).body);
  expect(checks).toContain('An outage is declared until');
  // A change of the connection leaves it as it is.
  expect((await change(OKTA, { name: 'Acme’s Okta' })).body).toMatchObject({
    outage: { reason: 'Okta is down' },
  });
  expect((await api.post(`${OKTA}/outage`, { on: false })).body).toMatchObject({ outage: null });
  const actions = (await ledger.audit('acme', {})).map(({ action }) => action);
  expect(actions).toEqual(expect.arrayContaining(['connection.outage_declared', 'connection.outage_ended']));
});
