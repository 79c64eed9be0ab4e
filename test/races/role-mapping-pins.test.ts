import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ConnectionId, GroupId, TenantId } from '../../src/core/ids.js';
import { PostgresProvisioningStore } from '../../src/storage/provisioning-store.js';
import { freshDeployment, testIds, type TestDeployment } from '../support/deployment.js';

let it: TestDeployment;
let tenantId: TenantId;
let of: { readonly connectionId: ConnectionId; readonly connectionVersion: number };
const store = (): PostgresProvisioningStore => new PostgresProvisioningStore(it.database);
const roles = [{ key: 'admin' }];
const map = (name: string) =>
  it.apply([{ slug: 'acme', roles, roleMappings: [{ group: { name }, role: 'admin' }] }]);

beforeAll(async () => {
  it = await freshDeployment();
  const connections = [{ key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' }];
  await it.apply([{ slug: 'acme', roles, connections }]);
  const tenant = await it.deps.store.find('acme');
  const [connection] = tenant?.configuration.connections ?? [];
  if (tenant === undefined || connection === undefined) throw new Error('no tenant');
  tenantId = tenant.configuration.tenant.id;
  of = { connectionId: connection.id, connectionVersion: connection.version };
});
afterAll(() => it.destroy());

const stateOf = (name: string) => ({ name, externalId: null, attributes: {} });

/** Pushes a new group; `beforeCommit` runs when all but the commit is done. */
function push(id: GroupId, name: string, beforeCommit: () => Promise<void>): Promise<void> {
  return it.database.withTenant(tenantId, async (scope) => {
    store().createGroup(scope, of, id, stateOf(name), { at: new Date(), version: 1 });
    await it.database.transaction(scope).send([]);
    await beforeCommit();
  });
}

/** Gives a group another name, likewise. */
function rename(id: GroupId, name: string, beforeCommit: () => Promise<void>): Promise<void> {
  return it.database.withTenant(tenantId, async (scope) => {
    store().updateGroup(scope, of, id, stateOf(name), { at: new Date(), version: 2 });
    await it.database.transaction(scope).send([]);
    await beforeCommit();
  });
}

async function waitersForPins(): Promise<number> {
  const rows = await it.database.query({
    text: `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
      WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()`,
    values: [],
  });
  return rows.length;
}

async function untilSomebodyWaits(): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if ((await waitersForPins()) > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('nobody waits');
}

async function pinOf(name: string): Promise<unknown> {
  const [rows] = await it.database.inTenant(tenantId, [
    {
      text: 'SELECT pinned_group_id AS id FROM pushed_group_names WHERE tenant_id = $1 AND name = $2',
      values: [tenantId, name],
    },
  ]);
  return rows?.[0]?.['id'];
}

test('a mapping that comes while a group of its name is being pushed means that group', async () => {
  const id = testIds.uuid<GroupId>();
  let applied: Promise<unknown> = Promise.resolve();
  await push(id, 'First', async () => {
    applied = map('First');
    await untilSomebodyWaits();
  });
  await applied;
  expect(await pinOf('First')).toBe(id);
});

test('a group that comes while a mapping by its name is being applied is meant by it', async () => {
  const id = testIds.uuid<GroupId>();
  let pushed: Promise<void> = Promise.resolve();
  await it.deps.store.change('acme', async (unit) => {
    const mapping = { id: testIds.uuid(), group: { name: 'Second' }, role: 'admin', application: null };
    await unit.entries.roleMappings.create(mapping);
    await unit.pinGroupNames(['Second']);
    pushed = push(id, 'Second', () => Promise.resolve());
    await untilSomebodyWaits();
  });
  await pushed;
  expect(await pinOf('Second')).toBe(id);
});

test('pushes of one tenant don’t wait for each other', async () => {
  const [outer, inner] = [testIds.uuid<GroupId>(), testIds.uuid<GroupId>()];
  await push(outer, 'Third', () => Promise.resolve());
  await push(inner, 'Fourth', () => Promise.resolve());
  await rename(outer, 'Third (new)', () => rename(inner, 'Fourth (new)', () => Promise.resolve()));
  expect([await pinOf('Third (new)'), await pinOf('Fourth (new)')]).toEqual([null, null]);
});
