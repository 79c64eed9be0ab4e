import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/logger.js';
import { Breaker } from './breaker.js';
import type { CallResult, CircuitState } from './breaker.js';
import { OutboundError } from './error.js';
import { Gate } from './gate.js';
import type { GateLimits } from './gate.js';

/** How a lane that has something to tell stands now: for metrics, `doctor` and the console. */
export interface LaneState {
  readonly lane: string;
  readonly circuit: CircuitState;
  /** Failures in a row. */
  readonly failures: number;
  readonly active: number;
  readonly openedAt?: Date;
}

/**
 * Lanes that failed are remembered up to this many; a deployment has one or two per connection and
 * receiver.
 */
const LANES_MAX = 10_000;
/** A lane that failed and wasn't called again for so long is forgotten. */
const LANE_IDLE_MS = 600_000;

interface Entry {
  readonly breaker: Breaker;
  usedAtMs: number;
}

/** Where a call stands: its lane's breaker, and the budget of concurrent calls it counts in. */
export interface Place {
  readonly lane: string;
  readonly budget: string;
  readonly limits: GateLimits;
}

/**
 * The breakers and concurrency limits of all lanes. A lane without failures and calls is not kept at all,
 * so memory grows with what is broken or busy, not with what exists; no timers.
 */
export class Lanes {
  /** In order of last use. */
  readonly #breakers = new Map<string, Entry>();
  readonly #gates = new Map<string, Gate>();

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  /** The lanes that are busy or have failed. */
  states(): LaneState[] {
    const now = this.clock.now();
    return [...this.#breakers].map(([lane, { breaker }]) => ({
      lane,
      circuit: breaker.state(now),
      failures: breaker.failures,
      active: breaker.active,
      ...(breaker.openedAt === undefined ? {} : { openedAt: breaker.openedAt }),
    }));
  }

  /**
   * Makes one call within the lane's limits. The breaker is asked twice, since it may open while the call
   * waits its turn.
   * @param resultOf what a call that was answered says about the upstream's health
   * @throws OutboundError `circuit_open`, `busy`; the signal's reason; what `call` throws
   */
  async run<T>(
    place: Place,
    signal: AbortSignal,
    call: () => Promise<T>,
    resultOf: (settled: PromiseSettledResult<T>) => CallResult,
  ): Promise<T> {
    if (this.#breakers.get(place.lane)?.breaker.admits(this.clock.now()) === false) throw circuitOpen();
    const gate = this.#gate(place.budget);
    try {
      if (!(await gate.enter(place.limits, signal))) throw busy();
    } catch (error) {
      this.#forgetGate(place.budget, gate);
      throw error instanceof OutboundError && error.reason === 'timeout' ? busy(error) : error;
    }
    try {
      return await this.#guarded(place.lane, call, resultOf);
    } finally {
      gate.leave();
      this.#forgetGate(place.budget, gate);
    }
  }

  async #guarded<T>(
    lane: string,
    call: () => Promise<T>,
    resultOf: (settled: PromiseSettledResult<T>) => CallResult,
  ): Promise<T> {
    const { breaker } = this.#entry(lane);
    const permit = breaker.admit(this.clock.now());
    if (permit === undefined) throw circuitOpen();
    const [settled] = await Promise.allSettled([call()]);
    const changed = breaker.settle(permit, resultOf(settled), this.clock.now());
    if (changed === 'opened') this.log.warn('outbound.circuit_opened', { lane, failures: breaker.failures });
    if (changed === 'closed') this.log.info('outbound.circuit_closed', { lane });
    if (breaker.pristine) this.#breakers.delete(lane);
    if (settled.status === 'rejected') throw settled.reason;
    return settled.value;
  }

  #entry(lane: string): Entry {
    const nowMs = this.clock.now().getTime();
    const entry = this.#breakers.get(lane) ?? { breaker: new Breaker(), usedAtMs: nowMs };
    entry.usedAtMs = nowMs;
    this.#breakers.delete(lane);
    this.#breakers.set(lane, entry);
    this.#evict(nowMs);
    return entry;
  }

  /**
   * Drops the lanes used longest ago while they are too old or too many; stops at the first that must stay.
   */
  #evict(nowMs: number): void {
    for (const [lane, { breaker, usedAtMs }] of this.#breakers) {
      const surplus = this.#breakers.size > LANES_MAX || nowMs - usedAtMs > LANE_IDLE_MS;
      if (!surplus || breaker.active > 0) return;
      this.#breakers.delete(lane);
    }
  }

  #gate(budget: string): Gate {
    const gate = this.#gates.get(budget) ?? new Gate();
    this.#gates.set(budget, gate);
    return gate;
  }

  #forgetGate(budget: string, gate: Gate): void {
    if (gate.empty && this.#gates.get(budget) === gate) this.#gates.delete(budget);
  }
}

function circuitOpen(): OutboundError {
  return new OutboundError(
    'circuit_open',
    'The last calls failed; the next attempt is made in a few seconds',
  );
}

function busy(cause?: unknown): OutboundError {
  return new OutboundError('busy', 'Too many calls at once; try again in a few seconds', { cause });
}
