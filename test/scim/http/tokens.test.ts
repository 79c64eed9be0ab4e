import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/core/json.js';
import { post } from '../../support/application.js';
import { Ledger } from '../../support/ledger.js';
import { rawRequest } from '../../support/raw-request.js';
import { startTestNode, type TestNode } from '../../support/node.js';
import { oktaGroup, oktaUser, type ScimClient } from '../../support/scim-client.js';
import { acme, addUsers, at, BULK, clientOf, ERROR, filtered, idOf, SEARCH, TOKEN } from './stage.js';

const OTHER = 'a-token-of-another-connection-0123456789';
const GLOBEX = 'a-scim-token-of-globex-0123456789-0123456789';
const SHORT = 'a-token-that-expires-0123456789-0123456789';
const SECRET = 'application-secret-with-32-chars-01';
let node: TestNode;
let ledger: Ledger;

const service = (clientId: string, apis: readonly string[]) =>
  ({ clientId, type: 'service', clientSecret: SECRET, apis: [...apis] }) as const;

/** A tenant with an API for its SCIM, and two services: one may ask for scope `scim`, one may not. */
const withApi = (slug: string, token: string, more: JsonObject = {}) => {
  const identifier = `${node.url}/t/${slug}/scim/v2`;
  return {
    ...acme({ scimTokens: [{ name: 'okta', connection: 'okta', token }], ...more }),
    slug,
    apis: [
      { identifier, scopes: [{ name: 'scim' }, { name: 'read', default: true }] },
      { identifier: 'https://orders.example', scopes: [{ name: 'scim' }] },
    ],
    accessPolicies: [
      {
        api: identifier,
        clients: 'all' as const,
        grants: ['client_credentials' as const],
        scopes: ['scim', 'read'],
      },
      {
        api: 'https://orders.example',
        clients: 'all' as const,
        grants: ['client_credentials' as const],
        scopes: ['scim'],
      },
    ],
    applications: [service('provisioner', [identifier, 'https://orders.example'])],
  };
};

const tenants = (scimTokens: readonly { name: string; connection: string; token: string }[]) => [
  acme({
    connections: [
      { key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' },
      { key: 'other', issuer: 'https://other.okta.com', clientId: '0oa2' },
    ],
    scimTokens: [...scimTokens],
  }),
  withApi('globex', GLOBEX),
  withApi('initech', `${GLOBEX}-2`),
];
const TOKENS = [
  { name: 'okta', connection: 'okta', token: TOKEN },
  { name: 'other', connection: 'other', token: OTHER },
  { name: 'short', connection: 'okta', token: SHORT },
];

beforeAll(async () => {
  node = await startTestNode();
  await node.apply(tenants(TOKENS));
  ledger = await Ledger.open(node.databaseUrl);
}, 60_000);
afterAll(async () => {
  await ledger.close();
  await node.stop();
});

const UNAUTHENTICATED = {
  status: 401,
  body: { schemas: [ERROR], status: '401', detail: expect.any(String) },
};

/** Asks a node that listens elsewhere than the public address says. */
async function askAt(
  other: TestNode,
  authorization: string,
): Promise<{ readonly status: number | undefined; readonly body: Json }> {
  const { host } = new URL(node.url);
  const { status, text } = await rawRequest(`${other.url}/t/acme/scim/v2/Users`, {
    headers: { authorization, host },
  });
  const body: Json = JSON.parse(text);
  return { status, body };
}

describe('A-85: a token is good for its connection of its tenant, as long as it lives', () => {
  test.each([
    ['of another tenant', GLOBEX],
    ['that nobody made', 'cw_scim_1_2_3'],
    ['with something behind it', `${TOKEN}x`],
    ['in another scheme', `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}`],
    ['that is empty', 'Bearer '],
    ['that is long', 'x'.repeat(10_000)],
    ['that looks like a JWT', 'eyJhbGciOiJub25lIn0.eyJzY29wZSI6InNjaW0ifQ.'],
    ['that is a JWT of nonsense', 'a.b.c'],
  ])('one %s is a 401', async (_what, authorization) => {
    expect(await clientOf(node, authorization).get('/Users')).toMatchObject(UNAUTHENTICATED);
  });

  test('one in the query isn’t looked at', async () => {
    for (const name of ['access_token', 'token', 'authorization'])
      expect(await clientOf(node, undefined).get(`/Users?${name}=${TOKEN}`)).toMatchObject(UNAUTHENTICATED);
  });

  test.each([TOKEN, `Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER  ${TOKEN}`])(
    '"%s" is taken',
    async (authorization) => {
      expect((await clientOf(node, authorization).get('/Users?count=0')).status).toBe(200);
    },
  );

  test('one that has expired is refused, the others go on', async () => {
    expect((await clientOf(node, SHORT).get('/Users')).status).toBe(200);
    await ledger.rows(`UPDATE scim_tokens SET expires_at = now() - interval '1 second' WHERE name = 'short'`);
    const again = await node.sibling();
    expect(await askAt(again, SHORT)).toMatchObject(UNAUTHENTICATED);
    expect((await askAt(again, TOKEN)).status).toBe(200);
    await again.leave();
  });

  test('one that apply deletes is refused on every node within a second', async () => {
    const sibling = await node.sibling();
    expect((await askAt(sibling, OTHER)).status).toBe(200);
    await node.apply(tenants(TOKENS.slice(0, 1)));
    expect(await clientOf(node, OTHER).get('/Users')).toMatchObject(UNAUTHENTICATED);
    expect(await askAt(sibling, OTHER)).toMatchObject(UNAUTHENTICATED);
    await node.apply(tenants(TOKENS));
    expect((await clientOf(node, OTHER).get('/Users')).status).toBe(200);
    await sibling.leave();
  });
});

describe('A-85, C15: users and groups of another connection are not there', () => {
  test('to no verb, no filter, no list, no membership and no Bulk', async () => {
    const [mine, theirs] = [clientOf(node, TOKEN), clientOf(node, OTHER)];
    const [ours = ''] = await addUsers(mine, 'ours');
    const [user = ''] = await addUsers(theirs, 'theirs');
    const group = idOf(await theirs.post('/Groups', oktaGroup('Theirs', [user])));
    const own = idOf(await mine.post('/Groups', oktaGroup('Ours', [ours])));
    const patch = [{ op: 'replace', value: { displayName: 'Taken over' } }];
    const on = async (scim: ScimClient, path: string, body: JsonObject): Promise<readonly number[]> =>
      [
        await scim.get(path),
        await scim.put(path, body),
        await scim.patch(path, patch),
        await scim.delete(path),
      ].map(({ status }) => status);
    expect(await on(mine, `/Users/${user}`, oktaUser('theirs@acme.example'))).toEqual([404, 404, 404, 404]);
    expect(await on(mine, `/Groups/${group}`, oktaGroup('Theirs'))).toEqual([404, 404, 404, 404]);

    const none = async (endpoint: string, filter: string): Promise<void> => {
      expect({ filter, total: (await mine.get(filtered(endpoint, filter))).body['totalResults'] }).toEqual({
        filter,
        total: 0,
      });
      const searched = await mine.post(`${endpoint}/.search`, { schemas: [SEARCH], filter });
      expect(searched.body['totalResults']).toBe(0);
    };
    for (const filter of [
      `id eq "${user}"`,
      'userName eq "theirs@acme.example"',
      'userName co "theirs"',
      'externalId eq "00utheirs@acme.example"',
      'emails.value eq "theirs@acme.example"',
      `groups.value eq "${group}"`,
    ])
      await none('/Users', filter);
    for (const filter of [`id eq "${group}"`, 'displayName eq "Theirs"', `members.value eq "${user}"`])
      await none('/Groups', filter);
    const everybody = (await mine.get('/Users?count=1000')).body;
    expect(everybody.Resources?.some(({ id }) => id === user)).toBe(false);
    expect(everybody['totalResults']).toBe(everybody.Resources?.length);

    for (const reply of [
      await mine.post('/Groups', oktaGroup('Mixed', [ours, user])),
      await mine.put(`/Groups/${own}`, oktaGroup('Ours', [ours, user])),
      await mine.patch(`/Groups/${own}`, [{ op: 'add', path: 'members', value: [{ value: user }] }]),
    ]) {
      expect(reply).toMatchObject({
        status: 400,
        body: { scimType: 'invalidValue', detail: expect.stringContaining(user) },
      });
      expect(reply.body.detail).not.toContain(ours);
    }
    expect(at((await mine.get(`/Groups/${own}`)).body, 'members')).toMatchObject([{ value: ours }]);
    const bulk = await mine.post('/Bulk', {
      schemas: [BULK],
      Operations: [
        { method: 'DELETE', path: `/Users/${user}` },
        { method: 'PUT', path: `/Groups/${group}`, data: oktaGroup('Theirs') },
      ],
    });
    expect(bulk.body['Operations']).toMatchObject([{ status: '404' }, { status: '404' }]);
    expect((await theirs.get(`/Users/${user}`)).status).toBe(200);
    expect(at((await theirs.get(`/Groups/${group}`)).body, 'members')).toMatchObject([{ value: user }]);
  });

  test('the same userName, externalId and displayName live on both', async () => {
    for (const scim of [clientOf(node, TOKEN), clientOf(node, OTHER), clientOf(node, GLOBEX, 'globex')]) {
      expect((await scim.post('/Users', oktaUser('both@acme.example'))).status).toBe(201);
      expect((await scim.post('/Groups', oktaGroup('Both'))).status).toBe(201);
    }
  });
});

const applicationOf = (slug: string) => ({
  issuer: `${node.url}/t/${slug}`,
  clientId: 'provisioner',
  clientSecret: SECRET,
  redirectUri: '',
});

const tokenOf = async (
  slug: string,
  scope: string,
  resource = `${node.url}/t/${slug}/scim/v2`,
): Promise<string> => {
  const { status, body } = await post(applicationOf(slug), 'token', {
    grant_type: 'client_credentials',
    resource,
    scope,
  });
  expect({ status, body }).toMatchObject({ status: 200, body: { access_token: expect.any(String) } });
  return String(body['access_token']);
};

describe('C12: access tokens of the tenant’s own issuer', () => {
  test('with scope scim they push as a SCIM token does', async () => {
    const scim = clientOf(node, `Bearer ${await tokenOf('globex', 'scim')}`, 'globex');
    const [id = ''] = await addUsers(scim, 'oauth');
    expect((await clientOf(node, GLOBEX, 'globex').get(`/Users/${id}`)).status).toBe(200);
    await node.node.scimRecorder.flush();
    const [row] = await ledger.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM scim_requests WHERE method = 'POST' AND status = 201 AND token_id IS NULL AND target = '/Users'`,
    );
    expect(row?.n).toBeGreaterThan(0);
  });

  test('without it they are a 403, for another audience or of another tenant a 401', async () => {
    const at403 = await clientOf(node, `Bearer ${await tokenOf('globex', 'read')}`, 'globex').get('/Users');
    expect(at403).toMatchObject({
      status: 403,
      body: { schemas: [ERROR], status: '403', detail: expect.stringContaining('scim') },
    });
    const elsewhere = `Bearer ${await tokenOf('globex', 'scim', 'https://orders.example')}`;
    expect(await clientOf(node, elsewhere, 'globex').get('/Users')).toMatchObject(UNAUTHENTICATED);
    const initech = `Bearer ${await tokenOf('initech', 'scim')}`;
    expect((await clientOf(node, initech, 'initech').get('/Users')).status).toBe(200);
    expect(await clientOf(node, initech, 'globex').get('/Users')).toMatchObject(UNAUTHENTICATED);
    expect(await clientOf(node, initech).get('/Users')).toMatchObject(UNAUTHENTICATED);
  });

  test('a revoked one is a 401 at once', async () => {
    const token = await tokenOf('globex', 'scim');
    const scim = clientOf(node, `Bearer ${token}`, 'globex');
    expect((await scim.get('/Users?count=0')).status).toBe(200);
    expect((await post(applicationOf('globex'), 'revoke', { token })).status).toBe(200);
    expect(await scim.get('/Users?count=0')).toMatchObject(UNAUTHENTICATED);
  });
});
