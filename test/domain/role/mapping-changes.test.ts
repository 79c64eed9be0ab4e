import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GroupId, TenantId, UserId } from '../../../src/core/ids.js';
import { personInApplication, rolesOfPerson } from '../../../src/domain/application/person-in-application.js';
import type { DesiredTenant } from '../../../src/domain/configuration/desired.js';
import type { TenantConfiguration } from '../../../src/domain/configuration/tenant-configuration.js';
import {
  applyMappings,
  applyStaged,
  discardMappings,
  stageMappings,
  undoMappings,
  type MappingCaller,
  type MappingChangeDeps,
} from '../../../src/domain/role/apply-mappings.js';
import type { PlacedAccess, PlacedRole } from '../../../src/domain/role/placed.js';
import type { MappingWish } from '../../../src/domain/role/mapping-wish.js';
import { previewedPeople, previewMappings } from '../../../src/domain/role/preview-mappings.js';
import type { RoleMapping } from '../../../src/domain/role/role.js';
import type { Account } from '../../../src/domain/user/account.js';
import { PostgresMappingChangeStore } from '../../../src/storage/mapping-change-store.js';
import { ACCOUNT_OF_USER } from '../../../src/storage/person-sql.js';
import { PostgresStandingProfileStore } from '../../../src/storage/standing-profile-store.js';
import { freshDeployment, testIds, testRules, type TestDeployment } from '../../support/deployment.js';

type Tenant = Omit<DesiredTenant, 'path'>;

let it: TestDeployment;
let acme: TenantId;
let deps: MappingChangeDeps;
beforeAll(async () => {
  it = await freshDeployment();
  deps = {
    ...it.deps,
    transactions: it.database,
    standings: new PostgresStandingProfileStore(it.database),
    mappingChanges: new PostgresMappingChangeStore(it.database),
  };
  await it.apply([TENANT]);
  acme = (await configuration()).tenant.id;
});
afterAll(() => it.destroy());

const ROLES = ['admin', 'editor', 'viewer'];
const TENANT: Tenant = {
  slug: 'acme',
  connections: [
    { key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1', status: 'enabled' },
    { key: 'scim', issuer: 'https://scim.okta.com', clientId: '0oa2', status: 'draft', groupSource: 'scim' },
  ],
  roles: ROLES.map((key) => ({ key })),
  applications: [
    { clientId: 'grafana' },
    { clientId: 'wiki' },
    { clientId: 'vault', assignment: { groups: ['A'], roles: ['admin'] } },
  ].map((one) => ({ redirectUris: ['https://a.example/cb'], ...one })),
};
const RESET: Tenant = {
  ...TENANT,
  roleMappings: [],
  defaultRole: null,
  whenNoRole: 'allow',
  roleMappingMode: 'many-to-many',
};

const HOST: MappingCaller = {
  slug: 'acme',
  rules: testRules,
  self: null,
  authority: 'host',
  actor: { type: 'operator', id: 'cli:dana' },
};
const OWNER: MappingCaller = { ...HOST, authority: ['console:owner'] };
const ADMIN: MappingCaller = { ...HOST, authority: ['console:admin'] };

async function configuration(): Promise<TenantConfiguration> {
  const found = await it.deps.store.find('acme');
  if (found === undefined) throw new Error('no tenant');
  return found.configuration;
}

const run = (text: string, values: readonly unknown[] = []) =>
  it.database.withTenant(acme, (scope) =>
    it.database.transaction(scope).query({ text: text.replaceAll('$0', `'${acme}'::uuid`), values }),
  );

async function people(count: number, connection = 'okta'): Promise<readonly UserId[]> {
  const ids = Array.from({ length: count }, () => testIds.uuid<UserId>());
  await run(
    `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, active, profile)
      SELECT $0, t.id, c.id, 1, 'scim', 'p' || lpad(t.n::text, 3, '0') || '-' || t.id, true, '{}' FROM connections c,
      unnest($1::uuid[]) WITH ORDINALITY AS t (id, n) WHERE c.tenant_id = $0 AND c.key = $2`,
    [ids, connection],
  );
  return ids;
}

async function aGroup(
  name: string,
  origin: 'scim' | 'token',
  upstreamId: string | null = null,
): Promise<GroupId> {
  const id = testIds.uuid<GroupId>();
  await run(
    `INSERT INTO groups (tenant_id, id, connection_id, origin, name, upstream_id)
      SELECT $0, $1, c.id, $2, $3, $4 FROM connections c WHERE c.tenant_id = $0 AND c.key = 'okta'`,
    [id, origin, name, upstreamId],
  );
  if (origin === 'scim')
    await run(
      `INSERT INTO pushed_group_names (tenant_id, connection_id, connection_version, name, pinned_group_id)
        SELECT $0, c.id, 1, $1, CASE WHEN EXISTS (SELECT FROM role_mappings WHERE group_name = $1) THEN $2::uuid END
        FROM connections c WHERE c.tenant_id = $0 AND c.key = 'okta' ON CONFLICT DO NOTHING`,
      [name, id],
    );
  return id;
}

const join = (group: GroupId, users: readonly UserId[], source = 'scim') =>
  run(
    `INSERT INTO group_members (tenant_id, group_id, user_id, source) SELECT $0, $1, unnest($2::uuid[]), $3
      ON CONFLICT DO NOTHING`,
    [group, users, source],
  );

const clear = () => run('DELETE FROM users');
const mapping = (name: string, role: string, application: string | null = null): RoleMapping => ({
  group: { name },
  role,
  application,
});
const start = (roleMappings: readonly RoleMapping[]) => it.apply([{ ...RESET, roleMappings }]);
const preview = (wish: MappingWish, caller = HOST) => previewMappings(deps, { ...caller, wish });
const mapped = async () => (await configuration()).roleMappings;

describe('a preview', () => {
  const aMapping = fc.record({
    group: fc.constantFrom('A', 'B', 'C').map((name) => ({ name })),
    role: fc.constantFrom(...ROLES, 'console:owner'),
    application: fc.option(fc.constantFrom('grafana', 'vault')),
  });
  const someMappings = fc.uniqueArray(
    aMapping.map((one) => (one.role.startsWith('console:') ? { ...one, application: null } : one)),
    { maxLength: 6, selector: (one) => JSON.stringify(one) },
  );
  const someSettings = fc.record({
    defaultRole: fc.option(fc.constantFrom(...ROLES)),
    whenNoRole: fc.constantFrom('allow' as const, 'deny' as const),
  });

  test('tells of everybody what the evaluation of their account says, before and after', async () => {
    await clear();
    const users = [...(await people(8)), ...(await people(3, 'scim'))];
    const groups: [GroupId, string][] = [];
    for (const [name, origin] of [
      ['A', 'scim'],
      ['A', 'token'],
      ['B', 'token'],
      ['C', 'scim'],
    ] as const)
      groups.push([await aGroup(name, origin), origin]);
    for (const [index, user] of users.entries())
      for (const [place, [group, source]] of groups.entries())
        if (((index * 7) >> place) % 2 === 1) await join(group, [user], source);
    await run(`INSERT INTO role_assignments (tenant_id, id, user_id, role_id, application_id)
      SELECT $0, gen_random_uuid(), u.id, r.id, a.id FROM users u, roles r, applications a
      WHERE u.user_name LIKE 'p003%' AND r.key = 'editor' AND a.client_id = 'wiki'`);
    const accounts = (await run(`SELECT ${ACCOUNT_OF_USER} AS account FROM users u ORDER BY u.id`)).map(
      (row): Account => row['account'],
    );
    const round = fc.record({
      before: someMappings,
      after: someMappings,
      one: someSettings,
      two: someSettings,
    });
    for (const { before, after, one, two } of fc.sample(round, { numRuns: 15, seed: 11 })) {
      await it.apply([{ ...TENANT, roleMappings: before, ...one }]);
      const found = await preview({ roleMappings: after, ...two });
      const known = await configuration();
      const wanted = {
        ...known,
        roleMappings: after,
        tenant: { ...known.tenant, settings: { ...known.tenant.settings, ...two } },
      };
      const expected = accounts.map((account) => expectedOf(account, known, wanted));
      const told = new Map(
        [...found.gaining.people, ...found.losing.people].map((person) => [person.id, person]),
      );
      for (const { id, ...effect } of expected) expect([id, expanded(told.get(id))]).toEqual([id, effect]);
      const of = (key: 'gains' | 'loses') => expected.filter((each) => each[key].length > 0).length;
      expect([found.gains, found.loses]).toEqual([of('gains'), of('loses')]);
      expect(found.unchanged).toBe(users.length - told.size);
    }
  }, 60_000);

  test('counts, pages, marks who is signed in, asks for confirmation, and tells the caller what becomes of them', async () => {
    await clear();
    await it.apply([RESET]);
    const users = await people(60);
    const [first = testIds.uuid<UserId>()] = users;
    await join(await aGroup('Everyone', 'scim'), users);
    await join(await aGroup('Bosses', 'token', '00gboss'), users.slice(0, 2), 'token');
    await run('UPDATE users SET active = false WHERE id = $1', [users[59]]);
    await run(
      `INSERT INTO sessions (tenant_id, uid, cookie_hash, user_id, payload, absolute_expires_at, expires_at)
        VALUES ($0, 's1', 'hash', $1, '{}', now() + interval '1 hour', now() + interval '1 hour')`,
      [first],
    );
    await it.apply([
      {
        ...RESET,
        roleMappings: [
          mapping('Everyone', 'viewer'),
          { group: { upstream: '00gboss' }, role: 'console:owner' },
        ],
      },
    ]);
    const wish = { remove: [mapping('Everyone', 'viewer')], add: [mapping('Everyone', 'editor', 'wiki')] };
    const found = await preview(wish, { ...HOST, self: first });
    expect(found).toMatchObject({
      gains: 59,
      loses: 59,
      unchanged: 0,
      loseAccess: 0,
      needsConfirmation: true,
      blocked: null,
    });
    expect(found.owners).toEqual({ before: 2, after: 2 });
    expect(found.self).toEqual({
      gains: [{ role: 'editor', application: 'wiki' }],
      loses: [{ role: 'viewer', application: null }],
    });
    expect(found.losing.people.map(({ id }) => id)).toEqual(users.slice(0, 20));
    expect(found.losing.people.filter(({ signedIn }) => signedIn).map(({ id }) => id)).toEqual([first]);
    const rest: string[] = [];
    for (let after = found.losing.next ?? undefined; after !== undefined;) {
      const page = await previewedPeople(deps, { ...HOST, wish, who: 'loses', after, limit: 25 });
      rest.push(...page.people.map(({ id }) => id));
      after = page.next ?? undefined;
    }
    expect(rest).toEqual(users.slice(20, 59));
    const owners = await preview({
      remove: [{ group: { upstream: '00gboss' }, role: 'console:owner', application: null }],
    });
    expect(owners).toMatchObject({ blocked: 'last_owner', loses: 2, needsConfirmation: false });
  });

  test('tells by row what stands against a change, and changes nothing', async () => {
    await it.apply([RESET]);
    const wish: MappingWish = {
      roleMappingMode: 'one-to-one',
      roleMappings: [mapping('A', 'viewer'), mapping('A', 'editor'), mapping('B', 'nope')],
    };
    const { faults } = await preview(wish);
    expect(faults.map(({ path, message }) => [path, message.split(' ')[0]])).toEqual([
      ['roleMappings[2].role', `'nope'`],
      ['roleMappings[1]', `'name:A'`],
    ]);
    const { version } = await preview(wish);
    await expect(applyMappings(deps, { ...HOST, wish, version })).rejects.toMatchObject({
      code: 'invalid_argument',
      faults: { length: 2 },
    });
    expect(await mapped()).toEqual([]);
    await expect(previewMappings(deps, { ...HOST, slug: 'nobody', wish })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('a change', () => {
  let users: readonly UserId[];
  let team: GroupId;
  beforeAll(async () => {
    await clear();
    users = await people(10);
    team = await aGroup('Team', 'scim');
    await join(team, users.slice(0, 3));
  });

  test('is made as it was previewed, kept, audited as one, and undone; what else changed stays', async () => {
    await start([mapping('Team', 'viewer')]);
    const wish = { roleMappings: [mapping('Team', 'editor')], defaultRole: 'viewer' };
    const { version, loses } = await preview(wish);
    const change = await applyMappings(deps, { ...OWNER, wish, version, confirm: loses });
    expect(await mapped()).toEqual(wish.roleMappings);
    expect((await configuration()).tenant.settings.defaultRole).toBe('viewer');
    expect(await deps.mappingChanges.find(acme, change.id)).toMatchObject({
      state: 'applied',
      madeBy: 'operator:cli:dana',
      appliedBy: 'operator:cli:dana',
      summary: { gains: 10, loses: 3, unchanged: 0 },
      before: { roleMappings: [mapping('Team', 'viewer')], defaultRole: null },
    });
    await it.apply([{ slug: 'acme', roleMappings: [...wish.roleMappings, mapping('Other', 'admin')] }]);
    const undone = await undoMappings(deps, change.id, ADMIN);
    expect(undone).toMatchObject({ state: 'undone', undoneBy: 'operator:cli:dana' });
    expect(new Set((await mapped()).map(({ role }) => role))).toEqual(new Set(['viewer', 'admin']));
    expect((await configuration()).tenant.settings.defaultRole).toBeNull();
    await expect(undoMappings(deps, change.id, ADMIN)).rejects.toMatchObject({ code: 'conflict' });
    const events = await run(
      `SELECT action FROM audit_events WHERE action LIKE 'mapping_change.%' ORDER BY id`,
    );
    expect(events.map((row) => row['action'])).toEqual(['mapping_change.applied', 'mapping_change.undone']);
    expect(await run(`SELECT cause FROM role_mappings WHERE group_name = 'Team'`)).toEqual([
      { cause: 'operator:cli:dana' },
    ]);
  });

  test('is refused when a push changed whom it is about, says how many, and passes when it didn’t matter', async () => {
    await start([]);
    const wish = { add: [mapping('Team', 'admin')] };
    const { version } = await preview(wish);
    const [stranger] = await people(1);
    expect((await preview(wish)).version).toBe(version);
    await join(team, users.slice(3, 5));
    await expect(applyMappings(deps, { ...OWNER, wish, version })).rejects.toMatchObject({
      code: 'conflict',
      message: '2 more people changed since that preview: look at a new one, then decide again.',
    });
    // As many, but others.
    const second = await preview(wish);
    await run('DELETE FROM group_members WHERE user_id = $1', [users[4]]);
    await join(team, [stranger ?? testIds.uuid<UserId>()]);
    await expect(applyMappings(deps, { ...OWNER, wish, version: second.version })).rejects.toMatchObject({
      message: 'Something changed since that preview: look at a new one, then decide again.',
    });
    expect(await mapped()).toEqual([]);
    const { version: last } = await preview(wish);
    expect(await applyMappings(deps, { ...OWNER, wish, version: last })).toMatchObject({ state: 'applied' });
    await expect(applyMappings(deps, { ...OWNER, wish, version: last })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });

  test('that takes from many needs their number', async () => {
    await start([mapping('Team', 'viewer')]);
    const wish = { remove: [mapping('Team', 'viewer')] };
    const { version, loses, needsConfirmation } = await preview(wish);
    expect(needsConfirmation).toBe(true);
    for (const confirm of [undefined, loses - 1])
      await expect(applyMappings(deps, { ...OWNER, wish, version, confirm })).rejects.toMatchObject({
        code: 'conflict',
        details: { problem: 'confirmation_required' },
      });
    expect(await applyMappings(deps, { ...OWNER, wish, version, confirm: loses })).toMatchObject({
      state: 'applied',
    });
  });

  test('A-112 of roles of the console is an owner’s alone: made, staged, applied and undone', async () => {
    await start([mapping('Team', 'viewer')]);
    const wish = { add: [mapping('Team', 'console:admin')] };
    const { version } = await preview(wish);
    const forbidden = { code: 'forbidden' };
    await expect(applyMappings(deps, { ...ADMIN, wish, version })).rejects.toMatchObject(forbidden);
    await expect(stageMappings(deps, { ...ADMIN, wish })).rejects.toMatchObject(forbidden);
    const staged = await stageMappings(deps, { ...OWNER, wish });
    await expect(applyStaged(deps, staged.id, { ...ADMIN, version })).rejects.toMatchObject(forbidden);
    await applyStaged(deps, staged.id, { ...OWNER, version });
    await expect(undoMappings(deps, staged.id, ADMIN)).rejects.toMatchObject(forbidden);
    await undoMappings(deps, staged.id, OWNER);
    expect(await mapped()).toEqual([mapping('Team', 'viewer')]);
  });

  test('waits, staged, for another admin: applied to what is in force then, or given up', async () => {
    await start([mapping('Team', 'viewer')]);
    const wish = { roleMappings: [mapping('Team', 'viewer'), mapping('Team', 'editor', 'wiki')] };
    const staged = await stageMappings(deps, { ...ADMIN, wish });
    const other = await stageMappings(deps, { ...ADMIN, wish: { defaultRole: 'admin' } });
    expect(await mapped()).toHaveLength(1);
    await it.apply([{ slug: 'acme', roleMappings: [mapping('Team', 'viewer'), mapping('Later', 'admin')] }]);
    const { version } = await preview({ add: [mapping('Team', 'editor', 'wiki')] });
    const eve: MappingCaller = { ...ADMIN, actor: { type: 'user', id: 'eve' } };
    expect(await applyStaged(deps, staged.id, { ...eve, version })).toMatchObject({
      id: staged.id,
      state: 'applied',
      madeBy: 'operator:cli:dana',
      appliedBy: 'user:eve',
    });
    expect(await mapped()).toHaveLength(3);
    expect(await discardMappings(deps, other.id, eve)).toMatchObject({ state: 'discarded' });
    await expect(applyStaged(deps, other.id, { ...eve, version })).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(applyStaged(deps, testIds.uuid(), { ...eve, version })).rejects.toMatchObject({
      code: 'not_found',
    });
    const [latest, before] = await deps.mappingChanges.list(acme, undefined, 2);
    expect([latest?.id, before?.id]).toEqual([other.id, staged.id]);
    expect(await deps.mappingChanges.list(acme, before?.id, 100)).not.toContainEqual(
      expect.objectContaining({ id: staged.id }),
    );
  });

  test('A-15 undone, gives a role back to the group that had it, not to a new one of its name; after a day not at all', async () => {
    await start([mapping('Team', 'admin')]);
    const wish = { remove: [mapping('Team', 'admin')] };
    const { version, loses } = await preview(wish);
    const change = await applyMappings(deps, { ...OWNER, wish, version, confirm: loses });
    await run(`UPDATE groups SET name = 'Old team' WHERE id = $1`, [team]);
    const impostor = await aGroup('Team', 'scim');
    await undoMappings(deps, change.id, OWNER);
    const pinned = async () =>
      (await run(`SELECT pinned_group_id FROM pushed_group_names WHERE name = 'Team'`))[0]?.[
        'pinned_group_id'
      ];
    expect(await pinned()).toBe(team);
    const again = await preview(wish);
    const second = await applyMappings(deps, {
      ...OWNER,
      wish,
      version: again.version,
      confirm: again.loses,
    });
    // The name is mapped anew, and means the new group.
    await it.apply([{ slug: 'acme', roleMappings: [mapping('Team', 'viewer')] }]);
    expect(await pinned()).toBe(impostor);
    await expect(undoMappings(deps, second.id, OWNER)).rejects.toMatchObject({ code: 'conflict' });
    await run(`UPDATE mapping_changes SET applied_at = now() - interval '25 hours' WHERE id = $1`, [
      second.id,
    ]);
    await expect(undoMappings(deps, second.id, OWNER)).rejects.toMatchObject({
      message: expect.stringContaining('for a day'),
    });
  });
});

/** What somebody gains and loses in each application and in the console, as text. */
interface Effect {
  readonly gains: readonly string[];
  readonly loses: readonly string[];
}

function expectedOf(
  account: Account,
  before: TenantConfiguration,
  after: TenantConfiguration,
): Effect & { id: UserId } {
  const has = (known: TenantConfiguration): readonly string[] => {
    const person = rolesOfPerson(known, account);
    return [
      ...known.applications.flatMap((application) => {
        const { roles, refusal } = personInApplication(known, application, person);
        const access = refusal === undefined ? [`access ${application.clientId}`] : [];
        return [...roles.map((role) => `${role} ${application.clientId}`), ...access];
      }),
      ...person.roles.filter(({ key }) => key.startsWith('console:')).map(({ key }) => `${key} console`),
    ];
  };
  const [one, two] = [new Set(has(before)), new Set(has(after))];
  return {
    id: account.userId,
    gains: [...two].filter((each) => !one.has(each)).toSorted(),
    loses: [...one].filter((each) => !two.has(each)).toSorted(),
  };
}

type Told = Record<'gains' | 'loses', readonly PlacedRole[]> &
  Record<'gainsAccess' | 'losesAccess', readonly PlacedAccess[]>;

const places = ({ application, except = [] }: PlacedAccess, all: readonly string[]): readonly string[] =>
  application === null ? all.filter((clientId) => !except.includes(clientId)) : [application];

const ofRoles = (placed: readonly PlacedRole[] = []): readonly string[] =>
  placed.flatMap((one) =>
    one.role.startsWith('console:')
      ? [`${one.role} console`]
      : places(one, ['grafana', 'vault', 'wiki']).map((clientId) => `${one.role} ${clientId}`),
  );
const ofAccess = (placed: readonly PlacedAccess[] = []): readonly string[] =>
  placed.flatMap((one) => places(one, ['grafana', 'wiki']).map((clientId) => `access ${clientId}`));

const expanded = (told: Told | undefined): Effect => ({
  gains: [...ofRoles(told?.gains), ...ofAccess(told?.gainsAccess)].toSorted(),
  loses: [...ofRoles(told?.loses), ...ofAccess(told?.losesAccess)].toSorted(),
});
