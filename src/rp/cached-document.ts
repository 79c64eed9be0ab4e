import type { Clock } from '../core/clock.js';
import type { Deadline } from './deadline.js';

/** A document as fetched, read and found sound. */
export interface Fetched<T> {
  readonly value: T;
  readonly fetchedAt: Date;
  readonly freshUntil: Date;
}

/** How long after `freshUntil` a document is used while the upstream can't be asked (F-11). */
const STALE_MS = 24 * 60 * 60 * 1_000;
/** How long a sign-in waits for a newer document when there is an old one that will do. */
const REFRESH_MS = 2_000;
/** After a failed refresh the old document is used without asking, for so long: well within the contract's 30 s. */
const QUIET_MS = 10_000;

/**
 * A document of an upstream, kept in memory: used while fresh, then fetched again by one caller for all, and served stale
 * for a day when that fails, whatever the failure was. Nothing is fetched while nobody signs in: there are no timers.
 */
export class CachedDocument<T> {
  readonly #clock: Clock;
  readonly #fetch: (deadline: Deadline) => Promise<Fetched<T>>;
  readonly #onStale: (error: unknown) => void;
  #current: Fetched<T> | undefined;
  #inFlight: Promise<T> | undefined;
  #quietUntilMs = 0;

  constructor(
    clock: Clock,
    fetch: (deadline: Deadline) => Promise<Fetched<T>>,
    onStale: (error: unknown) => void,
  ) {
    this.#clock = clock;
    this.#fetch = fetch;
    this.#onStale = onStale;
  }

  get current(): Fetched<T> | undefined {
    return this.#current;
  }

  /** Takes a document that somebody else fetched, if it is newer; says whether it was. */
  adopt(document: Fetched<T>): boolean {
    if (this.#current !== undefined && this.#current.fetchedAt >= document.fetchedAt) return false;
    this.#current = document;
    return true;
  }

  /** @throws what the fetch throws, when there is no document that may be used instead */
  async get(deadline: Deadline): Promise<T> {
    const nowMs = this.#clock.now().getTime();
    const old = this.#current;
    if (old === undefined || nowMs >= old.freshUntil.getTime() + STALE_MS) return this.refresh(deadline);
    if (nowMs < old.freshUntil.getTime() || nowMs < this.#quietUntilMs) return old.value;
    try {
      return await this.refresh(deadline.within(REFRESH_MS));
    } catch (error) {
      this.#quietUntilMs = nowMs + QUIET_MS;
      this.#onStale(error);
      return old.value;
    }
  }

  /** Fetches now; callers at the same time share one fetch and the first one's deadline. */
  refresh(deadline: Deadline): Promise<T> {
    this.#inFlight ??= this.#fetch(deadline)
      .then((document) => {
        this.#current = document;
        this.#quietUntilMs = 0;
        return document.value;
      })
      .finally(() => {
        this.#inFlight = undefined;
      });
    return this.#inFlight;
  }
}
