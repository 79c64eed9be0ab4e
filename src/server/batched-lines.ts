import type { DestinationStream } from 'pino';

/** How long a line may wait for others. */
const WAIT_MS = 10;
/** What is written at the latest when so many characters wait. */
const LENGTH_MAX = 8 * 1024;

/**
 * Lines on their way to a log, written together: a write costs more than a line. They keep their order, and none is left
 * behind by a process that ends by itself, by `process.exit` or by an uncaught error, if `flush` is called then.
 */
export class BatchedLines implements DestinationStream {
  #waiting = '';
  #timer: NodeJS.Timeout | undefined;

  /** @param to writes before it returns */
  constructor(private readonly to: DestinationStream) {}

  write(line: string): void {
    this.#waiting += line;
    if (this.#waiting.length >= LENGTH_MAX) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), WAIT_MS).unref();
  }

  /** Writes what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#waiting;
    if (lines === '') return;
    this.#waiting = '';
    this.to.write(lines);
  }
}
