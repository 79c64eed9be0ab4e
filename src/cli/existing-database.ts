import { createDataSource } from '../storage/data-source.js';
import { Database } from '../storage/database.js';
import { inspectSchema, judgeSchema, SchemaError, type SchemaState } from '../storage/schema.js';
import { hasServed } from '../server/encryption-keys.js';
import { reachDatabase } from '../server/open-storage.js';
import type { CommandContext } from './command-context.js';
import { CliError, EXIT } from './exit-codes.js';
import { releasing, type InterruptSignal } from './interrupt.js';

/**
 * The deployment's database as it is, for commands that only look: nothing is made or migrated.
 * @param signals that break `work` off; undefined: all
 * @throws CliError when there is none yet
 */
export async function withExistingDatabase<T>(
  context: CommandContext,
  work: (state: SchemaState, open: <R>(use: (database: Database) => Promise<R>) => Promise<R>) => Promise<T>,
  signals?: readonly InterruptSignal[],
): Promise<T> {
  const { config, log, ids } = context;
  await requireDeployment(context);
  const address = await reachDatabase(config, { log, ids, mode: 'join' });
  return releasing(
    () => address.close(),
    async () => {
      const state = await inspectSchema(address.directUrl);
      return work(state, async (use) => {
        const dataSource = await createDataSource(address.url, LOOKING).initialize();
        try {
          return await use(new Database(dataSource));
        } finally {
          await dataSource.destroy();
        }
      });
    },
    signals,
  );
}

/** @throws CliError when nothing is there yet, so that a command that changes what is makes no empty deployment */
export async function requireDeployment({ config }: CommandContext): Promise<void> {
  if (config.database.kind !== 'embedded' || (await hasServed(config.dataDir))) return;
  throw new CliError(EXIT.configuration, [
    `DATA_DIR: no deployment is in ${config.dataDir} yet: start Causeway once, or name another DATA_DIR`,
  ]);
}

/** Looking at everything may take longer than a request. */
const LOOKING = { connectionsMax: 4, statementMs: 60_000 };

/** @throws SchemaError when the schema isn't this Causeway's */
export function requireCurrent(state: SchemaState): void {
  if (judgeSchema(state) === 'old')
    throw new SchemaError('schema_old', `the schema is older than this Causeway: run 'causeway migrate'`);
}
