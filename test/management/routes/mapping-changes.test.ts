import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import type { TSchema } from 'typebox';
import type { GroupId } from '../../../src/core/ids.js';
import { KeyRing } from '../../../src/keys/sealing.js';
import {
  AffectedPersonBody,
  MappingChangeBody,
  MappingPreviewBody,
} from '../../../src/management/contract/mapping-changes.js';
import { NameQuestionBody } from '../../../src/management/contract/name-questions.js';
import { RoleCoverageResource } from '../../../src/management/contract/role-coverage.js';
import { RoleExplanationBody } from '../../../src/management/contract/role-explanation.js';
import { runHere } from '../../cli/support.js';
import { clientOf, idOf, TOKEN } from '../../scim/http/stage.js';
import { CAT, startAcme, type Acme } from '../../support/acme.js';
import { apiClient, type ApiClient, type ApiReply } from '../../support/api.js';
import { claimsOf, signIn } from '../../support/application.js';
import type { TestNode } from '../../support/node.js';
import { HttpBrowser } from '../../support/okta-sign-in.js';
import { enrolByPassword, invite } from '../../support/operator.js';
import { oktaGroup, oktaUser, type ScimClient } from '../../support/scim-client.js';

const secret = randomBytes(32);
let acme: Acme;
let node: TestNode;
let scim: ScimClient;
let owner: ApiClient;
let admin: ApiClient;
let ada: string;
let people: readonly string[];
let engineering: string;

const base = '/tenants/acme';
beforeAll(async () => {
  acme = await startAcme({
    keyRing: new KeyRing([{ id: 'test', secret }]),
    tenant: {
      roleMappings: [{ group: { name: 'Engineering' }, role: 'admin', application: 'grafana' }],
      scimTokens: [{ name: 'okta', connection: 'okta', token: TOKEN }],
    },
  });
  node = acme.causeway;
  scim = clientOf(node, TOKEN);
  owner = await apiClient(node);
  admin = await apiClient(node, { tenant: 'acme', role: 'console:admin' });
  ada = idOf(await scim.post('/Users', oktaUser('ada@acme.example')));
  people = await Promise.all(
    Array.from({ length: 5 }, async (_, index) =>
      idOf(await scim.post('/Users', oktaUser(`p${index}@acme.example`, { displayName: `P${index}` }))),
    ),
  );
  engineering = idOf(await scim.post('/Groups', oktaGroup('Engineering', [ada])));
});
afterAll(() => acme.stop());

const ajv = new Ajv({ strict: true, allowUnionTypes: true, formats: { 'date-time': true } });

/** What is wrong in an answer, by the schema that the document has for it. */
function faultsOf(schema: TSchema, body: unknown): unknown {
  return ajv.validate(schema, body) ? null : ajv.errors;
}

async function explain(query: string, user = ada): Promise<ApiReply> {
  const reply = await owner.get(`${base}/users/${user}/roles/explain?${query}`);
  if (reply.status === 200) expect(faultsOf(RoleExplanationBody, reply.body)).toBeNull();
  return reply;
}

const run = (...words: readonly string[]) =>
  runHere(['roles', 'explain', '--tenant', 'acme', '--user', 'ada@acme.example', ...words], {
    DATABASE_URL: node.databaseUrl,
    ENCRYPTION_KEYS: `test:${secret.toString('base64')}`,
    PUBLIC_URL: 'https://sso.example.com',
  });

describe('why', () => {
  test('leads from the person to the claim, with the push that put them into the group', async () => {
    const { status, body } = await explain('application=grafana&role=admin');
    expect([status, body['sentence']]).toEqual([
      200,
      'Ada Lovelace has admin in Grafana because they are in the Okta group Engineering, which gives admin.',
    ]);
    const chain = (
      body['roles'] as { chains: { group: { cause: { kind: string; reference: string } } }[] }[]
    )[0]?.chains[0];
    expect(chain).toMatchObject({
      number: 1,
      kind: 'mapping',
      mapping: { application: 'grafana', cause: { kind: 'operator' } },
    });
    expect(body).toMatchObject({
      claims: { roles: { name: 'roles', value: ['admin'] } },
      access: { allowed: true },
      at: null,
    });
    expect(chain?.group.cause.kind).toBe('scim');
    await node.node.scimRecorder.flush();
    const [request] = await node.node.database.query({
      text: 'SELECT method, target FROM scim_requests WHERE id = $1',
      values: [chain?.group.cause.reference],
    });
    expect(request).toEqual({ method: 'POST', target: '/Groups' });
  });

  test('says why not, and what was so before a push took it away', async () => {
    const before = new Date().toISOString();
    await scim.patch(`/Groups/${engineering}`, [{ op: 'remove', path: `members[value eq "${ada}"]` }]);
    const { body } = await explain('application=grafana&role=admin');
    expect(body).toMatchObject({
      roles: [],
      whyNot: [{ role: 'admin', rules: [{ missing: { kind: 'left', group: 'Engineering' } }] }],
    });
    const { body: then } = await explain(`application=grafana&at=${before}`);
    expect(then).toMatchObject({ at: before, roles: [{ role: 'admin' }] });
    expect((then['limits'] as readonly string[]).length).toBeGreaterThan(0);
    await scim.patch(`/Groups/${engineering}`, [{ op: 'add', path: 'members', value: [{ value: ada }] }]);
  });

  test('refuses what there isn’t', async () => {
    const wrong = [
      'application=nope',
      'role=nope',
      'at=2999-01-01T00:00:00Z',
      'at=2026-02-31T00:00:00Z',
      'nope=1',
    ];
    for (const query of wrong) expect([query, (await explain(query)).status]).toEqual([query, 400]);
    for (const user of [engineering, 'nobody']) expect((await explain('', user)).status).toBe(404);
  });

  test('by command: the same, for people', async () => {
    const { code, stdout } = await run('--application', 'grafana');
    expect(code).toBe(0);
    expect(stdout).toContain(
      'Ada Lovelace has admin in Grafana because they are in the Okta group Engineering',
    );
    expect(stdout).toMatch(
      / {2}1\. in Engineering by SCIM \(since .*, SCIM request .*\) <- mapping name:Engineering -> admin in grafana \(since .*\)/,
    );
    expect(stdout).toContain(
      'Why not:\n  Ada Lovelace does not have viewer in Grafana: no mapping gives it in Grafana.',
    );
    expect(stdout).toContain('Its tokens say roles: ["admin"]');
    expect(JSON.parse((await run('--json')).stdout)).toMatchObject({
      application: null,
      roles: [{ role: 'admin' }],
    });
    for (const words of [
      ['--role', 'nope'],
      ['--at', 'yesterday'],
      ['--at', '2999-01-01T00:00:00Z'],
    ])
      expect((await run(...words)).code).toBe(64);
  }, 20_000);
});

test('who of a connection’s people gets a role and who gets none, with pages of those', async () => {
  const at = `${base}/connections/okta/role-coverage`;
  const first = await admin.get(`${at}?limit=3`);
  expect(faultsOf(RoleCoverageResource, first.body)).toBeNull();
  expect(first.body).toMatchObject({
    sentence: '6 people match; 1 gets a role; 5 get none.',
    roles: [
      { role: 'admin', people: 1 },
      { role: 'viewer', people: 0 },
    ],
    warnings: ['Nobody who is known has viewer yet.'],
    items: [0, 1, 2].map((index) => ({ userName: `p${index}@acme.example` })),
  });
  const next = encodeURIComponent(String(first.body['next']));
  const second = await admin.get(`${at}?cursor=${next}`);
  expect(second.body).toMatchObject({
    people: 6,
    items: [{ userName: 'p3@acme.example' }, { userName: 'p4@acme.example' }],
    next: null,
  });
  expect((await admin.get(`${base}/connections/none/role-coverage`)).status).toBe(404);
  await node.apply([{ slug: 'acme', defaultRole: 'viewer' }]);
  expect((await admin.get(at)).body).toMatchObject({ withRole: 6, withoutRole: 0, items: [], warnings: [] });
  await node.apply([{ slug: 'acme', defaultRole: null }]);
});

describe('a change of mappings', () => {
  const wish = {
    add: [{ group: { name: 'Engineering' }, role: 'viewer' }],
    remove: [{ group: { name: 'Engineering' }, role: 'admin', application: 'grafana' }],
  };

  test('is previewed, made with the version, listed and undone', async () => {
    await scim.patch(`/Groups/${engineering}`, [
      { op: 'add', path: 'members', value: people.slice(0, 1).map((value) => ({ value })) },
    ]);
    const preview = await admin.post(`${base}/role-mappings/preview`, wish);
    expect(preview).toMatchObject({
      status: 200,
      body: {
        gains: 2,
        loses: 2,
        unchanged: 4,
        needsConfirmation: true,
        blocked: null,
        self: null,
        faults: [],
      },
    });
    expect(preview.body['losing']).toMatchObject({
      items: [
        {
          id: ada,
          userName: 'ada@acme.example',
          signedIn: false,
          loses: [{ role: 'admin', application: 'grafana' }],
        },
        { id: people[0] },
      ],
      next: null,
    });
    expect(faultsOf(MappingPreviewBody, preview.body)).toBeNull();
    const { version } = preview.body;
    const changes = `${base}/role-mapping-changes`;
    expect(await admin.post(changes, { ...wish, version })).toMatchObject({
      status: 409,
      body: { code: 'confirmation_required' },
    });
    expect(await admin.post(changes, wish)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/version' }] },
    });
    const made = await admin.post(changes, { ...wish, version, confirm: 2 });
    expect(made).toMatchObject({ status: 201, body: { state: 'applied', summary: { gains: 2, loses: 2 } } });
    expect(faultsOf(MappingChangeBody, made.body)).toBeNull();
    const one = `${changes}/${String(made.body['id'])}`;
    expect(made.headers.get('location')).toBe(`${admin.base}${one}`);
    expect((await owner.get(`${base}/role-mappings`)).body['items']).toMatchObject([
      { role: 'viewer', application: null },
    ]);
    expect((await admin.get(changes)).body).toMatchObject({ items: [made.body], next: null });
    expect((await admin.get(one)).body).toEqual(made.body);
    expect(await admin.post(`${one}/undo`)).toMatchObject({ status: 200, body: { state: 'undone' } });
    expect((await owner.get(`${base}/role-mappings`)).body['items']).toMatchObject([
      { role: 'admin', application: 'grafana' },
    ]);
    expect((await admin.post(`${one}/undo`)).status).toBe(409);
    for (const id of [ada, 'nobody']) expect((await admin.get(`${changes}/${id}`)).status).toBe(404);
  });

  test('is refused with a preview that a push has outdated; pages go on by cursor', async () => {
    const { body } = await admin.post(`${base}/role-mappings/preview`, wish);
    await scim.patch(`/Groups/${engineering}`, [
      { op: 'add', path: 'members', value: people.slice(1).map((value) => ({ value })) },
    ]);
    const stale = await admin.post(`${base}/role-mapping-changes`, {
      ...wish,
      version: body['version'],
      confirm: 2,
    });
    expect(stale).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(stale.body['detail']).toMatch(/^8 more people changed since that preview/);
    const page = (cursor = '') =>
      admin.post(`${base}/role-mappings/preview/people?who=loses&limit=4${cursor}`, wish);
    const first = await page();
    const shown = first.body['items'] as readonly unknown[];
    expect(shown.map((person) => faultsOf(AffectedPersonBody, person))).toEqual([null, null, null, null]);
    const second = await page(`&cursor=${encodeURIComponent(String(first.body['next']))}`);
    expect(second.body).toMatchObject({
      items: [{ userName: 'p3@acme.example' }, { userName: 'p4@acme.example' }],
      next: null,
    });
    const other = await admin.post(
      `${base}/role-mappings/preview/people?who=gains&cursor=${encodeURIComponent(String(first.body['next']))}`,
      wish,
    );
    expect(other.status).toBe(400);
  });

  test('is staged by one and applied by another; A-112 roles of the console are an owner’s', async () => {
    const staged = await admin.post(`${base}/role-mapping-changes`, { add: wish.add, stage: true });
    expect(staged).toMatchObject({ status: 201, body: { state: 'staged', appliedBy: null } });
    const { body } = await owner.post(`${base}/role-mappings/preview`, { add: wish.add });
    const one = `${base}/role-mapping-changes/${String(staged.body['id'])}`;
    const applied = await owner.post(`${one}/apply`, { version: body['version'] });
    expect(applied).toMatchObject({ status: 200, body: { state: 'applied', madeBy: staged.body['madeBy'] } });
    expect(applied.body['appliedBy']).not.toBe(staged.body['madeBy']);
    const owners = { add: [{ group: { name: 'Engineering' }, role: 'console:owner' }] };
    const { version } = (await admin.post(`${base}/role-mappings/preview`, owners)).body;
    expect(await admin.post(`${base}/role-mapping-changes`, { ...owners, version })).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    const second = await admin.post(`${base}/role-mapping-changes`, { defaultRole: 'viewer', stage: true });
    expect(
      await owner.post(`${base}/role-mapping-changes/${String(second.body['id'])}/discard`),
    ).toMatchObject({ body: { state: 'discarded' } });
    const faulty = await admin.post(`${base}/role-mappings/preview`, {
      add: [{ group: { name: 'X' }, role: 'nope' }],
    });
    expect(faulty.body['faults']).toEqual([
      {
        mapping: { group: { name: 'X' }, role: 'nope', application: null },
        member: 'role',
        message: expect.any(String),
      },
    ]);
  });
});

test('A-15 a new group of a mapped name gets nothing until an admin says yes; no is remembered', async () => {
  const questions = `${base}/role-mapping-questions`;
  const squad = async (members: readonly (string | undefined)[]) =>
    idOf(
      await scim.post(
        '/Groups',
        oktaGroup(
          'Squad',
          members.flatMap((id) => id ?? []),
        ),
      ),
    );
  const adminsOf = () =>
    Promise.all(
      people.slice(0, 3).map(async (id) => {
        const { body } = await explain('application=grafana&role=admin', id);
        return (body['roles'] as unknown[]).length;
      }),
    );
  await node.apply([{ slug: 'acme', roleMappings: [{ group: { name: 'Squad' }, role: 'admin' }] }]);
  const first = await squad([people[0]]);
  expect((await admin.get(questions)).body).toEqual({ items: [], next: null });
  await scim.patch(`/Groups/${first}`, [{ op: 'replace', value: { id: first, displayName: 'Old squad' } }]);
  const second = await squad([people[1], people[2]]);
  expect(await adminsOf()).toEqual([1, 0, 0]);
  const { body } = await admin.get(questions);
  expect(body).toMatchObject({
    items: [
      {
        id: second,
        sentence: 'A new group is called Squad. Does it get admin?',
        meant: { id: first, name: 'Old squad' },
        declined: false,
        gains: 2,
        loses: 1,
        needsConfirmation: false,
        blocked: null,
      },
    ],
    next: null,
  });
  expect(faultsOf(NameQuestionBody, (body['items'] as readonly unknown[])[0])).toBeNull();
  const one = `${questions}/${second}`;
  expect(await admin.post(`${one}/answer`, { give: false })).toMatchObject({
    status: 200,
    body: { declined: true },
  });
  expect((await admin.get(questions)).body['items']).toEqual([]);
  // No can be followed by yes; who is left without a role where that is denied is signed out.
  await node.apply([{ slug: 'acme', whenNoRole: 'deny' }]);
  await node.node.database.query({
    text: `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, payload, absolute_expires_at, expires_at)
      SELECT id, 'of-a-loser', 'hash', $1, '{}', now() + interval '1 hour', now() + interval '1 hour'
      FROM tenants WHERE slug = 'acme'`,
    values: [people[0]],
  });
  const seen = await admin.get(one);
  expect(seen.body).toMatchObject({ declined: true, gains: 2, loses: 1, loseAccess: 1 });
  const yes = await admin.post(`${one}/answer`, { give: true, version: seen.body['version'] });
  expect([yes.status, await adminsOf()]).toEqual([200, [0, 1, 1]]);
  const ended = `SELECT ended_at IS NOT NULL AS ended FROM sessions WHERE uid = 'of-a-loser'`;
  expect(await node.node.database.query({ text: ended, values: [] })).toEqual([{ ended: true }]);
  await node.apply([{ slug: 'acme', whenNoRole: 'allow' }]);
  // Asked anew about the next one of that name, now that the one before is gone.
  await scim.delete(`/Groups/${second}`);
  const third = await squad([people[1]]);
  expect((await admin.get(one)).status).toBe(404);
  const asked = (await admin.get(`${questions}/${third}`)).body;
  expect(asked).toMatchObject({ meant: { id: second, name: null }, declined: false, gains: 1, loses: 0 });
  const say = (answer: object) => admin.post(`${questions}/${third}/answer`, answer);
  expect((await say({ give: true })).body).toMatchObject({ errors: [{ pointer: '/version' }] });
  expect((await say({ give: true, version: 'old' })).status).toBe(409);
  // what the name gives by now is an owner's to give.
  const grow = { add: [{ group: { name: 'Squad' }, role: 'console:help-desk' }] };
  const { version } = (await owner.post(`${base}/role-mappings/preview`, grow)).body;
  const grown = await owner.post(`${base}/role-mapping-changes`, { ...grow, version });
  expect(grown.status).toBe(201);
  expect((await say({ give: false })).status).toBe(403);
  expect((await owner.post(`${base}/role-mapping-changes/${String(grown.body['id'])}/undo`)).status).toBe(
    200,
  );
  expect((await say({ give: true, version: asked['version'] })).status).toBe(200);
  expect(await adminsOf()).toEqual([0, 1, 0]);
  expect((await admin.get(`${questions}/${third}`)).status).toBe(404);
  const events = await owner.get(`${base}/audit-events?target=group:${third}`);
  expect((events.body['items'] as readonly unknown[])[0]).toMatchObject({
    action: 'mapping_name.bound',
    facts: { details: { gains: 1, loses: 0 } },
  });
});

test('the last owners by a mapping stay, whichever way it would go; the deployment’s operators may by a file', async () => {
  const boss = idOf(await scim.post('/Groups', oktaGroup('Bosses', people.slice(0, 1))));
  const mapping = { group: { scim: boss as GroupId }, role: 'console:owner' };
  await node.apply([{ slug: 'acme', roleMappings: [mapping] }]);
  const [first] = (await owner.get(`${base}/role-mappings`)).body['items'] as { id: string }[];
  const one = `${base}/role-mappings/${first?.id ?? ''}`;
  const file = { tenants: [{ slug: 'acme', roleMappings: [] }] };
  const own = await apiClient(node, { tenant: 'acme' });
  const okta = `${base}/connections/okta`;
  const closings = async () => [
    await owner.patch(okta, { groupSource: 'token' }, '*'),
    await owner.patch(okta, { status: 'disabled' }, '*'),
    await owner.delete(okta, '*'),
  ];
  const apply = (caller: ApiClient) => caller.post('/configuration/apply?allowDelete=true', file);
  const refused = [
    await owner.patch(one, { role: 'console:admin' }, '*'),
    await owner.delete(one),
    ...(await closings()),
    await apply(own),
    await own.post('/configuration/apply?allowDelete=true', {
      tenants: [{ slug: 'acme', connections: [{ key: 'okta', issuer: 'https://other.example' }] }],
    }),
  ];
  const words = expect.stringContaining('nobody would be an owner');
  for (const { status, body } of refused) expect([status, body['detail']]).toEqual([409, words]);
  expect((await owner.post(`${base}/role-mappings/preview`, { roleMappings: [] })).body).toMatchObject({
    blocked: 'last_owner',
    owners: { before: 1, after: 0 },
  });
  await owner.post(`${base}/role-mappings`, { ...mapping, group: { name: 'Bosses' } });
  expect((await owner.delete(one)).status).toBe(204);
  expect((await apply(own)).status).toBe(409);
  // An owner who can't sign in yet is none; one who can, by an account of their own, is enough.
  const { link } = await invite(node, 'olga', { tenant: 'acme' });
  for (const { body } of await closings()) expect(body['detail']).toEqual(words);
  await enrolByPassword(link);
  expect((await owner.patch(okta, { status: 'disabled', groupSource: 'token' }, '*')).status).toBe(200);
  await node.apply([
    { slug: 'acme', connections: [{ key: 'okta', status: 'enforced', groupSource: 'auto' }] },
  ]);
  // She is the last one then, and her door the only one.
  expect((await apply(own)).status).toBe(200);
  const policy = { tenants: [{ slug: 'acme', signIn: { local: 'disabled' } }] };
  expect((await own.post('/configuration/apply', policy)).body['detail']).toEqual(words);
  expect((await apply(owner)).status).toBe(200);
});

test('a sign-in says what the explanation said, and is what it puts a group by the token down to', async () => {
  await node.apply([
    { slug: 'acme', roleMappings: [{ group: { name: 'Support' }, role: 'viewer' }], defaultRole: null },
  ]);
  const browser = new HttpBrowser();
  const { body } = await signIn(browser, acme.app, CAT, { scope: 'openid' });
  const { sub, roles, groups } = claimsOf(body['id_token']);
  const told = await explain('application=grafana', String(sub));
  expect(told.body).toMatchObject({
    claims: { roles: { name: 'roles', value: roles }, groups: { name: 'groups', value: groups } },
    roles: [{ role: 'viewer', chains: [{ group: { source: 'token', cause: { kind: 'sign_in' } } }] }],
  });
  const preview = await admin.post(`${base}/role-mappings/preview`, { roleMappings: [] });
  expect(preview.body['losing']).toMatchObject({ items: [{ id: sub, signedIn: true }] });
});
