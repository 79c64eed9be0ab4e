import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAcme, UPSTREAM_SECRET, type Acme } from '../../support/acme.js';
import { apiClient, type ApiClient } from '../../support/api.js';
import { Ledger } from '../../support/ledger.js';

let acme: Acme;
let api: ApiClient;
let ledger: Ledger;

beforeAll(async () => {
  acme = await startAcme();
  api = await apiClient(acme.causeway);
  ledger = await Ledger.open(acme.causeway.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await acme.stop();
});

const base = '/tenants/acme';

const noGroup = (pointer: string) => ({
  status: 400,
  body: { errors: [{ pointer, message: 'is no group of the tenant' }] },
});

describe('an entry of the configuration', () => {
  test('is made, read, changed, replaced and deleted, each time under its version', async () => {
    const made = await api.post(`${base}/roles`, { key: 'billing', name: 'Billing' });
    expect(made).toMatchObject({ status: 201, body: { key: 'billing', name: 'Billing' } });
    expect(made.headers.get('location')).toBe(`${api.base}${base}/roles/billing`);
    const read = await api.get(`${base}/roles/billing`);
    expect([read.status, read.etag, read.body]).toEqual([200, made.etag, made.body]);
    expect((await api.get(`${base}/roles/billing`, { 'if-none-match': read.etag })).status).toBe(304);
    const changed = await api.patch(`${base}/roles/billing`, { name: 'Money' }, read.etag);
    expect(changed).toMatchObject({ status: 200, body: { key: 'billing', name: 'Money' } });
    const stale = await api.patch(`${base}/roles/billing`, { name: 'Late' }, read.etag);
    expect(stale).toMatchObject({ status: 412, body: { code: 'version_mismatch' } });
    expect(await api.call('DELETE', `${base}/roles/billing`)).toMatchObject({
      status: 428,
      body: { code: 'precondition_required', status: 428 },
    });
    expect(await api.put(`${base}/roles/billing`, {}, changed.etag)).toMatchObject({
      status: 200,
      body: { name: 'billing' },
    });
    expect((await api.delete(`${base}/roles/billing`)).status).toBe(204);
    expect(await api.get(`${base}/roles/billing`)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  });

  test('is made once: a second one of its name is refused', async () => {
    await api.post(`${base}/roles`, { key: 'once' });
    expect(await api.post(`${base}/roles`, { key: 'once' })).toMatchObject({
      status: 409,
      body: { code: 'already_exists' },
    });
    const mapping = { group: { name: 'Engineering' }, role: 'once' };
    expect((await api.post(`${base}/role-mappings`, mapping)).status).toBe(201);
    expect((await api.post(`${base}/role-mappings`, mapping)).status).toBe(409);
  });

  test('without a name of its own keeps its id when it says something else', async () => {
    const made = await api.post(`${base}/role-mappings`, { group: { name: 'Support' }, role: 'once' });
    const at = `${base}/role-mappings/${String(made.body['id'])}`;
    const changed = await api.patch(at, { group: { name: 'Helpers' } }, made.etag);
    expect(changed).toMatchObject({
      status: 200,
      body: { id: made.body['id'], group: { name: 'Helpers' }, role: 'once', application: null },
    });
    expect((await api.get(at)).body).toEqual(changed.body);
  });

  test('A-112 with mappings that would go along is deleted by who may change mappings', async () => {
    const scopes = ['causeway.roles.manage', 'causeway.applications.manage'];
    const narrow = await apiClient(acme.causeway, { tenant: 'acme', scopes });
    const refused = await narrow.delete(`${base}/roles/once`);
    expect(refused).toMatchObject({ status: 403, body: { permission: 'role-mappings.manage' } });
    const application = { clientId: 'mapped', type: 'service', grantTypes: ['client_credentials'] };
    expect((await api.post(`${base}/applications`, application)).status).toBe(201);
    const mapping = { group: { name: 'Support' }, role: 'once', application: 'mapped' };
    const made = await api.post(`${base}/role-mappings`, mapping);
    expect((await narrow.delete(`${base}/applications/mapped`)).status).toBe(403);
    await api.delete(`${base}/role-mappings/${String(made.body['id'])}`);
    expect((await narrow.delete(`${base}/applications/mapped`)).status).toBe(204);
  });

  test('means a group of the tenant, where it names one by its id', async () => {
    const group = { scim: '00000000-0000-7000-8000-000000000000' };
    const mapping = { group, role: 'once' };
    expect(await api.post(`${base}/role-mappings`, mapping)).toMatchObject(noGroup('/group/scim'));
    const grant = { group, customers: 'all', roles: ['console:technician'] };
    expect(await api.post(`${base}/grants`, grant)).toMatchObject(noGroup('/group/scim'));
    const change = { add: [mapping], stage: true };
    expect(await api.post(`${base}/role-mapping-changes`, change)).toMatchObject(
      noGroup('/add/0/group/scim'),
    );
  });

  test('and a tenant can be sent back as they were read; what can’t be changed is no other', async () => {
    for (const at of [
      base,
      `${base}/connections/okta`,
      `${base}/roles/once`,
      `${base}/applications/grafana`,
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one resource after the other
      const { body, etag } = await api.get(at);
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect([at, (await api.put(at, body, etag)).status]).toEqual([at, 200]);
      // oxlint-disable-next-line no-await-in-loop -- as above
      expect(await api.patch(at, { id: 'another' }, '*')).toMatchObject({
        status: 400,
        body: { code: 'invalid_body', errors: [{ pointer: '/id' }] },
      });
    }
    const kind = await api.patch(base, { kind: 'msp' }, '*');
    expect(kind.body).toMatchObject({ errors: [{ pointer: '/kind' }] });
    const tested = await api.patch(`${base}/connections/okta`, { tested: true }, '*');
    expect(tested.status).toBe(200);
  });

  test('is told what to mend, by a pointer to it', async () => {
    const refused = await api.post(`${base}/applications`, {
      clientId: 'bad',
      redirectUris: ['http://else/'],
    });
    expect(refused).toMatchObject({
      status: 400,
      body: { code: 'invalid_body', errors: [{ pointer: expect.stringMatching(/^\/redirectUris/) }] },
    });
    expect(await api.post(`${base}/applications`, { clientId: 'bad', colour: 'red' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/colour', message: 'is not known here' }] },
    });
    const domain = await api.post('/tenants/acme/domains', { name: 'localhost' });
    expect(domain).toMatchObject({ status: 400, body: { errors: [{ pointer: '/name' }] } });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
  });

  test('leaves an audit event with before and after, and who and whence', async () => {
    const { body } = await api.post(`${base}/apis`, { identifier: 'https://api.acme.example' });
    const [event] = await ledger.rows<{ body: string }>(
      `SELECT body FROM audit_events WHERE action = 'api.created' ORDER BY id DESC LIMIT 1`,
    );
    expect(JSON.parse(event?.body ?? '{}')).toMatchObject({
      actor: { type: 'operator', id: expect.stringMatching(/^token:/) },
      origin: { requestId: expect.any(String) },
      details: { after: { tokenFormat: 'jwt' } },
    });
    const at = `${base}/apis/${String(body['id'])}`;
    const read = await api.get(at);
    expect(await api.put(at, { scopes: [{ name: 'read', default: true }] }, read.etag)).toMatchObject({
      status: 200,
      body: { identifier: 'https://api.acme.example', scopes: [{ name: 'read', default: true }] },
    });
  });
});

describe('secrets', () => {
  test('are told once by whoever made them for the caller, and never again', async () => {
    const made = await api.post(`${base}/applications`, {
      clientId: 'wiki',
      redirectUris: ['https://wiki.acme.example/cb'],
    });
    const { clientSecret } = made.body;
    expect(made.status).toBe(201);
    expect(typeof clientSecret).toBe('string');
    const read = await api.get(`${base}/applications/wiki`);
    expect(read.body['clientSecret']).toMatchObject({ set: true, updatedAt: expect.any(String) });
    expect(JSON.stringify(read.body)).not.toContain(String(clientSecret));
    const token = await api.post(`${base}/scim-tokens`, { name: 'second' });
    expect(token.body['token']).toMatch(/^cw_scim_/);
    const kept = await api.get(`${base}/scim-tokens/${String(token.body['id'])}`);
    expect(kept.body['token']).toMatchObject({ set: true });
  });

  test('stay when what was read is sent back, and are no part of an ETag', async () => {
    const read = await api.get(`${base}/connections/okta`);
    expect(read.body).toMatchObject({ clientSecret: { set: true }, secondarySecret: { set: false } });
    expect(JSON.stringify(read.body)).not.toContain(UPSTREAM_SECRET);
    const again = await api.put(`${base}/connections/okta`, read.body, read.etag);
    expect([again.status, again.body, again.etag]).toEqual([200, read.body, read.etag]);
    const renamed = await api.patch(`${base}/connections/okta`, { name: 'Acme Okta 2' }, read.etag);
    expect(renamed.body).toMatchObject({ name: 'Acme Okta 2', clientSecret: { set: true } });
    const tenant = await acme.causeway.node.directory.find('acme');
    const connection = tenant?.connection('okta');
    expect(connection && tenant?.connectionSecrets(connection)).toMatchObject({
      clientSecret: UPSTREAM_SECRET,
    });
  });
});

test('lists come in pages that nobody else’s cursor opens', async () => {
  for (const key of ['page-a', 'page-b', 'page-c']) await api.post(`${base}/roles`, { key });
  const first = await api.get(`${base}/roles?limit=2`);
  expect(first.body['items']).toHaveLength(2);
  const keys: unknown[] = [];
  for (let next: unknown = undefined; next !== null;) {
    const page = await api.get(`${base}/roles?limit=2${typeof next === 'string' ? `&cursor=${next}` : ''}`);
    expect(page.status).toBe(200);
    keys.push(...(page.body['items'] as readonly { key: string }[]).map(({ key }) => key));
    ({ next } = page.body);
  }
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).toEqual(expect.arrayContaining(['page-a', 'page-b', 'page-c']));
  const cursor = String(first.body['next']);
  for (const wrong of [
    `${base}/apis?cursor=${cursor}`,
    `${base}/roles?cursor=${cursor}x`,
    '/tenants/system/roles?cursor=x',
  ])
    expect(await api.get(wrong)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expect(await api.get(`${base}/roles?limit=0`)).toMatchObject({ status: 400 });
  expect(await api.get(`${base}/roles?limit=1&limit=2`)).toMatchObject({ status: 400 });
  expect(await api.get(`${base}/roles?colour=red`)).toMatchObject({ status: 400 });
});

test('two administrators who edit one thing: one wins, the other is told (412), nothing is lost', async () => {
  const { etag } = await api.post(`${base}/roles`, { key: 'contended', name: '0' });
  const replies = await Promise.all(
    Array.from({ length: 8 }, (_, n) => api.patch(`${base}/roles/contended`, { name: `by ${n}` }, etag)),
  );
  const statuses = replies.map(({ status }) => status).toSorted((one, other) => one - other);
  expect(statuses).toEqual([200, 412, 412, 412, 412, 412, 412, 412]);
  const winner = replies.find(({ status }) => status === 200);
  expect((await api.get(`${base}/roles/contended`)).body).toEqual(winner?.body);
});
