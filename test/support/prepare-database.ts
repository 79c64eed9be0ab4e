import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createIds } from '../../src/core/ids.js';
import { silentLogger } from '../../src/core/logger.js';
import { openEmbeddedDatabase } from '../../src/storage/embedded/open.js';
import { createDataSource } from '../../src/storage/data-source.js';
import { prepareSigningKeys } from './signing-keys.js';

/**
 * The tests' databases belong to a user who may nothing but that, as in a careful deployment: row security
 * must hold.
 */
export const OWNER = { user: 'causeway_test', password: 'causeway-test' } as const;

declare global {
  var causewayTestServer: { stop(): Promise<void> } | undefined;
}

/** Address of a database server as a superuser. `TEST_DATABASE_URL`, or what global-setup.js has started. */
export function serverUrl(): string {
  const url = process.env['TEST_DATABASE_URL'];
  if (url === undefined || url === '')
    throw new Error('TEST_DATABASE_URL is not set, and global-setup.js has not started a server');
  return url;
}

/**
 * Runs before all tests: makes sure that there is a server, on it the migrated template, and signing keys. Without
 * TEST_DATABASE_URL it starts the embedded one, for this run, in a directory of its own.
 */
export async function prepareServer(): Promise<void> {
  if ((process.env['TEST_DATABASE_URL'] ?? '') === '') await startEmbedded();
  await Promise.all([prepareTemplate(), prepareSigningKeys()]);
}

async function startEmbedded(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'causeway-test-'));
  await chmod(dataDir, 0o711);
  const ids = createIds(randomBytes, () => Date.now());
  // Nothing here outlives the run, so nothing needs to reach the disk.
  const embedded = await openEmbeddedDatabase({
    dataDir,
    ids,
    log: silentLogger,
    mode: 'own',
    forgetful: true,
  });
  process.env['TEST_DATABASE_URL'] = embedded.administratorUrl;
  globalThis.causewayTestServer = {
    stop: async () => {
      await embedded.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** One connection as superuser, to the server's own database or to another one. */
export async function asSuperuser<T>(work: (client: Client) => Promise<T>, database?: string): Promise<T> {
  const url = new URL(serverUrl());
  if (database !== undefined) url.pathname = `/${database}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Address of a database of the tests' server, as the owner of the tests' databases. */
export function urlOf(database: string): string {
  const url = new URL(serverUrl());
  url.username = OWNER.user;
  url.password = OWNER.password;
  url.pathname = `/${database}`;
  return url.href;
}

/**
 * Makes the template once per state of the migrations, whoever asks first; every test file then clones it in
 * milliseconds instead of running the migrations.
 */
export async function prepareTemplate(): Promise<string> {
  const name = `causeway_template_${fingerprintOfMigrations()}`;
  await asSuperuser(async (client) => {
    await client.query('SELECT pg_advisory_lock(4711)');
    await client.query(ROLES);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return;
    const unfinished = `${name}_unfinished`;
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${unfinished} OWNER ${OWNER.user}`);
    const dataSource = createDataSource(urlOf(unfinished), { connectionsMax: 1, statementMs: 0 });
    await dataSource.initialize();
    await dataSource.runMigrations();
    await dataSource.destroy();
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${name}`);
  });
  return name;
}

function fingerprintOfMigrations(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync('migrations').toSorted())
    hash.update(readFileSync(join('migrations', file)));
  return hash.digest('hex').slice(0, 12);
}

const ROLES = `
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'causeway_app') THEN
    CREATE ROLE causeway_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${OWNER.user}') THEN
    CREATE ROLE ${OWNER.user} LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS PASSWORD '${OWNER.password}';
  END IF;
  GRANT causeway_app TO ${OWNER.user};
END $$;
`;
