import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/core/json.js';
import {
  GROUP_SCHEMA,
  oktaUser,
  type ScimClient,
  USER_SCHEMA,
  type ScimReply,
} from '../../support/scim-client.js';
import {
  at,
  clientOf,
  ERROR,
  filtered,
  idOf,
  LIST,
  startScim,
  textAt,
  TOKEN,
  type ScimStage,
} from './stage.js';

let stage: ScimStage;

const whole = (user: ScimReply, change: JsonObject): JsonObject => ({ ...user.body, ...change });
const display = (id: string): JsonObject => ({ value: id, display: `${id}@acme.example` });

beforeAll(async () => {
  stage = await startScim();
}, 60_000);
afterAll(() => stage.stop());

/** What Okta sends with every request. */
const HEADERS = {
  'user-agent': 'Okta SCIM Client 1.0.0',
  accept: 'application/scim+json',
  'accept-charset': 'utf-8',
  'accept-encoding': 'gzip,deflate',
};
const MODES = [
  { mode: 'header', authorization: TOKEN, contentType: 'application/scim+json; charset=utf-8' },
  { mode: 'bearer', authorization: `Bearer ${TOKEN}`, contentType: 'application/json' },
] as const;

/** Okta's client of one app. */
class Okta {
  readonly #client: ScimClient;

  constructor(
    authorization: string,
    private readonly contentType: string,
  ) {
    this.#client = clientOf(stage.node, authorization);
  }

  async call(method: string, path: string, body?: JsonObject): Promise<ScimReply> {
    const reply = await this.#client.send(
      method,
      path,
      body === undefined ? undefined : JSON.stringify(body),
      {
        ...HEADERS,
        ...(body === undefined ? {} : { 'content-type': this.contentType }),
      },
    );
    if (Object.keys(reply.body).length > 0)
      expect(reply.headers.get('content-type')).toBe('application/scim+json; charset=utf-8');
    return reply;
  }

  find(endpoint: string, filter: string): Promise<ScimReply> {
    return this.call('GET', filtered(endpoint, filter, '&startIndex=1&count=100'));
  }

  patch(path: string, ...operations: readonly JsonObject[]): Promise<ScimReply> {
    return this.call('PATCH', path, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: operations,
    });
  }
}

describe.each(MODES)(
  'the SPEC test of the OIN, token in $mode form',
  ({ mode, authorization, contentType }) => {
    const name = `Spec.${mode}@acme.example`;
    let okta: Okta;
    let id: string;

    beforeAll(async () => {
      okta = new Okta(authorization, contentType);
      await okta.call('POST', '/Users', oktaUser(`someone.${mode}@acme.example`));
    });

    test('1: a list of one user has what the test looks for, in integers', async () => {
      const { status, body } = await okta.call('GET', '/Users?count=1&startIndex=1');
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { schemas: [LIST], itemsPerPage: 1, startIndex: 1, totalResults: expect.any(Number) },
      });
      expect(body.Resources?.[0]).toMatchObject({
        id: expect.any(String),
        name: { familyName: expect.any(String), givenName: expect.any(String) },
        userName: expect.any(String),
        active: expect.any(Boolean),
        emails: [{ value: expect.any(String) }],
      });
    });

    test('2: that user by id', async () => {
      const listed = (await okta.call('GET', '/Users?count=1&startIndex=1')).body.Resources?.[0];
      const read = await okta.call('GET', `/Users/${textAt(listed, 'id')}`);
      expect(read).toMatchObject({ status: 200, body: { id: textAt(listed, 'id'), schemas: [USER_SCHEMA] } });
    });

    test.each(['nobody@acme.example', 'abcdefgh-random-1234'])(
      '3, 5: a filter for %s finds nobody',
      async (who) => {
        const found = await okta.find('/Users', `userName eq "${who}"`);
        expect(found).toMatchObject({ status: 200, body: { schemas: [LIST], totalResults: 0 } });
      },
    );

    test('4: an unknown id is a 404 with detail', async () => {
      const read = await okta.call('GET', '/Users/abcdefgh-random-1234');
      expect(read).toMatchObject({
        status: 404,
        body: { schemas: [ERROR], status: '404', detail: expect.stringContaining('abcdefgh') },
      });
    });

    test('6, 7, 8, 9: POST makes an active user, GET shows it, a second POST is a 409, capitals find it', async () => {
      const made = await okta.call('POST', '/Users', {
        schemas: [USER_SCHEMA],
        userName: name,
        name: { givenName: 'Runscope', familyName: 'Test' },
        emails: [{ primary: true, value: name, type: 'work' }],
        displayName: 'Runscope Test',
        active: true,
      });
      expect(made).toMatchObject({
        status: 201,
        body: { active: true, userName: name, schemas: [USER_SCHEMA] },
      });
      id = idOf(made);
      expect(await okta.call('GET', `/Users/${id}`)).toMatchObject({
        status: 200,
        body: { userName: name, name: { familyName: 'Test', givenName: 'Runscope' } },
      });
      const again = await okta.call('POST', '/Users', { schemas: [USER_SCHEMA], userName: name });
      expect(again).toMatchObject({
        status: 409,
        body: {
          schemas: [ERROR],
          status: '409',
          scimType: 'uniqueness',
          detail: expect.stringContaining('userName'),
        },
      });
      const found = await okta.find('/Users', `userName eq "${name.toUpperCase()}"`);
      expect(found).toMatchObject({ status: 200, body: { totalResults: 1 } });
      expect(at(found.body, 'Resources', 0, 'id')).toBe(id);
    });

    test('10: groups are listed', async () => {
      expect(await okta.call('GET', '/Groups?count=100&startIndex=1')).toMatchObject({
        status: 200,
        body: { schemas: [LIST] },
      });
    });

    test('11: a bad token is a 401 with an Error body and a challenge', async () => {
      const refused = await new Okta('non-token', contentType).call('GET', '/Users?count=1');
      expect(refused).toMatchObject({ status: 401, body: { schemas: [ERROR], status: '401' } });
      expect(refused.body.detail).toContain('token');
      expect(refused.headers.get('www-authenticate')).toContain('Bearer');
    });

    test('12: an unknown number as id is a 404', async () => {
      const read = await okta.call('GET', '/Users/00919288221112222');
      expect(read).toMatchObject({ status: 404, body: { schemas: [ERROR], status: '404' } });
    });
  },
);

describe.each(MODES)('a person’s life, token in $mode form', ({ mode, authorization, contentType }) => {
  const login = `life.${mode}@acme.example`;

  test('the wizard’s app: filter, POST, then GET and PUT for everything', async () => {
    const okta = new Okta(authorization, contentType);
    expect((await okta.call('GET', '/Users?startIndex=1&count=2')).status).toBe(200);
    expect((await okta.find('/Users', `userName eq "${login}"`)).body).toMatchObject({ totalResults: 0 });
    const id = idOf(await okta.call('POST', '/Users', oktaUser(login)));

    const renamed = whole(await okta.call('GET', `/Users/${id}`), {
      name: { givenName: 'Augusta', familyName: 'King' },
      ['urn:okta:acme:1.0:user:custom']: 'unknown to the schema',
    });
    const put = await okta.call('PUT', `/Users/${id}`, renamed);
    expect(put).toMatchObject({ status: 200, body: { id, name: { givenName: 'Augusta' } } });

    const off = await okta.call('PUT', `/Users/${id}`, whole(put, { active: false, password: 'canary' }));
    expect(off).toMatchObject({ status: 200, body: { active: false } });
    expect(off.body['password']).toBeUndefined();
    const found = await okta.find('/Users', `userName eq "${login}"`);
    expect(found.body.Resources).toMatchObject([{ id, active: false }]);

    const on = await okta.call(
      'PUT',
      `/Users/${id}`,
      whole(await okta.call('GET', `/Users/${id}`), { active: true }),
    );
    expect(on).toMatchObject({ status: 200, body: { id, active: true, externalId: `00u${login}` } });
  });

  test('a template’s app: PATCH without a path switches off and on, the id stays', async () => {
    const okta = new Okta(authorization, contentType);
    const name = `patched.${login}`;
    const id = idOf(await okta.call('POST', '/Users', oktaUser(name)));
    const off = await okta.patch(`/Users/${id}`, { op: 'replace', value: { active: false } });
    expect(off).toMatchObject({ status: 200, body: { id, active: false } });
    expect(
      (await okta.patch(`/Users/${id}`, { op: 'replace', value: { password: 'n3w-canary' } })).status,
    ).toBe(200);
    const found = await okta.find('/Users', `userName eq "${name}"`);
    expect(found.body).toMatchObject({ totalResults: 1, Resources: [{ id, active: false }] });
    const on = await okta.patch(`/Users/${id}`, { op: 'replace', value: { active: true } });
    expect(on).toMatchObject({ status: 200, body: { id, active: true } });
    const profile = whole(await okta.call('GET', `/Users/${id}`), { nickName: 'Ada' });
    expect(await okta.call('PUT', `/Users/${id}`, profile)).toMatchObject({
      status: 200,
      body: { nickName: 'Ada' },
    });
  });

  test('values that are emptied are gone, and nothing fails (C9337)', async () => {
    const okta = new Okta(authorization, contentType);
    const made = await okta.call('POST', '/Users', oktaUser(`empty.${login}`, { nickName: 'x', title: 'y' }));
    const id = idOf(made);
    const put = await okta.call(
      'PUT',
      `/Users/${id}`,
      whole(made, { nickName: '', title: null, displayName: '' }),
    );
    expect(put.status).toBe(200);
    for (const name of ['nickName', 'title', 'displayName']) expect(put.body[name]).toBeUndefined();
    const patched = await okta.patch(`/Users/${id}`, {
      op: 'replace',
      value: { locale: '', name: { givenName: '' } },
    });
    expect(patched.status).toBe(200);
    expect(patched.body['locale']).toBeUndefined();
    expect(patched.body['name']).toEqual({ familyName: 'Lovelace' });
  });

  test('A-95: a POST whose answer was lost is a 409, and Okta’s filter finds who was made (C9335)', async () => {
    const okta = new Okta(authorization, contentType);
    const user = oktaUser(`lost.${login}`);
    const id = idOf(await okta.call('POST', '/Users', user));
    const again = await okta.call('POST', '/Users', user);
    expect(again).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } });
    const found = await okta.find('/Users', `userName eq "lost.${login}"`);
    expect(at(found.body, 'Resources', 0, 'id')).toBe(id);
    expect((await okta.call('PUT', `/Users/${id}`, user)).status).toBe(200);
  });
});

describe.each(MODES)('group push, token in $mode form', ({ mode, authorization, contentType }) => {
  let okta: Okta;
  let members: readonly string[];
  const membersOf = async (id: string): Promise<readonly string[]> => {
    const { body } = await okta.call('GET', `/Groups/${id}`);
    return ((body['members'] ?? []) as readonly JsonObject[]).map((member) => textAt(member, 'value'));
  };

  beforeAll(async () => {
    okta = new Okta(authorization, contentType);
    const made: string[] = [];
    for (let n = 0; n < 6; n += 1)
      made.push(idOf(await okta.call('POST', '/Users', oktaUser(`member${n}.${mode}@acme.example`))));
    members = made;
  });

  test('the wizard’s app: found by name or made, then PUT with all members', async () => {
    const name = `Wizards ${mode}`;
    expect((await okta.find('/Groups', `displayName eq "${name}"`)).body).toMatchObject({ totalResults: 0 });
    const made = await okta.call('POST', '/Groups', {
      schemas: [GROUP_SCHEMA],
      displayName: name,
      members: [],
    });
    expect(made.status).toBe(201);
    const id = idOf(made);
    const put = await okta.call('PUT', `/Groups/${id}`, { ...made.body, members: members.map(display) });
    expect(put).toMatchObject({ status: 200, body: { id, displayName: name } });
    expect(new Set(await membersOf(id))).toEqual(new Set(members));
    await okta.call('PUT', `/Groups/${id}`, { ...put.body, members: members.slice(0, 1).map(display) });
    expect(await membersOf(id)).toEqual(members.slice(0, 1));
    await okta.call('PUT', `/Groups/${id}`, { ...put.body, members: [] });
    expect(await membersOf(id)).toEqual([]);
    expect((await okta.call('DELETE', `/Groups/${id}`)).status).toBe(204);
  });

  test('a template’s app: a rename with every push, members by PATCH, unlinked and deleted', async () => {
    const name = `Templates ${mode}`;
    const id = idOf(
      await okta.call('POST', '/Groups', { schemas: [GROUP_SCHEMA], displayName: name, members: [] }),
    );
    const rename = { op: 'replace', value: { id, displayName: name } };
    expect((await okta.patch(`/Groups/${id}`, rename)).status).toBe(204);
    const added = await okta.patch(`/Groups/${id}`, rename, {
      op: 'add',
      path: 'members',
      value: members.slice(0, 4).map(display),
    });
    expect(added.status).toBe(204);
    const changed = await okta.patch(
      `/Groups/${id}`,
      rename,
      { op: 'remove', path: `members[value eq "${members[0]}"]` },
      { op: 'remove', path: `members[value eq "${members[1]}"]` },
      { op: 'add', path: 'members', value: [display(members[5] ?? '')] },
    );
    expect(changed.status).toBe(204);
    expect(new Set(await membersOf(id))).toEqual(new Set([members[2], members[3], members[5]]));
    const full = { op: 'replace', path: 'members', value: members.slice(0, 2).map(display) };
    expect((await okta.patch(`/Groups/${id}`, rename, full)).status).toBe(204);
    expect(await membersOf(id)).toEqual(members.slice(0, 2));
    expect((await okta.patch(`/Groups/${id}`, { op: 'replace', path: 'members', value: [] })).status).toBe(
      204,
    );
    expect(await membersOf(id)).toEqual([]);
    await okta.patch(`/Groups/${id}`, { op: 'replace', value: { id, displayName: `${name} renamed` } });
    expect((await okta.find('/Groups', `displayName eq "${name} renamed"`)).body).toMatchObject({
      totalResults: 1,
    });
    expect((await okta.find('/Groups', `displayName eq "${name}"`)).body).toMatchObject({ totalResults: 0 });
    expect((await okta.call('DELETE', `/Groups/${id}`)).status).toBe(204);
    expect((await okta.call('GET', `/Groups/${id}`)).status).toBe(404);
  });
});

describe('much at once', () => {
  test('an import of 250 users goes by pages, in one order', async () => {
    const okta = new Okta(TOKEN, 'application/json');
    const before = at((await okta.call('GET', '/Users?count=0')).body, 'totalResults');
    const names = Array.from({ length: 250 }, (_, n) => `import${n}@acme.example`);
    for (let n = 0; n < names.length; n += 10)
      await Promise.all(names.slice(n, n + 10).map((name) => okta.call('POST', '/Users', oktaUser(name))));
    const pages: string[][] = [];
    for (const round of [0, 1]) {
      const ids: string[] = [];
      for (let startIndex = 1; ; startIndex += 100) {
        const { body } = await okta.call('GET', `/Users?startIndex=${startIndex}&count=100`);
        expect(body).toMatchObject({ startIndex, totalResults: Number(before) + 250 });
        ids.push(...(body.Resources ?? []).map((user) => textAt(user, 'id')));
        if (startIndex + 100 > Number(body['totalResults'])) break;
      }
      pages[round] = ids;
    }
    expect(new Set(pages[0]).size).toBe(Number(before) + 250);
    expect(pages[1]).toEqual(pages[0]);
  }, 60_000);

  test('members that come 256 at a time are all there', async () => {
    const okta = new Okta(TOKEN, 'application/json');
    const { body } = await okta.call('GET', '/Users?count=1000');
    const ids = (body.Resources ?? []).map((user) => textAt(user, 'id'));
    const id = idOf(await okta.call('POST', '/Groups', { schemas: [GROUP_SCHEMA], displayName: 'Everyone' }));
    const operations = ids.map((value) => ({
      op: 'add',
      path: 'members',
      value: [{ value, display: value }],
    }));
    for (let n = 0; n < operations.length; n += 256)
      expect((await okta.patch(`/Groups/${id}`, ...operations.slice(n, n + 256))).status).toBe(204);
    const { body: group } = await okta.call('GET', `/Groups/${id}`);
    expect(group['members']).toHaveLength(ids.length);
    const gone = ids.map((value) => ({ op: 'remove', path: `members[value eq "${value}"]` }));
    for (let n = 0; n < gone.length; n += 256)
      expect((await okta.patch(`/Groups/${id}`, ...gone.slice(n, n + 256))).status).toBe(204);
    expect((await okta.call('GET', `/Groups/${id}`)).body['members']).toBeUndefined();
  }, 60_000);
});
