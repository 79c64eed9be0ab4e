import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../../src/core/json.js';
import { applyPatch, type PatchResult } from '../../../src/scim/patch/apply-patch.js';
import { planGroupPatch } from '../../../src/scim/patch/plan-group-patch.js';
import { readPatch } from '../../../src/scim/patch/read-patch.js';
import type { CanonicalResource } from '../../../src/scim/resource/canonical-resource.js';
import { readResource } from '../../../src/scim/resource/read-resource.js';
import { groupResource, userResource } from '../../../src/scim/schema/resource-types.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const users = userResource();
const groups = groupResource();
const ID = '0198a1b2-0000-7000-8000-000000000001';
const OTHER = '0198a1b2-0000-7000-8000-000000000002';

const body = (operations: Json): Json => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: operations,
});
const patch = (resource: CanonicalResource, operations: Json): PatchResult =>
  applyPatch(resource, readPatch(body(operations)), users);
const group = (operations: Json): unknown => planGroupPatch(readPatch(body(operations)), groups);

/** What Okta POSTs when a person is assigned. */
const OKTA_POST = {
  schemas: [CORE],
  userName: 'ada@acme.example',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [{ primary: true, value: 'ada@acme.example', type: 'work' }],
  displayName: 'Ada Lovelace',
  locale: 'en-US',
  externalId: '00ujl29u0le5T6Aj10h7',
  groups: [],
  password: '1mz050nq',
  active: true,
};

describe('Okta', () => {
  const { schemas: _schemas, groups: _groups, password: _password, ...stored } = OKTA_POST;

  test('creates a user: the password is dropped, groups are ignored', () => {
    expect(readResource(OKTA_POST, users, 'create')).toEqual(stored);
  });

  test('puts back the whole resource it got, with id, meta, groups and a new password', () => {
    const put = {
      ...OKTA_POST,
      schemas: [CORE, ENTERPRISE],
      id: ID,
      active: false,
      groups: [{ value: OTHER, display: 'Engineering' }],
      meta: { resourceType: 'User', version: 'W/"3"', created: '2026-11-22T00:13:19.123Z' },
      [ENTERPRISE]: { department: 'Engines', manager: { value: 'charles', displayName: 'Charles' } },
    };
    expect(readResource(put, users, 'replace')).toEqual({
      ...stored,
      active: false,
      [ENTERPRISE]: { department: 'Engines', manager: { value: 'charles', displayName: 'Charles' } },
    });
  });

  test('deactivates and reactivates by a replace without a path', () => {
    const off = patch(stored, [{ op: 'replace', value: { active: false } }]);
    expect(off).toEqual({ resource: { ...stored, active: false }, changed: true, ignored: [] });
    expect(patch(off.resource, [{ op: 'replace', value: { active: false } }]).changed).toBe(false);
    expect(patch(off.resource, [{ op: 'replace', value: { active: true } }]).resource).toEqual(stored);
  });

  test('sets a password, which changes nothing', () => {
    expect(patch(stored, [{ op: 'replace', value: { password: 't1meMa$heen' } }])).toEqual({
      resource: stored,
      changed: false,
      ignored: [],
    });
    expect(patch(stored, [{ op: 'replace', path: 'password', value: 'x' }]).changed).toBe(false);
  });

  test('pushes empty values without an error', () => {
    const empty = { ...OKTA_POST, nickName: '', title: null, phoneNumbers: [{ value: '', type: 'work' }] };
    expect(readResource(empty, users, 'create')).toEqual(stored);
  });

  test('renames a group with its id in the value', () => {
    const plan = planGroupPatch(
      readPatch(body([{ op: 'replace', value: { id: ID, displayName: 'Engineering' } }])),
      groups,
    );
    expect(plan.members).toEqual([]);
    expect(applyPatch({ displayName: 'Engineers' }, plan.attributes, groups)).toEqual({
      resource: { displayName: 'Engineering' },
      changed: true,
      ignored: [],
    });
  });

  test('removes and adds members in one PATCH, in order', () => {
    expect(
      group([
        { op: 'remove', path: `members[value eq "${ID}"]` },
        { op: 'remove', path: `members[value eq "${OTHER.toUpperCase()}"]` },
        { op: 'add', path: 'members', value: [{ value: ID, display: 'ada@acme.example' }] },
      ]),
    ).toEqual({
      attributes: [],
      members: [
        { kind: 'remove', ids: [ID, OTHER] },
        { kind: 'add', ids: [ID] },
      ],
    });
  });

  test('pushes all members, or none', () => {
    expect(
      group([{ op: 'replace', path: 'members', value: [{ value: ID }, { value: OTHER }] }]),
    ).toMatchObject({
      members: [{ kind: 'replace', ids: [ID, OTHER] }],
    });
    expect(group([{ op: 'replace', path: 'members', value: [] }])).toMatchObject({
      members: [{ kind: 'clear' }],
    });
    expect(group([{ op: 'replace', path: 'members', value: null }])).toMatchObject({
      members: [{ kind: 'clear' }],
    });
  });

  test('creates and puts groups with their members', () => {
    const sent = {
      schemas: [GROUP],
      id: ID,
      displayName: 'Engineering',
      members: [
        { value: ID, display: 'ada@acme.example', $ref: null },
        { value: OTHER, type: 'User' },
      ],
    };
    expect(readResource(sent, groups, 'replace')).toEqual({
      displayName: 'Engineering',
      members: [{ value: ID }, { value: OTHER, type: 'User' }],
    });
    expect(readResource({ ...sent, members: null }, groups, 'create')).toEqual({
      displayName: 'Engineering',
    });
  });
});

describe('Entra', () => {
  const sent = {
    schemas: [CORE, ENTERPRISE],
    externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
    userName: 'Test_User_ab6490ee@acme.example',
    active: true,
    emails: [{ primary: true, type: 'work', value: 'Test_User_fd0ea19b@acme.example' }],
    meta: { resourceType: 'User' },
    name: { formatted: 'givenName familyName', familyName: 'familyName', givenName: 'givenName' },
    roles: [],
  };
  const user = readResource(sent, users, 'create');

  test('creates a user', () => {
    const { schemas: _schemas, meta: _meta, roles: _roles, ...stored } = sent;
    expect(user).toEqual(stored);
  });

  test('creates a group with a schema of its own', () => {
    const schemas = [GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'];
    const made = {
      schemas,
      externalId: '8aa1a0c0',
      displayName: 'displayName',
      meta: { resourceType: 'Group' },
    };
    expect(readResource(made, groups, 'create')).toEqual({
      externalId: '8aa1a0c0',
      displayName: 'displayName',
    });
  });

  test('the default dialect: an operation for each attribute, with capitals and "False"', () => {
    const { resource } = patch(user, [
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'updated@acme.example' },
      { op: 'Replace', path: 'name.familyName', value: 'updatedFamilyName' },
      { op: 'Add', path: 'active', value: 'False' },
      { op: 'Add', path: `${ENTERPRISE}:department`, value: 'Engines' },
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+49 1' },
      { op: 'Replace', path: 'phoneNumbers[type eq "work"].value', value: '+49 2' },
      { op: 'Add', path: 'roles[primary eq "True"].value', value: 'admin' },
    ]);
    expect(resource).toEqual({
      ...user,
      active: false,
      emails: [{ primary: true, type: 'work', value: 'updated@acme.example' }],
      name: { formatted: 'givenName familyName', familyName: 'updatedFamilyName', givenName: 'givenName' },
      [ENTERPRISE]: { department: 'Engines' },
      phoneNumbers: [
        { type: 'mobile', value: '+49 1' },
        { type: 'work', value: '+49 2' },
      ],
      roles: [{ primary: true, value: 'admin' }],
    });
  });

  test('the newer dialect: flattened names in a value without a path', () => {
    const { resource, ignored } = patch(user, [
      {
        op: 'replace',
        value: {
          displayName: 'Bjfe',
          active: false,
          'name.givenName': 'Kitty',
          [`${ENTERPRISE}:employeeNumber`]: '701984',
          [`${ENTERPRISE}:manager.value`]: 'boss',
          'emails[type eq "work"].value': 'kitty@acme.example',
          'emails[type eq "other"].value': 'other@acme.example',
          notAnAttribute: 'x',
        },
      },
    ]);
    expect(resource).toMatchObject({
      displayName: 'Bjfe',
      active: false,
      name: { givenName: 'Kitty', familyName: 'familyName' },
      [ENTERPRISE]: { employeeNumber: '701984', manager: { value: 'boss' } },
      emails: [
        { primary: true, type: 'work', value: 'kitty@acme.example' },
        { type: 'other', value: 'other@acme.example' },
      ],
    });
    expect(ignored).toEqual(['notAnAttribute']);
  });

  test.each([
    [{ op: 'Remove', path: `${ENTERPRISE}:manager` }],
    [{ op: 'Replace', path: `${ENTERPRISE}:manager`, value: '' }],
    [{ op: 'Replace', path: `${ENTERPRISE}:manager`, value: null }],
    [{ op: 'replace', value: { [`${ENTERPRISE}:manager`]: '' } }],
  ])('sets a manager by a bare id, replaces and clears it: %j', (clear) => {
    const one = patch(user, [{ op: 'Add', path: `${ENTERPRISE}:manager`, value: 'boss' }]).resource;
    expect(one[ENTERPRISE]).toEqual({ manager: { value: 'boss' } });
    const two = patch(one, [{ op: 'Replace', path: `${ENTERPRISE}:manager`, value: 'chief' }]).resource;
    expect(two[ENTERPRISE]).toEqual({ manager: { value: 'chief' } });
    expect(patch(two, [clear]).resource).toEqual(user);
  });

  test.each(['', null])('%j leaves an attribute empty', (nothing) => {
    const full = { ...user, displayName: 'x' };
    expect(patch(full, [{ op: 'Replace', path: 'displayName', value: nothing }]).resource).toEqual(user);
    expect(patch(full, [{ op: 'replace', value: { displayName: nothing } }]).resource).toEqual(user);
    const { emails: _emails, ...without } = user;
    const bare = patch(user, [
      { op: 'Replace', path: 'emails[type eq "work"].value', value: nothing },
    ]).resource;
    expect(bare).toEqual(without);
  });

  test('removes members by a list, with "$ref": null inside', () => {
    expect(group([{ op: 'Remove', path: 'members', value: [{ $ref: null, value: ID }] }])).toEqual({
      attributes: [],
      members: [{ kind: 'remove', ids: [ID] }],
    });
    expect(group([{ op: 'Add', path: 'members', value: [{ $ref: null, value: ID }] }])).toMatchObject({
      members: [{ kind: 'add', ids: [ID] }],
    });
    expect(group([{ op: 'Remove', path: 'members' }])).toMatchObject({ members: [{ kind: 'clear' }] });
  });
});

describe('JumpCloud and OneLogin', () => {
  test('members without a filter, groups and users by PUT', () => {
    expect(group([{ op: 'add', path: 'members', value: [{ value: ID }] }])).toMatchObject({
      members: [{ kind: 'add', ids: [ID] }],
    });
    expect(group([{ op: 'remove', path: 'members', value: [{ value: ID }] }])).toMatchObject({
      members: [{ kind: 'remove', ids: [ID] }],
    });
    expect(group([{ op: 'add', value: { members: [{ value: ID }] } }])).toMatchObject({
      members: [{ kind: 'add', ids: [ID] }],
    });
    const put = { schemas: [CORE], userName: 'ada', name: { givenName: 'Ada' }, active: false };
    expect(readResource(put, users, 'replace')).toEqual({
      userName: 'ada',
      name: { givenName: 'Ada' },
      active: false,
    });
  });
});
