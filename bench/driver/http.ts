import { Pool } from 'undici';
import { parseRecord, type JsonRecord } from '../json.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer that isn't what the flow wants: the flow has failed, and its time counts for nothing. */
export class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
}

/** Longest that one request may take. */
const REQUEST_MS = 30_000;

/** Kept-alive connections to the few origins of a run. */
export class HttpClient {
  readonly #pools = new Map<string, Pool>();
  /** Requests sent, by origin. */
  readonly sent = new Map<string, number>();

  constructor(private readonly connections: number) {}

  async call(url: URL, { method, headers = {}, body }: Call): Promise<Answer> {
    this.sent.set(url.origin, (this.sent.get(url.origin) ?? 0) + 1);
    const answer = await this.#pool(url.origin).request({
      method,
      path: `${url.pathname}${url.search}`,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  #pool(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connections: this.connections,
        pipelining: 1,
        keepAliveTimeout: 60_000,
        headersTimeout: REQUEST_MS,
        bodyTimeout: REQUEST_MS,
      });
      this.#pools.set(origin, pool);
    }
    return pool;
  }
}

/** The body of an answer with status 200 as a JSON object. @throws UnexpectedAnswer */
export function jsonOf(answer: Answer, what: string): JsonRecord {
  if (answer.status !== 200) throw unexpected(answer, what);
  try {
    return parseRecord(answer.text);
  } catch (error) {
    throw new UnexpectedAnswer(`${what}: no JSON object: ${answer.text.slice(0, 200)}`, { cause: error });
  }
}

export function unexpected(answer: Answer, what: string): UnexpectedAnswer {
  const text = answer.text.replace(/<style[\s\S]*?<\/style>|<[^>]+>|\s+/g, ' ').trim();
  return new UnexpectedAnswer(`${what}: status ${answer.status}: ${text.slice(0, 300)}`);
}
