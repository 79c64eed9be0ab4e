import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bytes, setStage, type Stage } from './stage.js';

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
  await stage.apply([
    { slug: 'below', parent: 'acme' },
    {
      slug: 'acme',
      grants: [{ group: { name: 'Technicians' }, customers: 'all', roles: ['console:technician'] }],
    },
  ]);
  await stage.dataSource.undoLastMigration();
});
afterAll(() => stage.close());

test('A-15 A-111: what was given before this release is pinned to the group, and bound to the person, that had it', async () => {
  const [acme, below] = [await stage.tenant('acme'), await stage.tenant('below')];
  const [group, other] = [randomUUID(), randomUUID()];
  for (const [id, name] of [
    [group, 'Technicians'],
    [other, 'Nobody’s'],
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- two rows
    await stage.ledger.rows(
      `INSERT INTO groups (tenant_id, id, connection_id, origin, name) VALUES ($1, $2, $3, 'scim', $4)`,
      [acme, id, await stage.connection('acme', 'okta'), name],
    );
  }
  await stage.ledger.rows('DELETE FROM pushed_group_names');
  await stage.ledger.rows(
    `INSERT INTO pushed_group_names (tenant_id, connection_id, connection_version, name)
      SELECT tenant_id, connection_id, connection_version, name FROM groups`,
  );
  const maker = await stage.user('acme', 'okta');
  const token = randomUUID();
  await stage.ledger.rows(
    `INSERT INTO api_tokens (tenant_id, id, role_id, name, hash, created_by)
      SELECT $1, $2, id, 'from above', $3, $4 FROM roles WHERE tenant_id = $1 LIMIT 1`,
    [below, token, bytes(), `operator:${maker}`],
  );

  await stage.dataSource.runMigrations();

  expect(
    await stage.ledger.rows('SELECT name, pinned_group_id FROM pushed_group_names ORDER BY name'),
  ).toEqual([
    { name: 'Nobody’s', pinned_group_id: null },
    { name: 'Technicians', pinned_group_id: group },
  ]);
  expect(
    await stage.ledger.rows('SELECT owner_tenant, owner_elsewhere_id FROM api_tokens WHERE id = $1', [token]),
  ).toEqual([{ owner_tenant: 'acme', owner_elsewhere_id: maker }]);
  expect(
    await stage.ledger.rows(
      `SELECT relname FROM pg_class WHERE relname IN ('groups', 'users', 'pushed_group_names') AND NOT relforcerowsecurity`,
    ),
  ).toEqual([]);
});
