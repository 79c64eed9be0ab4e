import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { GroupId, TenantId, UserId } from '../../../src/core/ids.js';
import { personInApplication, rolesOfPerson } from '../../../src/domain/application/person-in-application.js';
import { pushCause, signInCause, type Cause } from '../../../src/domain/audit/cause.js';
import type { DesiredTenant } from '../../../src/domain/configuration/desired.js';
import { explainRoles } from '../../../src/domain/role/explain-roles.js';
import type { RoleExplanation } from '../../../src/domain/role/explanation.js';
import type { RoleMapping } from '../../../src/domain/role/role.js';
import type { Account } from '../../../src/domain/user/account.js';
import { ACCOUNT_OF_USER } from '../../../src/storage/person-sql.js';
import { PostgresRoleFactsStore } from '../../../src/storage/role-facts-store.js';
import { freshDeployment, testIds, type TestDeployment } from '../../support/deployment.js';

type Tenant = Omit<DesiredTenant, 'path'>;

let it: TestDeployment;
let acme: TenantId;
beforeAll(async () => {
  it = await freshDeployment();
  await it.apply([TENANT]);
  acme = (await configuration()).tenant.id;
});
afterAll(() => it.destroy());

const ROLES = ['admin', 'editor', 'viewer'];
const APPLICATIONS = ['grafana', 'wiki'];
const TENANT: Tenant = {
  slug: 'acme',
  connections: [
    { key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1', status: 'enabled' },
    {
      key: 'scim',
      issuer: 'https://scim.okta.com',
      clientId: '0oa2',
      status: 'enabled',
      groupSource: 'scim',
    },
  ],
  roles: ROLES.map((key) => ({ key })),
  applications: APPLICATIONS.map((clientId) => ({
    clientId,
    name: clientId === 'grafana' ? 'Grafana' : 'Wiki',
    redirectUris: ['https://a.example/cb'],
  })),
};

async function configuration() {
  const found = await it.deps.store.find('acme');
  if (found === undefined) throw new Error('no tenant');
  return found.configuration;
}

async function run(text: string, values: readonly unknown[], cause?: Cause) {
  return it.database.withTenant(
    acme,
    (scope) =>
      it.database.transaction(scope).query({ text: text.replaceAll('$0', `'${acme}'::uuid`), values }),
    cause,
  );
}

async function aUser(name: string, connection = 'okta'): Promise<UserId> {
  const id = testIds.uuid<UserId>();
  await run(
    `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, active, profile)
      SELECT $0, $1, c.id, 1, 'scim', $2, true, jsonb_build_object('name', $2::text) FROM connections c
      WHERE c.tenant_id = $0 AND c.key = $3`,
    [id, name, connection],
  );
  return id;
}

/** A group, claimed by name if SCIM pushes it, as a push does. */
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
      `INSERT INTO pushed_group_names AS p (tenant_id, connection_id, connection_version, name, pinned_group_id)
        SELECT $0, c.id, 1, $1, CASE WHEN EXISTS (SELECT FROM role_mappings WHERE group_name = $1) THEN $2::uuid END
        FROM connections c WHERE c.tenant_id = $0 AND c.key = 'okta'
        ON CONFLICT (tenant_id, connection_id, connection_version, name)
          DO UPDATE SET pinned_group_id = coalesce(p.pinned_group_id, excluded.pinned_group_id)`,
      [name, id],
    );
  return id;
}

const join = (user: UserId, group: GroupId, source: 'scim' | 'token', cause?: Cause) =>
  run(
    'INSERT INTO group_members (tenant_id, group_id, user_id, source) VALUES ($0, $1, $2, $3) ON CONFLICT DO NOTHING',
    [group, user, source],
    cause,
  );
const leave = (user: UserId, group: GroupId, cause?: Cause) =>
  run('DELETE FROM group_members WHERE group_id = $1 AND user_id = $2', [group, user], cause);

interface Asked {
  readonly application?: string;
  readonly role?: string;
  readonly others?: boolean;
  readonly at?: Date;
}

async function explain(userId: UserId, { application, ...asked }: Asked = {}): Promise<RoleExplanation> {
  const known = await configuration();
  return explainRoles({ roleFacts: new PostgresRoleFactsStore(it.database) }, acme, {
    userId,
    application: known.applications.find(({ clientId }) => clientId === application) ?? null,
    configuration: known,
    now: new Date(),
    ...asked,
  });
}

describe('why', () => {
  test('tells the chain from the person to the role, with who made each link and when', async () => {
    const [ada, group] = [await aUser('Ada'), await aGroup('Engineering', 'scim')];
    await it.apply([{ ...TENANT, roleMappings: [{ group: { name: 'Engineering' }, role: 'admin' }] }]);
    await join(ada, group, 'scim', pushCause('8f2'));
    await run(`UPDATE groups SET name = 'Platform' WHERE id = $1`, [group]);
    const told = await explain(ada, { application: 'grafana' });
    expect(told.sentence).toBe(
      'Ada has admin in Grafana because they are in the Okta group Platform, which a mapping knows as Engineering and gives admin.',
    );
    expect(told.roles).toMatchObject([
      {
        role: 'admin',
        chains: [
          {
            number: 1,
            kind: 'mapping',
            group: {
              id: group,
              name: 'Platform',
              source: 'scim',
              orEarlier: false,
              cause: { kind: 'scim', reference: '8f2' },
            },
            mapping: {
              group: { name: 'Engineering' },
              application: null,
              cause: { kind: 'operator', reference: 'cli:tester' },
            },
          },
        ],
      },
    ]);
    expect(told.claims).toEqual({
      roles: { name: 'roles', value: ['admin'] },
      groups: { name: null, value: [] },
    });
    expect(told.access).toMatchObject({ allowed: true, sentence: 'Ada may use Grafana.' });
  });

  test('numbers several causes, and says that removing one is not enough', async () => {
    const bo = await aUser('Bo');
    await join(bo, await aGroup('Ops', 'token'), 'token', signInCause('r-1'));
    await run(
      `INSERT INTO role_assignments (tenant_id, id, user_id, role_id, source)
        SELECT $0, gen_random_uuid(), $1, id, 'scim' FROM roles WHERE key = 'editor'`,
      [bo],
    );
    await it.apply([
      { ...TENANT, roleMappings: [{ group: { name: 'Ops' }, role: 'editor', application: 'wiki' }] },
    ]);
    const told = await explain(bo, { application: 'wiki' });
    expect(told.roles[0]?.chains.map(({ number, kind }) => [number, kind])).toEqual([
      [1, 'mapping'],
      [2, 'assignment'],
    ]);
    expect(told.sentence).toBe(
      'Bo has editor in Wiki for 2 reasons, and removing one is not enough: (1) they are in the Okta group Ops, which gives editor; (2) SCIM gave it to them directly.',
    );
    expect((await explain(bo, { application: 'grafana' })).roles[0]?.chains).toMatchObject([
      { kind: 'assignment' },
    ]);
    expect((await explain(bo)).sentence).toContain('which gives editor in wiki; (2)');
  });

  test('why not: names each rule that would have given it, and the link that is missing', async () => {
    const cy = await aUser('Cy');
    const [scim, token] = [await aGroup('Sales', 'scim'), await aGroup('Sales', 'token')];
    await join(cy, token, 'token');
    const [gone, other] = [await aGroup('Interns', 'scim'), await aGroup('Owners', 'scim')];
    await join(cy, gone, 'scim');
    await leave(cy, gone, pushCause('9a9'));
    await it.apply([
      {
        ...TENANT,
        roleMappings: [
          { group: { name: 'Sales' }, role: 'admin' },
          { group: { name: 'Interns' }, role: 'admin' },
          { group: { scim: other }, role: 'admin' },
          { group: { name: 'Nobody' }, role: 'admin' },
          { group: { name: 'Sales' }, role: 'admin', application: 'wiki' },
        ],
      },
    ]);
    const told = await explain(cy, { application: 'grafana', role: 'admin' });
    expect(told.roles).toEqual([]);
    const links = new Map(
      told.whyNot[0]?.rules.map(({ mapping, missing }) => [
        JSON.stringify([mapping.group, mapping.application]),
        missing,
      ]),
    );
    expect(links.get('[{"name":"Sales"},null]')).toEqual({ kind: 'judged_by_scim', group: 'Sales' });
    expect(links.get('[{"name":"Interns"},null]')).toMatchObject({
      kind: 'left',
      group: 'Interns',
      cause: { kind: 'scim', reference: '9a9' },
    });
    expect(links.get(`[{"scim":"${other}"},null]`)).toEqual({ kind: 'not_a_member', groups: ['Owners'] });
    expect(links.get('[{"name":"Nobody"},null]')).toEqual({ kind: 'no_such_group' });
    expect(links.get('[{"name":"Sales"},"wiki"]')).toEqual({ kind: 'other_application' });
    expect(told.sentence).toMatch(/^Cy does not have admin in Grafana: .*they left Interns at .*\.$/);
    // a new group takes the name that a mapping met another group by.
    await run(`UPDATE groups SET name = 'Sales (old)' WHERE id = $1`, [scim]);
    await join(cy, await aGroup('Sales', 'scim'), 'scim');
    const renamed = await explain(cy, { application: 'grafana', role: 'admin' });
    const meant = renamed.whyNot[0]?.rules.find(({ missing }) => missing.kind === 'means_other_group');
    expect(meant?.sentence).toContain('it means the group that is called Sales (old) now, not the new Sales');
  });

  test('why not: the source isn’t heard, no mapping at all, the default role, one role for a group', async () => {
    const di = await aUser('Di', 'scim');
    await join(di, await aGroup('Press', 'token'), 'token');
    await it.apply([
      {
        ...TENANT,
        roleMappings: [{ group: { name: 'Press' }, role: 'editor' }],
        defaultRole: 'viewer',
        roleMappingMode: 'one-to-one',
      },
    ]);
    const told = await explain(di, { application: 'wiki', others: true });
    expect(told.roles).toMatchObject([{ role: 'viewer', chains: [{ kind: 'default' }] }]);
    expect(told.whyNot.map(({ sentence }) => sentence)).toEqual([
      'Di does not have admin in Wiki: no mapping gives it in Wiki.',
      'Di does not have editor in Wiki: name:Press gives editor, but they are in Press by a token, and their connection takes groups from SCIM alone.',
    ]);
    const ed = await aUser('Ed');
    await join(ed, await aGroup('Press', 'token', '00g1'), 'token');
    const second = await explain(ed, { application: 'wiki', others: true });
    expect(second.whyNot.map(({ sentence }) => sentence)).toEqual([
      'Ed does not have admin in Wiki: no mapping gives it in Wiki. Of their groups, name:Press gives editor: in one-to-one mode a group gives one role.',
      'Ed does not have viewer in Wiki: no mapping gives it in Wiki. It is the default role, for those alone whom nothing else gives one. Of their groups, name:Press gives editor: in one-to-one mode a group gives one role.',
    ]);
    expect((await explain(di)).sentence).toBe('Di has no role of their own, and so viewer everywhere.');
    await it.apply([
      { ...TENANT, roleMappings: [], defaultRole: null, roleMappingMode: 'many-to-many', whenNoRole: 'deny' },
    ]);
    expect((await explain(di, { application: 'wiki' })).access).toMatchObject({
      allowed: false,
      reason: 'no_role',
    });
    await run('UPDATE users SET active = false WHERE id = $1', [di]);
    expect((await explain(di)).access).toMatchObject({
      reason: 'inactive',
      sentence: 'Di may not sign in: they are switched off.',
    });
    await it.apply([{ ...TENANT, whenNoRole: 'allow' }]);
  });

  test('refuses people, roles and times that there are not', async () => {
    const fay = await aUser('Fay');
    await expect(explain(testIds.uuid<UserId>())).rejects.toMatchObject({ code: 'not_found' });
    await expect(explain(fay, { role: 'nope' })).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(explain(fay, { at: new Date(Date.now() + 60_000) })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
    const before = await explain(fay, { at: new Date('2020-01-01T00:00:00Z'), others: true });
    expect(before).toMatchObject({ roles: [], whyNot: [], claims: null });
    expect(before.sentence).toMatch(
      /^Nothing is known of that time\. Who was in which group is known since /,
    );
  });
});

const GROUPS = ['A', 'B', 'C'];
const aMapping = fc.record({
  group: fc.constantFrom(...GROUPS).map((name) => ({ name })),
  role: fc.constantFrom(...ROLES),
  application: fc.option(fc.constantFrom(...APPLICATIONS)),
});
const someMappings = fc.uniqueArray(aMapping, {
  maxLength: 6,
  selector: (mapping) => JSON.stringify(mapping),
});

test('says what tokens say, each cause alone suffices, and asked of a time that has passed it says what it said then', async () => {
  const people = await Promise.all(['P1', 'P2', 'P3'].map((name) => aUser(name)));
  const groups: { id: GroupId; source: 'scim' | 'token' }[] = [];
  for (const name of GROUPS)
    for (const source of ['scim', 'token'] as const)
      if (name !== 'C' || source === 'token') groups.push({ id: await aGroup(name, source), source });
  const told: { at: Date; said: readonly unknown[] }[] = [];
  const step = fc.record({
    mappings: someMappings,
    joins: fc.array(fc.tuple(fc.nat(2), fc.nat(groups.length - 1)), { maxLength: 5 }),
    leaves: fc.array(fc.tuple(fc.nat(2), fc.nat(groups.length - 1)), { maxLength: 3 }),
    groupSource: fc.constantFrom('auto' as const, 'token' as const, 'scim' as const),
  });
  for (const { mappings, joins, leaves, groupSource } of fc.sample(step, { numRuns: 12, seed: 7 })) {
    await it.apply([
      { ...TENANT, connections: [{ key: 'okta', groupSource }, { key: 'scim' }], roleMappings: mappings },
    ]);
    for (const [who, where] of joins) {
      const [user, group] = [people[who], groups[where]];
      if (user !== undefined && group !== undefined) await join(user, group.id, group.source);
    }
    for (const [who, where] of leaves) {
      const [user, group] = [people[who], groups[where]];
      if (user !== undefined && group !== undefined) await leave(user, group.id);
    }
    await sleep(3);
    const said = await Promise.all(people.map((user) => asTokensSay(user)));
    told.push({ at: await databaseTime(), said });
    await sleep(3);
  }
  // The connection's groupSource isn't kept: as it was at the time.
  const { at, said } = told.at(-1) ?? { at: new Date(), said: [] };
  await it.apply([{ ...TENANT, connections: [{ key: 'okta' }, { key: 'scim' }], roleMappings: [] }]);
  for (const user of people) await run('DELETE FROM group_members WHERE user_id = $1', [user]);
  const past = await Promise.all(
    people.map(async (user) => rolesTold(await explain(user, { application: 'wiki', at }))),
  );
  expect(past).toEqual(said);
}, 60_000);

const databaseTime = async (): Promise<Date> =>
  (await run('SELECT clock_timestamp() AS now', []))[0]?.['now'];
const rolesTold = (told: RoleExplanation): readonly string[] => told.roles.map(({ role }) => role);

/** Compares with the evaluation of the account that tokens are made of; each chain by itself gives the role. */
async function asTokensSay(userId: UserId): Promise<readonly string[]> {
  const known = await configuration();
  const [row] = await run(`SELECT ${ACCOUNT_OF_USER} AS account FROM users u WHERE u.id = $1`, [userId]);
  const account: Account = row?.['account'];
  let inWiki: readonly string[] = [];
  for (const application of known.applications) {
    const { roles, refusal } = personInApplication(known, application, rolesOfPerson(known, account));
    const told = await explain(userId, { application: application.clientId, others: true });
    expect(rolesTold(told)).toEqual(roles);
    expect(told.claims?.roles.value).toEqual(roles);
    expect(told.access.reason ?? undefined).toEqual(refusal);
    expect([...rolesTold(told), ...told.whyNot.map(({ role }) => role)].toSorted()).toEqual(ROLES);
    for (const { role, chains } of told.roles)
      for (const chain of chains)
        expect(chain.kind === 'mapping' && alone(known, account, chain.group.id, chain.mapping)).toContain(
          role,
        );
    if (application.clientId === 'wiki') inWiki = roles;
  }
  return inWiki;
}

const alone = (
  known: Awaited<ReturnType<typeof configuration>>,
  account: Account,
  groupId: string,
  { group, role, application }: RoleMapping,
): readonly string[] =>
  rolesOfPerson(
    { ...known, roleMappings: [{ group, role, application }] },
    { ...account, groups: account.groups.filter(({ id }) => id === groupId) },
  ).roles.map(({ key }) => key);
