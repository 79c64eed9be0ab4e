import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../core/logger.js';

/** Work that is done again and again beside requests. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  readonly run: () => Promise<unknown>;
}

/** Runs jobs until stopped; one that fails is tried again at its next time, and delays no other. */
export class Jobs {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[];

  constructor(jobs: readonly Job[], log: Logger) {
    // Each job waits for it; Node takes more than ten who wait for a leak, and says so at every start.
    setMaxListeners(jobs.length + 1, this.#stop.signal);
    this.#running = jobs.map((job) => this.#loop(job, log));
  }

  /** Waits for what is running. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #loop(job: Job, log: Logger): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await job.run();
      } catch (error) {
        log.warn('job.failed', { job: job.name, error });
      }
      await sleep(job.everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
