import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TenantId, UserId } from '../../src/core/ids.js';
import { TooManyRequests } from '../../src/http/rate-limit.js';
import { readToken } from '../../src/keys/tokens.js';
import { apiClient, ApiClient, strangerTo, type ApiReply } from '../support/api.js';
import { ADA, startAcme, type Acme } from '../support/acme.js';
import { send } from '../op/support/http.js';
import { warm } from '../op/support/warm.js';
import { Ledger } from '../support/ledger.js';
import { invite } from '../support/operator.js';

let acme: Acme;
let api: ApiClient;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme();
  await warm(acme);
  api = await apiClient(acme.causeway);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

const roles = '/tenants/acme/roles';

describe('requests', () => {
  test('A-102 only JSON is a body: a form and a text, which any site can send, are refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])
      expect(
        await api.call('POST', roles, { body: '{"key":"csrf"}', headers: { 'content-type': type } }),
      ).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    expect((await api.call('GET', `${roles}/csrf`)).status).toBe(404);
  });

  test('A-102 a method is what the request line says', async () => {
    const { etag } = await api.post(roles, { key: 'kept' });
    for (const header of ['x-http-method-override', 'x-method-override'])
      await api.post(`${roles}?_method=DELETE`, { key: 'k2' }, { [header]: 'DELETE', 'if-match': etag });
    expect((await api.get(`${roles}/kept`)).status).toBe(200);
  });

  test('that are no JSON, name a member twice, are too large or too deep are refused with the reason', async () => {
    for (const body of [
      '{',
      '{"key":"a","key":"b"}',
      'null',
      '[]',
      '"x"',
      '{"key":"half","name":"\\ud83d"}',
      '{"key":"half","name":"\\uDE00\\ud83d"}',
      '{"key":"half","na\\udc00me":"x"}',
      `{"key":${'['.repeat(100)}${']'.repeat(100)}}`,
    ])
      expect(await api.post(roles, body)).toMatchObject({ status: 400, body: { code: 'invalid_body' } });
    expect((await api.post(roles, '{"key":"whole","name":"\\uD83D\\ude00"}')).body['name']).toBe('😀');
    const large = await api.post(roles, `{"key":"${'a'.repeat(1024 * 1024)}"}`);
    expect(large).toMatchObject({ status: 413, body: { code: 'too_large' } });
    expect(await api.call('POST', roles)).toMatchObject({ status: 400, body: { code: 'invalid_body' } });
    // Where no member is asked for, nothing need be said.
    expect((await api.post('/tenants/acme/connections/okta/test')).status).toBe(201);
    expect((await api.call('PATCH', '/tenants/acme', { ifMatch: '*' })).status).toBe(400);
  });

  test('to where nothing is, or by a method that isn’t served, say so', async () => {
    expect(await api.get('/nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    const wrong = await api.call('PUT', roles, { body: {} });
    expect(wrong).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } });
    expect(wrong.headers.get('allow')).toBe('GET, POST');
    expect((await api.call('HEAD', roles)).status).toBe(200);
    expect((await api.call('OPTIONS', roles)).headers.get('allow')).toBe('GET, POST');
  });

  test('have an id, which a problem repeats and the log finds', async () => {
    const reply = await api.get('/tenants/acme/roles/none');
    expect(reply.body['requestId']).toBe(reply.headers.get('x-request-id'));
    expect(reply.headers.get('cache-control')).toBe('no-store');
  });
});

describe('a post under an Idempotency-Key', () => {
  const key = { 'idempotency-key': 'order-1' };

  test('is done once: again it gives the same answer, told secrets included', async () => {
    const body = { name: 'ci' };
    const first = await api.post('/tenants/acme/scim-tokens', body, key);
    const again = await api.post('/tenants/acme/scim-tokens', body, key);
    expect(first.body['token']).toMatch(/^cw_scim_/);
    expect([again.status, again.body, again.etag]).toEqual([201, first.body, first.etag]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const [kept] = await ledger.rows<{ text: string }>(`SELECT k::text AS text FROM idempotency_keys k`);
    expect(kept?.text).not.toContain(String(first.body['token']));
  });

  test('means that request alone: another body is refused, another caller has keys of their own', async () => {
    expect(await api.post('/tenants/acme/scim-tokens', { name: 'other' }, key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_mismatch' },
    });
    const other = await apiClient(acme.causeway, { tenant: 'acme' });
    expect((await other.post('/tenants/acme/scim-tokens', { name: 'theirs' }, key)).status).toBe(201);
  });

  test('is done once, however many come at the same time', async () => {
    const replies = await Promise.all(
      Array.from({ length: 10 }, () =>
        api.post(
          '/tenants/acme/api-tokens',
          { name: 'race', role: 'console:read-only' },
          {
            'idempotency-key': 'race-1',
          },
        ),
      ),
    );
    expect(new Set(replies.map(({ status, body }) => `${status} ${String(body['token'])}`)).size).toBe(1);
    expect(replies.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(9);
    expect(await ledger.count('api_tokens', `name = 'race'`)).toBe(1);
  });

  test('whose first was cut off says that nobody knows, at once', async () => {
    await ledger.rows(`UPDATE idempotency_keys SET status = NULL, answer_sealed = NULL,
      created_at = now() - interval '2 minutes' WHERE caller = (SELECT caller FROM idempotency_keys LIMIT 1)`);
    const body = { name: 'ci' };
    expect(await api.post('/tenants/acme/scim-tokens', body, key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_unknown', detail: expect.stringContaining('under another key') },
    });
  });

  test('that was refused may be mended and sent again', async () => {
    const retry = { 'idempotency-key': 'mend-1' };
    expect((await api.post(roles, { key: 'NOT A KEY' }, retry)).status).toBe(400);
    expect((await api.post(roles, { key: 'mended' }, retry)).status).toBe(201);
  });
});

describe('A-111 a token', () => {
  test('is told once, kept as a hash, lists when it was used, and is unknown once it was taken back', async () => {
    const made = await api.post('/tenants/acme/api-tokens', { name: 'ci', role: 'console:read-only' });
    const token = String(made.body['token']);
    const at = `/tenants/acme/api-tokens/${String(made.body['id'])}`;
    const ci = new ApiClient(api.base, token);
    expect((await ci.get(roles)).status).toBe(200);
    expect((await ci.post(roles, { key: 'x' })).status).toBe(403);
    const read = await api.get(at);
    expect(read.body).toMatchObject({ role: 'console:read-only', lastUsedAt: expect.any(String) });
    expect(JSON.stringify((await api.get('/tenants/acme/api-tokens')).body)).not.toContain(token);
    expect((await api.delete(at, read.etag)).status).toBe(204);
    expect((await ci.get(roles)).status).toBe(401);
  });

  test('ends at its time, and with whose it is', async () => {
    const late = await apiClient(acme.causeway, { tenant: 'acme', expiresAt: new Date(Date.now() - 1_000) });
    expect((await late.get(roles)).status).toBe(401);
    const users = await ledger.users('acme');
    const ownerId = users.find(({ user_name: name }) => name === ADA.username)?.id as UserId;
    const own = await apiClient(acme.causeway, { tenant: 'acme', ownerId });
    expect((await own.get(roles)).status).toBe(404);
    const given = await api.post('/tenants/acme/role-assignments', { user: ownerId, role: 'console:owner' });
    expect((await own.get(roles)).status).toBe(200);
    const heir = await own.post('/tenants/acme/api-tokens', { name: 'heir', role: 'console:read-only' });
    expect(heir.body).toMatchObject({ ownerId });
    // By hand, because the API keeps the last owner.
    await ledger.rows('DELETE FROM role_assignments WHERE id = $1', [given.body['id']]);
    expect((await own.get(roles)).status).toBe(404);
    await api.post('/tenants/acme/role-assignments', { user: ownerId, role: 'console:owner' });
    await ledger.rows('UPDATE users SET active = false WHERE id = $1', [ownerId]);
    expect((await own.get(roles)).status).toBe(401);
    await ledger.rows('UPDATE users SET active = true WHERE id = $1', [ownerId]);
  });

  test('of the deployment’s own people in another tenant ends with their role, and with them', async () => {
    const { userId: ownerId } = await invite(acme.causeway, 'mona');
    const mona = await apiClient(acme.causeway, { ownerId });
    const tokens = '/tenants/acme/api-tokens';
    const wish = { name: 'by mona', role: 'console:owner' };
    const made = await mona.post(tokens, wish);
    expect(made).toMatchObject({ status: 201, body: { ownerId: null } });
    const token = new ApiClient(api.base, String(made.body['token']));
    // One that was made by it goes with her as well.
    const heir = new ApiClient(api.base, String((await token.post(tokens, wish)).body['token']));
    const seen = () => Promise.all([token, heir].map(async (client) => (await client.get(roles)).status));
    expect(await seen()).toEqual([200, 200]);
    await ledger.rows('UPDATE users SET active = false WHERE id = $1', [ownerId]);
    expect(await seen()).toEqual([404, 404]);
    await ledger.rows('UPDATE users SET active = true WHERE id = $1', [ownerId]);
    expect(await seen()).toEqual([200, 200]);
    await ledger.rows('DELETE FROM role_assignments WHERE user_id = $1', [ownerId]);
    expect(await seen()).toEqual([404, 404]);
  });

  test('narrowed by scopes hands on no more than those, gives nobody a role, and reads no node’s metrics', async () => {
    const scopes = ['causeway.api-tokens.manage', 'causeway.tenants.manage'];
    const narrow = await apiClient(acme.causeway, { tenant: 'acme', scopes });
    const make = (more: object) =>
      narrow.post('/tenants/acme/api-tokens', { name: 'n', role: 'console:owner', ...more });
    expect((await make({})).status).toBe(403);
    expect((await make({ scopes: ['causeway.users.read'] })).status).toBe(403);
    expect((await make({ scopes: ['causeway.tenants.read'] })).status).toBe(201);
    const past = await make({ scopes, expiresAt: '2020-01-01T00:00:00.000Z' });
    expect(past).toMatchObject({ status: 400, body: { errors: [{ pointer: '/expiresAt' }] } });
    expect((await narrow.patch('/tenants/acme', { defaultRole: 'admin' }, '*')).status).toBe(403);
    const metrics = (client: ApiClient) =>
      // oxlint-disable-next-line no-restricted-globals -- a test's client is not Causeway's
      fetch(`${acme.causeway.url}/metrics`, { headers: { authorization: `Bearer ${client.token ?? ''}` } });
    expect((await metrics(narrow)).status).toBe(401);
    expect((await metrics(api)).status).toBe(200);
  });

  test('of a suspended tenant is nobody’s, until the tenant goes on', async () => {
    const own = await apiClient(acme.causeway, { tenant: 'acme' });
    await api.patch('/tenants/acme', { status: 'suspended' }, '*');
    expect((await own.get(roles)).status).toBe(401);
    await api.patch('/tenants/acme', { status: 'active' }, '*');
    expect((await own.get(roles)).status).toBe(200);
  });
});

test('a file makes a tenant that was not there, and says nothing the second time', async () => {
  const file = { tenants: [{ slug: 'by-file', roles: [{ key: 'admin' }] }] };
  const made = await api.post('/configuration/apply', file);
  expect(made).toMatchObject({ status: 200, body: { plan: [{ kind: 'tenant' }, { kind: 'role' }] } });
  expect((await api.post('/configuration/apply', file)).body).toMatchObject({ plan: [] });
});

describe('a service application (B6)', () => {
  const secret = 'service-secret-with-32-characters-1';

  test('calls with an access token for the API: what its scopes cover, in its tenant, until it is revoked', async () => {
    const audience = api.base;
    const clientId = 'bot';
    const made = await api.post('/configuration/apply', {
      tenants: [
        {
          slug: 'acme',
          apis: [
            {
              identifier: audience,
              scopes: [{ name: 'causeway.roles.read' }, { name: 'causeway.users.read' }],
            },
          ],
        },
      ],
    });
    expect(made.status).toBe(200);
    const bot = { clientId, type: 'service', apis: [audience], clientSecret: secret };
    expect((await api.post('/tenants/acme/applications', bot)).status).toBe(201);
    const policy = { api: audience, clients: [clientId], grants: ['client_credentials'] };
    const scopes = ['causeway.roles.read'];
    expect((await api.post('/tenants/acme/access-policies', { ...policy, scopes })).status).toBe(201);
    const authorization = `Basic ${Buffer.from(`bot:${secret}`).toString('base64')}`;
    const { json: body } = await send(`${acme.app.issuer}/oauth2/v1/token`, {
      form: { grant_type: 'client_credentials', resource: audience, scope: 'causeway.roles.read' },
      headers: { authorization },
    });
    const token = String(body['access_token']);
    const called = new ApiClient(api.base, token);
    expect((await called.get(roles)).status).toBe(200);
    expect(await called.get('/tenants/acme/applications')).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect((await called.post(roles, { key: 'x' })).status).toBe(403);
    expect((await called.get('/tenants/system')).status).toBe(404);
    await send(`${acme.app.issuer}/oauth2/v1/revoke`, { form: { token }, headers: { authorization } });
    expect((await called.get(roles)).status).toBe(401);
  });

  test('A-29 no other token of the tenant’s opens the API', async () => {
    for (const token of [
      'a.b.c',
      'eyJhbGciOiJub25lIn0.e30.',
      `cw_scim_${'0'.repeat(32)}_${'0'.repeat(64)}_00000000`,
    ])
      expect((await new ApiClient(api.base, token).get(roles)).status).toBe(401);
    expect((await strangerTo(acme.causeway).get(roles)).status).toBe(401);
  });
});

test('E9 too many requests are refused with a time to come back, and only whose they are', async () => {
  const noisy = await apiClient(acme.causeway, { tenant: 'acme', role: 'console:read-only' });
  const client = `api:${readToken(noisy.token ?? '')?.id ?? ''}`;
  const tenantId = (await acme.causeway.node.directory.find('acme'))?.id as TenantId;
  const spend = (): void => {
    for (let n = 0; n < 5_000; n += 1) acme.causeway.node.management.callerRate.take({ tenantId, client });
  };
  expect(spend).toThrow(TooManyRequests);
  let refused: ApiReply | undefined;
  for (let round = 0; round < 50 && refused === undefined; round += 1) {
    expect(spend).toThrow(TooManyRequests);
    const replies = await Promise.all(Array.from({ length: 30 }, () => noisy.get('/nothing')));
    refused = replies.find(({ status }) => status === 429);
  }
  expect(refused?.body['code']).toBe('rate_limited');
  expect(refused?.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect((await api.get(roles)).status).toBe(200);
});
