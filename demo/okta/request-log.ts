/** One request that the org received: raw, in memory, for tests and the log page. */
export interface RequestRecord {
  readonly id: string;
  readonly at: Date;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Form or JSON text as it came. */
  body: string;
  /** The form's fields, or the query's where there was no form. */
  params: URLSearchParams;
  /** Name of the endpoint, or nothing for pages. */
  endpoint: string | undefined;
  /** Nothing while it is being answered, or when the connection was cut. */
  status: number | undefined;
  /** What made the answer fail, in the words that went out (or that went wrong inside). */
  error: string | undefined;
  /** Failures that were put into this answer. */
  readonly failures: string[];
}

const RECORDS_MAX = 2_000;

/** The last requests, oldest first. Writes `length = 0` to forget them. */
export class RequestLog {
  readonly records: RequestRecord[] = [];

  add(record: RequestRecord): void {
    this.records.push(record);
    if (this.records.length > RECORDS_MAX) this.records.splice(0, RECORDS_MAX / 10);
  }

  /** Requests to one endpoint. */
  to(endpoint: string): RequestRecord[] {
    return this.records.filter((record) => record.endpoint === endpoint);
  }

  clear(): void {
    this.records.length = 0;
  }
}
