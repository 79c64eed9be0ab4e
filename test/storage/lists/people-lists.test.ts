import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ConnectionId, GroupId, TenantId, UserId } from '../../../src/core/ids.js';
import type { ListKey, ListPage, PageRequest } from '../../../src/core/page.js';
import type { UserQuery } from '../../../src/domain/user/user-list.js';
import { PostgresConsentListStore } from '../../../src/storage/consent-list-store.js';
import { PostgresGroupListStore } from '../../../src/storage/group-list-store.js';
import { PostgresRoleAssignmentListStore } from '../../../src/storage/role-assignment-list-store.js';
import { PostgresTenantListStore } from '../../../src/storage/tenant-list-store.js';
import { PostgresTokenListStore } from '../../../src/storage/token-list-store.js';
import { PostgresUserListStore } from '../../../src/storage/user-list-store.js';
import { setStage, type Stage } from '../stage.js';

let stage: Stage;
let acme: TenantId;
let globex: TenantId;
let okta: ConnectionId;
let other: ConnectionId;
let users: PostgresUserListStore;
let group: GroupId;
const idOf = new Map<string, UserId>();

/** Everything that a list gives, a page of `limit` at a time. */
async function all<T>(list: (page: PageRequest) => Promise<ListPage<T>>, limit: number): Promise<T[]> {
  const found: T[] = [];
  let after: ListKey | undefined;
  do {
    const page = await list({ limit, after });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    found.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return found;
}

/** Names of all people whom a query finds, the same with pages of any size. */
async function names(query: Omit<Partial<UserQuery>, 'limit' | 'after'>): Promise<readonly string[]> {
  const [one, two, many] = await Promise.all(
    [1, 2, 100].map(async (limit) =>
      (await all((page) => users.list(acme, { ...query, ...page }), limit)).map(({ userName }) => userName),
    ),
  );
  expect(one).toEqual(many);
  expect(two).toEqual(many);
  return many ?? [];
}

beforeAll(async () => {
  stage = await setStage();
  [acme, globex] = [await stage.tenant('acme'), await stage.tenant('globex')];
  [okta, other] = [await stage.connection('acme', 'okta'), await stage.connection('acme', 'other')];
  users = new PostgresUserListStore(stage.database);
  const people = [
    { userName: 'Ada@acme.example', connection: 'okta', externalId: '00uada', source: 'scim' },
    { userName: 'adam@acme.example', connection: 'okta', source: 'scim', active: false },
    { userName: 'bob@acme.example', connection: 'other', source: 'just_in_time' },
    { userName: 'carol', connection: null, source: 'operator' },
    { userName: 'ÄDA', connection: 'other', source: 'just_in_time', active: false },
  ] as const;
  for (const person of people) {
    const profile = { name: `The ${person.userName}`, email: `mail-${person.userName}` };
    const id = (await stage.ledger.addUser({ tenant: 'acme', ...person, profile })) as UserId;
    idOf.set(person.userName, id);
  }
  await stage.ledger.addUser({ tenant: 'globex', connection: 'okta', userName: 'ada@acme.example' });
  await stage.ledger.rows(
    `INSERT INTO user_emails (tenant_id, user_id, connection_id, connection_version, email_folded)
      SELECT tenant_id, id, connection_id, connection_version, lower(profile ->> 'email') FROM users
      WHERE connection_id IS NOT NULL AND tenant_id = $1`,
    [acme],
  );
  const members = ['Ada@acme.example', 'bob@acme.example'].map((name) => idOf.get(name) ?? '');
  group = (await stage.ledger.addScimGroup('acme', 'okta', 'Engineering', members)) as GroupId;
  await stage.ledger.addScimGroup('acme', 'okta', 'engines');
  await stage.ledger.addScimGroup('acme', 'other', 'Sales');
  await stage.ledger.rows(
    `INSERT INTO group_members (tenant_id, group_id, user_id, source) VALUES ($1, $2, $3, 'token')`,
    [acme, group, members[0]],
  );
});
afterAll(() => stage.close());

const EVERYBODY = ['Ada@acme.example', 'adam@acme.example', 'bob@acme.example', 'carol', 'ÄDA'];

describe('people', () => {
  test('of one tenant alone, by name, page by page', async () => {
    expect(await names({})).toEqual(EVERYBODY);
    expect(await names({ sort: 'id' })).toEqual(EVERYBODY);
  });

  test('each filter narrows, alone and together with others', async () => {
    expect(await names({ active: false })).toEqual(['adam@acme.example', 'ÄDA']);
    expect(await names({ active: false, sort: 'id' })).toEqual(['adam@acme.example', 'ÄDA']);
    expect(await names({ source: 'just_in_time' })).toEqual(['bob@acme.example', 'ÄDA']);
    expect(await names({ source: 'just_in_time', active: true })).toEqual(['bob@acme.example']);
    expect(await names({ source: 'operator' })).toEqual(['carol']);
    expect(await names({ source: 'scim', connectionId: other })).toEqual([]);
    expect(await names({ connectionId: okta })).toEqual(['Ada@acme.example', 'adam@acme.example']);
    expect(await names({ userName: 'ADA' })).toEqual(['Ada@acme.example', 'adam@acme.example']);
    expect(await names({ userName: 'äd' })).toEqual(['ÄDA']);
    expect(await names({ userName: 'ada%' })).toEqual([]);
    expect(await names({ userName: 'ada', active: true, connectionId: okta })).toEqual(['Ada@acme.example']);
    expect(await names({ email: 'MAIL-bob@acme.example' })).toEqual(['bob@acme.example']);
    expect(await names({ email: 'mail-bob@acme.example', connectionId: okta })).toEqual([]);
    expect(await names({ externalId: '00uada' })).toEqual(['Ada@acme.example']);
    expect(await names({ groupId: group })).toEqual(['Ada@acme.example', 'bob@acme.example']);
    expect(await names({ groupId: group, source: 'scim' })).toEqual(['Ada@acme.example']);
    expect(await names({ groupId: group, externalId: '00uada' })).toEqual(['Ada@acme.example']);
  });

  test('a search finds by the beginning of a name, and by what means somebody exactly', async () => {
    expect(await names({ search: 'ad' })).toEqual(['Ada@acme.example', 'adam@acme.example']);
    expect(await names({ search: '00uada' })).toEqual(['Ada@acme.example']);
    expect(await names({ search: 'mail-BOB@acme.example' })).toEqual(['bob@acme.example']);
    expect(await names({ search: idOf.get('carol') ?? '' })).toEqual(['carol']);
    expect(await names({ search: 'ad', active: false })).toEqual(['adam@acme.example']);
    expect(await names({ search: `' OR true --` })).toEqual([]);
  });

  test('orders and filters that don’t go together are refused', async () => {
    const refused = { code: 'invalid_argument' };
    await expect(users.list(acme, { limit: 1, groupId: group, sort: 'userName' })).rejects.toMatchObject(
      refused,
    );
    await expect(users.list(acme, { limit: 1, userName: 'a', sort: 'id' })).rejects.toMatchObject(refused);
    await expect(users.list(acme, { limit: 1, search: 'a', email: 'b' })).rejects.toMatchObject(refused);
  });

  test('one person whole, and nobody else’s', async () => {
    const ada = idOf.get('Ada@acme.example') ?? '';
    await stage.ledger.rows(
      `INSERT INTO identities (tenant_id, connection_id, connection_version, iss, sub, user_id)
        SELECT $1, id, version, issuer, '00uada', $2 FROM connections WHERE tenant_id = $1 AND id = $3`,
      [acme, ada, okta],
    );
    await stage.session({ slug: 'acme', user: ada as UserId, connection: okta });
    expect(await users.find(acme, ada)).toMatchObject({
      userName: 'Ada@acme.example',
      name: 'The Ada@acme.example',
      connection: 'okta',
      externalId: '00uada',
      account: {
        groups: [
          { name: 'Engineering', source: 'scim' },
          { source: 'token', judgedByScim: true },
        ],
      },
      identities: [{ connection: 'okta', issuer: 'https://okta.acme.example', subject: '00uada' }],
      sessions: { count: 1, isMore: false },
    });
    expect(await users.find(globex, ada)).toBeUndefined();
    expect(await users.find(acme, 'nobody')).toBeUndefined();
    expect(await names({ search: '00uada' })).toEqual(['Ada@acme.example']);
  });

  test('a page that is not full after ten thousand rows says where it got to', async () => {
    await stage.ledger.rows(
      `INSERT INTO users (tenant_id, id, connection_id, connection_version, source, user_name, active, profile)
        SELECT $1, gen_random_uuid(), $2, 1, 'scim', 'many' || n, true, '{}' FROM generate_series(1, 11000) n`,
      [globex, await stage.connection('globex', 'okta')],
    );
    const query = { source: 'operator', sort: 'id' } as const;
    const first = await users.list(globex, { ...query, limit: 5 });
    expect(first).toEqual({ items: [], next: [expect.any(String)] });
    expect(await all((page) => users.list(globex, { ...query, ...page }), 5)).toEqual([]);
  });
});

test('groups by name, their members by whoever said so', async () => {
  const groups = new PostgresGroupListStore(stage.database);
  const found = async (query: Parameters<typeof groups.list>[1]) =>
    (await groups.list(acme, query)).items.map(({ name }) => name);
  expect(await found({ limit: 9 })).toEqual(['Engineering', 'engines', 'Sales']);
  expect(await found({ limit: 9, name: 'ENGIN' })).toEqual(['Engineering', 'engines']);
  expect(await found({ limit: 9, connectionId: other })).toEqual(['Sales']);
  expect(await found({ limit: 9, origin: 'token' })).toEqual([]);
  expect(await groups.find(acme, group)).toMatchObject({
    name: 'Engineering',
    connection: 'okta',
    origin: 'scim',
  });
  expect(await groups.find(globex, group)).toBeUndefined();
  const members = await all((page) => groups.members(acme, group, page), 2);
  expect(members.map(({ userName, source }) => `${userName} ${source}`)).toEqual([
    'Ada@acme.example scim',
    'Ada@acme.example token',
    'bob@acme.example scim',
  ]);
});

test('assignments and consents by person, role and application', async () => {
  await stage.ledger.rows(
    `WITH app AS (INSERT INTO applications (tenant_id, id, client_id, name, type, settings)
        VALUES ($1, gen_random_uuid(), 'wiki', 'Wiki', 'web', '{}') RETURNING id),
      role AS (INSERT INTO roles (tenant_id, id, key, name) VALUES ($1, gen_random_uuid(), 'editor', 'Editor') RETURNING id),
      given AS (INSERT INTO role_assignments (tenant_id, id, user_id, role_id, application_id, source)
        SELECT $1, gen_random_uuid(), u.id, role.id, app.id, 'operator' FROM users u, role, app WHERE u.tenant_id = $1)
    INSERT INTO consents (tenant_id, user_id, application_id, scopes)
      SELECT $1, u.id, app.id, '{openid}' FROM users u, app WHERE u.tenant_id = $1`,
    [acme],
  );
  const [ids] = await stage.ledger.rows<{ role: string; app: string }>(
    `SELECT (SELECT id FROM roles WHERE tenant_id = $1 AND key = 'editor') AS role,
      (SELECT id FROM applications WHERE tenant_id = $1 AND client_id = 'wiki') AS app`,
    [acme],
  );
  const carol = idOf.get('carol') as UserId;
  const [roleId, applicationId] = [ids?.role, ids?.app] as never[];
  const assignments = new PostgresRoleAssignmentListStore(stage.database);
  const consents = new PostgresConsentListStore(stage.database);
  for (const store of [assignments, consents]) {
    const count = async (query: object) =>
      (await all<unknown>((page) => store.list(acme, { ...page, ...query }), 2)).length;
    expect(await count({})).toBe(EVERYBODY.length);
    expect(await count({ userId: carol, applicationId })).toBe(1);
    expect(await count({ applicationId })).toBe(EVERYBODY.length);
    expect(await store.list(globex, { limit: 5 })).toEqual({ items: [], next: undefined });
  }
  expect(
    (await assignments.list(acme, { limit: 9, roleId, userId: carol, source: 'operator' })).items,
  ).toMatchObject([{ userName: 'carol', role: 'editor', application: 'wiki', source: 'operator' }]);
  expect((await assignments.list(acme, { limit: 9, roleId })).items).toHaveLength(EVERYBODY.length);
  expect((await consents.list(acme, { limit: 1, userId: carol })).items).toMatchObject([
    { clientId: 'wiki' },
  ]);
});

test('tokens never with a value', async () => {
  const tokens = new PostgresTokenListStore(stage.database);
  await stage.ledger.rows(
    `WITH scim AS (INSERT INTO scim_tokens (tenant_id, id, connection_id, name, hash) VALUES ($1, $3, $2, 'push', 'a')),
      iat AS (INSERT INTO initial_access_tokens (tenant_id, id, name, hash, settings) VALUES ($1, $3, 'ci', 'b', '{}'))
    INSERT INTO api_tokens (tenant_id, id, role_id, name, hash)
      SELECT $1, $3, id, 'terraform', 'c' FROM roles WHERE tenant_id = $1 AND key = 'editor'`,
    [acme, okta, '01890000-0000-7000-8000-000000000001'],
  );
  const page = { limit: 5 };
  const shown = await Promise.all([
    tokens.apiTokens(acme, page),
    tokens.initialAccessTokens(acme, page),
    tokens.scimTokens(acme, page),
  ]);
  expect(shown.map(({ items }) => items)).toMatchObject([
    [{ name: 'terraform', role: 'editor', scopes: null }],
    [{ name: 'ci', bounds: {} }],
    [{ name: 'push', connection: 'okta' }],
  ]);
  expect(JSON.stringify(shown)).not.toContain('hash');
  expect((await tokens.apiTokens(globex, page)).items).toEqual([]);
});

test('tenants by slug, name, and what is searched for; each once, the deployment’s own never', async () => {
  const tenants = new PostgresTenantListStore(stage.database);
  await stage.ledger.rows(`UPDATE tenants SET name = 'Żubr & Acme' WHERE slug = 'globex'`);
  await stage.ledger.rows(
    `INSERT INTO domains (tenant_id, name, verified) SELECT id, n, n LIKE 'ac%' FROM tenants,
      unnest('{acme.example,acme.test,glob.example}'::text[]) n WHERE slug = 'acme'`,
  );
  const slugs = async (query: object, limit = 1) =>
    (await all((page) => tenants.list({ ...page, ...query }), limit)).map(({ slug }) => slug);
  expect(await slugs({})).toEqual(['acme', 'globex']);
  expect(await slugs({ sort: 'name' })).toEqual(['acme', 'globex']);
  expect(await slugs({ search: 'żUB' })).toEqual(['globex']);
  expect(await slugs({ search: 'ac' })).toEqual(['acme']);
  expect(await slugs({ search: 'acme.' })).toEqual(['acme']);
  expect(await slugs({ search: 'glob' })).toEqual(['globex']);
  expect(await slugs({ status: 'suspended' })).toEqual([]);
  expect(await slugs({ parentId: acme })).toEqual([]);
  const [row] = (await tenants.list({ limit: 1 })).items;
  expect(row).toMatchObject({ slug: 'acme', parent: null, status: 'active', kind: 'organization' });
});
