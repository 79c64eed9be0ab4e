import { createHmac } from 'node:crypto';
import { Client } from 'pg';
import { EmbeddedDatabaseError } from './errors.js';
import { exists, readIfThere, writeWhole } from './files.js';
import { SUPERUSER } from './initdb.js';
import { passwordFile, versionFile, type Places } from './places.js';

/** The role that the application signs in as, and its database. */
const APPLICATION = 'causeway';
const CONNECT_LIMIT_MS = 5_000;

/** How to reach an embedded database. The addresses hold passwords. */
export interface Addresses {
  /** As the application's role: it owns its database, may make roles and databases, and is no superuser. */
  readonly application: string;
  /** As the superuser, for what an administrator of a PostgreSQL does; never to serve from. */
  readonly administrator: string;
}

/**
 * The addresses of the database of `home` on a port of 127.0.0.1. One secret is kept; the application's
 * password is derived from it, so that who learns that one isn't superuser.
 * @throws EmbeddedDatabaseError `damaged` when the password file is gone.
 */
export async function addressesOf(home: string, port: number): Promise<Addresses> {
  const password = (await readIfThere(passwordFile(home)))?.trim() ?? '';
  if (password === '') {
    throw new EmbeddedDatabaseError('damaged', `${passwordFile(home)} is gone: restore it from a backup`);
  }
  const derived = createHmac('sha256', password).update(APPLICATION).digest('base64url');
  return {
    application: address(APPLICATION, derived, port, APPLICATION),
    administrator: address(SUPERUSER, password, port, SUPERUSER),
  };
}

/** Without TLS, whatever `PGSSLMODE` a person has in his environment: it is loopback. */
const address = (user: string, password: string, port: number, database: string): string =>
  `postgres://${user}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;

/** Opens one connection, closed by who asked for it. @throws the driver's error. */
export async function connect(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    application_name: 'causeway embedded',
  });
  // A connection that ends later says so by 'end'; without a listener, 'error' would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/**
 * Makes the application's role and database, then records the PostgreSQL major in `DATA_DIR/version`, which
 * says that the database has served. Interrupted, it is done again at the next start.
 */
export async function provision(places: Places, addresses: Addresses, major: number): Promise<void> {
  if (await exists(versionFile(places.dataDir))) return;
  const client = await connect(addresses.administrator);
  try {
    const password = client.escapeLiteral(new URL(addresses.application).password);
    const role = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [APPLICATION]);
    const verb = role.rowCount === 0 ? 'CREATE' : 'ALTER';
    // Row security binds it as it would bind the database user of an operator's own PostgreSQL.
    await client.query(
      `${verb} ROLE ${APPLICATION} LOGIN NOSUPERUSER NOBYPASSRLS CREATEROLE CREATEDB PASSWORD ${password}`,
    );
    const database = await client.query('SELECT FROM pg_database WHERE datname = $1', [APPLICATION]);
    if (database.rowCount === 0) await client.query(`CREATE DATABASE ${APPLICATION} OWNER ${APPLICATION}`);
  } finally {
    await client.end();
  }
  await writeWhole(versionFile(places.dataDir), `${major}\n`, 0o644);
}
