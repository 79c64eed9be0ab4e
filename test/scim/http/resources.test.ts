import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/core/json.js';
import {
  GROUP_SCHEMA,
  oktaGroup,
  oktaUser,
  USER_SCHEMA,
  type ScimClient,
} from '../../support/scim-client.js';
import {
  addUsers,
  at,
  ENTERPRISE,
  ERROR,
  filtered,
  idOf,
  SEARCH,
  startScim,
  textAt,
  type ScimStage,
} from './stage.js';

let stage: ScimStage;
let scim: ScimClient;
let made = 0;

beforeAll(async () => {
  stage = await startScim();
  ({ scim } = stage);
}, 60_000);
afterAll(() => stage.stop());

const fresh = (): string => `person${(made += 1)}`;
const newUser = async (more: JsonObject = {}): Promise<string> =>
  idOf(await scim.post('/Users', oktaUser(`${fresh()}@acme.example`, more)));

describe('RFC 7644 section 3.3: creating', () => {
  test('answers 201 with the resource, its address three times, its version twice', async () => {
    const reply = await scim.post('/Users', oktaUser('created@acme.example'));
    const address = `${scim.baseUrl}/Users/${idOf(reply)}`;
    expect(reply.status).toBe(201);
    expect(reply.headers.get('location')).toBe(address);
    expect(reply.headers.get('content-location')).toBe(address);
    expect(reply.body['meta']).toMatchObject({ resourceType: 'User', location: address, version: 'W/"1"' });
    expect(reply.headers.get('etag')).toBe('W/"1"');
    expect(textAt(reply.body, 'meta', 'created')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect((await scim.get(`/Users/${idOf(reply)}`)).body).toEqual(reply.body);
  });

  test('readOnly attributes are ignored, unknown ones too', async () => {
    const reply = await scim.post('/Users', {
      ...oktaUser('readonly@acme.example'),
      id: 'chosen',
      meta: { created: '2000-01-01T00:00:00Z', version: 'W/"9"', resourceType: 'Admin' },
      groups: [{ value: 'admins' }],
      tenantId: 'system',
      isAdmin: true,
    });
    expect(reply.status).toBe(201);
    expect(idOf(reply)).not.toBe('chosen');
    expect(reply.body).toMatchObject({ meta: { version: 'W/"1"', resourceType: 'User' } });
    for (const name of ['groups', 'tenantId', 'isAdmin', 'password'])
      expect(reply.body[name]).toBeUndefined();
  });

  test.each<readonly [string, Json, string]>([
    ['without schemas', { userName: 'x' }, 'invalidSyntax'],
    ['with a foreign schema', { schemas: [GROUP_SCHEMA], userName: 'x' }, 'invalidSyntax'],
    ['without a userName', { schemas: [USER_SCHEMA] }, 'invalidValue'],
    ['with a blank userName', { schemas: [USER_SCHEMA], userName: '  ' }, 'invalidValue'],
    ['with a number for text', { schemas: [USER_SCHEMA], userName: 5 }, 'invalidValue'],
    ['with a list for an object', { schemas: [USER_SCHEMA], userName: 'x', name: ['a'] }, 'invalidValue'],
    [
      'with two primaries',
      {
        schemas: [USER_SCHEMA],
        userName: 'x',
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      'invalidValue',
    ],
    ['that is a list', [], 'invalidSyntax'],
  ])('a body %s is a 400', async (_what, body, scimType) => {
    const reply = await scim.post('/Users', body);
    expect(reply).toMatchObject({ status: 400, body: { schemas: [ERROR], status: '400', scimType } });
    expect(reply.body.detail?.length).toBeGreaterThan(10);
  });

  test('names of attributes ignore case; null, "" and [] are absent; a list holds nothing twice', async () => {
    const reply = await scim.post('/Users', {
      SCHEMAS: [USER_SCHEMA],
      USERNAME: `${fresh()}@acme.example`,
      Name: { GivenName: 'Ada', familyname: null },
      nickName: '',
      title: null,
      phoneNumbers: [],
      emails: [
        { value: 'a@acme.example', type: 'work' },
        { type: 'work', value: 'a@acme.example' },
      ],
    });
    expect(reply.status).toBe(201);
    expect(reply.body['name']).toEqual({ givenName: 'Ada' });
    expect(reply.body['emails']).toEqual([{ value: 'a@acme.example', type: 'work' }]);
    for (const name of ['nickName', 'title', 'phoneNumbers']) expect(reply.body[name]).toBeUndefined();
  });
});

describe('uniqueness (409)', () => {
  test('of userName without regard to case and of externalId with it, over POST, PUT and PATCH', async () => {
    const taken = 'Taken@acme.example';
    await scim.post('/Users', oktaUser(taken, { externalId: 'EXT' }));
    const id = await newUser();
    const conflict = { status: 409, body: { schemas: [ERROR], status: '409', scimType: 'uniqueness' } };
    expect(await scim.post('/Users', oktaUser('TAKEN@acme.example'))).toMatchObject(conflict);
    expect(await scim.post('/Users', oktaUser('other@acme.example', { externalId: 'EXT' }))).toMatchObject(
      conflict,
    );
    expect(await scim.put(`/Users/${id}`, oktaUser(taken))).toMatchObject(conflict);
    expect(
      await scim.patch(`/Users/${id}`, [{ op: 'replace', path: 'userName', value: taken }]),
    ).toMatchObject(conflict);
    expect(await scim.patch(`/Users/${id}`, [{ op: 'replace', value: { externalId: 'EXT' } }])).toMatchObject(
      conflict,
    );
    expect((await scim.patch(`/Users/${id}`, [{ op: 'replace', value: { externalId: 'ext' } }])).status).toBe(
      200,
    );
  });

  test('of a group’s displayName, over POST, PUT and PATCH', async () => {
    await scim.post('/Groups', oktaGroup('Unique'));
    const id = idOf(await scim.post('/Groups', oktaGroup('Another')));
    const conflict = { status: 409, body: { schemas: [ERROR], scimType: 'uniqueness' } };
    const replies = [
      await scim.post('/Groups', oktaGroup('UNIQUE')),
      await scim.put(`/Groups/${id}`, oktaGroup('unique')),
      await scim.patch(`/Groups/${id}`, [{ op: 'replace', path: 'displayName', value: 'Unique' }]),
    ];
    for (const reply of replies) {
      expect(reply).toMatchObject(conflict);
      expect(reply.body.detail).toContain('displayName');
    }
    expect((await scim.get(`/Groups/${id}`)).body['displayName']).toBe('Another');
  });

  test('a deleted user’s name is free, its id is not used again', async () => {
    const first = await scim.post('/Users', oktaUser('again@acme.example'));
    await scim.delete(`/Users/${idOf(first)}`);
    const second = await scim.post('/Users', oktaUser('again@acme.example'));
    expect(second.status).toBe(201);
    expect(idOf(second)).not.toBe(idOf(first));
  });
});

describe('RFC 7644 section 3.14: versions', () => {
  test('If-Match guards PUT, PATCH and DELETE; If-None-Match spares a GET', async () => {
    const id = await newUser();
    const path = `/Users/${id}`;
    const stale = { 'if-match': 'W/"7"' };
    const body = oktaUser(`${fresh()}@acme.example`, { displayName: 'New' });
    const refused = { status: 412, body: { schemas: [ERROR], status: '412' } };
    expect(await scim.put(path, body, stale)).toMatchObject(refused);
    expect(await scim.patch(path, [{ op: 'replace', value: { title: 'x' } }], stale)).toMatchObject(refused);
    expect(await scim.send('DELETE', path, undefined, stale)).toMatchObject(refused);
    expect((await scim.get(path)).body).toMatchObject({ meta: { version: 'W/"1"' } });
    const put = await scim.put(path, body, { 'if-match': '"5", W/"1"' });
    expect(put).toMatchObject({ status: 200, body: { meta: { version: 'W/"2"' } } });
    expect(put.headers.get('etag')).toBe('W/"2"');
    expect(
      (await scim.patch(path, [{ op: 'replace', value: { title: 'x' } }], { 'if-match': '*' })).status,
    ).toBe(200);
    const known = await scim.get(path, { 'if-none-match': 'W/"3"' });
    expect({ status: known.status, body: known.body, etag: known.headers.get('etag') }).toEqual({
      status: 304,
      body: {},
      etag: 'W/"3"',
    });
    expect((await scim.get(path, { 'if-none-match': 'W/"2"' })).status).toBe(200);
    expect((await scim.send('DELETE', path, undefined, { 'if-match': 'W/"3"' })).status).toBe(204);
  });

  test('of groups as of users', async () => {
    const path = `/Groups/${idOf(await scim.post('/Groups', oktaGroup('Versions')))}`;
    const stale = { 'if-match': 'W/"9"' };
    expect((await scim.patch(path, [{ op: 'replace', value: { displayName: 'No' } }], stale)).status).toBe(
      412,
    );
    expect((await scim.put(path, oktaGroup('No'), stale)).status).toBe(412);
    expect((await scim.get(path, { 'if-none-match': 'W/"1"' })).status).toBe(304);
    expect((await scim.send('DELETE', path, undefined, { 'if-match': 'W/"1"' })).status).toBe(204);
  });

  test('what changes nothing changes neither version nor lastModified', async () => {
    const user = await scim.post('/Users', oktaUser(`${fresh()}@acme.example`));
    const path = `/Users/${idOf(user)}`;
    const { meta } = user.body;
    expect((await scim.put(path, user.body)).body['meta']).toEqual(meta);
    const same = [
      { op: 'add', path: 'displayName', value: 'Ada Lovelace' },
      { op: 'add', path: 'emails', value: [{ value: textAt(user.body, 'userName'), type: 'work' }] },
      { op: 'replace', value: { active: true } },
    ];
    expect((await scim.patch(path, same)).body['meta']).toEqual(meta);
    const [ada = ''] = await addUsers(scim, fresh());
    const group = await scim.post('/Groups', oktaGroup('Same', [ada]));
    await scim.patch(`/Groups/${idOf(group)}`, [
      { op: 'add', path: 'members', value: [{ value: ada }] },
      { op: 'replace', value: { displayName: 'Same' } },
    ]);
    expect((await scim.get(`/Groups/${idOf(group)}`)).body['meta']).toEqual(group.body['meta']);
  });
});

describe('RFC 7644 section 3.5.1: replacing', () => {
  test('what a PUT leaves out is gone, and it makes nothing', async () => {
    const id = await newUser({ [ENTERPRISE]: { department: 'Sales' }, title: 'Dr.' });
    const put = await scim.put(`/Users/${id}`, {
      schemas: [USER_SCHEMA],
      userName: `${fresh()}@acme.example`,
    });
    expect(put.status).toBe(200);
    for (const name of ['title', 'name', 'emails', ENTERPRISE]) expect(put.body[name]).toBeUndefined();
    expect(put.body['schemas']).toEqual([USER_SCHEMA]);
    const nobody = '0192a000-0000-7000-8000-000000000000';
    expect((await scim.put(`/Users/${nobody}`, oktaUser('put@acme.example'))).status).toBe(404);
    expect((await scim.put(`/Groups/${nobody}`, oktaGroup('Put'))).status).toBe(404);
    expect((await scim.get(filtered('/Users', 'userName eq "put@acme.example"'))).body['totalResults']).toBe(
      0,
    );
  });
});

describe('RFC 7644 section 3.5.2: patching', () => {
  test.each<readonly [string, JsonObject, string]>([
    ['remove without a path', { op: 'remove' }, 'noTarget'],
    ['an unknown path', { op: 'replace', path: 'shoeSize', value: 44 }, 'invalidPath'],
    ['a path that is none', { op: 'replace', path: 'emails[type eq', value: 'x' }, 'invalidFilter'],
    ['a readOnly attribute', { op: 'replace', path: 'id', value: 'x' }, 'mutability'],
    ['a readOnly list', { op: 'add', path: 'groups', value: [{ value: 'x' }] }, 'mutability'],
    ['meta', { op: 'replace', path: 'meta.created', value: '2000-01-01T00:00:00Z' }, 'mutability'],
    ['a required attribute removed', { op: 'remove', path: 'userName' }, 'mutability'],
    [
      'a filter that matches nothing',
      { op: 'replace', path: 'emails[value eq "no" and primary ne true]', value: { value: 'x' } },
      'noTarget',
    ],
    ['a wrong type', { op: 'replace', path: 'active', value: 'perhaps' }, 'invalidValue'],
    ['an unknown op', { op: 'move', path: 'title', value: 'x' }, 'invalidSyntax'],
    ['add without a value', { op: 'add', path: 'title' }, 'invalidValue'],
  ])('%s is a 400, and nothing that stood before it is done', async (_what, operation, scimType) => {
    const id = await newUser();
    const before = (await scim.get(`/Users/${id}`)).body;
    const reply = await scim.patch(`/Users/${id}`, [
      { op: 'replace', path: 'title', value: 'half done' },
      operation,
    ]);
    expect(reply).toMatchObject({ status: 400, body: { schemas: [ERROR], status: '400', scimType } });
    expect((await scim.get(`/Users/${id}`)).body).toEqual(before);
  });

  test('a member’s parts are immutable, displayName of a group is required', async () => {
    const [ada = ''] = await addUsers(scim, fresh());
    const path = `/Groups/${idOf(await scim.post('/Groups', oktaGroup('Immutable', [ada])))}`;
    const cases: readonly (readonly [JsonObject, string])[] = [
      [{ op: 'replace', path: `members[value eq "${ada}"].value`, value: 'x' }, 'mutability'],
      [{ op: 'remove', path: 'displayName' }, 'mutability'],
      [{ op: 'replace', path: 'displayName', value: '' }, 'invalidValue'],
      [{ op: 'remove', path: 'members[display co "nobody"]' }, 'noTarget'],
      [{ op: 'add', path: 'members', value: [{ value: ada, type: 'Group' }] }, 'invalidValue'],
    ];
    for (const [operation, scimType] of cases)
      expect(await scim.patch(path, [{ op: 'remove', path: 'members' }, operation])).toMatchObject({
        status: 400,
        body: { scimType },
      });
    expect(at((await scim.get(path)).body, 'members', 0, 'value')).toBe(ada);
  });

  test('add merges, replace replaces, a new primary takes it from the old one', async () => {
    const id = await newUser({ emails: [{ value: 'one@acme.example', type: 'work', primary: true }] });
    const added = await scim.patch(`/Users/${id}`, [
      { op: 'add', path: 'emails', value: [{ value: 'two@acme.example', type: 'home', primary: true }] },
      { op: 'add', path: 'name', value: { middleName: 'King' } },
    ]);
    expect(added.body['emails']).toEqual([
      { value: 'one@acme.example', type: 'work', primary: false },
      { value: 'two@acme.example', type: 'home', primary: true },
    ]);
    expect(added.body['name']).toMatchObject({ givenName: 'Ada', middleName: 'King' });
    const replaced = await scim.patch(`/Users/${id}`, [
      { op: 'replace', path: 'emails', value: [{ value: 'three@acme.example' }] },
      { op: 'remove', path: 'name.middleName' },
      { op: 'replace', path: 'nickName', value: 'was absent' },
    ]);
    expect(replaced.body).toMatchObject({
      emails: [{ value: 'three@acme.example' }],
      nickName: 'was absent',
    });
    expect(at(replaced.body, 'name', 'middleName')).toBeUndefined();
  });

  test('a group answers 204, or 200 with what `attributes` asks for', async () => {
    const [ada = ''] = await addUsers(scim, fresh());
    const path = `/Groups/${idOf(await scim.post('/Groups', oktaGroup('Asked')))}`;
    const add = [{ op: 'add', path: 'members', value: [{ value: ada }] }];
    const silent = await scim.patch(path, add);
    expect({ status: silent.status, etag: silent.headers.get('etag'), body: silent.body }).toEqual({
      status: 204,
      etag: 'W/"2"',
      body: {},
    });
    const asked = await scim.patch(`${path}?attributes=members`, [
      { op: 'replace', value: { displayName: 'Asked more' } },
    ]);
    expect(asked).toMatchObject({ status: 200, body: { members: [{ value: ada, type: 'User' }] } });
    expect(asked.body['displayName']).toBeUndefined();
  });

  test('members of a PATCH are done in order, and a display that a filter names is that of the moment', async () => {
    const [ada = '', bob = ''] = await addUsers(scim, fresh(), fresh());
    const path = `/Groups/${idOf(await scim.post('/Groups', oktaGroup('Ordered', [ada])))}`;
    await scim.patch(path, [
      { op: 'add', path: 'members', value: [{ value: bob }] },
      { op: 'remove', path: `members[value eq "${ada}"]` },
      { op: 'add', path: 'members', value: [{ value: ada }] },
      { op: 'remove', path: `members[value eq "${bob}"]` },
    ]);
    expect(at((await scim.get(path)).body, 'members')).toMatchObject([{ value: ada }]);
    expect(
      (await scim.patch(path, [{ op: 'remove', path: 'members[display eq "Ada Lovelace"]' }])).status,
    ).toBe(204);
    expect(at((await scim.get(path)).body, 'members')).toBeUndefined();
    const refused = await scim.patch(path, [
      { op: 'add', path: 'members', value: [{ value: ada }, { value: bob }] },
      { op: 'remove', path: `members[value eq "${ada}"]` },
      { op: 'remove', path: `members[value eq "${ada}" and type eq "User"]` },
    ]);
    expect(refused).toMatchObject({ status: 400, body: { scimType: 'noTarget' } });
  });
});

describe('RFC 7644 section 3.6: deleting', () => {
  test('204, then 404 to every method, and gone from lists, searches and groups', async () => {
    const [ada = '', bob = ''] = await addUsers(scim, fresh(), fresh());
    const group = idOf(await scim.post('/Groups', oktaGroup('Survivors', [ada, bob])));
    const version = textAt((await scim.get(`/Groups/${group}`)).body, 'meta', 'version');
    const path = `/Users/${ada}`;
    expect((await scim.delete(path)).status).toBe(204);
    const replies = [
      await scim.get(path),
      await scim.put(path, oktaUser('gone@acme.example')),
      await scim.patch(path, [{ op: 'replace', value: { active: true } }]),
      await scim.delete(path),
      await scim.post('/Users/.search', { schemas: [SEARCH], filter: `id eq "${ada}"`, count: 1 }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([404, 404, 404, 404, 200]);
    expect(replies.slice(0, 4).every(({ body }) => body['status'] === '404')).toBe(true);
    expect(replies[4]?.body['totalResults']).toBe(0);
    const left = await scim.get(`/Groups/${group}`);
    expect(at(left.body, 'members')).toMatchObject([{ value: bob }]);
    expect(at(left.body, 'meta', 'version')).not.toBe(version);
    const unknown = await scim.patch(`/Groups/${group}`, [
      { op: 'add', path: 'members', value: [{ value: ada }] },
    ]);
    expect(unknown).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
  });
});
