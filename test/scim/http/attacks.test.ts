import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Json, JsonObject } from '../../../src/core/json.js';
import { Ledger } from '../../support/ledger.js';
import { oktaGroup, oktaUser, USER_SCHEMA, type ScimClient } from '../../support/scim-client.js';
import {
  addUsers,
  BULK,
  clientOf,
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
let ledger: Ledger;
let ada: string;

beforeAll(async () => {
  stage = await startScim();
  ({ scim } = stage);
  ledger = await Ledger.open(stage.node.databaseUrl);
  [ada = ''] = await addUsers(scim, 'ada');
}, 60_000);
afterEach(async () => {
  expect((await scim.get(`/Users/${ada}`)).status).toBe(200);
});
afterAll(async () => {
  await ledger.close();
  await stage.stop();
});

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const patchOf = (operation: string): string => `{"schemas":["${PATCH}"],"Operations":[${operation}]}`;
const userOf = (members: string): string => `{"schemas":["${USER_SCHEMA}"],"userName":"attack",${members}}`;

/** A body, as the bytes that it is sent as, and what it is answered with. */
const refused = async (
  method: string,
  path: string,
  body: string | Uint8Array,
  scimType?: string,
): Promise<void> => {
  const reply = await scim.send(method, path, body);
  const wanted = {
    schemas: [ERROR],
    status: '400',
    detail: expect.any(String),
    ...(scimType === undefined ? {} : { scimType }),
  };
  expect(reply).toMatchObject({ status: 400, body: wanted });
};

const deep = (open: string, close: string): string => `${open.repeat(10_000)}title pr${close.repeat(10_000)}`;

const bytes = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([...part]))));

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Posts a body whose length isn't told before; the status of the answer. */
function sendInChunks(
  address: string,
  authorization: string,
  chunks: readonly Buffer[],
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { authorization, 'content-type': 'application/scim+json' };
    const sent = request(address, { method: 'POST', headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject);
    for (const chunk of chunks) sent.write(chunk);
    sent.end();
  });
}

test('A-86: without a token there is nothing but the service provider’s configuration', async () => {
  const nobody = clientOf(stage.node, undefined);
  for (const path of [
    '/Users',
    `/Users/${ada}`,
    '/Groups',
    '/Schemas',
    '/ResourceTypes',
    '/Roles',
    '/Me',
    '/Nothing',
    '',
  ]) {
    const reply = await nobody.get(path);
    expect(reply).toMatchObject({ status: 401, body: { schemas: [ERROR], status: '401' } });
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer /);
  }
  expect((await nobody.post('/Users', oktaUser('stranger@acme.example'))).status).toBe(401);
  expect((await nobody.post('/ServiceProviderConfig', {})).status).toBe(401);
  expect((await nobody.get('/ServiceProviderConfig')).status).toBe(200);
});

test('A-87: nothing that a push isn’t asked about can be set by it', async () => {
  const body = {
    ...oktaUser('mass@acme.example'),
    id: ada,
    tenantId: 'system',
    tenant_id: 'system',
    source: 'operator',
    version: 99,
    meta: { version: 'W/"99"' },
    groups: [{ value: 'admins' }],
    connection: 'other',
    profile: { email_verified: true },
  };
  const made = await scim.post('/Users', body);
  const id = idOf(made);
  expect(made).toMatchObject({ status: 201, body: { meta: { version: 'W/"1"' } } });
  expect(id).not.toBe(ada);
  await scim.put(`/Users/${id}`, { ...body, displayName: 'Put' });
  await scim.patch(`/Users/${id}`, [{ op: 'replace', value: body }]);
  const [row] = await ledger.rows<{ source: string; profile: JsonObject; attributes: JsonObject }>(
    'SELECT source, profile, attributes FROM users WHERE id = $1',
    [id],
  );
  expect(row?.source).toBe('scim');
  expect(JSON.stringify(row)).not.toMatch(/1mz050nq|system|email_verified|admins/);
  for (const role of ['console:owner', 'console:admin', 'owner'])
    expect(
      await scim.post('/Users', oktaUser('mass2@acme.example', { roles: [{ value: role }] })),
    ).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
});

describe('A-88: names that lead into prototypes', () => {
  test.each([
    ['POST', '/Users', userOf('"__proto__":{"isAdmin":true}')],
    ['POST', '/Users', userOf('"constructor":{"prototype":{"x":1}}')],
    ['POST', '/Users', userOf('"name":{"__proto__":{"x":1}}')],
    ['POST', '/Users', userOf('"name.__proto__.x":1')],
    ['PUT', '/Users/ID', userOf('"__proto__.x":1')],
    ['PATCH', '/Users/ID', patchOf('{"op":"add","path":"__proto__.isAdmin","value":true}')],
    ['PATCH', '/Users/ID', patchOf('{"op":"add","path":"constructor.prototype.x","value":true}')],
    ['PATCH', '/Users/ID', patchOf('{"op":"add","value":{"__proto__.x":1}}')],
    ['PATCH', '/Users/ID', patchOf('{"op":"add","value":{"name.__proto__.x":1}}')],
    ['PATCH', '/Users/ID', patchOf('{"op":"add","value":{"__proto__":{"x":1}}}')],
    [
      'PATCH',
      '/Users/ID',
      patchOf('{"op":"add","path":"emails[type eq \\"x\\"].__proto__","value":{"x":1}}'),
    ],
    [
      'POST',
      '/Bulk',
      `{"schemas":["${BULK}"],"Operations":[{"method":"POST","path":"/Users","bulkId":"a","data":{"__proto__":{"x":1}}}]}`,
    ],
  ])('%s %s %s', async (method, path, body) => {
    await refused(method, path.replace('ID', ada), body);
    expect(({} as JsonObject)['x'] ?? ({} as JsonObject)['isAdmin']).toBeUndefined();
  });

  test('in a search they are no attributes', async () => {
    await refused(
      'POST',
      '/Users/.search',
      JSON.stringify({ schemas: [SEARCH], filter: '__proto__.x pr' }),
      'invalidFilter',
    );
    await refused(
      'POST',
      '/Users/.search',
      JSON.stringify({ schemas: [SEARCH], sortBy: 'constructor' }),
      'invalidPath',
    );
    expect((await scim.get('/Users?attributes=__proto__')).status).toBe(200);
  });
});

describe('A-89: filters are data', () => {
  test.each([
    `userName eq "a' OR 1=1--"`,
    `userName eq "a\\"; drop table users; --"`,
    `userName co "%"`,
    `userName sw "_"`,
    `userName ew "\\\\"`,
    `externalId eq "$1"`,
    `emails[value eq "x') OR ('1'='1"]`,
    `groups.value eq "' OR true --"`,
    `id eq "' OR true --"`,
  ])('%s finds nobody', async (filter) => {
    expect(await scim.get(filtered('/Users', filter))).toMatchObject({
      status: 200,
      body: { totalResults: 0 },
    });
  });

  test.each([
    `userName; drop table users eq "x"`,
    `user_name eq "x"`,
    `r.tenant_id eq "x"`,
    `attributes eq "x"`,
    `1 eq 1`,
    `"a" eq "a"`,
  ])('%s is refused', async (filter) => {
    expect(await scim.get(filtered('/Users', filter))).toMatchObject({
      status: 400,
      body: { scimType: 'invalidFilter' },
    });
  });

  test.each(['userName;drop', "userName' DESC--", '(SELECT 1)'])('sortBy=%s is refused', async (sortBy) => {
    expect(await scim.get(`/Users?sortBy=${encodeURIComponent(sortBy)}`)).toMatchObject({ status: 400 });
  });
});

test('A-90: filters too deep or too long are refused by name, at once', async () => {
  const wide = Array.from({ length: 101 }, () => 'title pr').join(' or ');
  const filters = [
    deep('(', ')'),
    deep('not (', ')'),
    '('.repeat(10_000),
    `title eq "${'x'.repeat(1_000_000)}"`,
    `${'('.repeat(21)}title pr${')'.repeat(21)}`,
    wide,
  ];
  for (const filter of filters)
    await refused('POST', '/Users/.search', JSON.stringify({ schemas: [SEARCH], filter }), 'invalidFilter');
  expect((await scim.get(`/Users?filter=${'('.repeat(10_000)}`)).status).toBe(400);
  await refused('PATCH', `/Users/${ada}`, patchOf(`{"op":"remove","path":"emails[${'('.repeat(10_000)}"}`));
});

describe('A-93: bodies that no parser agrees on', () => {
  test.each<readonly [string, string | Uint8Array]>([
    ['no JSON', 'userName=ada'],
    ['half of it', '{"schemas":'],
    ['nothing', ''],
    ['null', 'null'],
    ['a text', '"text"'],
    ['100,000 levels', nested(100_000)],
    ['100,000 levels of objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['30 levels in an attribute', userOf(`"name":${nested(30)}`)],
    ['a name twice', userOf('"active":true,"active":false')],
    ['a name twice, spelt with an escape', userOf('"active":true,"\\u0061ctive":false')],
    ['a name twice, in two cases', userOf('"active":true,"Active":false')],
    ['NUL in a value', userOf('"title":"a\\u0000b"')],
    ['NUL in userName', `{"schemas":["${USER_SCHEMA}"],"userName":"a\\u0000"}`],
    ['half a surrogate pair', userOf('"title":"\\ud800"')],
    ['invalid UTF-8', bytes(userOf('"title":"').slice(0, -1), [0xff, 0xfe], '"}')],
    ['UTF-8 of a surrogate', bytes(userOf('"title":"').slice(0, -1), [0xed, 0xa0, 0x80], '"}')],
    ['UTF-16', Buffer.from(userOf('"title":"x"'), 'utf16le')],
    ['NaN', userOf('"title":NaN')],
    ['a number for text', userOf('"title":1e999')],
    ['an escape character', userOf('"title":"\\u001b[31m"')],
  ])('%s is a 400', async (_what, body) => {
    await refused('POST', '/Users', body);
    await refused('PUT', `/Users/${ada}`, body);
    await refused('PATCH', `/Users/${ada}`, body);
    await refused('POST', '/Bulk', body);
  });

  test('numbers too large to be themselves are refused where a number is asked for', async () => {
    await refused('POST', '/Users/.search', `{"schemas":["${SEARCH}"],"count":1e400}`);
    await refused('POST', '/Bulk', `{"schemas":["${BULK}"],"failOnErrors":1e400,"Operations":[]}`);
    await refused(
      'PATCH',
      `/Users/${ada}`,
      patchOf('{"op":"replace","path":"title","value":"\\u0000"}'),
      'invalidValue',
    );
    await refused(
      'POST',
      '/Users/.search',
      `{"schemas":["${SEARCH}"],"filter":"title eq \\"\\\\u0000\\""}`,
      'invalidFilter',
    );
  });

  test('a body above 16 MiB is a 413, told before it is sent or while', async () => {
    const large = Buffer.alloc(16 * 1024 * 1024 + 1, ' ');
    expect(await scim.send('POST', '/Users', large)).toMatchObject({
      status: 413,
      body: { schemas: [ERROR], status: '413' },
    });
    const chunks = Array.from({ length: 17 }, () => Buffer.alloc(1024 * 1024, ' '));
    expect(await sendInChunks(`${scim.baseUrl}/Users`, scim.authorization ?? '', chunks)).toBe(413);
  });
});

test('A-92: more operations or members than a request may have are refused with the reason', async () => {
  const group = idOf(await scim.post('/Groups', oktaGroup('Bomb')));
  const many = Array.from({ length: 1_001 }, () => ({ op: 'add', path: 'members', value: [{ value: ada }] }));
  expect(await scim.patch(`/Groups/${group}`, many)).toMatchObject({
    status: 413,
    body: { schemas: [ERROR], detail: expect.stringContaining('1000') },
  });
  const members = Array.from({ length: 100_001 }, (_, n) => ({ value: `m${n}` }));
  for (const reply of [
    await scim.put(`/Groups/${group}`, { ...oktaGroup('Bomb'), members }),
    await scim.patch(`/Groups/${group}`, [{ op: 'add', path: 'members', value: members }]),
  ])
    expect(reply).toMatchObject({
      status: 413,
      body: { status: '413', detail: expect.stringContaining('100000') },
    });
});

describe('A-96: active in the dialects of clients', () => {
  test.each<readonly [Json, boolean]>([
    [false, false],
    ['False', false],
    ['false', false],
    ['True', true],
    [true, true],
  ])('%p', async (value, active) => {
    for (const operation of [
      { op: 'Replace', path: 'active', value },
      { op: 'replace', value: { active: value } },
      { op: 'ADD', path: 'Active', value },
    ])
      expect(await scim.patch(`/Users/${ada}`, [operation])).toMatchObject({ status: 200, body: { active } });
  });

  test.each<Json>([0, 1, 'no', 'off', {}, [true, false], 'falsе'])('%p is neither', async (value) => {
    expect(await scim.patch(`/Users/${ada}`, [{ op: 'replace', path: 'active', value }])).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue' },
    });
    expect((await scim.get(`/Users/${ada}`)).body['active']).toBe(true);
  });
});

test('A-100: local accounts and people who came in by signing in are not there', async () => {
  const people = [
    await ledger.addUser({ tenant: 'acme', connection: null, userName: 'break-glass', source: 'operator' }),
    await ledger.addUser({
      tenant: 'acme',
      connection: 'okta',
      userName: 'jit@acme.example',
      externalId: '00ujit',
      source: 'just_in_time',
    }),
  ];
  const group = idOf(await scim.post('/Groups', oktaGroup('Takeover')));
  for (const id of people) {
    const path = `/Users/${id}`;
    const replies = [
      await scim.get(path),
      await scim.put(path, oktaUser('took@acme.example')),
      await scim.patch(path, [{ op: 'replace', value: { active: false } }]),
      await scim.delete(path),
    ];
    expect(replies.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect((await scim.get(filtered('/Users', `id eq "${id}"`))).body['totalResults']).toBe(0);
    expect(
      await scim.patch(`/Groups/${group}`, [{ op: 'add', path: 'members', value: [{ value: id }] }]),
    ).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
  }
  expect(
    (await scim.get(filtered('/Users', 'userName eq "break-glass" or userName eq "jit@acme.example"'))).body[
      'totalResults'
    ],
  ).toBe(0);
  expect((await scim.post('/Users', oktaUser('break-glass'))).status).toBe(201);
  const adopted = await scim.post('/Users', oktaUser('jit@acme.example', { externalId: '00ujit' }));
  expect([adopted.status, idOf(adopted)]).toEqual([201, people[1]]);
});

test('A-101: names that spreadsheets, browsers and terminals would run are data, and come back as they were', async () => {
  for (const displayName of [
    '=cmd|/C calc!A0',
    '<script>alert(1)</script>',
    '‮gnp.exe',
    '@SUM(1)',
    '{{7*7}}',
    '😀 é 漢字',
  ]) {
    const reply = await scim.patch(`/Users/${ada}`, [
      { op: 'replace', path: 'displayName', value: displayName },
    ]);
    expect([reply.status, textAt(reply.body, 'displayName')]).toEqual([200, displayName]);
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
  }
  await refused(
    'PATCH',
    `/Users/${ada}`,
    patchOf('{"op":"replace","path":"displayName","value":"\\u001b[31mred"}'),
    'invalidValue',
  );
});
