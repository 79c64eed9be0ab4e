import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TenantId } from '../../src/core/ids.js';
import { pushCause, type Cause } from '../../src/domain/audit/cause.js';
import type { Statement } from '../../src/storage/database.js';
import { sweep } from '../../src/storage/sweeper.js';
import { freshDeployment, testIds, type TestDeployment } from '../support/deployment.js';

let it: TestDeployment;
let acme: TenantId;
beforeAll(async () => {
  it = await freshDeployment();
  await it.apply([TENANT]);
  const found = await it.deps.store.find('acme');
  if (found === undefined) throw new Error('no tenant');
  acme = found.configuration.tenant.id;
});
afterAll(() => it.destroy());

const TENANT = {
  slug: 'acme',
  connections: [{ key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' }],
  roles: [{ key: 'admin' }, { key: 'viewer' }],
  roleMappings: [
    { group: { name: 'Engineering' }, role: 'admin' },
    { group: { name: 'Sales' }, role: 'viewer' },
  ],
};

const PUSH = pushCause('push-1');
const OTHER_PUSH = pushCause('push-2');

async function inAcme(statements: readonly Statement[], cause?: Cause) {
  return it.database.withTenant(acme, (scope) => it.database.transaction(scope).send(statements), cause);
}

async function rows(text: string) {
  const [found] = await inAcme([{ text, values: [] }]);
  return found ?? [];
}

const PUT_USERS = `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, active, profile)
  SELECT $1, id, (SELECT id FROM connections WHERE tenant_id = $1), 1, 'scim', id::text, true, '{}' FROM unnest($2::uuid[]) id`;
const PUT_GROUP = `INSERT INTO groups (tenant_id, id, connection_id, origin, name)
  SELECT $1, $2, id, 'scim', $3 FROM connections WHERE tenant_id = $1`;
const JOIN = `INSERT INTO group_members (tenant_id, group_id, user_id, source) SELECT $1, $2, unnest($3::uuid[]), 'scim'`;

/** A group with as many members, joined by a push. */
async function aGroup(name: string, members: number): Promise<{ group: string; users: readonly string[] }> {
  const [group, users] = [testIds.uuid(), Array.from({ length: members }, () => testIds.uuid())];
  await inAcme(
    [
      { text: PUT_USERS, values: [acme, users] },
      { text: PUT_GROUP, values: [acme, group, name] },
      { text: JOIN, values: [acme, group, users] },
    ],
    PUSH,
  );
  return { group, users };
}

const PAST = 'SELECT * FROM past_memberships ORDER BY id';

describe('a membership', () => {
  test('keeps what brought it, and what ended it when it goes; nobody need say so', async () => {
    const { group, users } = await aGroup('Design', 3);
    const [first, second] = users;
    const leave = (user: string | undefined) => ({
      text: 'DELETE FROM group_members WHERE tenant_id = $1 AND group_id = $2 AND user_id = $3',
      values: [acme, group, user],
    });
    await inAcme([leave(first)], OTHER_PUSH);
    await inAcme([leave(second)]);
    const past = await rows(PAST);
    expect(past).toMatchObject([
      {
        user_id: first,
        group_id: group,
        group_name: 'Design',
        cause: 'scim:push-1',
        end_cause: 'scim:push-2',
      },
      { user_id: second, cause: 'scim:push-1', end_cause: null },
    ]);
    for (const row of past) expect(row['since'].getTime()).toBeLessThanOrEqual(row['until'].getTime());
    const kept = await rows(`SELECT cause FROM group_members WHERE group_id = '${group}'`);
    expect(kept).toEqual([{ cause: 'scim:push-1' }]);
  });

  test('of a group that is deleted keeps the name that the group had last', async () => {
    const { group, users } = await aGroup('Finance', 2);
    await inAcme(
      [
        {
          text: `UPDATE groups SET name = 'Controlling' WHERE tenant_id = $1 AND id = $2`,
          values: [acme, group],
        },
        { text: 'DELETE FROM groups WHERE tenant_id = $1 AND id = $2', values: [acme, group] },
      ],
      OTHER_PUSH,
    );
    const past = await rows(`SELECT * FROM past_memberships WHERE group_id = '${group}' ORDER BY user_id`);
    expect(past.map((row) => [row['user_id'], row['group_name'], row['end_cause']])).toEqual(
      users.toSorted().map((user) => [user, 'Controlling', 'scim:push-2']),
    );
  });

  test('of a deleted user leaves nothing behind', async () => {
    const { group, users } = await aGroup('Legal', 2);
    const [user, other] = users;
    await inAcme([
      { text: 'DELETE FROM group_members WHERE tenant_id = $1 AND user_id = $2', values: [acme, other] },
      { text: 'DELETE FROM users WHERE tenant_id = $1 AND id = ANY ($2)', values: [acme, [user, other]] },
    ]);
    expect(await rows(`SELECT FROM past_memberships WHERE group_id = '${group}'`)).toEqual([]);
    expect(await rows(`SELECT FROM group_members WHERE group_id = '${group}'`)).toEqual([]);
  });
});

describe('mappings and assignments', () => {
  test('keep who made and who ended them; a role that is deleted keeps its key', async () => {
    const { users } = await aGroup('Support', 1);
    await inAcme([
      {
        text: `INSERT INTO role_assignments (tenant_id, id, user_id, role_id)
          SELECT $1, gen_random_uuid(), $2, id FROM roles WHERE tenant_id = $1 AND key = 'admin'`,
        values: [acme, users[0]],
      },
    ]);
    await it.apply([{ ...TENANT, roles: [{ key: 'viewer' }], roleMappings: [] }], {
      actor: { type: 'operator', id: 'cli:dana' },
    });
    expect(await rows('SELECT * FROM past_role_mappings ORDER BY role_key')).toMatchObject([
      {
        role_key: 'admin',
        group_name: 'Engineering',
        cause: 'operator:cli:tester',
        end_cause: 'operator:cli:dana',
      },
      {
        role_key: 'viewer',
        group_name: 'Sales',
        cause: 'operator:cli:tester',
        end_cause: 'operator:cli:dana',
      },
    ]);
    expect(await rows('SELECT * FROM past_role_assignments')).toMatchObject([
      {
        user_id: users[0],
        role_key: 'admin',
        source: 'operator',
        cause: null,
        end_cause: 'operator:cli:dana',
      },
    ]);
  });
});

test('the sweep takes what is older than history is kept, of every tenant, and nothing else', async () => {
  await inAcme([
    {
      text: `UPDATE past_memberships SET until = now() - interval '401 days' WHERE group_name = 'Design'`,
      values: [],
    },
    {
      text: `UPDATE past_role_mappings SET until = now() - interval '401 days' WHERE role_key = 'viewer'`,
      values: [],
    },
    { text: `UPDATE past_role_assignments SET until = now() - interval '401 days'`, values: [] },
  ]);
  const since = async () => (await rows(`SELECT history_since FROM tenants`))[0]?.['history_since'];
  const before = await since();
  await sweep(it.database, 500);
  expect(await since()).toEqual(before);
  await it.database.query({
    text: `UPDATE tenants SET history_since = now() - interval '2 years'`,
    values: [],
  });
  await sweep(it.database);
  const left =
    await rows(`SELECT group_name AS it FROM past_memberships UNION SELECT role_key FROM past_role_mappings
    UNION SELECT role_key || ' assigned' FROM past_role_assignments ORDER BY it`);
  expect(left.map((row) => row['it'])).toEqual(['Controlling', 'admin']);
  // Of a tenant of which something was forgotten; of another one all is known still.
  const begins = await it.database.query({
    text: `SELECT slug, date_part('day', now() - history_since)::int AS days FROM tenants ORDER BY slug`,
    values: [],
  });
  expect(begins).toEqual([
    { slug: 'acme', days: 400 },
    { slug: 'system', days: expect.any(Number) },
  ]);
  expect(begins[1]?.['days']).toBeGreaterThan(700);
});

test('a deleted tenant takes all of it along, whoever deletes it', async () => {
  await aGroup('Last', 2);
  await it.apply([TENANT]);
  await it.database.query({ text: 'DELETE FROM tenants WHERE id = $1', values: [acme] });
  for (const table of ['group_members', 'past_memberships', 'past_role_mappings', 'past_role_assignments'])
    expect([table, await rows(`SELECT FROM ${table}`)]).toEqual([table, []]);
});
