export interface Job {
  /** A job of the same key that is still waiting is dropped for this one, which does what both would. */
  readonly key?: string;
  /** Never rejects: it tells of its failures itself. */
  readonly run: () => Promise<void>;
}

/** The jobs of one app, one after the other, begun after what caused them is over. */
export class JobQueue {
  #waiting: Job[] = [];
  #running: Promise<void> | undefined;
  readonly #onError: (error: unknown) => void;

  /** @param onError told of a job that rejects, which is a fault of the simulator's own */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Jobs that haven't begun, and the one under way. */
  get length(): number {
    return this.#waiting.length + (this.#running === undefined ? 0 : 1);
  }

  add(job: Job): void {
    const { key } = job;
    if (key !== undefined) this.#waiting = this.#waiting.filter((other) => other.key !== key);
    this.#waiting.push(job);
    this.#running ??= this.#work();
  }

  /** Forgets the jobs that haven't begun. */
  clear(): void {
    this.#waiting = [];
  }

  /** Resolves when nothing is left to do, now and by what is being done. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #work(): Promise<void> {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      try {
        await job.run();
      } catch (error) {
        this.#onError(error);
      }
    }
    this.#running = undefined;
  }
}
