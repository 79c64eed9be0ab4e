import type { DataSource } from 'typeorm';
import { systemClock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import { messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { ensureSystemTenant } from '../domain/configuration/system-tenant.js';
import { SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import { createKeyMaker } from '../keys/key-maker.js';
import { SealError, type KeyRing } from '../keys/sealing.js';
import { PostgresAuditStore } from '../storage/audit-store.js';
import { PostgresConfigurationStore } from '../storage/configuration-store.js';
import { createDataSource } from '../storage/data-source.js';
import type { Database } from '../storage/database.js';
import type { EmbeddedDatabase } from '../storage/embedded/embedded-database.js';
import { openEmbeddedDatabase } from '../storage/embedded/open.js';
import { rowSecurityFaults } from '../storage/row-security.js';
import { prepareSchema, SchemaError } from '../storage/schema.js';
import type { Config } from './config.js';
import { ConfigError } from './config-values.js';
import { openKeyRing } from './encryption-keys.js';

/** The database of a deployment, ready to be worked on: schema current, row security in force, keys right. */
export interface Storage {
  /** For requests; over `DATABASE_URL`. */
  readonly dataSource: DataSource;
  /** For migrations, LISTEN and locks. */
  readonly directUrl: string;
  readonly keyRing: KeyRing;
  /** Migrations that ran now. */
  readonly migrated: readonly string[];
  readonly embedded: EmbeddedDatabase | undefined;
  /** Closes the pool, and stops the embedded database where this process started it. */
  close(): Promise<void>;
}

export interface OpenStorageOptions {
  readonly log: Logger;
  readonly ids: Ids;
  /** `own`: to serve from it; `join`: a command, also beside a running server. */
  readonly mode: 'own' | 'join';
  /** Whether an old schema is migrated; the configuration's `MIGRATE` when absent. */
  readonly migrate?: boolean;
  /** Told when the embedded database ends by itself. */
  readonly onDatabaseExit?: (reason: string) => void;
}

/** Addresses of the deployment's database, and how to let go of it. */
export interface DatabaseAddress {
  readonly url: string;
  readonly directUrl: string;
  readonly embedded: EmbeddedDatabase | undefined;
  close(): Promise<void>;
}

/**
 * Opens the deployment's database, makes its schema current, and makes the tenant `system` at the first
 * start.
 * @throws ConfigError, SchemaError, EmbeddedDatabaseError: each says in one line what the operator must mend
 */
export async function openStorage(config: Config, options: OpenStorageOptions): Promise<Storage> {
  // Before the database: a first start that fails here leaves nothing behind that was sealed with a lost key.
  const keyRing = await openKeyRing(config.encryptionKeys, config.dataDir, options.log);
  const address = await reachDatabase(config, options);
  try {
    const migrated = await prepareSchema({
      directUrl: address.directUrl,
      migrate: options.migrate ?? config.migrate,
      log: options.log,
      whileLocked: (database) => prepareContent(database, keyRing, options),
    });
    const dataSource = await createDataSource(address.url).initialize();
    return {
      dataSource,
      directUrl: address.directUrl,
      embedded: address.embedded,
      keyRing,
      migrated,
      close: async () => {
        if (dataSource.isInitialized) await dataSource.destroy();
        await address.close();
      },
    };
  } catch (error) {
    await address.close();
    throw error;
  }
}

/** The database's address; starts or joins the embedded one where the configuration names none. */
export async function reachDatabase(
  config: Config,
  options: Pick<OpenStorageOptions, 'log' | 'ids' | 'mode' | 'onDatabaseExit'>,
): Promise<DatabaseAddress> {
  if (config.database.kind === 'external') {
    const { url, directUrl } = config.database;
    return { url, directUrl, embedded: undefined, close: () => Promise.resolve() };
  }
  const embedded = await openEmbeddedDatabase({
    dataDir: config.dataDir,
    log: options.log,
    ids: options.ids,
    mode: options.mode,
    ...(options.onDatabaseExit === undefined ? {} : { onExit: options.onDatabaseExit }),
  });
  const { url, directUrl } = embedded;
  return { url, directUrl, embedded, close: () => embedded.stop() };
}

async function prepareContent(
  database: Database,
  keyRing: KeyRing,
  options: OpenStorageOptions,
): Promise<void> {
  await requireRowSecurity(database);
  const store = new PostgresConfigurationStore(database);
  const made = await ensureSystemTenant({
    store,
    audit: new PostgresAuditStore(database),
    keys: createKeyMaker(keyRing, options.ids),
    ids: options.ids,
    clock: systemClock,
  });
  if (made) options.log.info('deployment.made', {});
  const fault = await keyFault(store, keyRing);
  if (fault !== undefined) throw new ConfigError([`ENCRYPTION_KEYS: ${fault}`]);
}

async function requireRowSecurity(database: Database): Promise<void> {
  let faults: readonly string[];
  try {
    faults = await rowSecurityFaults(database);
  } catch (error) {
    throw new SchemaError(
      'row_security',
      `the database user can't act as the role causeway_app: ${messageOf(error)}`,
      { cause: error },
    );
  }
  if (faults.length > 0) throw new SchemaError('row_security', `tenants are not apart: ${faults.join('; ')}`);
}

/**
 * The canary: whether the keys open what the deployment's own tenant has sealed; in words when they don't.
 */
export async function keyFault(
  store: Pick<PostgresConfigurationStore, 'find'>,
  keyRing: KeyRing,
): Promise<string | undefined> {
  const system = await store.find(SYSTEM_SLUG);
  if (system === undefined) return 'the deployment has no tenant of its own yet';
  try {
    keyRing.openDataKey(system.configuration.tenant.id, system.wrappedDataKey);
    return undefined;
  } catch (error) {
    if (error instanceof SealError)
      return `these are not the keys that the database was sealed with: ${error.message}`;
    throw error;
  }
}
