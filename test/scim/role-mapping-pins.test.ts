import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { rolesOfPerson } from '../../src/domain/application/person-in-application.js';
import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import { PostgresConfigurationStore } from '../../src/storage/configuration-store.js';
import { ACCOUNT_OF_USER } from '../../src/storage/person-sql.js';
import { runHere } from '../cli/support.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { oktaGroup, oktaUser, ScimClient } from '../support/scim-client.js';

const TOKEN = 'a-scim-token-of-the-tests-0123456789';
let it: TestNode;
let scim: ScimClient;
let made = 0;
/** Each test has a group name of its own, and people of its own. */
let name: string;
let ada: string;
let bob: string;

const apply = (wanted: Omit<DesiredTenant, 'path' | 'slug'>) => it.apply([{ slug: 'acme', ...wanted }]);
const map = (...roles: readonly string[]) =>
  apply({ roleMappings: roles.map((role) => ({ group: { name }, role })) });

beforeAll(async () => {
  it = await startTestNode();
  await apply({
    connections: [{ key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' }],
    roles: [{ key: 'admin' }, { key: 'viewer' }],
    scimTokens: [{ name: 'okta', token: TOKEN }],
  });
  scim = new ScimClient(`${it.url}/t/acme/scim/v2`, TOKEN);
});
afterAll(() => it.stop());

beforeEach(async () => {
  made += 1;
  name = `Engineering ${made}`;
  [ada, bob] = [await newUser(`ada${made}@acme.example`), await newUser(`bob${made}@acme.example`)];
  await apply({ roleMappings: [] });
});

async function newUser(userName: string): Promise<string> {
  return idOf(await scim.post('/Users', oktaUser(userName)));
}

const newGroup = async (displayName: string, ...members: readonly string[]): Promise<string> =>
  idOf(await scim.post('/Groups', oktaGroup(displayName, members)));

function idOf({ body }: { readonly body: object }): string {
  return (body as { readonly id: string }).id;
}

async function rename(id: string, displayName: string): Promise<void> {
  const { status } = await scim.patch(`/Groups/${id}`, [{ op: 'replace', value: { id, displayName } }]);
  expect(status).toBe(204);
}

async function rolesOf(userId: string): Promise<readonly string[]> {
  const tenant = await new PostgresConfigurationStore(it.node.database).find('acme');
  if (tenant === undefined) throw new Error('no tenant');
  const { configuration } = tenant;
  const [rows] = await it.node.database.inTenant(configuration.tenant.id, [
    {
      text: `SELECT ${ACCOUNT_OF_USER} AS account FROM users u WHERE u.tenant_id = $1 AND u.id = $2`,
      values: [configuration.tenant.id, userId],
    },
  ]);
  return rolesOfPerson(configuration, rows?.[0]?.['account']).roles.map(({ key }) => key);
}

async function pinCheck(): Promise<unknown> {
  const { stdout } = await runHere(['doctor', '--no-upstreams', '--json'], {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: it.databaseUrl,
    ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
    PUBLIC_URL: 'https://sso.example.com',
  });
  const { checks }: { readonly checks: readonly { readonly id: string }[] } = JSON.parse(stdout);
  return checks.find(({ id }) => id === 'role_mapping_pins');
}

describe('a mapping by name', () => {
  test('that comes after the group means it from then on: a rename keeps it', async () => {
    const id = await newGroup(name, ada);
    await map('admin');
    await rename(id, `${name} (new)`);
    expect(await rolesOf(ada)).toEqual(['admin']);
  });

  test('gives nothing to a new group of the old name', async () => {
    const id = await newGroup(name, ada);
    await map('admin');
    await rename(id, `${name} (new)`);
    await newGroup(name, bob);
    expect([await rolesOf(ada), await rolesOf(bob)]).toEqual([['admin'], []]);
  });

  test('moves to the new group when an admin takes it away and adds it again', async () => {
    const id = await newGroup(name, ada);
    await map('admin');
    await rename(id, `${name} (new)`);
    const other = await newGroup(name, bob);
    await map();
    expect([await rolesOf(ada), await rolesOf(bob)]).toEqual([[], []]);
    await map('admin');
    expect([await rolesOf(ada), await rolesOf(bob)]).toEqual([[], ['admin']]);
    await rename(other, `${name} (newer)`);
    expect(await rolesOf(bob)).toEqual(['admin']);
  });

  test('stays with its group when its role changes, or another mapping by the name is added', async () => {
    const id = await newGroup(name, ada);
    await map('admin');
    await rename(id, `${name} (new)`);
    await newGroup(name, bob);
    await map('viewer');
    expect([await rolesOf(ada), await rolesOf(bob)]).toEqual([['viewer'], []]);
    await map('viewer', 'admin');
    expect([(await rolesOf(ada)).toSorted(), await rolesOf(bob)]).toEqual([['admin', 'viewer'], []]);
    await map('admin');
    expect([await rolesOf(ada), await rolesOf(bob)]).toEqual([['admin'], []]);
  });

  test('whose group is deleted and made anew waits for an admin; doctor tells of it', async () => {
    const id = await newGroup(name, ada);
    await map('admin');
    expect((await scim.delete(`/Groups/${id}`)).status).toBe(204);
    expect(await pinCheck()).toMatchObject({ status: 'ok' });
    await newGroup(name, ada);
    expect(await rolesOf(ada)).toEqual([]);
    expect(await pinCheck()).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining(`acme/okta: '${name}'`),
    });
    await map();
    await map('admin');
    expect(await rolesOf(ada)).toEqual(['admin']);
    expect(await pinCheck()).toMatchObject({ status: 'ok' });
  });

  test('that is added while nobody bears the name means the first group to come', async () => {
    const id = await newGroup(name, ada);
    await map('admin');
    await scim.delete(`/Groups/${id}`);
    await map();
    await map('admin');
    await newGroup(name, bob);
    expect(await rolesOf(bob)).toEqual(['admin']);
  });

  test('goes by the exact name', async () => {
    await newGroup(name.toUpperCase(), ada);
    await map('admin');
    expect(await rolesOf(ada)).toEqual([]);
  });
});
