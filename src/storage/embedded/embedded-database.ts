import type { Ids } from '../../core/ids.js';
import type { Logger } from '../../core/logger.js';

/** How to open the embedded database of a deployment. */
export interface EmbeddedOptions {
  /** `DATA_DIR`; a relative path counts from the working directory. */
  readonly dataDir: string;
  readonly log: Logger;
  readonly ids: Pick<Ids, 'secret'>;
  /**
   * `own`: serve from it, alone. `join`: use the running database, or start it for as long as this command
   * takes.
   */
  readonly mode: 'own' | 'join';
  /** Nothing in it needs to outlive the process: for tests alone, never for a deployment. */
  readonly forgetful?: boolean;
  /** Told once when the database ends without `stop` having been called. */
  readonly onExit?: (reason: string) => void;
}

/** A running embedded database. */
export interface EmbeddedDatabase {
  /** For `pg`, with the password in it: the application's own role and database. */
  readonly url: string;
  /** A direct connection: there is no pooler in between, so it is `url`. */
  readonly directUrl: string;
  /** The superuser's; for what only an administrator of the database may do. */
  readonly administratorUrl: string;
  /** Whether another process owns it; `stop` then only lets go of it. */
  readonly joined: boolean;
  /** Where its files are: `DATA_DIR/postgresql`, or the directory that this links to. */
  readonly directory: string;
  readonly postmasterPid: number;
  /** Stops what was started here. Again: waits for the same end. */
  stop(): Promise<void>;
}
