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

  /** Refuses what this release can't do, instead of quietly working on another deployment than was meant. */
  refuseRemote(options: RemoteOptions): void {
    const isRemote = [
      options.url,
      options.token,
      this.variables['CAUSEWAY_URL'],
      this.variables['CAUSEWAY_TOKEN'],
    ];
    if (isRemote.every((value) => value === undefined || value === '')) return;
    throw new CliError(EXIT.usage, [
      'this release has no management API yet: --url and --token (CAUSEWAY_URL, CAUSEWAY_TOKEN) lead nowhere;',
      'run the command where the deployment is configured, without them; it works beside a running server',
    ]);
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
