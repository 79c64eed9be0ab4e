import type { DataSource } from 'typeorm';
import { createDataSource } from '../../src/storage/data-source.js';
import { Database } from '../../src/storage/database.js';
import { asSuperuser, OWNER, prepareTemplate, urlOf } from './prepare-database.js';

/** A database of one test file. */
export interface TestDatabase {
  /** As the owner of the tables: no superuser, obeys row security. */
  readonly url: string;
  readonly dataSource: DataSource;
  readonly database: Database;
  /** Closes the pool and drops the database. */
  destroy(): Promise<void>;
}

let made = 0;

/** Names of this process's databases differ from those of every other one that uses the server. */
function freshName(): string {
  made += 1;
  return `causeway_${process.pid}_${process.env['JEST_WORKER_ID'] ?? '0'}_${process.hrtime.bigint()}_${made}`;
}

/** Makes a database; without a template it is empty, as before the first start. Gives its address. */
export async function createTestDatabase(
  template?: string,
): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = freshName();
  await asSuperuser((client) =>
    client.query(`CREATE DATABASE ${name} OWNER ${OWNER.user} TEMPLATE ${template ?? 'template0'}`),
  );
  return {
    url: urlOf(name),
    drop: async () => {
      await asSuperuser((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
    },
  };
}

/** A machine that runs several suites at once is slow: that is not what they test. */
export const PATIENT = { connectionsMax: 20, statementMs: 30_000, acquireMs: 30_000 };

/** A fresh, migrated database per test file. Call in `beforeAll`, destroy in `afterAll`. */
export async function freshDatabase(): Promise<TestDatabase> {
  const { url, drop } = await createTestDatabase(await prepareTemplate());
  const dataSource = await createDataSource(url, PATIENT).initialize();
  return {
    url,
    dataSource,
    database: new Database(dataSource),
    destroy: async () => {
      await dataSource.destroy();
      await drop();
    },
  };
}
