interface Waiter {
  readonly enter: () => void;
}

export interface GateLimits {
  readonly concurrencyMax: number;
  readonly queueMax: number;
}

/** A concurrency limit with a queue that is bounded and fair: first come, first served. */
export class Gate {
  #active = 0;
  readonly #waiters: Waiter[] = [];

  get active(): number {
    return this.#active;
  }

  get waiting(): number {
    return this.#waiters.length;
  }

  get empty(): boolean {
    return this.#active === 0 && this.#waiters.length === 0;
  }

  /**
   * Waits for a place; each place taken is given back by `leave`.
   * @returns false when the queue is full
   * @throws the signal's reason when it aborts before there is a place
   */
  async enter({ concurrencyMax, queueMax }: GateLimits, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (this.#active < concurrencyMax) {
      this.#active += 1;
      return true;
    }
    if (this.#waiters.length >= queueMax) return false;
    await this.#wait(signal);
    return true;
  }

  leave(): void {
    const next = this.#waiters.shift();
    // The place goes from hand to hand, so that a newcomer can't take it before those who wait.
    if (next === undefined) this.#active -= 1;
    else next.enter();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        enter: () => {
          signal.removeEventListener('abort', giveUp);
          resolve();
        },
      };
      const giveUp = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#waiters.push(waiter);
    });
  }
}
