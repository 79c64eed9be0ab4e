import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../src/core/logger.js';
import { readConfig } from '../../src/server/config.js';
import { openStorage } from '../../src/server/open-storage.js';
import { PostgresConfigurationStore } from '../../src/storage/configuration-store.js';
import { MIGRATIONS } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { createTestDatabase } from '../support/database.js';
import { testIds } from '../support/deployment.js';
import { asSuperuser, prepareTemplate } from '../support/prepare-database.js';

const drops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const drop of drops.splice(0)) await drop();
});

const newKey = (): string => `k1:${randomBytes(32).toString('base64')}`;

async function configOf(template?: string) {
  const { url, drop } = await createTestDatabase(template);
  drops.push(drop);
  return (keys: string, more: Record<string, string> = {}) =>
    readConfig({ DATABASE_URL: url, ENCRYPTION_KEYS: keys, ...more });
}

const open = (config: ReturnType<typeof readConfig>) =>
  openStorage(config, { log: silentLogger, ids: testIds, mode: 'own' });

describe('opening a deployment’s database', () => {
  test('the first time makes the schema and the tenant system; later times find them', async () => {
    const config = await configOf();
    const keys = newKey();
    const first = await open(config(keys));
    expect(first.migrated).toHaveLength(MIGRATIONS.length);
    const find = () => new PostgresConfigurationStore(new Database(first.dataSource)).find('system');
    const made = await find();
    expect(made?.configuration.tenant).toMatchObject({ slug: 'system', kind: 'system', parentId: null });
    expect(made?.signingKeys.map((key) => key.alg).toSorted()).toEqual(['ES256', 'EdDSA', 'RS256']);
    const second = await open(config(keys));
    expect(second.migrated).toEqual([]);
    expect(await find()).toEqual(made);
    await first.close();
    await second.close();
  });

  test('several nodes at once make the tenant system once', async () => {
    const config = await configOf();
    const keys = newKey();
    const nodes = await Promise.all(Array.from({ length: 4 }, () => open(config(keys))));
    const [node] = nodes;
    if (node === undefined) throw new Error('no node');
    const rows = await new Database(node.dataSource).query({ text: 'SELECT slug FROM tenants', values: [] });
    expect(rows).toEqual([{ slug: 'system' }]);
    await Promise.all(nodes.map((one) => one.close()));
  });

  test('with other keys is refused, and changes nothing', async () => {
    const config = await configOf(await prepareTemplate());
    const keys = newKey();
    await (await open(config(keys))).close();
    await expect(open(config(newKey()))).rejects.toThrow(
      /^ENCRYPTION_KEYS: these are not the keys that the database was sealed with/,
    );
    await expect(open(config(newKey().replace('k1', 'k2')))).rejects.toThrow(
      /sealed by key 'k1', which ENCRYPTION_KEYS lacks/,
    );
    const storage = await open(config(`${newKey().replace('k1', 'new')},${keys}`));
    await storage.close();
  });

  test('with an old schema is refused where MIGRATE is off', async () => {
    const config = await configOf();
    await expect(open(config(newKey(), { MIGRATE: 'off' }))).rejects.toMatchObject({ fault: 'schema_old' });
  });

  test('is refused where row security is not in force', async () => {
    const config = await configOf(await prepareTemplate());
    const { database } = config(newKey());
    const name = database.kind === 'external' ? new URL(database.url).pathname.slice(1) : '';
    await asSuperuser((client) => client.query('ALTER TABLE sessions DISABLE ROW LEVEL SECURITY'), name);
    await expect(open(config(newKey()))).rejects.toThrow(
      'tenants are not apart: row security is not active on sessions',
    );
  });

  test('works over a superuser’s address as well: the application’s role obeys all the same', async () => {
    const config = await configOf();
    const { database } = config(newKey());
    const own = new URL(database.kind === 'external' ? database.url : '');
    const server = new URL(process.env['TEST_DATABASE_URL'] ?? '');
    own.username = server.username;
    own.password = server.password;
    const storage = await open(config(newKey(), { DATABASE_URL: own.href }));
    await storage.close();
  });
});
