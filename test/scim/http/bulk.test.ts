import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/core/json.js';
import {
  GROUP_SCHEMA,
  oktaGroup,
  oktaUser,
  type ScimClient,
  type ScimReply,
} from '../../support/scim-client.js';
import {
  addUsers,
  at,
  BULK,
  ENTERPRISE,
  ERROR,
  filtered,
  idOf,
  startScim,
  textAt,
  type ScimStage,
} from './stage.js';

let stage: ScimStage;
let scim: ScimClient;

beforeAll(async () => {
  stage = await startScim();
  ({ scim } = stage);
}, 60_000);
afterAll(() => stage.stop());

const bulk = (operations: readonly Json[], more: JsonObject = {}): Promise<ScimReply> =>
  scim.post('/Bulk', { schemas: [BULK], Operations: operations, ...more });
const statuses = (reply: ScimReply): readonly (Json | undefined)[] => {
  const operations = reply.body['Operations'];
  return Array.isArray(operations) ? operations.map((each: Json) => at(each, 'status')) : [];
};
const addUser = (bulkId: string, more: JsonObject = {}): JsonObject => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: oktaUser(`bulk-${bulkId}@acme.example`, more),
});

test('operations of each kind, each answered with status as text, location and version', async () => {
  const [old = '', gone = ''] = await addUsers(scim, 'bulk-old', 'bulk-gone');
  const patch = {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', value: { active: false } }],
  };
  const reply = await bulk([
    addUser('a'),
    { method: 'put', path: `/Users/${old}`, version: 'W/"1"', data: oktaUser('bulk-old2@acme.example') },
    { method: 'PATCH', path: `/Users/${old}`, data: patch },
    { method: 'PATCH', path: `/Users/${old}`, version: 'W/"1"', data: patch },
    { method: 'DELETE', path: `/Users/${gone}` },
    { method: 'DELETE', path: `/Users/${gone}` },
    { method: 'POST', path: '/Users', bulkId: 'dup', data: oktaUser('BULK-a@acme.example') },
    { method: 'POST', path: '/Groups', bulkId: 'g', data: { schemas: [GROUP_SCHEMA] } },
  ]);
  expect(reply).toMatchObject({
    status: 200,
    body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'] },
  });
  expect(statuses(reply)).toEqual(['201', '200', '200', '412', '204', '404', '409', '400']);
  const address = `${scim.baseUrl}/Users/${old}`;
  expect(reply.body['Operations']).toMatchObject([
    {
      method: 'POST',
      bulkId: 'a',
      version: 'W/"1"',
      location: expect.stringContaining(`${scim.baseUrl}/Users/`),
    },
    { method: 'PUT', version: 'W/"2"', location: address },
    { method: 'PATCH', version: 'W/"3"', location: address },
    { method: 'PATCH', location: address, response: { schemas: [ERROR], status: '412' } },
    { method: 'DELETE', location: `${scim.baseUrl}/Users/${gone}` },
    { location: `${scim.baseUrl}/Users/${gone}`, response: { status: '404' } },
    { bulkId: 'dup', response: { status: '409', scimType: 'uniqueness' } },
    { bulkId: 'g', response: { status: '400', scimType: 'invalidValue' } },
  ]);
  expect(at(reply.body, 'Operations', 6, 'location')).toBeUndefined();
  expect((await scim.get(`/Users/${old}`)).body).toMatchObject({
    userName: 'bulk-old2@acme.example',
    active: false,
  });
});

test('bulkId is resolved backwards, forwards, in paths and in filters of paths', async () => {
  const reply = await bulk([
    {
      method: 'POST',
      path: '/Groups',
      bulkId: 'team',
      data: { schemas: [GROUP_SCHEMA], displayName: 'Bulk team', members: [{ value: 'bulkId:later' }] },
    },
    addUser('earlier', {
      [ENTERPRISE]: { manager: { value: 'bulkId:later' } },
      displayName: 'see bulkId:later',
    }),
    addUser('later'),
    {
      method: 'PATCH',
      path: '/Groups/bulkId:team',
      data: {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [
          { op: 'remove', path: 'members[value eq "bulkId:later"]' },
          { op: 'add', path: 'members', value: [{ value: 'bulkId:earlier' }] },
        ],
      },
    },
  ]);
  expect(statuses(reply)).toEqual(['201', '201', '201', '204']);
  const found = async (name: string) =>
    (await scim.get(filtered('/Users', `userName eq "bulk-${name}@acme.example"`))).body.Resources?.[0];
  const [earlier, later] = [await found('earlier'), await found('later')];
  expect(earlier).toMatchObject({
    displayName: 'see bulkId:later',
    [ENTERPRISE]: { manager: { value: textAt(later, 'id') } },
  });
  const group = await scim.get(textAt(reply.body, 'Operations', 0, 'location').slice(scim.baseUrl.length));
  expect(at(group.body, 'members')).toMatchObject([{ value: textAt(earlier, 'id') }]);
});

test('A-92: circles, references to nothing and to what failed are 409, and leave the rest alone', async () => {
  const circle = (bulkId: string, other: string): JsonObject =>
    addUser(bulkId, { [ENTERPRISE]: { manager: { value: `bulkId:${other}` } } });
  const reply = await bulk([
    circle('c1', 'c2'),
    circle('c2', 'c1'),
    circle('self', 'self'),
    circle('lost', 'nowhere'),
    { method: 'POST', path: '/Users', bulkId: 'bad', data: {} },
    circle('after', 'bad'),
    addUser('fine'),
  ]);
  expect(reply.status).toBe(200);
  expect(statuses(reply).slice(2)).toEqual(['409', '409', '400', '409', '201']);
  expect(statuses(reply).slice(0, 2)).toContain('409');
});

test('failOnErrors stops, and tells only of what was done', async () => {
  const bad = { method: 'DELETE', path: '/Users/nobody' };
  const reply = await bulk([addUser('f1'), bad, bad, addUser('f2')], { failOnErrors: 2 });
  expect(statuses(reply)).toEqual(['201', '404', '404']);
  expect(
    (await scim.get(filtered('/Users', 'userName eq "bulk-f2@acme.example"'))).body['totalResults'],
  ).toBe(0);
  const patient = await bulk([bad, addUser('f2')], { failOnErrors: 2 });
  expect(statuses(patient)).toEqual(['404', '201']);
});

test.each<readonly [string, JsonObject, number]>([
  ['no schemas', { schemas: [], Operations: [] }, 400],
  ['no operations', { schemas: [BULK] }, 400],
  ['a bulkId twice', { schemas: [BULK], Operations: [addUser('x'), addUser('x')] }, 400],
  [
    'a POST without bulkId',
    { schemas: [BULK], Operations: [{ method: 'POST', path: '/Users', data: {} }] },
    400,
  ],
  ['a GET', { schemas: [BULK], Operations: [{ method: 'GET', path: '/Users/x' }] }, 400],
  [
    'another address',
    { schemas: [BULK], Operations: [{ method: 'POST', path: '/Bulk', bulkId: 'b', data: {} }] },
    400,
  ],
  ['failOnErrors of 0', { schemas: [BULK], failOnErrors: 0, Operations: [] }, 400],
  [
    'A-92: 1,001 operations',
    {
      schemas: [BULK],
      Operations: Array.from({ length: 1001 }, () => ({ method: 'DELETE', path: '/Users/x' })),
    },
    413,
  ],
])('%s: refused as a whole', async (_what, body, status) => {
  const reply = await scim.post('/Bulk', body);
  expect(reply).toMatchObject({
    status,
    body: { schemas: [ERROR], status: String(status), detail: expect.any(String) },
  });
});

test('1,000 operations are done', async () => {
  const operations = Array.from({ length: 1000 }, (_, n) => ({ method: 'DELETE', path: `/Users/none-${n}` }));
  expect(new Set(statuses(await bulk(operations)))).toEqual(new Set(['404']));
});

test('what is done in Bulk is done as alone: unknown members, readOnly attributes', async () => {
  const group = idOf(await scim.post('/Groups', oktaGroup('Bulk readOnly')));
  const reply = await bulk([
    { method: 'POST', path: '/Groups', bulkId: 'm', data: oktaGroup('Bulk unknown', ['nobody']) },
    {
      method: 'PUT',
      path: `/Groups/${group}`,
      data: { ...oktaGroup('Bulk readOnly'), id: 'other', meta: { version: 'W/"9"' } },
    },
  ]);
  expect(statuses(reply)).toEqual(['400', '200']);
  expect(at(reply.body, 'Operations', 0, 'response', 'detail')).toContain('nobody');
  expect(at(reply.body, 'Operations', 1, 'version')).toBe('W/"1"');
});
