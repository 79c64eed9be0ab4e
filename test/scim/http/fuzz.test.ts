import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../../../src/core/json.js';
import {
  GROUP_SCHEMA,
  oktaGroup,
  oktaUser,
  USER_SCHEMA,
  type ScimClient,
} from '../../support/scim-client.js';
import { addUsers, BULK, ENTERPRISE, idOf, SEARCH, startScim, textAt, type ScimStage } from './stage.js';

let stage: ScimStage;
let scim: ScimClient;
let user: string;
let group: string;

beforeAll(async () => {
  stage = await startScim();
  ({ scim } = stage);
  [user = ''] = await addUsers(scim, 'fuzz');
  group = idOf(await scim.post('/Groups', oktaGroup('Fuzz')));
}, 60_000);
afterAll(() => stage.stop());

const NAMES = [
  'userName',
  'externalId',
  'displayName',
  'name',
  'name.givenName',
  'emails',
  'emails.value',
  'emails[type eq "work"].value',
  'active',
  'roles',
  'entitlements',
  'groups',
  'members',
  'members[value eq "x"]',
  'password',
  'id',
  'meta',
  'schemas',
  'value',
  'type',
  'primary',
  '$ref',
  'display',
  'photos',
  'x509Certificates',
  'manager',
  ENTERPRISE,
  `${ENTERPRISE}:manager`,
  USER_SCHEMA,
  'unknown',
  '',
  ' ',
  '[',
  'urn:',
  '__proto__',
  'constructor',
];
const name = fc.constantFrom(...NAMES);
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom('\u0000', '\ud800', '\u202e', '😀', 'İ', 'ß', '"', '\\', '%', "'"),
    maxLength: 6,
  }),
  fc.integer({ min: 100, max: 12_000 }).map((size) => randomBytes(size).toString('base64url').slice(0, size)),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom<Json>(null, true, false, '', 'True', '2026-02-30T00:00:00Z', -0, 1e300),
);
const value: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    scalar,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(name, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).json;
const operation = fc.record(
  { op: fc.constantFrom('add', 'replace', 'remove', 'Add', 'x'), path: name, value },
  { requiredKeys: ['op'] },
);

/** Method, path and body of a request that may mean anything. */
const requests = fc.oneof(
  fc
    .dictionary(name, value, { maxKeys: 5, noNullPrototype: true })
    .map(
      (body) =>
        ['POST', '/Users', { ...oktaUser('fuzzed@acme.example'), ...body, schemas: [USER_SCHEMA] }] as const,
    ),
  fc
    .dictionary(name, value, { maxKeys: 5, noNullPrototype: true })
    .map((body) => ['PUT', '/Users/USER', { userName: 'fuzz', ...body, schemas: [USER_SCHEMA] }] as const),
  fc
    .dictionary(name, value, { maxKeys: 5, noNullPrototype: true })
    .map(
      (body) => ['PUT', '/Groups/GROUP', { displayName: 'Fuzz', ...body, schemas: [GROUP_SCHEMA] }] as const,
    ),
  fc
    .tuple(
      fc.constantFrom('/Users/USER', '/Groups/GROUP'),
      fc.array(operation, { minLength: 1, maxLength: 4 }),
    )
    .map(
      ([path, Operations]) =>
        ['PATCH', path, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations }] as const,
    ),
  fc
    .record(
      { filter: value, sortBy: value, count: value, startIndex: value, cursor: value, attributes: value },
      { requiredKeys: [] },
    )
    .map((body) => ['POST', '/Users/.search', { schemas: [SEARCH], ...body }] as const),
  fc
    .array(
      fc.record({
        method: fc.constantFrom('POST', 'PUT', 'PATCH'),
        path: fc.constantFrom('/Users', '/Users/USER', '/Groups/GROUP'),
        bulkId: fc.constantFrom('a', 'b'),
        data: value,
      }),
      { maxLength: 3 },
    )
    .map((Operations) => ['POST', '/Bulk', { schemas: [BULK], Operations }] as const),
);

test('whatever is sent, nothing is answered by a 5xx, and a refusal says why', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async ([method, path, body]) => {
      const reply = await scim.send(
        method,
        path.replace('USER', user).replace('GROUP', group),
        JSON.stringify(body),
      );
      expect({ status: reply.status, body: reply.status < 500 || reply.body }).toMatchObject({ body: true });
      if (reply.status >= 400) expect(reply.body.detail?.length).toBeGreaterThan(5);
      for (const each of path === '/Bulk' && reply.status === 200
        ? (reply.body['Operations'] as readonly Json[])
        : [])
        expect(textAt(each, 'status')).not.toMatch(/^5/);
    }),
    { numRuns: 250 },
  );
}, 60_000);

/** 512 letters of a script, which nothing compresses. */
const textFrom = (first: string): string =>
  [...randomBytes(512)]
    .map((byte) => String.fromCodePoint((first.codePointAt(0) ?? 0) + (byte % 26)))
    .join('');

test('names that are looked up may have 512 characters, of whatever script; one more is refused by name', async () => {
  for (const first of ['a', '一', 'À']) {
    const text = textFrom(first);
    const made = await scim.post('/Users', oktaUser(text, { externalId: text, emails: [{ value: text }] }));
    expect(made.status).toBe(201);
    expect((await scim.post('/Groups', { ...oktaGroup(text), externalId: text })).status).toBe(201);
    expect((await scim.delete(`/Users/${idOf(made)}`)).status).toBe(204);
  }
  const noise = randomBytes(5_000).toString('base64url');
  const refused: readonly (readonly [string, string, Json])[] = [
    ['userName', '/Users', oktaUser(noise, { emails: [], externalId: 'x' })],
    ['externalId', '/Users', oktaUser('long@acme.example', { externalId: noise })],
    ['emails.value', '/Users', oktaUser('long@acme.example', { emails: [{ value: noise }] })],
    ['displayName', '/Groups', oktaGroup(noise)],
    ['externalId', '/Groups', { ...oktaGroup('Long'), externalId: noise }],
  ];
  for (const [what, path, body] of refused)
    expect(await scim.post(path, body)).toMatchObject({
      status: 400,
      body: { scimType: 'invalidValue', detail: expect.stringContaining(what) },
    });
});
