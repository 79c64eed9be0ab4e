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
  clientOf,
  ENTERPRISE,
  ERROR,
  filtered,
  idOf,
  LIST,
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

const list = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value : []);

describe('RFC 7643 section 5 to 7, RFC 7644 section 4', () => {
  test('the service provider’s configuration is for everybody, and complete', async () => {
    const { status, body } = await clientOf(stage.node, undefined).get('/ServiceProviderConfig');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
      patch: { supported: true },
      bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 16 * 1024 * 1024 },
      filter: { supported: true, maxResults: 1000 },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
      pagination: {
        cursor: true,
        index: true,
        defaultPaginationMethod: 'index',
        defaultPageSize: 100,
        maxPageSize: 1000,
        cursorTimeout: 3600,
      },
      meta: { resourceType: 'ServiceProviderConfig', location: `${scim.baseUrl}/ServiceProviderConfig` },
    });
    for (const scheme of list(body['authenticationSchemes']))
      for (const name of ['type', 'name', 'description']) textAt(scheme, name);
  });

  test('resource types and schemas are listed and found by id, whatever its case', async () => {
    const types = await scim.get('/ResourceTypes?startIndex=5&count=1');
    expect(types.body).toMatchObject({ schemas: [LIST], totalResults: 4, itemsPerPage: 4 });
    for (const type of types.body.Resources ?? []) {
      expect(textAt(type, 'meta', 'location')).toBe(`${scim.baseUrl}/ResourceTypes/${textAt(type, 'id')}`);
      expect((await scim.get(`/ResourceTypes/${textAt(type, 'id')}`)).body).toEqual(type);
      expect((await scim.get(textAt(type, 'endpoint'))).status).toBe(200);
      expect((await scim.get(`/Schemas/${textAt(type, 'schema')}`)).status).toBe(200);
      for (const extension of list(type['schemaExtensions']))
        expect((await scim.get(`/Schemas/${textAt(extension, 'schema')}`)).status).toBe(200);
    }
    const schemas = await scim.get('/Schemas');
    expect(schemas.body.Resources?.map((schema) => schema['id'])).toEqual(
      expect.arrayContaining([USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE]),
    );
    for (const schema of schemas.body.Resources ?? []) {
      const id = textAt(schema, 'id');
      for (const form of [id, id.toUpperCase()])
        expect((await scim.get(`/Schemas/${form}`)).body).toEqual(schema);
    }
  });

  test('a filter on these lists is a 403, an unknown id a 404', async () => {
    for (const path of ['/ResourceTypes', '/Schemas'])
      expect(await scim.get(filtered(path, 'name eq "User"'))).toMatchObject({
        status: 403,
        body: { schemas: [ERROR], status: '403' },
      });
    for (const path of [
      '/ResourceTypes/Nothing',
      '/Schemas/urn:nothing',
      '/Roles/nothing',
      '/Entitlements/nothing',
    ])
      expect(await scim.get(path)).toMatchObject({ status: 404, body: { schemas: [ERROR], status: '404' } });
  });

  test('roles and entitlements are listed for Okta’s governance, found by id, and given to users', async () => {
    expect((await scim.get('/Roles?count=1&startIndex=1')).body).toMatchObject({
      totalResults: 2,
      itemsPerPage: 1,
      startIndex: 1,
    });
    const role = (await scim.get(filtered('/Roles', 'displayName eq "viewer"'))).body.Resources?.[0];
    const entitlement = (await scim.get('/Entitlements?sortBy=displayName&count=1')).body.Resources?.[0];
    for (const found of [role, entitlement])
      expect((await scim.get(textAt(found, 'meta', 'location').slice(scim.baseUrl.length))).body).toEqual(
        found,
      );
    const made = await scim.post(
      '/Users',
      oktaUser('roles@acme.example', {
        roles: [{ value: textAt(role, 'id') }],
        entitlements: [{ value: textAt(entitlement, 'id') }],
      }),
    );
    expect(made.body).toMatchObject({
      roles: [{ value: textAt(role, 'id'), display: 'Viewer' }],
      entitlements: [{ value: textAt(entitlement, 'id') }],
    });
    const found = await scim.get(
      filtered('/Users', `roles.value eq "${textAt(role, 'id')}" and entitlements pr`),
    );
    expect(found.body).toMatchObject({ totalResults: 1 });
    const put = await scim.put(`/Users/${idOf(made)}`, { ...made.body, entitlements: [] });
    expect([at(put.body, 'roles', 0, 'value'), put.body['entitlements']]).toEqual([
      textAt(role, 'id'),
      undefined,
    ]);
    const kept = await scim.put(`/Users/${idOf(made)}`, oktaUser('roles@acme.example'));
    expect(at(kept.body, 'roles', 0, 'value')).toBe(textAt(role, 'id'));
    const unknown = await scim.patch(`/Users/${idOf(made)}`, [
      { op: 'add', path: 'roles', value: [{ value: 'console:owner' }] },
    ]);
    expect(unknown).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
  });
});

describe('addresses and methods', () => {
  const READ = 'GET, HEAD, OPTIONS';
  test.each([
    ['POST', '/ServiceProviderConfig', READ],
    ['PUT', '/ResourceTypes', READ],
    ['PATCH', '/Schemas', READ],
    ['DELETE', `/Schemas/${USER_SCHEMA}`, READ],
    ['PUT', '/Users', 'GET, POST, HEAD, OPTIONS'],
    ['DELETE', '/Groups', 'GET, POST, HEAD, OPTIONS'],
    ['POST', '/Users/x', 'GET, PUT, PATCH, DELETE, HEAD, OPTIONS'],
    ['GET', '/Bulk', 'POST, OPTIONS'],
    ['GET', '/.search', 'POST, OPTIONS'],
    ['GET', '/Users/.search', 'POST, OPTIONS'],
    ['POST', '/Roles', READ],
    ['POST', '', READ],
  ])('%s %s is a 405 with Allow', async (method, path, allow) => {
    const reply = await scim.send(method, path, method === 'GET' ? undefined : '{}');
    expect(reply).toMatchObject({ status: 405, body: { schemas: [ERROR], status: '405' } });
    expect(reply.headers.get('allow')).toBe(allow);
  });

  test.each(['/Nothing', '/Users/A/b', '/users', '/Schemas/a/b', '/Users/-/..x'])(
    '%s is a 404 with an Error body, by every method',
    async (path) => {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const body = method === 'GET' || method === 'DELETE' ? undefined : '{}';
        const reply = await scim.send(method, path, body);
        expect(reply).toMatchObject({ status: 404, body: { schemas: [ERROR], status: '404' } });
      }
    },
  );

  test.each(['/Users/', '/%00', '/Users/%ff', '//Users'])(
    '%s is spelt as no address is: a 404',
    async (path) => {
      expect((await scim.get(path)).status).toBe(404);
    },
  );

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s /Me is a 501', async (method) => {
    const reply = await scim.send(method, '/Me', method === 'GET' || method === 'DELETE' ? undefined : '{}');
    expect(reply).toMatchObject({ status: 501, body: { schemas: [ERROR], status: '501' } });
  });

  test('HEAD is GET without its body, OPTIONS tells the methods', async () => {
    const [id = ''] = await addUsers(scim, 'head');
    const head = await scim.send('HEAD', `/Users/${id}`, undefined);
    expect({ status: head.status, etag: head.headers.get('etag'), body: head.body }).toEqual({
      status: 200,
      etag: 'W/"1"',
      body: {},
    });
    const options = await scim.send('OPTIONS', '/Users', undefined);
    expect({ status: options.status, allow: options.headers.get('allow') }).toEqual({
      status: 204,
      allow: 'GET, POST, HEAD, OPTIONS',
    });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    'a body of type %s is a 415',
    async (type) => {
      expect(
        (
          await scim.send('POST', '/Users', JSON.stringify(oktaUser('type@acme.example')), {
            'content-type': type,
          })
        ).status,
      ).toBe(415);
      expect((await scim.send('POST', '/Users', 'x', { 'content-encoding': 'gzip' })).status).toBe(415);
    },
  );
});

/** A value of an attribute, by what /Schemas says of it. */
function valueOf(attribute: JsonObject, round: number, known: string): Json {
  const { name, type, multiValued, canonicalValues } = attribute;
  const one = (): Json => {
    if (type === 'complex') {
      const parts = list(attribute['subAttributes']).filter(({ mutability }) => mutability !== 'readOnly');
      return Object.fromEntries(
        parts.map((part) => [
          textAt(part, 'name'),
          name === 'members' && part['name'] === 'value' ? known : valueOf(part, round, known),
        ]),
      );
    }
    if (Array.isArray(canonicalValues)) return textAt(canonicalValues, round % canonicalValues.length);
    if (type === 'boolean') return round % 2 === 0;
    if (type === 'integer' || type === 'decimal') return round + 1;
    if (type === 'dateTime') return `2026-01-0${round + 1}T00:00:00Z`;
    if (type === 'binary') return Buffer.from(`round ${round}`).toString('base64');
    if (type === 'reference') return `https://acme.example/${round}`;
    return `${textAt(attribute, 'name')}-${round}`;
  };
  return multiValued === true ? [one()] : one();
}

describe('/Schemas tells the truth', () => {
  test.each([
    ['User', '/Users', () => oktaUser('truth@acme.example')],
    ['Group', '/Groups', () => oktaGroup('Truth')],
  ])(
    'everything writable of a %s is taken by POST, shown by GET, and added, replaced and removed by PATCH',
    async (type, endpoint, basis) => {
      const [known = ''] = await addUsers(scim, `truth-${type}`);
      const resourceType = (await scim.get(`/ResourceTypes/${type}`)).body;
      const role = textAt((await scim.get('/Roles')).body, 'Resources', 0, 'id');
      const entitlement = textAt((await scim.get('/Entitlements')).body, 'Resources', 0, 'id');
      const urns = [
        textAt(resourceType, 'schema'),
        ...list(resourceType['schemaExtensions']).map((each) => textAt(each, 'schema')),
      ];
      let checked = 0;
      for (const urn of urns) {
        const core = urn === urns[0];
        for (const attribute of list((await scim.get(`/Schemas/${urn}`)).body['attributes'])) {
          const name = textAt(attribute, 'name');
          if (attribute['mutability'] === 'readOnly' || attribute['mutability'] === 'writeOnly') continue;
          const values = [0, 1]
            .map((round) => valueOf(attribute, round, known))
            .map((value) =>
              name === 'roles'
                ? [{ value: role }]
                : name === 'entitlements'
                  ? [{ value: entitlement }]
                  : value,
            );
          const place = core ? [name] : [urn, name];
          const path = core ? name : `${urn}:${name}`;
          const matching = (value: Json | undefined): unknown =>
            typeof value === 'object' && value !== null && !Array.isArray(value)
              ? expect.objectContaining({ ...(value as JsonObject) })
              : Array.isArray(value)
                ? value.map((each: Json) => matching(each))
                : value;
          const made = await scim.post(endpoint, {
            ...basis(),
            schemas: [...new Set([urns[0] ?? '', urn])],
            ...(core ? { [name]: values[0] ?? null } : { [urn]: { [name]: values[0] ?? null } }),
          });
          expect({ path, status: made.status, value: at(made.body, ...place) }).toEqual({
            path,
            status: 201,
            value: matching(values[0]),
          });
          expect(list(made.body['schemas']).includes(urn as never)).toBe(true);
          const address = `${endpoint}/${idOf(made)}`;
          const shown = async () => at((await scim.get(address)).body, ...place);
          expect({ path, value: await shown() }).toEqual({ path, value: matching(values[0]) });
          const patched = async (operation: JsonObject) =>
            (await scim.patch(`${address}?attributes=id`, [operation])).status;
          expect({
            path,
            replaced: await patched({ op: 'replace', path, value: values[1] ?? null }),
            value: await shown(),
          }).toEqual({ path, replaced: 200, value: matching(values[1]) });
          if (attribute['required'] === true)
            expect({ path, removed: await patched({ op: 'remove', path }) }).toEqual({ path, removed: 400 });
          else {
            expect({ path, removed: await patched({ op: 'remove', path }) }).toEqual({ path, removed: 200 });
            if (name !== 'active') expect({ path, value: await shown() }).toEqual({ path, value: undefined });
            expect({
              path,
              added: await patched({ op: 'add', path, value: values[0] ?? null }),
              value: await shown(),
            }).toEqual({ path, added: 200, value: matching(values[0]) });
          }
          expect((await scim.delete(address)).status).toBe(204);
          checked += 1;
        }
      }
      expect(checked).toBeGreaterThan(type === 'User' ? 20 : 1);
    },
    60_000,
  );
});
