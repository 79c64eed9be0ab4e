import { userInfo } from 'node:os';
import { randomBytes } from 'node:crypto';
import { systemClock } from '../core/clock.js';
import { createIds, type Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import type { Actor } from '../domain/audit/audit-event.js';
import { readConfig, type Config } from '../server/config.js';
import { openStorage, type Storage } from '../server/open-storage.js';
import { CliError, EXIT } from './exit-codes.js';
import { releasing } from './interrupt.js';
import { terminalLogger, type Terminal } from './terminal.js';

export type Variables = Readonly<Record<string, string | undefined>>;

/** Where a command is told to work: an API, or nothing, which means the database of its own configuration. */
export interface RemoteOptions {
  readonly url?: string;
  readonly token?: string;
}

/** A deployment elsewhere. */
export interface RemoteTarget {
  /** Its PUBLIC_URL, without a slash at the end. */
  readonly url: string;
  readonly token: string;
}

const textOf = (text: string | undefined): string | undefined => {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
};

/** The API's own address is taken, too. @throws CliError which doesn't quote it: it may hold a password */
function baseOf(text: string): string {
  if (!URL.canParse(text)) throw new CliError(EXIT.usage, ['--url: is no address']);
  const { protocol, origin, pathname, search, hash, username, password } = new URL(text);
  if (protocol !== 'https:' && protocol !== 'http:')
    throw new CliError(EXIT.usage, ['--url: must begin with https://']);
  if (username !== '' || password !== '' || search !== '' || hash !== '')
    throw new CliError(EXIT.usage, ['--url: has more than a host and a path']);
  return `${origin}${pathname.replace(/\/+$/, '').replace(/\/api\/v1$/, '')}`;
}

/** What every command works with. */
export class CommandContext {
  readonly ids: Ids = createIds(randomBytes, () => systemClock.now().getTime());
  #config: Config | undefined;

  constructor(
    readonly terminal: Terminal,
    readonly variables: Variables,
  ) {}

  /** @throws ConfigError */
  get config(): Config {
    this.#config ??= readConfig(this.variables);
    return this.#config;
  }

  get log(): Logger {
    const level = this.variables['LOG_LEVEL'] ?? '';
    return terminalLogger(this.terminal, ['debug', 'trace'].includes(level));
  }

  /** Who works here: the person at the shell, by their name on this machine. */
  get operator(): Actor {
    return { type: 'operator', id: `cli:${userInfo().username}` };
  }

  /**
   * The deployment that the command is to work on through its management API; undefined: the one that this machine is
   * configured for. Options go before variables.
   * @throws CliError when it is told by half
   */
  remoteTarget(options: RemoteOptions): RemoteTarget | undefined {
    const url = textOf(options.url) ?? textOf(this.variables['CAUSEWAY_URL']);
    const token = textOf(options.token) ?? textOf(this.variables['CAUSEWAY_TOKEN']);
    if (url === undefined && token === undefined) return undefined;
    if (url === undefined)
      throw new CliError(EXIT.usage, [
        'there is a token (--token, CAUSEWAY_TOKEN) but no --url or CAUSEWAY_URL',
      ]);
    if (token === undefined)
      throw new CliError(EXIT.usage, ['give a token for --url by CAUSEWAY_TOKEN, or by --token']);
    return { url: baseOf(url), token };
  }

  /** Refuses what works on the database alone, instead of quietly working on another deployment than was meant. */
  refuseRemote(options: RemoteOptions): void {
    if (this.remoteTarget(options) !== undefined) throw databaseAlone();
  }

  /** The same by options alone, where the variables may be there for other commands. */
  refuseRemoteOptions({ url, token }: RemoteOptions): void {
    if (url !== undefined || token !== undefined) throw databaseAlone();
  }
  /** The deployment's database, ready to be changed, for as long as `work` takes. */
  async withStorage<T>(work: (storage: Storage) => Promise<T>, migrate?: boolean): Promise<T> {
    const storage = await openStorage(this.config, {
      log: this.log,
      ids: this.ids,
      mode: 'join',
      ...(migrate === undefined ? {} : { migrate }),
    });
    return releasing(
      () => storage.close(),
      () => work(storage),
    );
  }
}

const databaseAlone = (): CliError =>
  new CliError(EXIT.usage, [
    'this command works on the database alone: run it where the deployment is configured, without --url and CAUSEWAY_URL',
  ]);
