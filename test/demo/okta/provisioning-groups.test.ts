import { describe, expect, test } from '@jest/globals';
import type { OktaOrg } from '../../../demo/okta/org.js';
import { CARL, DORA, lookup, provisioned } from './support/provisioned.js';
import type { Seen } from './support/strict-scim-server.js';
import { CLIENT_ID } from './support.js';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

const patch = (...Operations: readonly unknown[]) => ({ schemas: [PATCH_OP], Operations });
const naming = (id: string, displayName: string) => patch({ op: 'replace', value: { id, displayName } });
const member = (value: string, display: string) => ({ value, display });
const bodies = (seen: readonly Seen[]): unknown[] => seen.map(({ body }) => body);

/** Carl and Dora have the app and are in no pushed group: users r0001 and r0002. */
async function withTwo(mode: 'oin' | 'aiw', more = {}) {
  const kit = await provisioned(mode, more);
  kit.org.assign(CLIENT_ID, CARL);
  kit.org.assign(CLIENT_ID, DORA);
  await kit.agent.idle();
  kit.server.seen.length = 0;
  return kit;
}

/** People who have the app, as many as asked for, in the group Support. */
function crowd(org: OktaOrg, size: number): void {
  for (let i = 0; i < size; i += 1) {
    const { login } = org.addUser({ login: `p${i}@acme.example` });
    org.assign(CLIENT_ID, login);
    org.joinGroup(login, 'Support');
  }
}

/** What each operation on members did, and to how many. */
function sizes(seen: readonly Seen[]): unknown[] {
  return seen
    .flatMap(({ body }) => (body?.['Operations'] ?? []) as { op: string; path?: string; value?: unknown[] }[])
    .filter(({ path }) => path !== undefined)
    .map(({ op, value }) => [op, value?.length]);
}

describe('oin: a pushed group', () => {
  test('is looked for, created empty, read, named, filled', async () => {
    const { org, agent, server } = await withTwo('oin');
    org.joinGroup(CARL, 'Support');
    org.joinGroup(DORA, 'Support');
    agent.pushGroup('Support');
    await agent.idle();
    expect(server.seen[1]?.body).toEqual({ schemas: [GROUP], displayName: 'Support', members: [] });
    expect(bodies(server.seen.slice(3))).toEqual([
      naming('r0003', 'Support'),
      patch({ op: 'replace', path: 'members', value: [member('r0001', CARL), member('r0002', DORA)] }),
    ]);
    expect(server.lines()).toEqual([
      lookup('Groups', 'Support'),
      'POST /Groups',
      'GET /Groups/r0003',
      'PATCH /Groups/r0003',
      'PATCH /Groups/r0003',
    ]);
    expect(agent.pushedGroups).toMatchObject([{ remoteId: 'r0003', status: 'active' }]);
  });

  test('is linked when the server has one of that name, and gets its members from Okta', async () => {
    const { agent, server, org } = await withTwo('oin');
    server.groups.set('g9', { id: 'g9', displayName: 'SUPPORT', members: [{ value: 'r0002' }] });
    org.joinGroup(CARL, 'Support');
    agent.pushGroup('Support');
    await agent.idle();
    expect(server.groups.get('g9')).toMatchObject({
      displayName: 'Support',
      members: [member('r0001', CARL)],
    });
    expect(server.lines()).toEqual([
      lookup('Groups', 'Support'),
      'GET /Groups/g9',
      'PATCH /Groups/g9',
      'PATCH /Groups/g9',
    ]);
  });

  test('follows joins and leaves: name, then removals and additions in one PATCH', async () => {
    const { org, agent, server } = await withTwo('oin', { pushGroups: ['Support'] });
    org.joinGroup(CARL, 'Support');
    await agent.idle();
    expect(bodies(server.seen)).toEqual([
      naming('r0001', 'Support'),
      patch({ op: 'add', path: 'members', value: [member('r0002', CARL)] }),
    ]);
    server.seen.length = 0;
    org.leaveGroup(CARL, 'Support');
    org.joinGroup(DORA, 'Support');
    await agent.idle();
    expect(bodies(server.seen)).toEqual([
      naming('r0001', 'Support'),
      patch(
        { op: 'remove', path: 'members[value eq "r0002"]' },
        { op: 'add', path: 'members', value: [member('r0003', DORA)] },
      ),
    ]);
    server.seen.length = 0;
    org.leaveGroup(DORA, 'Support');
    org.joinGroup(DORA, 'Support');
    await agent.idle();
    expect(server.lines()).toEqual([]);
  });

  test('is renamed by a PATCH without a path that holds the id', async () => {
    const { org, agent, server } = await withTwo('oin', { pushGroups: ['Support'] });
    org.directory.renameGroup(org.directory.group('Support'), 'Help desk');
    await agent.idle();
    expect(bodies(server.seen)).toEqual([naming('r0001', 'Help desk')]);
    expect(server.groups.get('r0001')).toMatchObject({ displayName: 'Help desk' });
  });

  test('Push now sends all of it, also when it is empty', async () => {
    const { agent, server } = await withTwo('oin', { pushGroups: ['Support'] });
    agent.pushNow('Support');
    await agent.idle();
    expect(bodies(server.seen)).toEqual([
      naming('r0001', 'Support'),
      patch({ op: 'replace', path: 'members', value: [] }),
    ]);
  });

  test('holds only people who have the app and a user there', async () => {
    const { org, agent, server } = await provisioned('oin', { pushGroups: ['Support'] });
    org.joinGroup(CARL, 'Support');
    await agent.idle();
    expect(server.lines()).toEqual([]);
    org.assign(CLIENT_ID, CARL);
    await agent.idle();
    expect(server.lines()).toEqual([
      lookup('Users', CARL),
      'POST /Users',
      'PATCH /Groups/r0001',
      'PATCH /Groups/r0001',
    ]);
    org.deactivate(CARL);
    await agent.idle();
    expect(server.lines()).toEqual(['PATCH /Users/r0002', 'PATCH /Groups/r0001', 'PATCH /Groups/r0001']);
    expect(server.groups.get('r0001')).toMatchObject({ members: [] });
  });

  test('one group that assigns and is pushed: the member comes after its user', async () => {
    const { org, agent, server } = await provisioned('oin', { pushGroups: ['Engineering'] });
    org.joinGroup(CARL, 'Engineering');
    await agent.idle();
    expect(server.lines()).toEqual([
      lookup('Users', CARL),
      'POST /Users',
      'PATCH /Groups/r0001',
      'PATCH /Groups/r0001',
    ]);
  });

  test('one group that assigns and is pushed, raced: the push is over before its user is there', async () => {
    const { org, agent, server } = await provisioned('oin', {
      pushGroups: ['Engineering'],
      groupsFirst: true,
    });
    agent.provisionUsers();
    await agent.idle();
    agent.pushNow('Engineering');
    await agent.idle();
    server.seen.length = 0;
    org.joinGroup(CARL, 'Engineering');
    org.directory.leave(org.user('ada.byron@acme.example'), org.directory.group('Engineering'));
    await agent.idle();
    const lines = server.lines();
    expect(lines.indexOf('PATCH /Groups/r0001')).toBeLessThan(lines.indexOf('POST /Users'));
    expect(server.groups.get('r0001')).toMatchObject({ members: [] });
    agent.pushNow('Engineering');
    await agent.idle();
    expect(server.groups.get('r0001')).toMatchObject({ members: [{ display: CARL }] });
  });

  test('of 600 people: 256 members in a PATCH at most', async () => {
    const { org, agent, server } = await provisioned('oin');
    crowd(org, 600);
    await agent.idle();
    server.seen.length = 0;
    agent.pushGroup('Support');
    await agent.idle();
    expect(sizes(server.seen)).toEqual([
      ['replace', 256],
      ['add', 256],
      ['add', 88],
    ]);
    server.seen.length = 0;
    for (let i = 0; i < 300; i += 1) org.leaveGroup(`p${i}@acme.example`, 'Support');
    org.assign(CLIENT_ID, CARL);
    org.joinGroup(CARL, 'Support');
    await agent.idle();
    const patches = server.seen.filter(({ line }) => line.startsWith('PATCH /Groups'));
    expect(patches.map(({ body }) => (body?.['Operations'] as unknown[] | undefined)?.length)).toEqual([
      1, 256, 45,
    ]);
    const [group] = server.groups.values();
    expect(group?.['members']).toHaveLength(301);
  }, 60_000);

  test('ends: the group stays, or is deleted; a group that Okta deletes is deleted', async () => {
    const { org, agent, server } = await withTwo('oin', { pushGroups: ['Support', 'Engineering'] });
    agent.unlinkGroup('Support', { deleteGroup: false });
    org.joinGroup(CARL, 'Support');
    await agent.idle();
    expect(server.lines()).toEqual([]);
    agent.pushGroup('Support');
    await agent.idle();
    server.seen.length = 0;
    agent.unlinkGroup('Support', { deleteGroup: true });
    await agent.idle();
    expect(server.lines()).toEqual(['DELETE /Groups/r0001']);
    org.directory.deleteGroup(org.directory.group('Engineering'));
    await agent.idle();
    expect(server.lines()).toEqual(['DELETE /Groups/r0002']);
    expect(agent.pushedGroups).toEqual([]);
    expect(() => agent.unlinkGroup('Support', { deleteGroup: true })).toThrow('is not pushed');
  });
});

describe('aiw: a pushed group', () => {
  test('is created empty, read, then put with all its members', async () => {
    const { org, agent, server } = await withTwo('aiw');
    org.joinGroup(CARL, 'Support');
    agent.pushGroup('Support');
    await agent.idle();
    const whole = {
      schemas: [GROUP],
      id: 'r0003',
      displayName: 'Support',
      members: [member('r0001', CARL)],
    };
    expect(server.seen.at(-1)?.body).toEqual(whole);
    expect(server.lines()).toEqual([
      lookup('Groups', 'Support'),
      'POST /Groups',
      'GET /Groups/r0003',
      'PUT /Groups/r0003',
    ]);
    org.joinGroup(DORA, 'Support');
    await agent.idle();
    const both = [member('r0001', CARL), member('r0002', DORA)];
    expect(bodies(server.seen)).toEqual([{ ...whole, members: both }]);
    server.seen.length = 0;
    org.directory.renameGroup(org.directory.group('Support'), 'Help desk');
    await agent.idle();
    expect(bodies(server.seen)).toEqual([{ ...whole, displayName: 'Help desk', members: both }]);
    expect(server.lines()).toEqual(['PUT /Groups/r0003']);
  });
});

describe('what the server may answer', () => {
  test('a group PATCH with 200 and null members, or none', async () => {
    const { org, agent, server } = await withTwo('oin', { pushGroups: ['Support'] });
    server.override = ({ method, path }) =>
      method === 'PATCH' && path.startsWith('/Groups')
        ? { status: 200, body: { id: 'r0001', members: null } }
        : undefined;
    org.joinGroup(CARL, 'Support');
    await agent.idle();
    expect(agent.tasks).toEqual([]);
  });

  test('an unknown member: a task with its detail, and the push shows the error until it works', async () => {
    const { org, agent, server } = await withTwo('oin', { pushGroups: ['Support'] });
    const lost = server.users.get('r0002') ?? {};
    server.users.delete('r0002');
    org.joinGroup(CARL, 'Support');
    await agent.idle();
    expect(agent.tasks.map(({ message }) => message)).toEqual([
      'Unable to update Group Push mapping target App group Support: Error while updating user group Support: ' +
        'Bad Request. Errors reported by remote server: No user has the id r0002.',
    ]);
    expect(agent.pushedGroups).toMatchObject([{ status: 'error' }]);
    server.users.set('r0002', lost);
    agent.retry(agent.tasks[0]?.id ?? '');
    await agent.idle();
    expect([agent.tasks, agent.pushedGroups[0]?.status]).toEqual([[], 'active']);
    expect(server.groups.get('r0001')).toMatchObject({ members: [member('r0002', CARL)] });
  });
});
