interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
  timer: NodeJS.Timeout;
}

/** The longest that a timer of Node.js can take. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * The org's own clock: the machine's, moved by what a test or the control page asks for. A skewed org also
 * says so in its `Date` header, as a real one would.
 */
export class OrgClock {
  #offsetMs = 0;
  #skewMs = 0;
  readonly #sleepers = new Set<Sleeper>();

  nowMs(): number {
    return Date.now() + this.#offsetMs + this.#skewMs;
  }

  /** Whole seconds since the epoch, as JWTs count. */
  now(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  /** Time passes: codes, sessions and tokens grow older, and who waits for a later time is woken. */
  advance(seconds: number): void {
    this.#offsetMs += seconds * 1000;
    for (const sleeper of this.#sleepers) this.#sleep(sleeper);
  }

  /** Waits until that much time has passed on this clock. Ends early, without an error, when `signal` aborts. */
  async wait(seconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(sleeper.timer);
        this.#sleepers.delete(sleeper);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const dueMs = this.#elapsedMs() + seconds * 1000;
      const sleeper: Sleeper = { dueMs, wake, timer: setTimeout(() => undefined, 0) };
      signal.addEventListener('abort', wake);
      this.#sleepers.add(sleeper);
      this.#sleep(sleeper);
    });
  }

  /** The org's clock goes wrong by this many seconds (positive: ahead of the world). */
  skew(seconds: number): void {
    this.#skewMs = seconds * 1000;
  }

  get skewSeconds(): number {
    return this.#skewMs / 1000;
  }

  /** A clock that goes wrong doesn't make anybody wait longer or shorter. */
  #elapsedMs(): number {
    return Date.now() + this.#offsetMs;
  }

  #sleep(sleeper: Sleeper): void {
    clearTimeout(sleeper.timer);
    const left = sleeper.dueMs - this.#elapsedMs();
    if (left <= 0) sleeper.wake();
    else sleeper.timer = setTimeout(() => this.#sleep(sleeper), Math.min(left, TIMER_MS_MAX));
  }
}
