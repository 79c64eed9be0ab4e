import { describe, expect, test } from '@jest/globals';
import { CARL, DORA, lookup, provisioned, untilWaiting } from './support/provisioned.js';
import type { ScimAnswer } from './support/strict-scim-server.js';
import { CLIENT_ID } from './support.js';

const CREATE =
  'Automatic provisioning of user Carl Jones to app Causeway failed: Error while creating user carl.jones@acme.example: ';

/** Carl's user can't be created; what the task says. */
async function messageFor(answer: ScimAnswer): Promise<string | undefined> {
  const { org, agent, server } = await provisioned('oin');
  server.override = ({ method }) => (method === 'POST' ? answer : undefined);
  org.assign(CLIENT_ID, CARL);
  await agent.idle();
  return agent.tasks[0]?.message;
}

describe('a failed job is a task', () => {
  test.each<[string, ScimAnswer, string]>([
    [
      'our detail',
      { status: 400, body: { status: '400', detail: 'userName is missing.' } },
      'Bad Request. Errors reported by remote server: userName is missing.',
    ],
    [
      '409',
      { status: 409, body: { status: '409', detail: 'That name is taken.' } },
      'Conflict. Errors reported by remote server: That name is taken.',
    ],
    ['no detail', { status: 403, body: {} }, 'Forbidden'],
    [
      'a page of a gateway',
      { status: 502, body: '<html>nginx</html>' },
      "Bad Gateway. Errors reported by remote server: Invalid JSON: Unexpected character ('<' (code 60)): " +
        "expected a valid value (number, String, array, object, 'true', 'false' or 'null')",
    ],
    [
      'words of a gateway',
      { status: 503, body: 'upstream connect error' },
      "Service Unavailable. Errors reported by remote server: Invalid JSON: Unrecognized token 'upstream': " +
        "was expecting ('true', 'false' or 'null')",
    ],
    ['201 without a body', { status: 201 }, 'Create new user returned empty user.'],
    ['201 with an empty one', { status: 201, body: {} }, 'Create new user returned empty user.'],
    ['201 without an id', { status: 201, body: { userName: CARL } }, 'The resource has no id'],
    [
      'an id with bulkId',
      { status: 201, body: { id: 'bulkId:1' } },
      'The id bulkId:1 contains the reserved word bulkId',
    ],
    ['200 instead of 201', { status: 200, body: { id: '1' } }, 'OK'],
    ['a redirect', { status: 307, headers: { Location: 'http://127.0.0.1:1/' } }, 'Temporary Redirect'],
  ])('%s', async (_, answer, reason) => {
    expect(await messageFor(answer)).toBe(CREATE + reason);
  });

  test('no link comes of it: no deactivation is sent, and a retry creates', async () => {
    const { org, agent, server } = await provisioned('oin');
    server.override = ({ method }) => (method === 'POST' ? { status: 500, body: {} } : undefined);
    org.assign(CLIENT_ID, CARL);
    org.assign(CLIENT_ID, DORA);
    await agent.idle();
    expect(agent.tasks).toHaveLength(2);
    server.seen.length = 0;
    org.deactivate(CARL);
    await agent.idle();
    expect(server.lines()).toEqual([]);
    server.override = () => undefined;
    for (const { id } of agent.tasks) agent.retry(id);
    await agent.idle();
    expect(server.lines()).toEqual([lookup('Users', DORA), 'POST /Users']);
    expect([agent.tasks, agent.linkOf(CARL), agent.linkOf(DORA)?.active]).toEqual([[], undefined, true]);
    expect(() => agent.retry('1')).toThrow('no task 1');
  });

  test('a retried creation also makes up for the groups that it missed', async () => {
    const { org, agent, server } = await provisioned('oin', { pushGroups: ['Support'] });
    server.override = ({ method }) => (method === 'POST' ? { status: 500, body: {} } : undefined);
    org.assign(CLIENT_ID, CARL);
    org.joinGroup(CARL, 'Support');
    await agent.idle();
    server.override = () => undefined;
    agent.retry(agent.tasks[0]?.id ?? '');
    await agent.idle();
    expect(server.groups.get('r0001')).toMatchObject({ members: [{ display: CARL }] });
  });

  test('each kind of job says what it was', async () => {
    const { org, agent, server } = await provisioned('oin');
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    server.override = () => ({ status: 401, body: { status: '401', detail: 'The token has expired.' } });
    org.directory.change(org.user(CARL), { lastName: 'Jonas' });
    org.unassign(CLIENT_ID, CARL);
    await agent.idle();
    server.override = () => undefined;
    agent.retry(agent.tasks[1]?.id ?? '');
    await agent.idle();
    server.override = () => ({ status: 500 });
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    const reason = 'Unauthorized. Errors reported by remote server: The token has expired.';
    expect(agent.tasks.map(({ message }) => message)).toEqual([
      'Automatic profile push of user Carl Jonas to app Causeway failed: ' +
        `Error while trying to push profile update for ${CARL}: ${reason}`,
      'Automatic reactivation of user Carl Jonas to app Causeway failed: ' +
        `Error while reactivating user ${CARL}: Internal Server Error`,
    ]);
  });

  test('an id that changes, a resource that is gone, two users of one name', async () => {
    const { org, agent, server } = await provisioned('aiw');
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    server.override = ({ method, body }) =>
      method === 'PUT' ? { status: 200, body: { ...body, id: 'other' } } : undefined;
    org.unassign(CLIENT_ID, CARL);
    await agent.idle();
    server.users.delete('r0001');
    server.addUser(DORA);
    server.addUser(DORA.toUpperCase());
    agent.retry('1');
    org.assign(CLIENT_ID, DORA);
    await agent.idle();
    expect(agent.tasks.map(({ message }) => message.split(/: Error while .*?\.example: /)[1])).toEqual([
      'Not Found. Errors reported by remote server: No resource has the id r0001.',
      `The remote server returned more than one resource for userName ${DORA}`,
    ]);
  });

  test('a server that is away, and one that takes too long', async () => {
    const { org, agent, server } = await provisioned('oin', { timeoutSeconds: 0.2 });
    server.override = () => 'never';
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    expect(agent.tasks[0]?.message).toBe(`${CREATE}Read timed out`);
    agent.enable({ baseUrl: server.baseUrl, authorization: server.authorization });
    server.override = () => ({ status: 200, headers: { 'Content-Length': '100' }, body: 'not all' });
    agent.retry('1');
    await agent.idle();
    expect(agent.tasks[0]?.message).toBe(`${CREATE}Connection reset`);
    await server.stop();
    org.assign(CLIENT_ID, DORA);
    await agent.idle();
    expect(agent.tasks[1]?.message).toMatch(/Connect to 127\.0\.0\.1:\d+ failed: Connection refused$/);
  });

  test('the shape of lists: numbers in quotes fail', async () => {
    const { org, agent, server } = await provisioned('oin');
    server.override = () => ({
      status: 200,
      body: { totalResults: '0', startIndex: 1, itemsPerPage: 0, Resources: [] },
    });
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    expect(agent.tasks[0]?.message).toBe(
      `${CREATE}Bad list response: totalResults must be an integer, not "0"`,
    );
  });
});

const full = (retryAfter?: string): ScimAnswer => ({
  status: 429,
  body: { status: '429', detail: 'Too many requests.' },
  ...(retryAfter === undefined ? {} : { headers: { 'Retry-After': retryAfter } }),
});

describe('429', () => {
  test.each([
    ['whole seconds', '70', 70],
    ['an HTTP date', new Date(Date.now() + 9_000).toUTCString(), 300],
    ['a fraction', '1.5', 300],
    ['nothing', undefined, 300],
  ])('%s: waits, then goes on where it was', async (_, header, seconds) => {
    const { org, agent, server } = await provisioned('oin');
    let left = 1;
    server.override = ({ method }) => (method === 'POST' && left-- > 0 ? full(header) : undefined);
    org.assign(CLIENT_ID, CARL);
    org.assign(CLIENT_ID, DORA);
    const until = await untilWaiting(agent);
    expect(Math.abs(until.getTime() - org.clock.nowMs() - seconds * 1000)).toBeLessThan(20_000);
    org.clock.advance(seconds);
    await agent.idle();
    expect(server.lines()).toEqual([
      lookup('Users', CARL),
      'POST /Users',
      'POST /Users',
      lookup('Users', DORA),
      'POST /Users',
    ]);
    expect(agent.tasks).toEqual([]);
  });

  test('doubles the wait at each retry; after ten attempts it is a task', async () => {
    const { org, agent, server } = await provisioned('oin');
    server.override = () => full('100');
    org.assign(CLIENT_ID, CARL);
    const waits: number[] = [];
    for (let attempt = 1; attempt < 10; attempt += 1) {
      const until = await untilWaiting(agent);
      const seconds = (until.getTime() - org.clock.nowMs()) / 1000;
      waits.push(2 ** Math.round(Math.log2(seconds / 100)));
      const seen = server.seen.length;
      org.clock.advance(100 * 2 ** (attempt - 1));
      while (server.seen.length === seen) {
        await new Promise((resolve) => {
          setTimeout(resolve, 5);
        });
      }
    }
    await agent.idle();
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256]);
    expect(server.seen).toHaveLength(10);
    expect(agent.tasks[0]?.message).toBe(
      `${CREATE}Too Many Requests. Errors reported by remote server: Too many requests.`,
    );
  });

  test('disabling ends the wait, and leaves no task', async () => {
    const { org, agent, server } = await provisioned('oin');
    server.override = () => full();
    org.assign(CLIENT_ID, CARL);
    await untilWaiting(agent);
    agent.disable();
    expect([agent.pending, agent.tasks, agent.waitingUntil]).toEqual([0, [], undefined]);
    expect(org.errors).toEqual([]);
  });
});

describe('the connection test', () => {
  test.each<[string, ScimAnswer, string]>([
    [
      'bad credentials',
      { status: 401, body: { detail: 'This token is unknown.' } },
      'Error authenticating: Unauthorized. Errors reported by remote server: This token is unknown.',
    ],
    [
      'nothing there',
      { status: 404, body: { detail: 'Nothing is here.' } },
      'Not Found. Errors reported by remote server: Nothing is here.',
    ],
    ['no list', { status: 200, body: [] }, 'Bad list response: no JSON object'],
    ['no body', { status: 200 }, 'Bad list response: no JSON object'],
    [
      'a float',
      { status: 200, body: { totalResults: 0, startIndex: 1.5, itemsPerPage: 0 } },
      'Bad list response: startIndex must be an integer, not 1.5',
    ],
  ])('%s', async (_, answer, message) => {
    const { agent, server } = await provisioned('oin');
    server.override = () => answer;
    expect(await agent.testConnection()).toMatchObject({ ok: false, message });
    expect(agent.tasks).toEqual([]);
  });
});

describe('an import', () => {
  test('reads pages of a hundred, skips the inactive, matches by name', async () => {
    const { agent, server } = await provisioned('oin', { importGroups: true });
    for (let i = 0; i < 249; i += 1) server.addUser(`u${i}@acme.example`, { active: i % 10 !== 0 });
    server.addUser(CARL.toUpperCase());
    server.groups.set('g1', { id: 'g1', displayName: 'Theirs' });
    const report = await agent.importUsers();
    expect(server.lines()).toEqual([
      'GET /Users?startIndex=1&count=100',
      'GET /Users?startIndex=101&count=100',
      'GET /Users?startIndex=201&count=100',
      'GET /Groups?startIndex=1&count=100',
    ]);
    expect(report).toMatchObject({ ok: true, skipped: 25, groups: ['Theirs'] });
    expect(report.users).toHaveLength(225);
    expect(report.users.at(-1)).toEqual({ id: 'r0250', userName: CARL.toUpperCase(), match: CARL });
    expect(agent.lastImport).toBe(report);
  });

  test('stops at one hundred when that is all', async () => {
    const { agent, server } = await provisioned('oin');
    for (let i = 0; i < 100; i += 1) server.addUser(`u${i}@acme.example`);
    expect((await agent.importUsers()).users).toHaveLength(100);
    expect(server.lines()).toEqual(['GET /Users?startIndex=1&count=100']);
  });

  test.each<[string, () => unknown[], string]>([
    [
      'order that changes',
      () => Array.from({ length: 100 }, (_, i) => ({ id: `x${i}`, userName: 'u' })),
      'not stable',
    ],
    ['a short page', () => [{ id: 'x', userName: 'u' }], 'a page of 1 where 100 were asked for'],
  ])('refuses %s', async (_, page, message) => {
    const { agent, server } = await provisioned('oin');
    server.override = () => ({
      status: 200,
      body: { totalResults: 150, startIndex: 1, itemsPerPage: 100, Resources: page() },
    });
    const report = await agent.importUsers();
    expect([report.ok, report.message]).toEqual([false, expect.stringContaining(message)]);
  });

  test('refuses fewer than were announced, and a user without a name', async () => {
    const { agent, server } = await provisioned('oin');
    let [totalResults, Resources] = [2, [{ id: 'x', userName: 'u' } as { id: string; userName?: string }]];
    server.override = () => ({
      status: 200,
      body: { totalResults, startIndex: 1, itemsPerPage: 1, Resources },
    });
    expect((await agent.importUsers()).message).toBe('2 were announced, and 1 listed');
    [totalResults, Resources] = [1, [{ id: 'x' }]];
    expect((await agent.importUsers()).message).toBe('user x has no userName');
  });
});

describe('roles and entitlements', () => {
  const offer = {
    '/ResourceTypes': [
      { id: 'User', name: 'User', endpoint: '/Users', schema: 'urn:ietf:params:scim:schemas:core:2.0:User' },
      { id: 'Role', name: 'Role', endpoint: '/Roles', schema: 'urn:okta:scim:schemas:core:1.0:Role' },
      { id: 'Plan', name: 'Plan', endpoint: 'Plans', schema: 'urn:okta:scim:schemas:core:1.0:Entitlement' },
    ],
    '/Schemas': [],
    '/Roles': [
      { id: 'admin', displayName: 'Administrator', description: 'All of it' },
      { id: 'viewer', displayName: 'Viewer' },
    ],
    '/Plans': [{ id: 'gold', displayName: 'Gold' }],
  };

  test.each(['oin', 'aiw'] as const)('%s: are discovered, given and taken', async (mode) => {
    const { org, agent, server } = await provisioned(mode);
    Object.assign(server.others, offer);
    agent.enable({
      baseUrl: server.baseUrl,
      authorization: server.authorization,
      mode,
      entitlements: true,
    });
    await agent.idle();
    expect(server.lines()).toEqual([
      'GET /Users?startIndex=1&count=2',
      'GET /ResourceTypes',
      'GET /Schemas',
      'GET /Roles?count=1&startIndex=1',
      'GET /Roles?startIndex=1&count=100',
      'GET /Plans?count=1&startIndex=1',
      'GET /Plans?startIndex=1&count=100',
    ]);
    expect(agent.entitlements.map(({ kind, type, id }) => [kind, type, id])).toEqual([
      ['role', 'Role', 'admin'],
      ['role', 'Role', 'viewer'],
      ['entitlement', 'Plan', 'gold'],
    ]);
    org.assign(CLIENT_ID, CARL);
    agent.assignRole(CARL, 'Viewer');
    agent.assignRole(CARL, 'gold');
    await agent.idle();
    const given = {
      roles: [{ value: 'viewer', display: 'Viewer' }],
      entitlements: [{ value: 'gold', display: 'Gold', type: 'Plan' }],
    };
    expect(server.users.get('r0001')).toMatchObject({ userName: CARL, ...given });
    if (mode === 'oin') {
      expect(server.seen.at(-1)?.body?.['Operations']).toEqual([{ op: 'replace', value: given }]);
    }
    agent.discoverEntitlements();
    agent.removeRole(CARL, 'viewer');
    await agent.idle();
    expect(server.users.get('r0001')).toMatchObject({ ...given, roles: [] });
    expect(agent.accessOf(CARL).map(({ id }) => id)).toEqual(['gold']);
    expect(() => agent.assignRole(CARL, 'nobody')).toThrow('no role or entitlement nobody');
    expect(agent.tasks).toEqual([]);
  });

  test('a server without them: a task', async () => {
    const { agent } = await provisioned('oin');
    agent.discoverEntitlements();
    await agent.idle();
    expect(agent.tasks[0]?.message).toBe(
      'Discovery of entitlements in app Causeway failed: ' +
        'Not Found. Errors reported by remote server: Nothing is at /ResourceTypes.',
    );
  });
});
