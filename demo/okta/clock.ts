/**
 * The org's own clock: the machine's, moved by what a test or the control page asks for. A skewed org also
 * says so in its `Date` header, as a real one would.
 */
export class OrgClock {
  #offsetMs = 0;
  #skewMs = 0;

  nowMs(): number {
    return Date.now() + this.#offsetMs + this.#skewMs;
  }

  /** Whole seconds since the epoch, as JWTs count. */
  now(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  /** Time passes: codes, sessions and tokens grow older. */
  advance(seconds: number): void {
    this.#offsetMs += seconds * 1000;
  }

  /** The org's clock goes wrong by this many seconds (positive: ahead of the world). */
  skew(seconds: number): void {
    this.#skewMs = seconds * 1000;
  }

  get skewSeconds(): number {
    return this.#skewMs / 1000;
  }
}
