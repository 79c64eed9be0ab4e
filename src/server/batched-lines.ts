import type { DestinationStream } from 'pino';

/** How long a line may wait for others. */
const WAIT_MS = 20;
/** What several processes may write to one pipe without breaking each other's lines (`PIPE_BUF`). */
const BYTES_MAX = 4_096;

/**
 * Lines on their way to a log, written together: a write costs more than a line. They keep their order, and none is left
 * behind by a process that ends by itself, by `process.exit` or by an uncaught error, if `flush` is called then.
 */
export class BatchedLines implements DestinationStream {
  #waiting = '';
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param to writes before it returns */
  constructor(private readonly to: DestinationStream) {}

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#bytes + bytes > BYTES_MAX) this.flush();
    this.#waiting += line;
    this.#bytes += bytes;
    this.#timer ??= setTimeout(() => this.flush(), WAIT_MS).unref();
  }

  /** Writes what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#waiting;
    if (lines === '') return;
    this.#waiting = '';
    this.#bytes = 0;
    this.to.write(lines);
  }
}
