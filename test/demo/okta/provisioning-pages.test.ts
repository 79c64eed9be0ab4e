import { describe, expect, test } from '@jest/globals';
import { HttpBrowser, type Page } from '../../support/okta-sign-in.js';
import { CARL, lookup, provisioned, untilWaiting, type Provisioned } from './support/provisioned.js';
import { aScimServer } from './support/strict-scim-server.js';
import { ADA, anOrg, CLIENT_ID } from './support.js';

const open = ({ okta }: Pick<Provisioned, 'okta'>, path: string): Promise<Page> =>
  new HttpBrowser().open(`${okta.url}/admin${path}`);

const act = (
  { okta }: Pick<Provisioned, 'okta'>,
  path: string,
  form: Readonly<Record<string, string>> = {},
): Promise<Page> =>
  new HttpBrowser().open(`${okta.url}/admin${path}`, { form, headers: { Origin: okta.url } });

describe('the Provisioning tab', () => {
  test('connects, says how the test went, provisions by click, disables', async () => {
    const okta = await anOrg();
    const server = await aScimServer();
    const app = okta.org.app(CLIENT_ID);
    const at = `/apps/${app.id}/provisioning`;
    expect((await open({ okta }, at)).text).toContain('Enable API integration');
    const settings = { baseUrl: server.baseUrl, authorization: server.authorization, mode: 'aiw' };
    const saved = await act({ okta }, at, { ...settings, createUsers: 'true', importGroups: 'true' });
    expect(saved.location?.pathname).toBe(`/admin${at}`);
    const agent = okta.org.provisioning(CLIENT_ID);
    expect(agent.settings).toMatchObject({ ...settings, createUsers: true, updateUsers: false });
    expect(server.lines()).toEqual(['GET /Users?startIndex=1&count=2', 'GET /Groups?startIndex=1&count=100']);
    const page = await open({ okta }, at);
    expect(page.text).toContain('Causeway was verified successfully!');
    expect(page.text).not.toContain('secret-token');
    expect(page.text).toContain('Not provisioned');
    await act({ okta }, `${at}/users`, { user: okta.org.user(ADA.username).id });
    expect(server.lines()).toEqual([lookup('Users', ADA.username), 'POST /Users']);
    expect((await open({ okta }, at)).text).toContain('Provisioned');
    await act({ okta }, `${at}/users`);
    expect(server.lines()).toEqual([]);
    await act({ okta }, at, { ...settings, authorization: '', updateUsers: 'true' });
    expect(agent.settings).toMatchObject({ ...settings, updateUsers: true });
    server.authorization = 'Bearer another';
    await act({ okta }, `${at}/test`);
    expect((await open({ okta }, at)).text).toContain('Error authenticating: Unauthorized');
    await act({ okta }, `${at}/disable`);
    expect(agent.settings).toBeUndefined();
    expect((await act({ okta }, `${at}/test`)).status).toBe(400);
    expect(okta.org.errors).toEqual([]);
  });

  test('an underscore in the base URL is refused, with the reason', async () => {
    const okta = await anOrg();
    const at = `/apps/${okta.org.app(CLIENT_ID).id}/provisioning`;
    const page = await act({ okta }, at, { baseUrl: 'https://a_b.example', authorization: 'x', mode: 'oin' });
    expect([page.status, page.text]).toEqual([
      400,
      expect.stringContaining('must not contain an underscore'),
    ]);
  });

  test('imports, finds entitlements, gives and takes them', async () => {
    const kit = await provisioned('oin');
    const { org, agent, server } = kit;
    const at = `/apps/${agent.app.id}/provisioning`;
    server.addUser(CARL);
    server.addUser('<b>stranger@acme.example');
    await act(kit, `${at}/import`);
    const imported = (await open(kit, at)).text;
    expect(imported).toContain('2 users and 0 groups imported');
    expect(imported).toContain('No match');
    expect(imported).not.toContain('<b>stranger');
    const role = {
      name: 'Role',
      endpoint: '/Roles',
      schema: 'urn:okta:scim:schemas:core:1.0:Role',
      id: 'Role',
    };
    Object.assign(server.others, {
      '/ResourceTypes': [role],
      '/Schemas': [],
      '/Roles': [{ id: 'admin', displayName: 'Administrator' }],
    });
    await act(kit, `${at}/discover`);
    expect((await open(kit, at)).text).toContain('Administrator');
    org.assign(CLIENT_ID, CARL);
    const given = { user: org.user(CARL).id, role: 'admin' };
    await act(kit, `${at}/access/add`, given);
    expect(server.users.get('r0001')).toMatchObject({
      roles: [{ value: 'admin', display: 'Administrator' }],
    });
    expect((await open(kit, at)).text).toContain(`${CARL}: Administrator`);
    await act(kit, `${at}/access/remove`, given);
    expect(server.users.get('r0001')).toMatchObject({ roles: [] });
  });

  test('clicks elsewhere lead to pushes: assignment, groups, deactivation', async () => {
    const kit = await provisioned('oin', { pushGroups: ['Support'] });
    const { org, agent, server } = kit;
    const [user, group] = [org.user(CARL).id, org.directory.group('Support').id];
    await act(kit, `/apps/${agent.app.id}/assign`, { user });
    await act(kit, `/people/${user}/join`, { group });
    await agent.idle();
    expect(server.groups.get('r0001')).toMatchObject({ members: [{ display: CARL }] });
    await act(kit, `/people/${user}/leave`, { group });
    await agent.idle();
    expect(server.groups.get('r0001')).toMatchObject({ members: [] });
    await act(kit, `/people/${user}/deactivate`);
    await agent.idle();
    expect(server.users.get('r0002')).toMatchObject({ active: false });
    await act(kit, `/groups/${group}`, { name: 'Help desk' });
    await agent.idle();
    expect(server.groups.get('r0001')).toMatchObject({ displayName: 'Help desk' });
  });

  test('says that the agent waits', async () => {
    const kit = await provisioned('oin');
    kit.server.override = () => ({ status: 429, headers: { 'Retry-After': '600' } });
    kit.org.assign(CLIENT_ID, CARL);
    await untilWaiting(kit.agent);
    const page = await open(kit, `/apps/${kit.agent.app.id}/provisioning`);
    expect(page.text).toContain('The server said 429');
  });
});

describe('the Push Groups tab', () => {
  test('pushes, pushes now, unlinks, deletes', async () => {
    const kit = await provisioned('oin');
    const { org, agent, server } = kit;
    const at = `/apps/${agent.app.id}/push-groups`;
    const support = { group: org.directory.group('Support').id };
    expect((await open(kit, at)).text).toContain('No group is pushed');
    await act(kit, at, support);
    expect(server.groups.size).toBe(1);
    expect((await open(kit, at)).text).toContain('Active');
    expect((await act(kit, at, support)).status).toBe(400);
    server.seen.length = 0;
    await act(kit, `${at}/now`, support);
    expect(server.lines()).toEqual(['PATCH /Groups/r0001', 'PATCH /Groups/r0001']);
    await act(kit, `${at}/unlink`, support);
    expect(server.groups.size).toBe(1);
    await act(kit, at, support);
    await act(kit, `${at}/delete`, support);
    expect(server.groups.size).toBe(0);
    agent.disable();
    expect((await open(kit, at)).text).toContain('Provisioning is not enabled');
  });
});

describe('tasks and the log', () => {
  test('a task shows what the server said, escaped, and is retried by click', async () => {
    const kit = await provisioned('oin');
    const { org, agent, server } = kit;
    server.override = ({ method }) =>
      method === 'POST' ? { status: 400, body: { detail: '<i>userName</i> is missing.' } } : undefined;
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    const page = await open(kit, '/tasks');
    expect(page.text).toContain('Errors reported by remote server: &lt;i&gt;userName&lt;/i&gt; is missing.');
    expect(page.text).toContain('<span class="count">1</span>');
    server.override = () => undefined;
    const retry = `/tasks/${agent.app.id}/${agent.tasks[0]?.id ?? ''}/retry`;
    await act(kit, retry);
    expect(server.users.size).toBe(1);
    expect((await open(kit, '/tasks')).text).toContain('Nothing to do');
    expect((await act(kit, retry)).status).toBe(400);
    expect((await act(kit, '/tasks/nobody/1/retry')).status).toBe(404);
  });

  test('the log shows requests and answers without passwords and credentials', async () => {
    const kit = await provisioned('aiw');
    const { org, agent, server } = kit;
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    const sent = JSON.parse(agent.requests.at(-1)?.body ?? '') as { password: string };
    const log = `/apps/${agent.app.id}/scim-log`;
    const page = await open(kit, log);
    expect(page.text).toContain('Okta SCIM Client 1.0.0');
    expect(page.text).toContain('&quot;externalId&quot;');
    expect(page.text).not.toContain(sent.password);
    expect(page.text).not.toContain('secret-token');
    await server.stop();
    await agent.testConnection();
    expect((await open(kit, log)).text).toContain('Connection refused');
    await act(kit, `${log}/clear`);
    expect((await open(kit, log)).text).toContain('No requests yet');
  });
});
