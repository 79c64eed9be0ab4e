import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger } from '../../src/core/logger.js';
import { KeyRing } from '../../src/keys/sealing.js';
import { administrationJobs } from '../../src/server/administration-jobs.js';
import { idOf, TOKEN } from '../scim/http/stage.js';
import { apiClient, type ApiClient } from '../support/api.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { oktaUser, ScimClient } from '../support/scim-client.js';
import { runHere, type Ended } from './support.js';

const secret = randomBytes(32);
const TENANT = {
  slug: 'acme',
  connections: [
    { key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1', status: 'enforced' },
    { key: 'entra', type: 'oidc', issuer: 'https://entra.example', clientId: '0oa2' },
  ],
  roles: [{ key: 'admin' }, { key: 'viewer' }],
  applications: [{ clientId: 'grafana', redirectUris: ['https://grafana.acme.example/cb'] }],
  scimTokens: [{ name: 'okta', connection: 'okta', token: TOKEN }],
} as const;

let node: TestNode;
let owner: ApiClient;

beforeAll(async () => {
  node = await startTestNode({ keyRing: new KeyRing([{ id: 'test', secret }]) });
  owner = await apiClient(node);
  await node.apply([TENANT]);
});
afterAll(() => node.stop());

/** On a machine that knows nothing of the deployment but its address and a token. */
const afar = (words: readonly string[], input = ''): Promise<Ended> =>
  runHere(words, { CAUSEWAY_URL: node.url, CAUSEWAY_TOKEN: owner.token ?? '' }, input);

/** Where the deployment is configured. */
const here = (words: readonly string[], input = ''): Promise<Ended> =>
  runHere(
    words,
    {
      DATABASE_URL: node.databaseUrl,
      ENCRYPTION_KEYS: `test:${secret.toString('base64')}`,
      PUBLIC_URL: node.url,
    },
    input,
  );

/** A command while a node is at work on jobs, as a server is. */
async function working(ended: Promise<Ended>): Promise<Ended> {
  const work = administrationJobs(node.node.database, silentLogger);
  const state = { over: false };
  const done = ended.finally(() => (state.over = true));
  while (!state.over) {
    // oxlint-disable-next-line no-await-in-loop -- until the command is over
    if (!(await work())) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return done;
}

const json = async (ended: Promise<Ended>): Promise<Record<string, never>> => {
  const { code, stdout, stderr } = await ended;
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};

/** Both ways tell the same, to people and to machines. */
const alike = async (...words: readonly string[]): Promise<string> => {
  const [there, local] = [await afar(words), await here(words)];
  expect(there).toEqual(local);
  expect(await json(afar([...words, '--json']))).toEqual(await json(here([...words, '--json'])));
  return there.stdout;
};

test('causeway api: any operation, with its pages, its ETag, its one-timeness and its refusals', async () => {
  const roles = '/tenants/acme/roles';
  expect(await json(afar(['api', 'GET', '/tenants/acme/health']))).toMatchObject({ status: 'warn' });
  const all = await json(afar(['api', 'get', `${roles}?limit=1`, '--all']));
  expect(all).toEqual({ items: (await owner.get(roles)).body['items'], next: null });

  const made = ['api', 'POST', roles, '--data', '-', '--idempotency-key', 'one-role-0001'];
  const first = await json(afar(made, '{"key":"editor"}'));
  expect(await json(afar(made, '{"key":"editor"}'))).toEqual(first);
  const one = await afar(['api', 'GET', `api/v1${roles}/editor`, '--include']);
  expect(JSON.parse(one.stdout)).toEqual(first);
  const etag = /^etag: (.*)$/m.exec(one.stderr)?.[1] ?? '';
  const named = ['api', 'PATCH', `${roles}/editor`, '--data', '-'];
  const blind = await afar(named, '{"name":"Editor"}');
  expect([blind.code, blind.stdout, JSON.parse(blind.stderr)]).toMatchObject([
    64,
    '',
    { code: 'precondition_required', status: 428 },
  ]);
  expect(await json(afar([...named, '--if-match', etag], '{"name":"Editor"}'))).toMatchObject({
    name: 'Editor',
  });
  expect(await afar([...named, '--if-match', etag], '{"name":"Writer"}')).toMatchObject({ code: 65 });
  expect(await afar(['api', 'DELETE', `${roles}/editor`, '--if-match', '*'])).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  });
  const lines = (await afar(['api', 'GET', '/tenants/acme/audit-events/export'])).stdout.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).action)).toContain('role.created');

  for (const words of [
    ['GET', '../../healthz'],
    ['GET', '/%2e%2e/%2e%2e/healthz'],
    ['GET', '//elsewhere.example/me/../../../x'],
    ['GET', '/me#x'],
    ['TRACE', '/me'],
    ['POST', '/me', '--all'],
    ['GET', '/me', '--all'],
  ])
    expect(await afar(['api', ...words])).toMatchObject({ code: 64, stdout: '' });
  expect(await afar(['api', 'POST', roles, '--data', '-'], 'hush-hush')).toEqual({
    code: 65,
    stdout: '',
    stderr: 'standard input is not JSON\n',
  });
  const local = await here(['api', 'GET', '/me']);
  expect([local.code, local.stderr]).toEqual([64, expect.stringContaining('by the management API alone')]);
});

test('accounts are made, listed, switched off, reset and deleted from elsewhere as on the machine', async () => {
  const made = await afar(['admin', 'create', '--username', 'ada']);
  expect([made.code, made.stdout]).toEqual([
    0,
    expect.stringMatching(new RegExp(`^${node.url}/console/enrol/cw_setup_\\S+\\n$`)),
  ]);
  await here(['admin', 'create', '--username', 'box', '--break-glass', '--json']);
  expect(await alike('admin', 'list')).toMatch(/^ada {2}operator {2}console:owner {2}not set up.*\nbox /);
  expect((await afar(['admin', 'disable', '--username', 'ADA'])).stdout).toBe('ADA is disabled.\n');
  expect((await afar(['admin', 'disable', '--username', 'ada'])).stdout).toMatch(/^Nothing to do/);
  expect((await afar(['admin', 'enable', '--username', 'ada'])).stdout).toBe('ada is enabled.\n');
  const again = await json(afar(['admin', 'reset', '--username', 'ada', '--json']));
  expect(again).toMatchObject({
    username: 'ada',
    tenant: 'system',
    link: expect.stringContaining('/enrol/'),
  });
  expect((await afar(['admin', 'delete', '--username', 'ada'])).code).toBe(0);
  expect(await afar(['admin', 'delete', '--username', 'ada'])).toMatchObject({
    code: 64,
    stderr: "there is no local account 'ada'\n",
  });
});

test('SCIM tokens and client secrets are told alike, made and revoked either way', async () => {
  for (const [where, name] of [
    [afar, 'there'],
    [here, 'here'],
  ] as const) {
    const create = ['scim', 'tokens', 'create', '--name', name, '--connection', 'okta', '--tenant', 'acme'];
    const { code, stdout, stderr } = await where([...create, '--expires-days', '30']);
    expect([code, stdout, stderr]).toEqual([
      0,
      expect.stringMatching(/^cw_scim_\S+\n$/),
      `SCIM base URL: ${node.url}/t/acme/scim/v2\n`,
    ]);
    expect(await where(create)).toMatchObject({ code: 65, stdout: '' });
  }
  expect(await alike('scim', 'tokens', '--tenant', 'acme')).toMatch(/^here .*expires .*\nokta .*\nthere /);
  for (const [where, name] of [
    [here, 'there'],
    [afar, 'here'],
  ] as const) {
    const revoke = ['scim', 'tokens', 'revoke', name, '--tenant', 'acme'];
    expect((await where(revoke)).stderr).toMatch(/^Revoked/);
    expect(await where(revoke)).toMatchObject({
      code: 64,
      stderr: `the tenant has no SCIM token '${name}'\n`,
    });
  }
  expect((await alike('scim', 'tokens', 'list', '--tenant', 'acme')).split('\n')).toHaveLength(2);

  const list = ['secrets', 'list', '--tenant', 'acme', '--application', 'grafana'];
  const [{ id, ...local }] = (await json(here([...list, '--json'])))['secrets'] as unknown as [
    Record<string, unknown>,
  ];
  expect(id).toEqual(expect.any(String));
  expect(await json(afar([...list, '--json']))).toEqual({ secrets: [local] });
  expect((await afar(list)).stdout).toMatch(/^grafana {2}primary {4}made \S+ {2}no end {2}never used\n$/);
});

test('audit events and jobs are told alike; the chain is recomputed where it is asked for', async () => {
  const listed = await alike('audit', 'list', '--tenant', 'acme', '--action', 'scim_token.*');
  expect(listed).toMatch(/scim_token\.deleted {2}success {2}by operator:\S+ {2}of /);
  await alike('audit', 'list', '--tenant', 'acme', '--oldest', '--limit', '3', '--personal');
  for (const words of [
    ['--action', 'connection'],
    ['--from', '2026-02-30T00:00:00Z'],
    ['--outcome', 'maybe'],
    ['--limit', '0'],
  ])
    for (const where of [afar, here])
      expect(await where(['audit', 'list', '--tenant', 'acme', ...words])).toMatchObject({ code: 64 });

  const verified = await working(afar(['audit', 'verify', '--tenant', 'acme']));
  expect([verified.code, verified.stdout]).toEqual([
    0,
    expect.stringMatching(/^ok acme: \d+ events and \d+ signed/),
  ]);
  const { checks } = (await json(working(afar(['audit', 'verify', '--json'])))) as unknown as {
    checks: readonly { tenant: string; firstBadSeq: number | null }[];
  };
  expect(checks).toMatchObject([
    { tenant: 'system', firstBadSeq: null },
    { tenant: 'acme', firstBadSeq: null },
  ]);
  const jobs = await alike('jobs', 'list', '--tenant', 'acme');
  expect(jobs).toMatch(/ {2}audit\.verify {2}done {2}/);
  const [, id = ''] = jobs.split('  ');
  expect(await alike('jobs', 'show', id, '--tenant', 'acme')).toContain('"sound": true');
  expect(await alike('jobs', 'stop', id, '--tenant', 'acme')).toMatch(/ {2}done {2}/);
  for (const where of [afar, here])
    expect(await where(['jobs', 'show', 'nope', '--tenant', 'acme'])).toMatchObject({ code: 64 });
});

test('doctor tells from elsewhere what the API knows, and says where the rest is looked at', async () => {
  const { code, stdout, stderr } = await afar(['doctor']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ok {3}api: .*\nok {3}clock: The deployment's clock is [\d.]+ s /);
  expect(stdout).toMatch(/^warn acme\/scim:okta: There is a SCIM token/m);
  expect(stderr).toContain("'causeway doctor' where the deployment is configured");
  expect(await afar(['doctor', '--tenant', 'nope'])).toMatchObject({ code: 64 });
});

test('mappings are previewed, staged, applied, undone and discarded, here and there', async () => {
  const scim = new ScimClient(`${node.url}/t/acme/scim/v2`, TOKEN);
  const members = [];
  for (const name of ['ada', 'bob', 'cat'])
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as Okta does
    members.push({ value: idOf(await scim.post('/Users', oktaUser(`${name}@acme.example`))) });
  const group = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'Ops = all' };
  await scim.post('/Groups', { ...group, members });
  const wish = ['--add', 'Ops = all=admin@grafana', '--tenant', 'acme'];
  const previewed = await alike('mappings', 'preview', ...wish);
  expect(previewed).toMatch(/^\+Ops = all=admin@grafana\n3 people gain something, 0 lose/);
  expect(previewed).toMatch(/^\+ ada@acme\.example \(\S+\) {2}admin in grafana$/m);

  for (const [where, other] of [
    [afar, here],
    [here, afar],
  ] as const) {
    const stale = await where(['mappings', 'apply', ...wish, '--preview', '1-0-0-old']);
    expect(stale).toMatchObject({ code: 65, stdout: '' });
    const staged = await json(where(['mappings', 'stage', ...wish, '--json']));
    expect(staged).toMatchObject({ state: 'staged', summary: { gains: 3 } });
    const applied = await other(['mappings', 'apply', '--staged', String(staged['id']), '--tenant', 'acme']);
    expect(applied.stdout).toMatch(
      / {2}applied {2}by operator:\S+ {2}\+Ops = all=admin@grafana {2}3 gain, 0 lose\n$/,
    );
    expect(await alike('mappings', 'list', '--tenant', 'acme')).toBe('Ops = all=admin@grafana\n');

    const taken = ['mappings', 'apply', '--remove', 'Ops = all=admin@grafana', '--tenant', 'acme'];
    expect(await where(taken)).toMatchObject({ code: 77, stderr: expect.stringContaining('--confirm 3') });
    expect(await where([...taken, '--confirm', '2'])).toMatchObject({ code: 77, stdout: '' });
    const gone = await json(where([...taken, '--confirm', '3', '--json']));
    const undone = await other(['mappings', 'undo', String(gone['id']), '--tenant', 'acme']);
    expect(undone.stdout).toMatch(/ {2}undone {2}/);
    expect((await where([...taken, '--yes'])).code).toBe(0);
    const idle = await json(other(['mappings', 'stage', ...wish, '--json']));
    const dropped = await where(['mappings', 'discard', String(idle['id']), '--tenant', 'acme']);
    expect(dropped.stdout).toMatch(/ {2}discarded {2}/);
  }
  await alike('mappings', 'changes', '--tenant', 'acme', '--limit', '3');
  for (const words of [['--add', 'Ops'], ['--mode', 'none-to-none'], []])
    for (const where of [afar, here])
      expect(await where(['mappings', 'preview', '--tenant', 'acme', ...words])).toMatchObject({ code: 64 });
  const unknown = ['mappings', 'preview', '--tenant', 'acme', '--add', 'Ops=nobody'];
  expect(await afar(unknown)).toEqual(await here(unknown));
  expect((await afar(unknown)).code).toBe(65);
});

test('a new group of a mapped name is asked about and answered, here and there', async () => {
  const scim = new ScimClient(`${node.url}/t/acme/scim/v2`, TOKEN);
  const group = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'Squad' };
  const squad = async (): Promise<string> => idOf(await scim.post('/Groups', group));
  const rename = (id: string) =>
    scim.patch(`/Groups/${id}`, [{ op: 'replace', value: { id, displayName: `Old ${id}` } }]);
  await node.apply([{ slug: 'acme', roleMappings: [{ group: { name: 'Squad' }, role: 'viewer' }] }]);
  await rename(await squad());
  expect(await alike('mappings', 'questions', '--tenant', 'acme')).toMatch(/^No question/);
  for (const [where, other] of [
    [afar, here],
    [here, afar],
  ] as const) {
    const id = await squad();
    const asked = await alike('mappings', 'questions', '--tenant', 'acme');
    expect(asked).toContain(`${id}  A new group is called Squad. Does it get viewer?`);
    const answer = ['mappings', 'answer', id, '--tenant', 'acme'];
    for (const words of [[], ['--give', '--decline']])
      expect(await where([...answer, ...words])).toMatchObject({ code: 64 });
    expect(await where([...answer, '--give', '--preview', '1-0-0-old'])).toMatchObject({ code: 65 });
    expect(await json(where([...answer, '--decline', '--json']))).toMatchObject({ declined: true });
    expect(await alike('mappings', 'questions', '--tenant', 'acme')).toMatch(/^No question/);
    expect((await other([...answer, '--give'])).stdout).toMatch(
      new RegExp(`^The name Squad means ${id} now: 0 people`),
    );
    expect((await where([...answer, '--give'])).code).not.toBe(0);
    await rename(id);
  }
});
