import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { KeyRing } from '../../src/keys/sealing.js';
import { acme, clientOf, idOf, TOKEN } from '../scim/http/stage.js';
import { Ledger } from '../support/ledger.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { oktaUser, type ScimClient } from '../support/scim-client.js';
import { runHere, type Ended } from './support.js';

const secret = randomBytes(32);
const TENANT = acme({
  connections: [
    { key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' },
    { key: 'entra', type: 'oidc', issuer: 'https://entra.example', clientId: '0oa2' },
  ],
  scimTokens: [{ name: 'okta', connection: 'okta', token: TOKEN }],
});

let node: TestNode;
let scim: ScimClient;
let ledger: Ledger;
let ada: string;

beforeAll(async () => {
  node = await startTestNode({ keyRing: new KeyRing([{ id: 'test', secret }]) });
  await node.apply([TENANT]);
  scim = clientOf(node, TOKEN);
  ledger = await Ledger.open(node.databaseUrl);
});
afterAll(async () => {
  await ledger.close();
  await node.stop();
});
beforeEach(async () => {
  await ledger.rows('TRUNCATE users, audit_events CASCADE');
  ada = idOf(await scim.post('/Users', oktaUser('ada@acme.example')));
});

const causeway = (...words: readonly string[]): Promise<Ended> =>
  runHere(['roles', ...words], {
    DATABASE_URL: node.databaseUrl,
    ENCRYPTION_KEYS: `test:${secret.toString('base64')}`,
    PUBLIC_URL: 'https://sso.example.com',
  });

async function json(...words: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await causeway(...words, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function assignments(...words: readonly string[]): Promise<readonly string[]> {
  const { assignments: listed } = (await json('list', ...words)) as {
    assignments: readonly { role: string; application: string | null; source: string }[];
  };
  return listed.map(({ role, application, source }) => `${source} ${role} ${application ?? '*'}`);
}

const change = (verb: 'assign' | 'unassign', ...words: readonly string[]): Promise<Ended> =>
  causeway(verb, '--tenant', 'acme', '--user', 'ada@acme.example', ...words);

const events = () =>
  ledger.audit('acme').then((all) => all.filter(({ action }) => action.startsWith('role.')));

/** As Okta does: the whole of what it was shown, with a change. */
const put = async (more: object) => {
  const { body } = await scim.get(`/Users/${ada}`);
  return scim.put(`/Users/${ada}`, { ...body, ...more });
};

const role = (key: string) => ({ roles: [{ value: key }] });

describe('D3: roles given to people directly', () => {
  test('are given and taken, each with its audit event', async () => {
    const given = await change('assign', '--role', 'admin');
    expect([given.code, given.stdout]).toEqual([0, 'ada@acme.example has admin now.\n']);
    await change('assign', '--role', 'viewer', '--application', 'grafana');
    expect(await assignments()).toEqual(['operator admin *', 'operator viewer grafana']);
    const taken = await change('unassign', '--role', 'admin');
    expect(taken.stdout).toBe('ada@acme.example is given admin no more; what groups give stays.\n');
    expect(await assignments()).toEqual(['operator viewer grafana']);
    const actor = expect.objectContaining({ type: 'operator', id: expect.stringMatching(/^cli:/) });
    const target = `user:${ada}`;
    expect(await events()).toMatchObject([
      { action: 'role.assigned', actor, target, application: null, details: { role: 'admin' } },
      { action: 'role.assigned', actor, target, application: 'grafana', details: { role: 'viewer' } },
      { action: 'role.unassigned', actor, target, application: null, details: { role: 'admin' } },
    ]);
  });

  test('twice the same is nothing to do, and nothing is written', async () => {
    await change('assign', '--role', 'admin');
    const again = await change('assign', '--role', 'admin');
    expect([again.code, again.stdout]).toEqual([
      0,
      'Nothing to do: ada@acme.example has been given admin before.\n',
    ]);
    // In one application and in every one are two things.
    const other = await change('unassign', '--role', 'admin', '--application', 'grafana');
    expect([other.code, other.stdout]).toEqual([
      0,
      'Nothing to do: no operator has given ada@acme.example admin in grafana.\n',
    ]);
    expect(await json('unassign', '--user', ada, '--role', 'viewer')).toMatchObject({ changed: false });
    expect(await events()).toHaveLength(1);
  });

  test('by twenty at once are given once', async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, () => json('assign', '--user', ada, '--role', 'admin')),
    );
    expect(all.filter(({ changed }) => changed === true)).toHaveLength(1);
    expect(await assignments()).toEqual(['operator admin *']);
    expect(await events()).toHaveLength(1);
  });

  test('roles of the console, too, for the operator on the machine', async () => {
    await change('assign', '--role', 'console:owner');
    expect(await assignments('--role', 'console:owner')).toEqual(['operator console:owner *']);
    expect(await events()).toMatchObject([{ details: { role: 'console:owner', source: 'operator' } }]);
    const last = await change('unassign', '--role', 'console:owner');
    expect([last.code, last.stderr]).toEqual([65, 'this is the last owner: make another one first\n']);
    expect(await events()).toHaveLength(1);
    const inOne = await change('assign', '--role', 'console:owner', '--application', 'grafana');
    expect([inOne.code, inOne.stderr]).toEqual([
      64,
      'console:owner is a role of the console, and none of an application\n',
    ]);
  });

  test.each([
    [['--role', 'root'], "'root' is no role of the tenant"],
    [['--role', 'admin', '--application', 'x'], "'x' is no application of the tenant"],
    [['--role', 'admin', '--connection', 'x'], "'x' is no connection of the tenant"],
    [['--role', 'admin', '--connection', 'entra'], "'ada@acme.example' is no user of the tenant"],
    [[], "error: required option '--role <key>' not specified"],
  ])('%j is refused, and nothing is done', async (words, message) => {
    const { code, stdout, stderr } = await change('assign', ...words);
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([64, '', message]);
    expect(await assignments()).toEqual([]);
  });

  test('of several people by one name, the connection says who is meant', async () => {
    await ledger.addUser({ tenant: 'acme', connection: 'entra', userName: 'ada@acme.example' });
    const unclear = await change('assign', '--role', 'admin');
    expect(unclear.code).toBe(64);
    expect(unclear.stderr).toContain("'ada@acme.example' are several people; give the id of one:");
    expect((await change('assign', '--role', 'admin', '--connection', 'okta')).code).toBe(0);
    expect(await assignments('--user', ada)).toEqual(['operator admin *']);
    expect(await assignments('--user', 'ada@acme.example', '--connection', 'entra')).toEqual([]);
    expect((await causeway('list', '--connection', 'okta')).code).toBe(64);
  });

  test('are listed a line each, which moves no terminal, and no more than asked for', async () => {
    const eve = await ledger.addUser({
      tenant: 'acme',
      connection: 'okta',
      userName: 'eve\u001b[2J@acme.example',
    });
    await json('assign', '--user', eve, '--role', 'admin');
    await json('assign', '--user', eve, '--role', 'viewer', '--application', 'grafana');
    const { stdout } = await causeway('list');
    expect(stdout).not.toContain('\u001b');
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(stdout).toContain('role viewer  application grafana  by operator');
    const one = await causeway('list', '--limit', '1');
    expect(one.stdout.trim().split('\n')).toHaveLength(1);
    expect(one.stderr).toBe('There are more: --limit shows them.\n');
    expect((await causeway('list', '--limit', '0')).code).toBe(64);
    expect((await causeway('list', '--user', ada)).stdout).toContain('There are no such direct assignments.');
  });

  test.each([['list'], ['assign'], ['unassign']])('%s --help tells its options', async (verb) => {
    const { code, stdout } = await causeway(verb, '--help');
    expect(code).toBe(0);
    for (const option of ['--tenant', '--user', '--connection', '--role', '--application', '--json'])
      expect(stdout).toContain(option);
  });
});

describe('A-87: what an operator gave and what SCIM gives are apart', () => {
  test('pushes neither show nor take an operator’s', async () => {
    await change('assign', '--role', 'admin');
    expect((await scim.get(`/Users/${ada}`)).body['roles']).toBeUndefined();
    expect((await put(role('viewer'))).status).toBe(200);
    expect(await assignments()).toEqual(['operator admin *', 'scim viewer *']);
    expect((await put({ roles: [] })).status).toBe(200);
    await scim.patch(`/Users/${ada}`, [{ op: 'remove', path: 'roles' }]);
    await scim.patch(`/Users/${ada}`, [{ op: 'replace', value: { active: false } }]);
    expect(await assignments()).toEqual(['operator admin *']);
  });

  test('an operator doesn’t take SCIM’s, and is told whose it is', async () => {
    await put(role('admin'));
    const { code, stdout } = await change('unassign', '--role', 'admin');
    expect([code, stdout]).toEqual([
      0,
      'Nothing to do: no operator has given ada@acme.example admin.\n' +
        'SCIM gives ada@acme.example admin, too: only SCIM can take that away.\n',
    ]);
    expect(await assignments()).toEqual(['scim admin *']);
    await change('assign', '--role', 'admin');
    expect(await assignments()).toEqual(['operator admin *', 'scim admin *']);
    await put({ roles: [] });
    expect(await assignments()).toEqual(['operator admin *']);
  });

  test('apply takes an operator’s only together with the role', async () => {
    await change('assign', '--role', 'admin');
    await change('assign', '--role', 'viewer');
    await node.apply([{ ...TENANT, name: 'Acme Incorporated' }]);
    expect(await assignments()).toEqual(['operator admin *', 'operator viewer *']);
    await node.apply([{ ...TENANT, roles: [{ key: 'admin', name: 'Administrator' }] }]);
    expect(await assignments()).toEqual(['operator admin *']);
    await node.apply([TENANT]);
    expect(await assignments()).toEqual(['operator admin *']);
  });
});
