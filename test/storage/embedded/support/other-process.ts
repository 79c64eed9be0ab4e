import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { createIds } from '../../../../src/core/ids.js';
import { messageOf } from '../../../../src/core/errors.js';
import { silentLogger } from '../../../../src/core/logger.js';
import type { EmbeddedDatabase } from '../../../../src/storage/embedded/embedded-database.js';
import { EmbeddedDatabaseError } from '../../../../src/storage/embedded/errors.js';
import { openEmbeddedDatabase } from '../../../../src/storage/embedded/open.js';

/**
 * A Causeway with nothing but its database. Arguments: DATA_DIR, mode. Commands on stdin, reports on stdout.
 */
const [, , dataDir = '', mode = 'own'] = process.argv;

const report = (fields: Record<string, unknown>): void =>
  void process.stdout.write(`${JSON.stringify(fields)}\n`);

async function main(): Promise<void> {
  const database = await openEmbeddedDatabase({
    dataDir,
    mode: mode === 'join' ? 'join' : 'own',
    log: silentLogger,
    ids: createIds(randomBytes, Date.now),
    onExit: (reason) => report({ event: 'ended', reason }),
  });
  const { url, administratorUrl, postmasterPid, joined, directory } = database;
  report({ event: 'open', url, administratorUrl, postmasterPid, joined, directory });
  for await (const command of createInterface({ input: process.stdin })) {
    if (command === 'write') void write(database);
    if (command !== 'stop') continue;
    await database.stop();
    report({ event: 'stopped' });
    process.exit(0);
  }
}

/** Commits rows one by one, and tells of each when PostgreSQL has said that it is committed. */
async function write(database: EmbeddedDatabase): Promise<void> {
  const client = new Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (let n = 1; ; n += 1) {
      await client.query('INSERT INTO written VALUES ($1)', [n]);
      report({ event: 'row', n });
    }
  } catch (error) {
    report({ event: 'cut off', reason: messageOf(error) });
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof EmbeddedDatabaseError)) throw error;
  report({ event: 'refused', reason: error.reason, message: error.message });
  process.exit(1);
}
