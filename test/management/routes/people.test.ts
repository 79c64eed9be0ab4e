import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { UserId } from '../../../src/core/ids.js';
import { apiClient, type ApiClient } from '../../support/api.js';
import { Ledger } from '../../support/ledger.js';
import { startTestNode, type TestNode } from '../../support/node.js';

let node: TestNode;
let ledger: Ledger;
let owner: ApiClient;
let admin: ApiClient;
let helpDesk: ApiClient;
let ada: UserId;
let eve: UserId;
let group: string;

beforeAll(async () => {
  node = await startTestNode();
  await node.apply([
    {
      slug: 'acme',
      connections: [
        {
          key: 'okta',
          issuer: 'https://okta.acme.example',
          clientId: 'c',
          clientSecret: 'a-secret-of-32-characters-0123456',
        },
      ],
      roles: [{ key: 'editor', name: 'Editor' }],
      applications: [
        { clientId: 'wiki', name: 'Wiki', type: 'web', redirectUris: ['https://wiki.acme.example/cb'] },
      ],
    },
    { slug: 'globex' },
  ]);
  ledger = await Ledger.open(node.databaseUrl);
  const acme = { tenant: 'acme', connection: 'okta' } as const;
  ada = (await ledger.addUser({ ...acme, userName: 'ada@acme.example', externalId: '00uada' })) as UserId;
  eve = (await ledger.addUser({ ...acme, userName: 'eve@acme.example', source: 'just_in_time' })) as UserId;
  group = await ledger.addScimGroup('acme', 'okta', 'Engineering', [ada]);
  [owner, admin, helpDesk] = await Promise.all([
    apiClient(node, { tenant: 'acme' }),
    apiClient(node, { tenant: 'acme', role: 'console:admin' }),
    apiClient(node, { tenant: 'acme', role: 'console:help-desk' }),
  ]);
}, 60_000);
afterAll(async () => {
  await ledger.close();
  await node.stop();
});

async function addSession(user: UserId): Promise<string> {
  const uid = `s-${user.slice(-6)}-${process.hrtime.bigint()}`;
  await ledger.rows(
    `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, connection_id, payload, absolute_expires_at, expires_at)
      SELECT tenant_id, $2::text, sha256(convert_to($2::text, 'UTF8')), id, connection_id, '{}', now() + interval '1 day', now() + interval '1 hour'
      FROM users WHERE id = $1`,
    [user, uid],
  );
  return uid;
}

const items = (body: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(body['items']) ? body['items'] : [];

test('people are found, page by page, and looked at whole', async () => {
  const first = await helpDesk.get('/tenants/acme/users?limit=1');
  expect(first.body).toMatchObject({
    items: [{ userName: 'ada@acme.example', source: 'scim', connection: 'okta' }],
  });
  const second = await helpDesk.get(`/tenants/acme/users?limit=1&cursor=${String(first.body['next'])}`);
  expect(second.body).toMatchObject({ items: [{ userName: 'eve@acme.example' }], next: null });
  const other = await helpDesk.get(
    `/tenants/acme/users?limit=1&active=true&cursor=${String(first.body['next'])}`,
  );
  expect(other).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expect((await helpDesk.get('/tenants/acme/users?search=00uada')).body).toMatchObject({
    items: [{ id: ada }],
  });
  expect((await helpDesk.get(`/tenants/acme/users?group=${group}&sort=userName`)).status).toBe(400);
  expect((await helpDesk.get('/tenants/acme/users?connection=nope')).body).toMatchObject({
    code: 'invalid_request',
  });
  const whole = await helpDesk.get(`/tenants/acme/users/${ada}`);
  expect(whole.body).toMatchObject({
    groups: [{ name: 'Engineering', source: 'scim', counts: true }],
    roles: [],
    sessions: { count: 0, isMore: false },
  });
  expect((await helpDesk.get('/tenants/globex/users')).status).toBe(404);
  expect((await helpDesk.get(`/tenants/acme/users/${'0'.repeat(36)}`)).status).toBe(404);
  const members = await helpDesk.get(`/tenants/acme/groups/${group}/members`);
  expect(members.body).toMatchObject({ items: [{ userId: ada, source: 'scim' }], next: null });
  const groups = (await helpDesk.get('/tenants/acme/groups?name=eng')).body['items'];
  expect(groups).toMatchObject([{ id: group }]);
  expect(groups).not.toMatchObject([{ memberCount: 1 }]);
  expect((await helpDesk.get(`/tenants/acme/groups/${group}`)).body).toMatchObject({ memberCount: 1 });
});

test('a person whom no push owns is switched off with their access, and on again; one of SCIM’s is not', async () => {
  const session = await addSession(eve);
  const { etag } = await admin.get(`/tenants/acme/users/${eve}`);
  expect((await helpDesk.patch(`/tenants/acme/users/${eve}`, { active: false }, etag)).status).toBe(403);
  expect((await admin.patch(`/tenants/acme/users/${eve}`, { active: false }, '"stale"')).status).toBe(412);
  const off = await admin.patch(`/tenants/acme/users/${eve}`, { active: false }, etag);
  expect(off).toMatchObject({ status: 200, body: { active: false, sessions: { count: 0 } } });
  expect((await admin.get(`/tenants/acme/sessions/${session}`)).body).toMatchObject({
    ended: { reason: 'revoked_by_operator' },
  });
  expect((await admin.patch(`/tenants/acme/users/${eve}`, { active: true }, off.etag)).body).toMatchObject({
    active: true,
  });
  const scims = await admin.patch(`/tenants/acme/users/${ada}`, { active: false }, '*');
  expect(scims).toMatchObject({ status: 409, body: { detail: expect.stringContaining('SCIM') } });
  expect((await admin.delete(`/tenants/acme/users/${ada}`)).status).toBe(409);
});

test('sessions end one by one, of a person, and of everybody only for admins', async () => {
  const [first, second] = [await addSession(ada), await addSession(ada)];
  const listed = await helpDesk.get(`/tenants/acme/sessions?user=${ada}`);
  expect(items(listed.body).map(({ id }) => id)).toEqual([second, first]);
  const end = (body: object, by = helpDesk) => by.post('/tenants/acme/sessions/end', body);
  expect((await end({ session: first })).body).toEqual({ sessions: 1, grants: 0 });
  expect((await end({ session: 'nope' })).status).toBe(404);
  expect((await end({ user: '00000000-0000-7000-8000-000000000000' })).status).toBe(404);
  expect((await end({ user: ada, session: second })).status).toBe(400);
  expect((await end({ connection: 'okta' })).status).toBe(403);
  expect((await end({ connection: 'okta' }, admin)).body).toEqual({ sessions: 1, grants: 0 });
  await addSession(ada);
  expect((await helpDesk.post(`/tenants/acme/users/${ada}/end-access`)).body).toMatchObject({ sessions: 1 });
  expect(items((await helpDesk.get(`/tenants/acme/sessions?over=true&user=${ada}`)).body)).toHaveLength(3);
});

test('roles are given and taken; of the console by an owner alone, and never the last owner’s', async () => {
  const path = '/tenants/acme/role-assignments';
  const given = await admin.post(path, { user: ada, role: 'editor', application: 'wiki' });
  expect(given).toMatchObject({ status: 201, body: { userName: 'ada@acme.example', application: 'wiki' } });
  expect((await admin.get(`/tenants/acme/users/${ada}`)).body).toMatchObject({
    roles: [{ role: 'editor', application: 'wiki' }],
  });
  expect((await admin.get(`${path}?role=editor&user=${ada}`)).body).toMatchObject({
    items: [{ role: 'editor' }],
  });
  expect((await admin.delete(`${path}/${String(given.body['id'])}`, given.etag)).status).toBe(204);
  expect((await admin.delete(`${path}/${String(given.body['id'])}`, given.etag)).status).toBe(404);
  const mine = { user: eve, role: 'console:owner' };
  expect((await admin.post(path, mine)).status).toBe(403);
  const owners = await owner.post(path, mine);
  expect(owners.status).toBe(201);
  expect(
    (await admin.patch(`/tenants/acme/users/${eve}`, { active: false }, '*')).status,
  ).toBeGreaterThanOrEqual(403);
  expect((await owner.delete(`${path}/${String(owners.body['id'])}`, owners.etag)).status).toBe(409);
  expect((await owner.delete(`/tenants/acme/users/${eve}`)).status).toBe(409);
});

test('what happened is found by who, what and when, and taken along as JSON Lines', async () => {
  const list = async (query: string, by = admin) =>
    items((await by.get(`/tenants/acme/audit-events?${query}`)).body);
  expect((await list(`target=user:${eve}&action=user.*`)).map(({ action }) => action)).toEqual([
    'user.activated',
    'user.deactivated',
  ]);
  const [event] = await list(`target=user:${eve}&action=user.deactivated&personal=true`);
  expect(event).toMatchObject({
    personal: { userName: 'eve@acme.example' },
    facts: { actor: { type: 'operator' } },
  });
  expect((await list(`target=user:${eve}&action=user.deactivated`))[0]).toMatchObject({ personal: null });
  const narrow = await apiClient(node, { tenant: 'acme', scopes: ['causeway.audit-events.read'] });
  expect((await narrow.get('/tenants/acme/audit-events?personal=true')).status).toBe(403);
  const now = encodeURIComponent(new Date(Date.parse('2026-01-01')).toISOString());
  expect(await list(`until=${now}`)).toEqual([]);
  expect((await admin.get(`/tenants/acme/audit-events?from=${now}&until=${now}`)).status).toBe(400);
  expect((await admin.get('/tenants/acme/audit-events?action=*')).status).toBe(400);
  const requestId = (await admin.get('/tenants/acme/keys')).headers.get('x-request-id') ?? '';
  expect(await list(`request=${requestId}`)).toEqual([]);
  const one = await admin.get(`/tenants/acme/audit-events/${String(event?.['id'])}`);
  expect(one.body).toMatchObject({ action: 'user.deactivated' });
  // oxlint-disable-next-line no-restricted-globals -- a test's client is not Causeway's
  const response = await fetch(`${admin.base}/tenants/acme/audit-events/export?action=user.*`, {
    headers: { authorization: `Bearer ${admin.token ?? ''}` },
  });
  expect(response.headers.get('content-type')).toContain('application/jsonl');
  const lines = (await response.text()).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).action)).toEqual(
    await list('action=user.*').then((all) => all.map(({ action }) => action)),
  );
  expect((await helpDesk.get('/tenants/acme/audit-events/export')).status).toBe(403);
});

test('consents are listed and withdrawn', async () => {
  await ledger.rows(
    `INSERT INTO consents (tenant_id, user_id, application_id, scopes)
      SELECT u.tenant_id, u.id, a.id, '{openid}' FROM users u JOIN applications a USING (tenant_id) WHERE u.id = $1`,
    [ada],
  );
  const path = '/tenants/acme/consents';
  expect((await helpDesk.get(`${path}?application=wiki`)).body).toMatchObject({
    items: [{ userId: ada, application: 'wiki' }],
  });
  expect((await helpDesk.post(`${path}/withdraw`, { user: ada, application: 'wiki' })).status).toBe(200);
  expect((await helpDesk.post(`${path}/withdraw`, { user: ada, application: 'wiki' })).status).toBe(404);
  expect((await helpDesk.get(path)).body).toEqual({ items: [], next: null });
});

test('what tokens would say, deliveries, SCIM requests and keys are told', async () => {
  const claims = await helpDesk.get(
    `/tenants/acme/users/${ada}/claims?application=wiki&scope=openid%20profile`,
  );
  expect(claims).toMatchObject({ status: 200, body: { allowed: true, reason: null, idToken: { sub: ada } } });
  expect((await helpDesk.get(`/tenants/acme/users/${ada}/claims?application=nope`)).status).toBe(400);
  expect((await admin.get('/tenants/acme/deliveries?state=dead')).body).toEqual({ items: [], next: null });
  expect((await admin.post('/tenants/acme/deliveries/retry', { all: true })).body).toEqual({
    retried: 0,
    isMore: false,
  });
  expect((await admin.get('/tenants/acme/scim-requests?state=failed&order=oldest')).body).toEqual({
    items: [],
    next: null,
  });
  expect((await admin.get(`/tenants/acme/scim-requests/${ada}`)).status).toBe(404);
  const keys = items((await admin.get('/tenants/acme/keys')).body);
  expect(keys.map(({ state }) => state)).toContain('current');
  const [first, rest] = [await admin.get('/tenants/acme/keys?limit=1'), keys.slice(1)];
  const following = await admin.get(`/tenants/acme/keys?cursor=${String(first.body['next'])}`);
  expect([items(first.body), items(following.body)]).toEqual([keys.slice(0, 1), rest]);
  const wrong = await admin.get('/tenants/acme/keys?limit=abc');
  expect(wrong.body).toMatchObject({ detail: 'The parameter limit must be a whole number.' });
  expect(JSON.stringify(keys)).not.toContain('rivate');
  expect((await admin.post('/tenants/acme/keys/rotate', { emergency: true })).status).toBe(403);
  expect((await admin.post('/tenants/acme/keys/rotate', { alg: 'ES256' })).body).toMatchObject({
    keys: [{ alg: 'ES256' }],
  });
});
