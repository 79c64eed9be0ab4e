/** The node's clock, injected. What expires in the database is judged by the database's clock instead. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands until it is told to move. */
export class FixedClock implements Clock {
  #atMs: number;

  constructor(iso: string) {
    this.#atMs = Date.parse(iso);
  }

  now(): Date {
    return new Date(this.#atMs);
  }

  advance(seconds: number): void {
    this.#atMs += seconds * 1000;
  }
}

/** Whole seconds since the epoch, as JWTs count (RFC 7519 NumericDate). */
export function epochSeconds(clock: Clock): number {
  return Math.floor(clock.now().getTime() / 1000);
}
