import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/core/json.js';
import { GROUP_SCHEMA, oktaUser, USER_SCHEMA, type ScimClient } from '../../support/scim-client.js';
import {
  addUsers,
  at,
  clientOf,
  ENTERPRISE,
  filtered,
  idOf,
  LIST,
  startScim,
  TOKEN,
  type ScimStage,
} from './stage.js';

const ENTRA_GROUP = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group';
let stage: ScimStage;

beforeAll(async () => {
  stage = await startScim();
}, 60_000);
afterAll(() => stage.stop());

const entraUser = (name: string): JsonObject => ({
  schemas: [USER_SCHEMA, ENTERPRISE],
  externalId: `ext-${name}`,
  userName: `${name}@globex.example`,
  active: true,
  emails: [{ primary: true, type: 'work', value: `${name}@globex.example` }],
  meta: { resourceType: 'User' },
  name: { formatted: 'given family', familyName: 'family', givenName: 'given' },
  roles: [],
});
const entraGroup = (displayName: string): JsonObject => ({
  schemas: [GROUP_SCHEMA, ENTRA_GROUP],
  externalId: `ext-${displayName}`,
  displayName,
  meta: { resourceType: 'Group' },
});
const memberIds = (group: Json | undefined): readonly (Json | undefined)[] => {
  const members = at(group, 'members');
  return Array.isArray(members) ? members.map((member: Json) => at(member, 'value')) : [];
};

const DIALECTS = [
  {
    dialect: 'default',
    flag: '',
    op: (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}`,
    bool: (b: boolean) => (b ? 'True' : 'False'),
  },
  {
    dialect: 'aadOptscim062020',
    flag: '?aadOptscim062020',
    op: (name: string) => name,
    bool: (b: boolean) => b,
  },
] as const;

describe.each(DIALECTS)('Entra, dialect $dialect', ({ dialect, flag, op, bool }) => {
  let scim: ScimClient;
  const name = `entra-${dialect}`;

  beforeAll(() => {
    scim = clientOf(stage.node, `Bearer ${TOKEN}`);
  });

  test('the test of the connection: a random user is looked for, and nobody found is a 200', async () => {
    const random = '5d48a0a8-e9aa-4008-b3cb-9d6ba9e5b0b2';
    const found = await scim.get(`/Users?filter=userName+eq+%22${random}%22`);
    expect(found).toMatchObject({ status: 200, body: { schemas: [LIST], totalResults: 0, Resources: [] } });
    expect(found.headers.get('content-type')).toContain('application/scim+json');
  });

  test('a user is made, looked up in each of its ways, changed one attribute at a time, disabled, deleted', async () => {
    const made = await scim.post(`/Users${flag}`, entraUser(name));
    expect(made).toMatchObject({
      status: 201,
      body: {
        externalId: `ext-${name}`,
        active: true,
        schemas: [USER_SCHEMA],
        name: { formatted: 'given family' },
      },
    });
    expect((await scim.post(`/Users${flag}`, entraUser(name))).status).toBe(409);
    const id = idOf(made);
    const mail = `${name}@globex.example`;
    for (const filter of [
      `userName eq "${mail}"`,
      `userName eq "${mail.toUpperCase()}"`,
      `externalId eq "ext-${name}"`,
      `emails[type eq "work"].value eq "${mail}"`,
      `userName eq "${mail}" and externalId eq "ext-${name}"`,
    ])
      expect({
        filter,
        ids: (await scim.get(filtered('/Users', filter))).body.Resources?.map((user) => user['id']),
      }).toEqual({ filter, ids: [id] });

    const changes: readonly (readonly [string, string, Json, readonly (string | number)[], Json])[] = [
      ['replace', 'displayName', 'Ada', ['displayName'], 'Ada'],
      ['add', 'title', 'Countess', ['title'], 'Countess'],
      ['replace', 'name.givenName', 'Augusta', ['name', 'givenName'], 'Augusta'],
      ['replace', 'userName', `new-${mail}`, ['userName'], `new-${mail}`],
      [
        'add',
        'emails[type eq "other"].value',
        'other@globex.example',
        ['emails', 1, 'value'],
        'other@globex.example',
      ],
      [
        'replace',
        'emails[type eq "work"].value',
        'work@globex.example',
        ['emails', 0, 'value'],
        'work@globex.example',
      ],
      ['add', 'phoneNumbers[type eq "mobile"].value', '+49 1', ['phoneNumbers', 0, 'value'], '+49 1'],
      ['add', 'addresses[type eq "work"].country', 'DE', ['addresses', 0, 'country'], 'DE'],
      ['add', `${ENTERPRISE}:department`, 'Sales', [ENTERPRISE, 'department'], 'Sales'],
      ['add', `${ENTERPRISE}:manager`, 'boss-1', [ENTERPRISE, 'manager', 'value'], 'boss-1'],
      ['replace', `${ENTERPRISE}:manager`, 'boss-2', [ENTERPRISE, 'manager', 'value'], 'boss-2'],
    ];
    for (const [word, path, value, place, wanted] of changes) {
      const patched = await scim.patch(`/Users/${id}${flag}`, [{ op: op(word), path, value }]);
      expect({ path, status: patched.status, value: at(patched.body, ...place) }).toEqual({
        path,
        status: 200,
        value: wanted,
      });
    }
    expect((await scim.get(`/Users/${id}`)).body['schemas']).toEqual([USER_SCHEMA, ENTERPRISE]);

    const cleared = await scim.patch(`/Users/${id}${flag}`, [
      { op: op('replace'), path: `${ENTERPRISE}:manager`, value: '' },
      { op: op('remove'), path: 'title' },
      { op: op('replace'), path: 'displayName', value: null },
    ]);
    expect(cleared.status).toBe(200);
    expect(at(cleared.body, ENTERPRISE, 'manager')).toBeUndefined();
    expect([cleared.body['title'], cleared.body['displayName']]).toEqual([undefined, undefined]);

    const off = await scim.patch(`/Users/${id}${flag}`, [
      { op: op('replace'), path: 'active', value: bool(false) },
    ]);
    expect(off).toMatchObject({ status: 200, body: { active: false } });
    const found = await scim.get(filtered('/Users', `userName eq "new-${mail}"`));
    expect(found.body.Resources).toMatchObject([{ id, active: false }]);
    expect((await scim.delete(`/Users/${id}`)).status).toBe(204);
    expect((await scim.delete(`/Users/${id}`)).status).toBe(404);
  });

  test('flattened names in a value without a path are paths', async () => {
    const id = idOf(await scim.post('/Users', entraUser(`flat-${name}`)));
    const patched = await scim.patch(`/Users/${id}${flag}`, [
      {
        op: op('replace'),
        value: {
          displayName: 'Flat',
          'name.givenName': 'F',
          'name.familyName': 'Lat',
          active: bool(false),
          'emails[type eq "work"].value': 'flat@globex.example',
          [`${ENTERPRISE}:employeeNumber`]: '7',
          [`${ENTERPRISE}:manager`]: 'boss',
        },
      },
    ]);
    expect(patched).toMatchObject({
      status: 200,
      body: {
        displayName: 'Flat',
        name: { givenName: 'F', familyName: 'Lat' },
        active: false,
        emails: [{ value: 'flat@globex.example', type: 'work' }],
        [ENTERPRISE]: { employeeNumber: '7', manager: { value: 'boss' } },
      },
    });
  });

  test('a group is made without members, probed for members, filled, emptied and deleted', async () => {
    const [ada = '', bob = ''] = await addUsers(scim, `ga-${dialect}`, `gb-${dialect}`);
    const made = await scim.post(`/Groups${flag}`, entraGroup(name));
    expect(made).toMatchObject({ status: 201, body: { externalId: `ext-${name}`, schemas: [GROUP_SCHEMA] } });
    expect((await scim.post(`/Groups${flag}`, entraGroup(name))).status).toBe(409);
    const id = idOf(made);
    const without = await scim.get(`/Groups/${id}?excludedAttributes=members`);
    expect(without).toMatchObject({ status: 200, body: { id, displayName: name } });
    const found = await scim.get(
      filtered('/Groups', `externalId eq "ext-${name}"`, '&excludedAttributes=members'),
    );
    expect(found.body).toMatchObject({ totalResults: 1, Resources: [{ id }] });
    const byName = await scim.get(filtered('/Groups', `displayName eq "${name.toUpperCase()}"`));
    expect(byName.body).toMatchObject({ totalResults: 1 });

    const added = await scim.patch(`/Groups/${id}${flag}`, [
      {
        op: op('add'),
        path: 'members',
        value: [
          { $ref: null, value: ada },
          { $ref: null, value: bob },
        ],
      },
    ]);
    expect(added.status).toBe(204);
    expect(memberIds((await scim.get(`/Groups/${id}`)).body)).toEqual([ada, bob]);
    const probe = (user: string) =>
      filtered('/Groups', `id eq "${id}" and members eq "${user}"`, '&excludedAttributes=members');
    expect((await scim.get(probe(ada))).body).toMatchObject({ totalResults: 1, Resources: [{ id }] });

    const removed = await scim.patch(`/Groups/${id}${flag}`, [
      dialect === 'default'
        ? { op: 'Remove', path: 'members', value: [{ $ref: null, value: ada }] }
        : { op: 'remove', path: `members[value eq "${ada}"]` },
    ]);
    expect(removed.status).toBe(204);
    expect((await scim.get(probe(ada))).body).toMatchObject({ totalResults: 0 });
    expect(memberIds((await scim.get(`/Groups/${id}`)).body)).toEqual([bob]);
    const renamed = await scim.patch(`/Groups/${id}${flag}`, [
      { op: op('replace'), path: 'displayName', value: `re-${name}` },
    ]);
    expect(renamed.status).toBe(204);
    expect((await scim.get(`/Groups/${id}`)).body['displayName']).toBe(`re-${name}`);
    expect((await scim.delete(`/Groups/${id}`)).status).toBe(204);
    expect((await scim.delete(`/Groups/${id}`)).status).toBe(404);
  });

  test('two pages of users, their start told', async () => {
    await addUsers(scim, ...Array.from({ length: 6 }, (_, n) => `page-${dialect}-${n}`));
    const first = await scim.get('/Users?count=5&startIndex=1');
    const second = await scim.get('/Users?count=5&startIndex=6');
    expect(first.body).toMatchObject({ startIndex: 1, itemsPerPage: 5 });
    expect(second.body).toMatchObject({ startIndex: 6 });
    expect(second.body.Resources?.[0]?.['id']).not.toBe(first.body.Resources?.[0]?.['id']);
  });
});

describe('JumpCloud', () => {
  test('makes a test user and a test group at activation, then deletes both', async () => {
    const { scim } = stage;
    const [someone = ''] = await addUsers(scim, 'jumpcloud-someone');
    const user = await scim.post('/Users', oktaUser('jumpcloud-test@acme.example'));
    const group = await scim.post('/Groups', { schemas: [GROUP_SCHEMA], displayName: 'jumpcloud-test' });
    expect([user.status, group.status]).toEqual([201, 201]);
    const joined = await scim.patch(`/Groups/${idOf(group)}`, [
      { op: 'add', path: 'members', value: [{ value: idOf(user) }, { value: someone }] },
    ]);
    expect(joined.status).toBe(204);
    const found = await scim.get(filtered('/Users', 'userName eq "jumpcloud-test@acme.example"'));
    const off = await scim.put(`/Users/${idOf(user)}`, { ...found.body.Resources?.[0], active: false });
    expect(off).toMatchObject({ status: 200, body: { active: false } });
    const replaced = await scim.put(`/Groups/${idOf(group)}`, {
      schemas: [GROUP_SCHEMA],
      displayName: 'jumpcloud-test',
      members: [{ value: someone }],
    });
    expect(memberIds(replaced.body)).toEqual([someone]);
    expect((await scim.delete(`/Users/${idOf(user)}`)).status).toBe(204);
    expect((await scim.delete(`/Groups/${idOf(group)}`)).status).toBe(204);
  });
});

describe('OneLogin', () => {
  test('puts what its template holds, without id and meta, and patches members with and without a path', async () => {
    const { scim } = stage;
    const made = await scim.post('/Users', {
      schemas: [USER_SCHEMA, ENTERPRISE],
      userName: 'onelogin@acme.example',
      name: { familyName: 'One', givenName: 'Login' },
      [ENTERPRISE]: { department: 'Sales' },
    });
    expect(made.status).toBe(201);
    const id = idOf(made);
    const put = await scim.put(`/Users/${id}`, {
      schemas: [USER_SCHEMA],
      userName: 'onelogin@acme.example',
      active: false,
    });
    expect(put).toMatchObject({ status: 200, body: { id, active: false, schemas: [USER_SCHEMA] } });
    expect(put.body['name']).toBeUndefined();
    const group = idOf(await scim.post('/Groups', { schemas: [GROUP_SCHEMA], displayName: 'OneLogin' }));
    const pathless = await scim.patch(`/Groups/${group}`, [
      { op: 'add', value: { members: [{ value: id }] } },
    ]);
    expect(pathless.status).toBe(204);
    expect(memberIds((await scim.get(`/Groups/${group}`)).body)).toEqual([id]);
    await scim.patch(`/Groups/${group}`, [{ op: 'remove', path: `members[value eq "${id}"]` }]);
    expect(memberIds((await scim.get(`/Groups/${group}`)).body)).toEqual([]);
  });
});
