import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONSOLE_ROLES } from '../../src/domain/role/role.js';
import type { TenantId, UserId } from '../../src/core/ids.js';
import { ruleOf, scopeOf, type Permission } from '../../src/domain/operator/permissions.js';
import { judge, type Caller } from '../../src/management/api/caller.js';
import type { Operation } from '../../src/management/api/operation.js';
import { apiClient, type ApiClient, type ApiReply } from '../support/api.js';
import { startTestNode, type TestNode } from '../support/node.js';

let causeway: TestNode;
let operations: readonly Operation[];

beforeAll(async () => {
  causeway = await startTestNode();
  await causeway.apply([
    { slug: 'northwind', name: 'Northwind' },
    { slug: 'acme', parent: 'northwind', roles: [{ key: 'admin' }] },
    { slug: 'globex', parent: 'northwind' },
    { slug: 'rival' },
  ]);
  ({ operations } = causeway.node.management);
});
afterAll(() => causeway.stop());

const NOBODY = '00000000-0000-7000-8000-000000000000';

/** Asks for an operation with nothing that it could do: what may not be asked is refused before that is seen. */
function ask(api: ApiClient, { method, path, body }: Operation, tenant: string): Promise<ApiReply> {
  const at = path.replace('{tenant}', tenant).replaceAll(/\{[A-Za-z]+\}/g, NOBODY);
  return api.call(method, at, {
    ...(body === undefined || method === 'GET' ? {} : { body: { unknownMember: true } }),
    headers: { 'if-match': '"none"' },
  });
}

/** Beside it, above it, elsewhere, the deployment's own, nobody's: all alike to who may do everything in its own. */
const STRANGERS = ['globex', 'northwind', 'rival', 'system', 'no-such-tenant'];

const ofTenant = (): readonly Operation[] => operations.filter(({ path }) => path.includes('{tenant}'));

describe('every operation, by every role of the console', () => {
  test.each(CONSOLE_ROLES.map(({ key }) => key))(
    '%s may what the table says, and nothing else',
    async (role) => {
      const api = await apiClient(causeway, { tenant: 'acme', role });
      const wrong: string[] = [];
      for (const operation of operations) {
        const { permission } = operation;
        const isAllowed = permission === 'none' || ruleOf(permission).roles.includes(role);
        const { status, body } = await ask(api, operation, 'acme');
        const isForbidden =
          status === 403 && body['code'] === 'forbidden' && body['permission'] === permission;
        if (isForbidden === isAllowed || status === 401 || status >= 500)
          wrong.push(`${operation.id}: ${status} ${String(body['detail'])}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  test.each(CONSOLE_ROLES.map(({ key }) => key))(
    '%s of one tenant finds nothing of another’s, which might as well not be there',
    async (role) => {
      const api = await apiClient(causeway, { tenant: 'acme', role });
      const wrong: string[] = [];
      for (const operation of ofTenant())
        for (const tenant of role === 'console:owner' ? STRANGERS : ['globex']) {
          const { status, body } = await ask(api, operation, tenant);
          if (status !== 404 || body['detail'] !== `There is no tenant '${tenant}'.`)
            wrong.push(`${operation.id} of ${tenant}: ${status}`);
        }
      expect(wrong).toEqual([]);
    },
  );

  test('a role holds in the tenants below, and a scope narrows it', async () => {
    const above = await apiClient(causeway, { tenant: 'northwind', role: 'console:read-only' });
    expect((await above.get('/tenants/acme')).status).toBe(200);
    expect((await above.get('/tenants/rival')).status).toBe(404);
    expect((await above.patch('/tenants/acme', { name: 'x' }, '*')).status).toBe(403);
    const narrow = await apiClient(causeway, { tenant: 'acme', scopes: ['causeway.roles.read'] });
    const wrong: string[] = [];
    for (const operation of ofTenant()) {
      const { permission } = operation;
      const isCovered = permission === 'none' || scopeOf(permission) === 'causeway.roles.read';
      const { status, body } = await ask(narrow, operation, 'acme');
      if ((status === 403 && body['code'] === 'forbidden' && body['permission'] === permission) === isCovered)
        wrong.push(`${operation.id}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });
});

test('A-112 A-114 a person’s proof is good for dangerous things for five minutes; a machine proves itself each time', () => {
  const at = new Date('2026-11-22T12:00:00Z');
  const caller: Caller = {
    kind: 'console',
    id: 'user:1',
    actor: { type: 'operator', id: '1' },
    home: { id: NOBODY as TenantId, slug: 'acme' },
    roles: ['console:owner'],
    scopes: null,
    userId: NOBODY as UserId,
    authenticatedAt: at,
  };
  const judged = (seconds: number, permission: Permission, who = caller): string =>
    judge(who, who.roles, permission, new Date(at.getTime() + seconds * 1000));
  expect(judged(299, 'role-mappings.manage')).toBe('allowed');
  expect(judged(301, 'role-mappings.manage')).toBe('step_up_required');
  expect(judged(301, 'role-mappings.read')).toBe('allowed');
  expect(judged(301, 'role-mappings.manage', { ...caller, authenticatedAt: null })).toBe('allowed');
  expect(judged(301, 'configuration.read')).toBe('step_up_required');
  expect(judged(0, 'configuration.read')).toBe('allowed');
  for (const role of ['console:admin', 'console:read-only'] as const)
    expect(judged(0, 'configuration.read', { ...caller, roles: [role] })).toBe('forbidden');
});

test('nobody who is not signed in learns what is there', async () => {
  const api = await apiClient(causeway, { tenant: 'acme' });
  const { ApiClient: Client } = await import('../support/api.js');
  for (const token of [undefined, 'x', `${api.token ?? ''}0`, 'cw_api_'])
    for (const path of ['/tenants/acme', '/tenants/nothing', '/nothing']) {
      const reply = await new Client(api.base, token).get(path);
      expect([reply.status, reply.body['code']]).toEqual([401, 'unauthenticated']);
      expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer /);
    }
});

describe('A-112 nobody grants above their own role', () => {
  test('an administrator gives and takes no role of the console', async () => {
    const api = await apiClient(causeway, { tenant: 'acme', role: 'console:admin' });
    const owner = await apiClient(causeway, { tenant: 'acme' });
    const mapping = { group: { name: 'Admins' }, role: 'console:owner' };
    expect(await api.post('/tenants/acme/role-mappings', mapping)).toMatchObject({ status: 403 });
    const made = await owner.post('/tenants/acme/role-mappings', mapping);
    expect(made.status).toBe(201);
    const at = `/tenants/acme/role-mappings/${String(made.body['id'])}`;
    expect((await api.patch(at, { group: { name: 'Mine' } }, made.etag)).status).toBe(403);
    expect((await api.delete(at)).status).toBe(403);
    expect((await api.post('/tenants/acme/role-mappings', { ...mapping, role: 'admin' })).status).toBe(201);
    expect((await api.post('/tenants/acme/api-tokens', { name: 'x', role: 'console:admin' })).status).toBe(
      403,
    );
  });

  test('nor hands out scopes of the management API', async () => {
    const api = await apiClient(causeway, { tenant: 'acme', role: 'console:admin' });
    const identifier = `${causeway.url}/api/v1`;
    expect((await api.post('/tenants/acme/apis', { identifier })).status).toBe(403);
  });

  test('a tenant neither suspends itself, moves in the tree, verifies a domain, nor makes itself an MSP', async () => {
    const api = await apiClient(causeway, { tenant: 'rival' });
    expect((await api.patch('/tenants/rival', { status: 'suspended' }, '*')).status).toBe(403);
    expect((await api.patch('/tenants/rival', { parent: 'northwind' }, '*')).status).toBe(403);
    const admin = await apiClient(causeway, { role: 'console:admin' });
    expect((await admin.patch('/tenants/rival', { parent: 'northwind' }, '*')).status).toBe(403);
    expect((await api.post('/tenants', { slug: 'below-rival' })).status).toBe(403);
    const domain = { name: 'rival.example', verified: true };
    expect((await api.post('/tenants/rival/domains', domain)).status).toBe(403);
    const made = await api.post('/tenants/rival/domains', { name: 'rival.example' });
    expect(made).toMatchObject({
      status: 201,
      body: { verified: false, record: { type: 'TXT', name: '_causeway.rival.example' } },
    });
    expect(
      (await api.patch('/tenants/rival/domains/rival.example', { verified: true }, made.etag)).status,
    ).toBe(403);
    const apply = (tenant: object): Promise<ApiReply> =>
      api.post('/configuration/apply', { tenants: [tenant] });
    expect((await apply({ slug: 'acme', name: 'Mine' })).status).toBe(404);
    expect((await apply({ slug: 'rival', status: 'suspended' })).status).toBe(403);
    expect((await apply({ slug: 'rival', domains: [domain] })).status).toBe(403);
    expect((await apply({ slug: 'rival', parent: 'northwind' })).status).toBe(403);
    expect((await apply({ slug: 'rival', name: 'Rival' })).status).toBe(200);
  });

  test('an MSP makes customers below itself alone, and suspends them', async () => {
    const api = await apiClient(causeway, { tenant: 'northwind' });
    const made = await api.post('/tenants', { slug: 'initech', name: 'Initech' });
    expect(made).toMatchObject({ status: 201, body: { slug: 'initech', parent: 'northwind' } });
    expect((await api.post('/tenants', { slug: 'umbrella', parent: 'rival' })).status).toBe(403);
    expect((await api.post('/tenants', { slug: 'initech' })).status).toBe(409);
    const slugs = async (query = ''): Promise<unknown> =>
      ((await api.get(`/tenants${query}`)).body['items'] as readonly { slug: string }[]).map(
        ({ slug }) => slug,
      );
    expect(await slugs()).toEqual(['acme', 'globex', 'initech']);
    expect(await slugs('?q=INI')).toEqual(['initech']);
    expect(await slugs('?parent=rival')).toEqual([]);
    const off = await api.patch('/tenants/initech', { status: 'suspended' }, made.etag);
    expect(off).toMatchObject({ status: 200, body: { status: 'suspended' } });
    expect(await slugs('?status=suspended')).toEqual(['initech']);
    const own = await apiClient(causeway, { tenant: 'initech' });
    expect((await own.patch('/tenants/initech', { status: 'active' }, off.etag)).status).toBe(401);
  });

  test('nor decides who is in groups that give more than the own role', async () => {
    const connection = {
      key: 'okta',
      issuer: 'https://hooli.okta.example',
      clientId: '0oahooli000000000001',
      clientSecret: 'a-secret-of-hooli-00000000000001',
    };
    const open = { ...connection, key: 'open', status: 'enabled' as const };
    await causeway.apply([
      { slug: 'hooli', parent: 'northwind', connections: [open, { ...connection, status: 'draft' }] },
    ]);
    const at = '/tenants/hooli';
    const owner = await apiClient(causeway, { tenant: 'hooli' });
    const admin = await apiClient(causeway, { tenant: 'hooli', role: 'console:admin' });
    const made = await admin.post(`${at}/scim-tokens`, { name: 'mine', connection: 'open' });
    expect(made.status).toBe(201);
    const token = `${at}/scim-tokens/${String(made.body['id'])}`;
    const groupsApi = { kind: 'api-token', token: '00an-api-token-of-okta' };
    /** What of it a caller may not; the words of each refusal. */
    const refused = async (api: ApiClient, on = at): Promise<readonly string[]> => {
      const asked: Readonly<Record<string, Promise<ApiReply>>> = {
        token: api.post(`${on}/scim-tokens`, {
          name: randomBytes(4).toString('hex'),
          connection: 'open',
        }),
        value: api.patch(
          `${on}/scim-tokens/${String(made.body['id'])}`,
          { token: randomBytes(24).toString('hex') },
          '*',
        ),
        claim: api.patch(
          `${on}/connections/open`,
          { groupsClaim: `teams-${randomBytes(4).toString('hex')}` },
          '*',
        ),
        enabled: api.patch(`${on}/connections/okta`, { status: 'enabled' }, '*'),
        groupsApi: api.put(`${on}/connections/open/groups-api`, groupsApi, '*'),
        link: api.post(`${on}/setup-links`, { connection: 'okta', parts: ['provisioning'] }),
        opening: api.post(`${on}/setup-links`, { connection: 'x', parts: ['sign-in'], mayTurnOn: true }),
      };
      const words: string[] = [];
      for (const [name, reply] of Object.entries(asked)) {
        // oxlint-disable-next-line no-await-in-loop -- they were all sent at once
        const { status, body } = await reply;
        if (status === 403) words.push(`${name}: ${String(body['detail'])}`);
      }
      return words;
    };
    const ALL = ['token', 'value', 'claim', 'enabled', 'groupsApi', 'link', 'opening'].map(
      (name) =>
        `${name}: Groups give console:owner in this tenant, and this decides who is in them: ask somebody who is console:owner to do it.`,
    );
    expect(await refused(admin)).toEqual([]);
    const mapping = { group: { name: 'IT Admins' }, role: 'console:admin' };
    expect((await owner.post(`${at}/role-mappings`, mapping)).status).toBe(201);
    expect(await refused(admin)).toEqual([]);
    const above = await owner.post(`${at}/role-mappings`, { ...mapping, role: 'console:owner' });
    expect(await refused(admin)).toEqual(ALL);
    expect(await refused(await apiClient(causeway, { tenant: 'northwind', role: 'console:admin' }))).toEqual(
      ALL,
    );
    expect(await refused(owner)).toEqual([]);
    // What gives nobody anything stays an administrator's, and so does what takes away.
    expect((await admin.patch(`${at}/connections/open`, { name: 'Hooli' }, '*')).status).toBe(200);
    expect((await admin.patch(`${at}/connections/okta`, { groupsClaim: 'mine' }, '*')).status).toBe(200);
    expect((await admin.post(`${at}/setup-links`, { connection: 'x', parts: ['sign-in'] })).status).toBe(201);
    expect((await admin.delete(token)).status).toBe(204);
    expect((await admin.post('/configuration/apply', { tenants: [{ slug: 'hooli' }] })).status).toBe(403);
    await owner.delete(`${at}/role-mappings/${String(above.body['id'])}`);
    expect((await admin.post(`${at}/scim-tokens`, { name: 'm2', connection: 'open' })).status).toBe(201);

    // By grants, an MSP's groups give roles in its customers; what a customer's administrator does is none of that.
    await causeway.apply([
      {
        slug: 'northwind',
        connections: [open],
        grants: [{ group: { name: 'Techs' }, customers: 'all', roles: ['console:owner'] }],
      },
    ]);
    const msp = await apiClient(causeway, { tenant: 'northwind', role: 'console:admin' });
    const wish = { name: 'mine', connection: 'open' };
    expect((await msp.post('/tenants/northwind/scim-tokens', wish)).status).toBe(403);
    expect((await msp.post(`${at}/scim-tokens`, { ...wish, name: 'm3' })).status).toBe(201);
  });
});
