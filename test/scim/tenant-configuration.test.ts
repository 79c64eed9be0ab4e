import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { GROUP_SCHEMA, oktaGroup, oktaUser, ScimClient, USER_SCHEMA } from '../support/scim-client.js';

const [FIRST, SECOND] = ['a-scim-token-of-the-tests-0123456789', 'another-scim-token-of-the-tests-0123'];
const BADGE = 'urn:acme:scim:schemas:Badge';
const PLACE = 'urn:acme:scim:schemas:Place';

let it: TestNode;
const client = (token = FIRST): ScimClient => new ScimClient(`${it.url}/t/acme/scim/v2`, token);
const apply = (wanted: Omit<DesiredTenant, 'path' | 'slug'>) => it.apply([{ slug: 'acme', ...wanted }]);

beforeAll(async () => {
  it = await startTestNode();
  await apply({
    connections: [{ key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' }],
    scimTokens: [{ name: 'first', token: FIRST }],
    scimExtensions: [
      {
        schema: BADGE,
        name: 'Badge',
        attributes: [
          { name: 'number', type: 'integer', required: true },
          { name: 'color', canonicalValues: ['red', 'green'], caseExact: true },
          { name: 'doors', type: 'complex', multiValued: true, subAttributes: [{ name: 'value' }] },
        ],
      },
      { schema: PLACE, name: 'Place', resource: 'Group', attributes: [{ name: 'city' }] },
    ],
  });
});
afterAll(() => it.stop());

const filtered = (path: string, filter: string) =>
  client().get(`${path}?filter=${encodeURIComponent(filter)}`);

const found = async (filter: string) => (await filtered('/Users', filter)).body['totalResults'];
const status = async (token: string): Promise<number> => (await client(token).get('/Users?count=1')).status;
const inMs = (ms: number): Date => new Date(Date.now() + ms);

describe('SCIM extensions of a tenant', () => {
  let id: string;
  let groupId: string;

  test('/Schemas and /ResourceTypes list them', async () => {
    const { body } = await client().get(`/Schemas/${BADGE}`);
    expect(body).toMatchObject({
      id: BADGE,
      name: 'Badge',
      attributes: [
        { name: 'number', type: 'integer', required: true },
        { name: 'color', caseExact: true, canonicalValues: ['red', 'green'] },
        { name: 'doors', type: 'complex', multiValued: true, subAttributes: [{ name: 'value' }] },
      ],
    });
    const { body: types } = await client().get('/ResourceTypes');
    expect(
      types.Resources?.slice(0, 2).map(({ schemaExtensions }) => JSON.stringify(schemaExtensions)),
    ).toEqual([expect.stringContaining(BADGE), expect.stringContaining(PLACE)]);
  });

  test('values are stored, filtered and patched', async () => {
    const badge = { number: 7, color: 'red', doors: [{ value: 'north' }] };
    const schemas = [USER_SCHEMA, BADGE];
    const made = await client().post('/Users', oktaUser('ada@acme.example', { schemas, [BADGE]: badge }));
    expect(made).toMatchObject({ status: 201, body: { [BADGE]: badge } });
    ({ id } = made.body as { id: string });
    await client().post('/Users', oktaUser('bob@acme.example'));
    expect(await found(`${BADGE}:color eq "red"`)).toBe(1);
    expect(await found(`${BADGE}:color eq "RED"`)).toBe(0);
    expect(await found(`${BADGE}:number gt 6 and ${BADGE}:doors[value eq "north"]`)).toBe(1);
    const sorted = await client().get(`/Users?sortBy=${encodeURIComponent(`${BADGE}:number`)}`);
    expect(sorted.body.Resources?.map(({ userName }) => userName)).toEqual([
      'ada@acme.example',
      'bob@acme.example',
    ]);
    const patched = await client().patch(`/Users/${id}`, [
      { op: 'replace', path: `${BADGE}:color`, value: 'green' },
      { op: 'add', path: `${BADGE}:doors`, value: [{ value: 'south' }] },
    ]);
    expect(patched.body[BADGE]).toEqual({
      number: 7,
      color: 'green',
      doors: [{ value: 'north' }, { value: 'south' }],
    });
    const wrong = await client().patch(`/Users/${id}`, [
      { op: 'replace', path: `${BADGE}:number`, value: 'many' },
    ]);
    expect(wrong).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
  });

  test('and so are those of groups', async () => {
    const place = { schemas: [GROUP_SCHEMA, PLACE], [PLACE]: { city: 'Oslo' } };
    const made = await client().post('/Groups', { ...oktaGroup('Engineering'), ...place });
    expect(made).toMatchObject({ status: 201, body: { [PLACE]: { city: 'Oslo' } } });
    ({ id: groupId } = made.body as { id: string });
    expect((await filtered('/Groups', `${PLACE}:city sw "OS"`)).body['totalResults']).toBe(1);
    await client().patch(`/Groups/${groupId}`, [{ op: 'replace', path: `${PLACE}:city`, value: 'Rome' }]);
    expect((await client().get(`/Groups/${groupId}`)).body[PLACE]).toEqual({ city: 'Rome' });
  });

  test('one that is removed hides its values; they are there when it comes back', async () => {
    const before = await it.apply([{ slug: 'acme' }]);
    expect(before).toMatchObject({ outcome: 'applied', changes: [] });
    const attributes = [{ name: 'color' }];
    await apply({ scimExtensions: [] });
    expect((await client().get(`/Schemas/${BADGE}`)).status).toBe(404);
    const hidden = await client().get(`/Users/${id}`);
    expect(JSON.stringify(hidden.body)).not.toContain(BADGE);
    expect((await filtered('/Users', `${BADGE}:color eq "green"`)).status).toBe(400);
    const renamed = await client().patch(`/Users/${id}`, [{ op: 'replace', value: { title: 'Countess' } }]);
    expect(renamed).toMatchObject({ status: 200, body: { title: 'Countess' } });
    await apply({ scimExtensions: [{ schema: BADGE, name: 'Badge', attributes }] });
    expect((await client().get(`/Users/${id}`)).body[BADGE]).toEqual({ color: 'green' });
  });

  test('a PUT replaces all of a user, hidden values too', async () => {
    await apply({ scimExtensions: [] });
    const put = await client().put(`/Users/${id}`, oktaUser('ada@acme.example'));
    expect(put.status).toBe(200);
    await apply({ scimExtensions: [{ schema: BADGE, name: 'Badge', attributes: [{ name: 'color' }] }] });
    expect((await client().get(`/Users/${id}`)).body[BADGE]).toBeUndefined();
  });
});

describe('SCIM tokens', () => {
  test('two of one connection work beside each other, until the older one’s end', async () => {
    const scimTokens = [
      { name: 'first', expiresAt: inMs(3_600_000) },
      { name: 'second', token: SECOND },
    ];
    await apply({ scimTokens });
    expect([await status(FIRST), await status(SECOND)]).toEqual([200, 200]);
    await apply({ scimTokens: [{ name: 'first', expiresAt: inMs(-1_000) }, { name: 'second' }] });
    expect([await status(FIRST), await status(SECOND)]).toEqual([401, 200]);
    await apply({ scimTokens: [{ name: 'first', expiresAt: null }, { name: 'second' }] });
    expect(await status(FIRST)).toBe(200);
  });

  test('one that is made by apply has its end too', async () => {
    const outcome = await apply({
      scimTokens: [{ name: 'first' }, { name: 'second' }, { name: 'made', expiresAt: inMs(-1_000) }],
    });
    const token =
      outcome.outcome === 'applied'
        ? outcome.tenants[0]?.scimTokens.find(({ name }) => name === 'made')
        : undefined;
    expect(token?.token).toMatch(/^cw_scim_/);
    expect(await status(token?.token ?? '')).toBe(401);
    await apply({ scimTokens: [{ name: 'first' }, { name: 'second' }, { name: 'made', expiresAt: null }] });
    expect(await status(token?.token ?? '')).toBe(200);
  });

  test('a new value has never been used', async () => {
    const used = async () =>
      (
        await it.node.database.query({
          text: `SELECT last_used_at IS NOT NULL AS used FROM scim_tokens WHERE name = 'first'`,
          values: [],
        })
      )[0]?.['used'];
    await it.node.scimRecorder.flush();
    expect(await used()).toBe(true);
    await apply({
      scimTokens: [{ name: 'first', token: `${FIRST}-2` }, { name: 'second' }, { name: 'made' }],
    });
    expect(await used()).toBe(false);
    expect([await status(FIRST), await status(`${FIRST}-2`)]).toEqual([401, 200]);
  });
});
