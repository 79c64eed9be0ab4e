import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Logger } from '../core/logger.js';
import { createDataSource, MIGRATIONS } from './data-source.js';
import { Database } from './database.js';
import { isUnavailable } from './errors.js';

/** Why Causeway can't work on a database. */
export type SchemaFault =
  /** It can't be reached. */
  | 'unreachable'
  /** It is older than PostgreSQL 14. */
  | 'server_too_old'
  /** It takes no writes: a standby. */
  | 'read_only'
  /** Its schema is older than this Causeway's, and migrating is off. */
  | 'schema_old'
  /** Its schema is of a later Causeway. */
  | 'schema_newer'
  /** Another node has been migrating for longer than this one waits. */
  | 'busy'
  /** Row-level security isn't in force. */
  | 'row_security';

/** Says in one line, to who starts Causeway, why its database will not do. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';

  constructor(
    readonly fault: SchemaFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** How a database's schema stands to what this Causeway knows. */
export interface SchemaState {
  /** `server_version_num`: 150018 is 15.18. */
  readonly serverVersion: number;
  readonly readOnly: boolean;
  /** Names of migrations that have run. */
  readonly done: readonly string[];
  /** Of this Causeway's, those that have not run. */
  readonly missing: readonly string[];
  /** Those that this Causeway doesn't know: of a later one. */
  readonly unknown: readonly string[];
}

const SERVER_VERSION_MIN = 140_000;
/**
 * An older node goes on, and may be started again, while a newer one has migrated: one step, not more (I3,
 * F-15).
 */
const UNKNOWN_MAX = 1;
const LOCK_WAIT_MS = 60_000;
const LOCK_POLL_MS = 200;
/** A migration waits 2 s for a table's lock (`lock_timeout`), then lets traffic pass and tries again. */
const LOCK_TIMEOUT_TRIES = 30;

/** What the advisory lock of migrations hangs on: any number that is ours. */
const LOCK_KEY = 7_235_201;

const KNOWN = MIGRATIONS.map((migration) => migration.name);

/** Reads how the schema stands, over a connection of its own. @throws SchemaError `unreachable` */
export async function inspectSchema(url: string): Promise<SchemaState> {
  return withClient(url, readState);
}

/** Whether the schema can be worked on as it is. @throws SchemaError when it never can be */
export function judgeSchema(state: SchemaState): 'current' | 'old' {
  if (state.serverVersion < SERVER_VERSION_MIN)
    throw new SchemaError(
      'server_too_old',
      `the database is PostgreSQL ${Math.floor(state.serverVersion / 10_000)}: Causeway needs 14 or later`,
    );
  if (state.readOnly)
    throw new SchemaError(
      'read_only',
      'the database takes no writes: it is a standby, or was made read-only',
    );
  if (state.unknown.length > UNKNOWN_MAX)
    throw new SchemaError(
      'schema_newer',
      `the schema is of a later Causeway (${state.unknown.join(', ')}): start that one, or restore a backup`,
    );
  return state.missing.length > 0 ? 'old' : 'current';
}

export interface PrepareOptions {
  /** Over a direct connection: the lock is the session's, which a transaction pooler would not keep. */
  readonly directUrl: string;
  /** Whether an old schema may be migrated. */
  readonly migrate: boolean;
  readonly log: Logger;
  /** Done once the schema is current, where only one process of all can be at it. */
  readonly whileLocked: (database: Database) => Promise<void>;
}

/**
 * Makes the schema current, one process at a time.
 * @returns names of the migrations that ran now
 * @throws SchemaError when it can't be
 */
export async function prepareSchema(options: PrepareOptions): Promise<readonly string[]> {
  return withClient(options.directUrl, async (client) => {
    judgeSchema(await readState(client));
    await lock(client, options.log);
    const state = await readState(client);
    if (judgeSchema(state) === 'old' && !options.migrate)
      throw new SchemaError(
        'schema_old',
        `the schema lacks ${state.missing.join(', ')}, and MIGRATE is off: run 'causeway migrate'`,
      );
    const dataSource = await createDataSource(options.directUrl, {
      connectionsMax: 2,
      statementMs: 0,
    }).initialize();
    try {
      const ran = state.missing.length === 0 ? [] : await runMigrations(dataSource, options.log);
      await options.whileLocked(new Database(dataSource));
      return ran;
    } finally {
      await dataSource.destroy();
    }
  });
}

async function runMigrations(
  dataSource: Awaited<ReturnType<typeof createDataSource>>,
  log: Logger,
): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const ran = await dataSource.runMigrations();
      log.info('schema.migrated', { migrations: ran.map((migration) => migration.name) });
      return ran.map((migration) => migration.name);
    } catch (error) {
      if (attempt >= LOCK_TIMEOUT_TRIES || !isLockTimeout(error)) throw error;
      log.info('schema.migration_waits', { attempt });
      await sleep(1_000);
    }
  }
}

/** 55P03 lock_not_available. */
function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

async function lock(client: Client, log: Logger): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += LOCK_POLL_MS) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS won', [LOCK_KEY]);
    if (rows[0]?.['won'] === true) return;
    if (waitedMs === 0) log.info('schema.waiting', { reason: 'another node prepares the schema' });
    if (waitedMs >= LOCK_WAIT_MS)
      throw new SchemaError('busy', 'another node has been preparing the schema for a minute');
    await sleep(LOCK_POLL_MS);
  }
}

async function readState(client: Client): Promise<SchemaState> {
  const { rows } = await client.query(
    `SELECT current_setting('server_version_num')::int AS version,
      pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS read_only,
      to_regclass('public.migrations') IS NOT NULL AS has_migrations`,
  );
  const done: string[] =
    rows[0]?.['has_migrations'] === true
      ? (await client.query('SELECT name FROM public.migrations ORDER BY timestamp')).rows.map(
          (row) => row['name'],
        )
      : [];
  return {
    serverVersion: Number(rows[0]?.['version']),
    readOnly: rows[0]?.['read_only'] === true,
    done,
    missing: KNOWN.filter((name) => !done.includes(name)),
    unknown: done.filter((name) => !KNOWN.includes(name)),
  };
}

const CONNECT_MS = 10_000;

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({
    connectionString: url,
    application_name: 'causeway',
    connectionTimeoutMillis: CONNECT_MS,
  });
  // A connection that breaks fails the query that is under way, or the next one; without a listener it ends
  // the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw unreachable(url, error);
  }
  try {
    return await work(client);
  } catch (error) {
    if (isUnavailable(error)) throw unreachable(url, error);
    throw error;
  } finally {
    await client.end();
  }
}

/** Names the server, never the password. */
function unreachable(url: string, cause: unknown): SchemaError {
  const { host, pathname } = new URL(url);
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SchemaError(
    'unreachable',
    `the database ${pathname.slice(1)} at ${host} can't be used: ${why}`,
    {
      cause,
    },
  );
}
