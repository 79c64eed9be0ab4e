import { describe, expect, test } from '@jest/globals';
import { CARL, DORA, lookup, provisioned } from './support/provisioned.js';
import { ADA, anOrg, CLIENT_ID } from './support.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

const active = (value: boolean) => ({
  schemas: [PATCH_OP],
  Operations: [{ op: 'replace', value: { active: value } }],
});

/** Pairs of name and value. */
function pairs(raw: readonly string[] = []): (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
}

describe('the headers', () => {
  test('are those of Okta, in its order, and only a body has a Content-Type', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    const [filter, post] = server.seen;
    expect(pairs(filter?.rawHeaders).slice(1, 6)).toEqual([
      ['User-Agent', 'Okta SCIM Client 1.0.0'],
      ['Accept', 'application/scim+json'],
      ['Accept-Charset', 'utf-8'],
      ['Accept-Encoding', 'gzip,deflate'],
      ['Authorization', 'Bearer secret-token'],
    ]);
    expect(pairs(post?.rawHeaders).slice(1, 7)).toEqual([
      ['User-Agent', 'Okta SCIM Client 1.0.0'],
      ['Accept', 'application/scim+json'],
      ['Accept-Charset', 'utf-8'],
      ['Content-Type', 'application/scim+json; charset=utf-8'],
      ['Accept-Encoding', 'gzip,deflate'],
      ['Authorization', 'Bearer secret-token'],
    ]);
    expect(filter?.rawHeaders).not.toContain('Content-Type');
    expect(agent.requests.map(({ method, status }) => [method, status])).toEqual([
      ['GET', 200],
      ['POST', 201],
    ]);
  });

  test.each(['raw-token-without-a-scheme', 'Bearer abc', 'Basic YTpi'])(
    'credentials go out as they are: %s',
    async (value) => {
      const { agent, server } = await provisioned('oin');
      server.authorization = value;
      agent.enable({ baseUrl: server.baseUrl, authorization: value });
      await agent.idle();
      expect(agent.lastTest).toMatchObject({ ok: true });
    },
  );

  test('compressed answers are read', async () => {
    const { org, agent, server } = await provisioned('aiw');
    server.gzip = true;
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    expect([agent.tasks, agent.linkOf(CARL)?.active]).toEqual([[], true]);
  });
});

describe('enabling', () => {
  test('tests the connection, and sends nobody', async () => {
    const okta = await anOrg();
    const { server } = await provisioned('oin');
    const agent = okta.org.provisioning(CLIENT_ID);
    const config = { baseUrl: `${server.baseUrl}/`, authorization: server.authorization };
    agent.enable(config);
    await agent.idle();
    expect(server.lines()).toEqual(['GET /Users?startIndex=1&count=2']);
    agent.enable({ ...config, importGroups: true });
    await agent.idle();
    expect(server.lines()).toEqual(['GET /Users?startIndex=1&count=2', 'GET /Groups?startIndex=1&count=100']);
    expect(agent.lastTest).toMatchObject({ ok: true, message: 'Causeway was verified successfully!' });
  });

  test('refuses an underscore, a URL that is none, and credentials that no header takes', async () => {
    const { org } = await anOrg();
    const agent = org.provisioning(CLIENT_ID);
    const refused =
      (baseUrl: string, authorization = 'x') =>
      () =>
        agent.enable({ baseUrl, authorization });
    expect(refused('https://x.example/t/my_tenant/scim/v2')).toThrow('must not contain an underscore');
    expect(refused('x.example')).toThrow('required pattern');
    expect(refused('ftp://x.example')).toThrow('required pattern');
    expect(refused('https://x.example', '')).toThrow('left blank');
    expect(refused('https://x.example', 'a\r\nX: y')).toThrow('printable');
    expect(agent.settings).toBeUndefined();
    expect(() => agent.provisionUsers()).toThrow('not enabled');
  });

  test('is impossible in Federation Broker Mode', async () => {
    const { org } = await anOrg({ apps: [{ label: 'Broker', federationBrokerMode: true }] });
    const config = { baseUrl: 'https://x.example', authorization: 'x' };
    expect(() => org.provisioning('Broker').enable(config)).toThrow('Federation Broker Mode');
  });

  test('who had the app before is sent by Provision User, not by a change or their end', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.directory.change(org.user(ADA.username), { firstName: 'Augusta' });
    await agent.idle();
    expect(server.lines()).toEqual([]);
    agent.provisionUsers();
    await agent.idle();
    expect(server.lines()).toEqual([lookup('Users', ADA.username), 'POST /Users']);
    agent.provisionUsers();
    await agent.idle();
    expect(server.lines()).toEqual([]);
    expect(() => agent.provisionUsers(CARL)).toThrow('is not assigned');
  });

  test('ends by disabling: changes lead to nothing', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.assign(CLIENT_ID, CARL);
    agent.disable();
    org.assign(CLIENT_ID, DORA);
    await agent.idle();
    await new Promise(setImmediate);
    expect(server.lines()).toEqual([]);
  });
});

describe('an assigned person', () => {
  test('is looked for and created, with a placeholder password', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    const [, { body } = { body: undefined }] = server.seen;
    expect(body).toEqual({
      schemas: [CORE],
      userName: CARL,
      name: { givenName: 'Carl', familyName: 'Jones' },
      emails: [{ primary: true, value: CARL, type: 'work' }],
      displayName: 'Carl Jones',
      locale: 'en-US',
      externalId: org.user(CARL).id,
      groups: [],
      password: expect.stringMatching(/^[0-9a-z]{8}$/),
      active: true,
    });
    expect(Object.keys(body ?? {})).toEqual([
      'schemas',
      'userName',
      'name',
      'emails',
      'displayName',
      'locale',
      'externalId',
      'groups',
      'password',
      'active',
    ]);
    expect(server.lines()).toEqual([lookup('Users', CARL), 'POST /Users']);
    expect(agent.linkOf(CARL)).toMatchObject({ remoteId: 'r0001', active: true });
  });

  test('brings the enterprise extension when it is mapped and has something', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.addUser({ login: 'eve@acme.example', profile: { department: 'R&D', managerId: '7', shoeSize: '9' } });
    org.assign(CLIENT_ID, 'eve@acme.example');
    await agent.idle();
    expect(server.seen[1]?.body).toMatchObject({
      schemas: [CORE, ENTERPRISE],
      [ENTERPRISE]: { department: 'R&D', manager: { value: '7' } },
    });
    expect(server.seen[1]?.body).not.toHaveProperty([ENTERPRISE, 'shoeSize']);
  });

  test.each(['oin', 'aiw'] as const)(
    '%s: is linked when the server has them, and brought up to date',
    async (mode) => {
      const { org, agent, server } = await provisioned(mode);
      const { id, meta } = server.addUser(CARL.toUpperCase(), {
        name: { formatted: 'C. J.' },
        groups: [{ value: 'g1' }],
        nickName: 'theirs',
      });
      org.assign(CLIENT_ID, CARL);
      await agent.idle();
      const put = server.seen.at(-1)?.body;
      expect(server.lines()).toEqual([lookup('Users', CARL), 'GET /Users/r0001', 'PUT /Users/r0001']);
      expect(put).toMatchObject({
        id,
        meta,
        groups: [{ value: 'g1' }],
        nickName: 'theirs',
        userName: CARL,
        externalId: org.user(CARL).id,
        name: { formatted: 'C. J.', givenName: 'Carl', familyName: 'Jones' },
        active: true,
      });
      expect(typeof put?.['password']).toBe(mode === 'aiw' ? 'string' : 'undefined');
    },
  );

  test('a filter that is answered with 404 means nobody, too', async () => {
    const { org, agent, server } = await provisioned('oin');
    server.override = ({ path }) => (path.includes('filter=') ? { status: 404, body: {} } : undefined);
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    expect(agent.linkOf(CARL)?.remoteId).toBe('r0001');
  });

  test('quotes in a name stay inside the filter', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.addUser({ login: 'a"b\\c@acme.example' });
    org.assign(CLIENT_ID, 'a"b\\c@acme.example');
    await agent.idle();
    expect(server.lines()[0]).toBe(lookup('Users', 'a\\"b\\\\c@acme.example'));
    expect(agent.tasks).toEqual([]);
  });

  test('by a group that has the app: joining creates, leaving deactivates', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.joinGroup(CARL, 'Engineering');
    await agent.idle();
    expect(server.lines()).toEqual([lookup('Users', CARL), 'POST /Users']);
    org.leaveGroup(CARL, 'Engineering');
    await agent.idle();
    expect(server.lines()).toEqual(['PATCH /Users/r0001']);
    org.joinGroup(CARL, 'Engineering');
    org.unassignGroup(CLIENT_ID, 'Engineering');
    await agent.idle();
    expect(server.lines()).toEqual([
      'PATCH /Users/r0001',
      'GET /Users/r0001',
      'PUT /Users/r0001',
      'PATCH /Users/r0001',
    ]);
  });
});

describe('a linked person', () => {
  test.each(['oin', 'aiw'] as const)(
    '%s: a changed profile is got and put; other changes send nothing',
    async (mode) => {
      const { org, agent, server } = await provisioned(mode);
      org.assign(CLIENT_ID, CARL);
      await agent.idle();
      server.seen.length = 0;
      org.directory.change(org.user(CARL), { lastName: 'Jonas' });
      org.directory.change(org.user(CARL), { login: 'carl.jonas@acme.example' });
      await agent.idle();
      expect(server.seen.at(-1)?.body).toMatchObject({
        userName: 'carl.jonas@acme.example',
        displayName: 'Carl Jonas',
      });
      expect(server.lines()).toEqual(['GET /Users/r0001', 'PUT /Users/r0001']);
      org.directory.change(org.user('carl.jonas@acme.example'), { otp: '9', password: 'another' });
      await agent.idle();
      expect(server.lines()).toEqual([]);
    },
  );

  test('oin: unassigned by a PATCH without a path, assigned again under the same id', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    server.seen.length = 0;
    org.unassign(CLIENT_ID, CARL);
    await agent.idle();
    expect(server.seen.map(({ line, body }) => [line, body])).toEqual([
      ['PATCH /Users/r0001', active(false)],
    ]);
    server.seen.length = 0;
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    expect(server.seen[0]?.body).toEqual(active(true));
    expect(server.lines()).toEqual(['PATCH /Users/r0001', 'GET /Users/r0001', 'PUT /Users/r0001']);
    expect(server.users.get('r0001')).toMatchObject({ active: true });
  });

  test('aiw: deactivated and reactivated by PUT of the whole resource', async () => {
    const { org, agent, server } = await provisioned('aiw');
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    server.seen.length = 0;
    org.deactivate(CARL);
    await agent.idle();
    expect(server.seen.at(-1)?.body).toMatchObject({
      id: 'r0001',
      userName: CARL,
      active: false,
      groups: [],
      meta: { resourceType: 'User' },
      password: expect.any(String),
    });
    expect(server.lines()).toEqual(['GET /Users/r0001', 'PUT /Users/r0001']);
    org.activate(CARL);
    await agent.idle();
    expect(server.lines()).toEqual([
      'GET /Users/r0001',
      'PUT /Users/r0001',
      'GET /Users/r0001',
      'PUT /Users/r0001',
    ]);
    expect(server.users.get('r0001')).toMatchObject({ active: true });
  });

  test('whom the server has inactive is found, activated, then updated', async () => {
    const { org, agent, server } = await provisioned('oin');
    server.addUser(CARL, { active: false });
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    expect(server.lines()).toEqual([
      lookup('Users', CARL),
      'PATCH /Users/r0001',
      'GET /Users/r0001',
      'PUT /Users/r0001',
    ]);
  });

  test('suspending sends nothing, nor does the end of it, nor deleting someone in Okta', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    server.seen.length = 0;
    org.setStatus(CARL, 'SUSPENDED');
    org.activate(CARL);
    await agent.idle();
    expect(server.lines()).toEqual([]);
    org.deactivate(CARL);
    await agent.idle();
    expect(server.lines()).toEqual(['PATCH /Users/r0001']);
    org.directory.deleteUser(org.user(CARL));
    await agent.idle();
    expect(server.lines()).toEqual([]);
  });

  test('jobs go one after the other, in the order of the changes', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.assign(CLIENT_ID, CARL);
    org.unassign(CLIENT_ID, CARL);
    org.assign(CLIENT_ID, DORA);
    org.assign(CLIENT_ID, CARL);
    org.deactivate(DORA);
    await agent.idle();
    expect(server.lines()).toEqual([
      lookup('Users', CARL),
      'POST /Users',
      'PATCH /Users/r0001',
      lookup('Users', DORA),
      'POST /Users',
      'PATCH /Users/r0001',
      'GET /Users/r0001',
      'PUT /Users/r0001',
      'PATCH /Users/r0002',
    ]);
  });

  test.each(['oin', 'aiw'] as const)('%s: a changed password is sent where that is on', async (mode) => {
    const { org, agent, server } = await provisioned(mode, { syncPassword: true });
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    server.seen.length = 0;
    org.directory.change(org.user(CARL), { password: 'the-new-one' });
    await agent.idle();
    if (mode === 'aiw') expect(server.seen.at(-1)?.body).toMatchObject({ password: 'the-new-one' });
    else
      expect(server.seen.at(-1)?.body?.['Operations']).toEqual([
        { op: 'replace', value: { password: 'the-new-one' } },
      ]);
    const lines = { oin: ['PATCH /Users/r0001'], aiw: ['GET /Users/r0001', 'PUT /Users/r0001'] };
    expect(server.lines()).toEqual(lines[mode]);
  });

  test('what is switched off is not sent', async () => {
    const { org, agent, server } = await provisioned('oin', { updateUsers: false, deactivateUsers: false });
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    server.seen.length = 0;
    org.directory.change(org.user(CARL), { lastName: 'Jonas' });
    org.deactivate(CARL);
    await agent.idle();
    expect(server.lines()).toEqual([]);
    agent.enable({ baseUrl: server.baseUrl, authorization: server.authorization, createUsers: false });
    org.assign(CLIENT_ID, DORA);
    await agent.idle();
    expect(server.lines()).toEqual(['GET /Users?startIndex=1&count=2']);
  });

  test('another app of the same org provisions by itself, and an inactive one does nothing', async () => {
    const { org, agent, server } = await provisioned('oin');
    const other = org.provisioning(org.addApp({ label: 'SCIM only' }).clientId);
    expect(other).not.toBe(agent);
    org.assign('SCIM only', CARL);
    org.app(CLIENT_ID).status = 'INACTIVE';
    org.assign(CLIENT_ID, DORA);
    await agent.idle();
    expect(server.lines()).toEqual([]);
  });
});
