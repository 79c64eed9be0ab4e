export type CircuitState = 'closed' | 'open' | 'half_open';

/** How a call ended, as far as the upstream's health goes. `neutral`: it says nothing. */
export type CallResult = 'success' | 'failure' | 'neutral';

/** The right to make one call; given back by `settle`. */
export interface Permit {
  readonly epoch: number;
  readonly probe: boolean;
}

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 10_000;

/**
 * A circuit breaker: opens after 5 failures in a row, lets one call through 10 s later, and closes when
 * that succeeds. The pause doesn't grow, so an upstream that is well again is used within 10 s and one call
 * (the contract allows 30 s).
 */
export class Breaker {
  #failures = 0;
  #openedAt: Date | undefined;
  /** Changes with every change of state: a call that began before says nothing about now. */
  #epoch = 0;
  #probing = false;
  #active = 0;

  get failures(): number {
    return this.#failures;
  }

  /** Calls that hold a permit. */
  get active(): number {
    return this.#active;
  }

  get openedAt(): Date | undefined {
    return this.#openedAt;
  }

  /** Whether forgetting it would change nothing. */
  get pristine(): boolean {
    return this.#active === 0 && this.#failures === 0;
  }

  state(now: Date): CircuitState {
    if (this.#openedAt === undefined) return 'closed';
    const elapsedMs = now.getTime() - this.#openedAt.getTime();
    // A clock that was set back must not hold the circuit open for as long as it was wrong.
    return elapsedMs >= 0 && elapsedMs < OPEN_MS ? 'open' : 'half_open';
  }

  /** Whether a call may be made now. */
  admits(now: Date): boolean {
    const state = this.state(now);
    return state === 'closed' || (state === 'half_open' && !this.#probing);
  }

  /** Takes a permit; undefined while no call may be made. */
  admit(now: Date): Permit | undefined {
    if (!this.admits(now)) return undefined;
    const probe = this.#openedAt !== undefined;
    this.#probing = probe;
    this.#active += 1;
    return { epoch: this.#epoch, probe };
  }

  /** Gives the permit back, once, with what came of it; says whether the circuit changed. */
  settle(permit: Permit, result: CallResult, now: Date): 'opened' | 'closed' | undefined {
    this.#active -= 1;
    if (permit.epoch !== this.#epoch) return undefined;
    if (permit.probe) this.#probing = false;
    if (result === 'success') return this.#succeed();
    return result === 'failure' ? this.#fail(permit, now) : undefined;
  }

  #succeed(): 'closed' | undefined {
    this.#failures = 0;
    if (this.#openedAt === undefined) return undefined;
    this.#openedAt = undefined;
    this.#epoch += 1;
    return 'closed';
  }

  #fail(permit: Permit, now: Date): 'opened' | undefined {
    this.#failures += 1;
    if (!permit.probe && this.#failures < FAILURES_TO_OPEN) return undefined;
    this.#openedAt = now;
    this.#epoch += 1;
    return 'opened';
  }
}
