import type { Client } from 'pg';
import { messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { addressesOf, connect, type Addresses } from './credentials.js';
import type { EmbeddedDatabase } from './embedded-database.js';
import { findOwner, type Owner } from './lock.js';
import { findHome } from './places.js';

/** The advisory lock of who uses a database without owning it. */
export const GUESTS = 7_226_911_001;

/**
 * Joins the database of a live owner who said `ready`.
 * @returns why not, when it ended or began to end at this moment: then look again who owns the directory.
 * @throws EmbeddedDatabaseError when the database's files can't be read by this OS user.
 */
export async function joinOwner(
  dataDir: string,
  owner: Owner,
  options: { readonly log: Logger; readonly onExit?: (reason: string) => void },
): Promise<EmbeddedDatabase | string> {
  const home = await findHome(dataDir);
  if (home === undefined) return 'its directory is not there yet';
  const addresses = await addressesOf(home, owner.port);
  let client: Client;
  try {
    client = await connect(addresses.application);
  } catch (error) {
    return messageOf(error);
  }
  try {
    await client.query('SELECT pg_advisory_lock_shared($1)', [GUESTS]);
    // An owner writes `stopping` before it looks for guests; a guest shows itself before it reads that.
    const now = await findOwner(dataDir);
    if (now?.phase === 'ready' && now.postmasterPid === owner.postmasterPid) {
      options.log.debug('database.joined', { home, owner: owner.pid });
      return new JoinedDatabase(client, addresses, home, owner.postmasterPid, options.onExit);
    }
  } catch (error) {
    await client.end();
    return messageOf(error);
  }
  await client.end();
  return 'it is stopping';
}

/**
 * The database of another process. Its own connection keeps a command that owns it from stopping it
 * meanwhile.
 */
class JoinedDatabase implements EmbeddedDatabase {
  readonly joined = true;
  readonly #client: Client;
  #stopping: Promise<void> | undefined;

  constructor(
    client: Client,
    private readonly addresses: Addresses,
    readonly directory: string,
    readonly postmasterPid: number,
    onExit: ((reason: string) => void) | undefined,
  ) {
    this.#client = client;
    client.once('end', () => {
      if (this.#stopping === undefined) onExit?.('the Causeway that owns the database has stopped it');
    });
  }

  get url(): string {
    return this.addresses.application;
  }

  get directUrl(): string {
    return this.url;
  }

  get administratorUrl(): string {
    return this.addresses.administrator;
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#client.end();
    return this.#stopping;
  }
}
