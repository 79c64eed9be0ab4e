import { hash, verify } from '@node-rs/argon2';
import { DomainError } from '../core/errors.js';
import { PASSWORD_CHARS, type PasswordHasher } from '../domain/account/password.js';

/** Argon2id (the library's default) as OWASP and RFC 9106 ask for interactive sign-ins: 64 MiB, three passes, one lane. */
const COST = { memoryCost: 64 * 1024, timeCost: 3, parallelism: 1 } as const;

/** A well-formed hash of the same cost that no password has: what is compared where there is none. */
const NOBODYS = `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Bounds of the node's work on passwords. */
export interface HasherBounds {
  /** Hashes that are computed at once: each takes 64 MiB and a thread. */
  readonly running: number;
  /** Those that may wait for their turn. */
  readonly waiting: number;
}

const BOUNDS: HasherBounds = { running: 2, waiting: 20 };

/** How long somebody who was turned away should wait, in seconds. */
const RETRY_SECONDS = 2;

/** Hashes passwords on libuv's threads, a few at a time; whoever comes when the queue is full is turned away. */
export class Argon2Hasher implements PasswordHasher {
  #running = 0;
  readonly #queue: (() => void)[] = [];

  constructor(private readonly bounds: HasherBounds = BOUNDS) {}

  async hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, COST));
  }

  async verify(known: string | null, password: string): Promise<boolean> {
    // Cut by hand where it can't be anybody's: a text of megabytes must not cost more than a password.
    const fits = password.length <= 2 * PASSWORD_CHARS.max && !password.includes('\u0000');
    const against = fits ? (known ?? NOBODYS) : NOBODYS;
    const same = await this.#inTurn(() => verify(against, fits ? password : ''));
    return same && fits && known !== null;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.bounds.running) {
      if (this.#queue.length >= this.bounds.waiting)
        throw new DomainError('limit_exceeded', 'too many people sign in at this moment', {
          retryAfterSeconds: String(RETRY_SECONDS),
        });
      // Whoever ends hands over their place, so that nobody slips in between.
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
