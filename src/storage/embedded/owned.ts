import { messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { connect, type Addresses } from './credentials.js';
import type { EmbeddedDatabase } from './embedded-database.js';
import { GUESTS } from './join.js';
import type { OwnerLock } from './lock.js';
import type { Postmaster } from './postmaster.js';

interface Parts {
  readonly lock: OwnerLock;
  readonly postmaster: Postmaster;
  readonly addresses: Addresses;
  readonly home: string;
  readonly log: Logger;
  readonly mode: 'own' | 'join';
  readonly onExit?: (reason: string) => void;
}

/** The database that this process started and supervises. */
export class OwnedDatabase implements EmbeddedDatabase {
  readonly joined = false;
  readonly #parts: Parts;
  #ended = false;
  #stopping: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    void this.#watchServer();
    void this.#watchLock();
  }

  async #watchServer(): Promise<void> {
    const { postmaster } = this.#parts;
    const words = await postmaster.exited;
    this.#end(`PostgreSQL (pid ${postmaster.pid}) ended: ${words}`);
  }

  /** Without its lock, a server is stopped at once: another process may be about to start one. */
  async #watchLock(): Promise<void> {
    if ((await this.#parts.lock.ended) === 'released') return;
    this.#end('the lock file in DATA_DIR is gone, so another process could take the directory');
    await this.stop();
  }

  get url(): string {
    return this.#parts.addresses.application;
  }

  get directUrl(): string {
    return this.url;
  }

  get administratorUrl(): string {
    return this.#parts.addresses.administrator;
  }

  get directory(): string {
    return this.#parts.home;
  }

  get postmasterPid(): number {
    return this.#parts.postmaster.pid;
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * A server ends its guests' connections; a command waits for the other commands that joined it meanwhile.
   */
  async #stop(): Promise<void> {
    this.#ended = true;
    const { lock, postmaster, log, mode } = this.#parts;
    try {
      if (postmaster.running) await lock.update({ phase: 'stopping' });
      if (postmaster.running && mode === 'join') await this.#waitForGuests();
    } catch (error) {
      log.warn('database.stopping', { reason: messageOf(error) });
    }
    await postmaster.stop();
    await lock.release();
    log.info('database.stopped', { pid: postmaster.pid });
  }

  /** Each guest holds a shared lock. Who comes after `stopping` was written lets go of it again. */
  async #waitForGuests(): Promise<void> {
    const client = await connect(this.url);
    try {
      const free = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
        GUESTS,
      ]);
      if (free.rows[0]?.taken === true) return;
      this.#parts.log.info('database.waiting_for_guests', {
        reason: 'other commands still use the database',
      });
      await client.query('SELECT pg_advisory_lock($1)', [GUESTS]);
    } finally {
      await client.end();
    }
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#parts.log.error('database.ended', { reason });
    this.#parts.onExit?.(reason);
  }
}
