export interface Job {
  /** Of two waiting jobs of one key only one is kept, which does what both would: the later one … */
  readonly key?: string;
  /** … or the one that waits already. */
  readonly early?: boolean;
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
    const { key, early } = job;
    if (key !== undefined) {
      const rest = this.#waiting.filter((other) => other.key !== key);
      if (early === true && rest.length < this.#waiting.length) return;
      this.#waiting = rest;
    }
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
