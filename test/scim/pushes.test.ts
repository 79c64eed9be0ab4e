import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestNode, type TestNode } from '../support/node.js';
import { oktaGroup, oktaUser, ScimClient, type ScimReply } from '../support/scim-client.js';

const TOKEN = 'a-scim-token-of-the-tests-0123456789';
let it: TestNode;
let scim: ScimClient;

beforeAll(async () => {
  it = await startTestNode();
  await it.apply([
    {
      slug: 'acme',
      connections: [{ key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1', status: 'enforced' }],
      roles: [{ key: 'admin', name: 'Administrator' }],
      roleMappings: [{ group: { name: 'Engineering' }, role: 'admin' }],
      scimTokens: [{ name: 'okta', token: TOKEN }],
    },
  ]);
  scim = new ScimClient(`${it.url}/t/acme/scim/v2`, TOKEN);
});
afterAll(() => it.stop());

function idOf({ body }: ScimReply): string {
  if (typeof body['id'] !== 'string') throw new Error(`no id in ${JSON.stringify(body)}`);
  return body['id'];
}

describe('users', () => {
  test('a user is created, found, changed, deactivated and deleted', async () => {
    const made = await scim.post('/Users', oktaUser('ada@acme.example'));
    expect(made).toMatchObject({
      status: 201,
      body: { userName: 'ada@acme.example', active: true, externalId: '00uada@acme.example' },
    });
    expect(made.body['password']).toBeUndefined();
    const id = idOf(made);
    expect(made.headers.get('location')).toBe(`${scim.baseUrl}/Users/${id}`);
    expect(made.headers.get('etag')).toBe('W/"1"');

    const found = await scim.get(
      `/Users?filter=${encodeURIComponent('userName eq "ADA@acme.example"')}&startIndex=1&count=100`,
    );
    expect(found.body).toMatchObject({ totalResults: 1, itemsPerPage: 1, startIndex: 1 });
    expect(found.body.Resources?.[0]?.['id']).toBe(id);

    const put = await scim.put(`/Users/${id}`, { ...made.body, displayName: 'Countess' });
    expect(put).toMatchObject({ status: 200, body: { displayName: 'Countess', meta: { version: 'W/"2"' } } });

    const off = await scim.patch(`/Users/${id}`, [{ op: 'replace', value: { active: false } }]);
    expect(off).toMatchObject({ status: 200, body: { active: false } });
    expect((await scim.get(`/Users/${id}`)).body['active']).toBe(false);

    expect((await scim.post('/Users', oktaUser('ada@acme.example'))).status).toBe(409);
    expect((await scim.delete(`/Users/${id}`)).status).toBe(204);
    expect((await scim.get(`/Users/${id}`)).status).toBe(404);
    expect((await scim.get('/Users')).body).toMatchObject({ totalResults: 0 });
  });
});

describe('groups', () => {
  test('members come and go, and nothing but what was asked changes', async () => {
    const ada = idOf(await scim.post('/Users', oktaUser('ada2@acme.example')));
    const bob = idOf(await scim.post('/Users', oktaUser('bob@acme.example')));
    const made = await scim.post('/Groups', oktaGroup('Engineering', [ada]));
    expect(made).toMatchObject({ status: 201, body: { displayName: 'Engineering' } });
    expect(made.body['members']).toMatchObject([{ value: ada, type: 'User' }]);
    const id = idOf(made);
    const patched = await scim.patch(`/Groups/${id}`, [
      { op: 'replace', value: { id, displayName: 'Engineering' } },
      { op: 'remove', path: `members[value eq "${ada}"]` },
      { op: 'add', path: 'members', value: [{ value: bob, display: 'bob' }] },
    ]);
    expect(patched.status).toBe(204);
    expect((await scim.get(`/Groups/${id}`)).body['members']).toMatchObject([{ value: bob }]);
    expect((await scim.get(`/Users/${bob}`)).body['groups']).toMatchObject([
      { value: id, display: 'Engineering' },
    ]);
    const unknown = await scim.patch(`/Groups/${id}`, [
      { op: 'add', path: 'members', value: [{ value: 'nobody' }, { value: ada }] },
    ]);
    expect(unknown).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
    expect(unknown.body.detail).toContain('nobody');
    expect((await scim.get(`/Groups/${id}`)).body['members']).toMatchObject([{ value: bob }]);
    expect(
      (await scim.get('/Groups?excludedAttributes=members')).body.Resources?.[0]?.['members'],
    ).toBeUndefined();
    expect((await scim.delete(`/Groups/${id}`)).status).toBe(204);
  });
});

test('discovery, wrong tokens and unknown addresses', async () => {
  const stranger = new ScimClient(scim.baseUrl, 'non-token');
  expect(await stranger.get('/Users')).toMatchObject({ status: 401, body: { status: '401' } });
  expect((await stranger.get('/ServiceProviderConfig')).status).toBe(200);
  expect((await scim.get('/Schemas')).body).toMatchObject({ totalResults: 5 });
  expect((await scim.get('/ResourceTypes')).body).toMatchObject({ totalResults: 4 });
  expect((await scim.get('/Roles?count=1')).body).toMatchObject({ totalResults: 1, itemsPerPage: 1 });
  for (const path of ['/Nothing', '/Users/', '/Users/%61', '//Users', '/Schemas/urn%3Aietf'])
    // oxlint-disable-next-line no-await-in-loop -- in order, so that a failure names its path
    expect({ path, ...(await scim.get(path)) }).toMatchObject({ path, status: 404, body: { status: '404' } });
});

test('case is folded in every alphabet: names of groups, names of users', async () => {
  expect((await scim.post('/Groups', oktaGroup('Österreich'))).status).toBe(201);
  expect(await scim.post('/Groups', oktaGroup('österreich'))).toMatchObject({ status: 409 });
  expect((await scim.post('/Users', oktaUser('ÖZGÜR@acme.example'))).status).toBe(201);
  expect(await scim.post('/Users', oktaUser('özgür@acme.example', { externalId: '00uother' }))).toMatchObject(
    {
      status: 409,
    },
  );
  for (const [path, filter] of [
    ['/Groups', 'displayName eq "ÖSTERREICH"'],
    ['/Groups', 'displayName co "STERR"'],
    ['/Groups', 'displayName sw "ÖST"'],
    ['/Users', 'userName eq "özgür@acme.example"'],
    ['/Users', 'userName sw "öz"'],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- in order, so that a failure names its filter
    const found = await scim.get(`${path}?filter=${encodeURIComponent(filter)}`);
    expect({ filter, total: found.body['totalResults'] }).toEqual({ filter, total: 1 });
  }
});
