import { Type, type Static, type TSchema } from 'typebox';
import { systemClock } from '../../core/clock.js';
import { DomainError } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { plainText } from '../../core/text.js';
import { orNull } from '../../management/contract/common.js';
import { OutboundError } from '../../outbound/error.js';
import type { Method, OutboundResponse } from '../../outbound/exchange.js';
import { isJson, parseJson } from '../../outbound/json.js';
import { createOutbound, type Outbound } from '../../outbound/outbound.js';
import type { CommandContext, RemoteOptions, RemoteTarget } from '../command-context.js';
import { CliError, EXIT } from '../exit-codes.js';
import { answerOf, isOf } from './answers.js';
import { ProblemShape, RemoteProblem } from './problem.js';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface Sent {
  readonly query?: Query;
  readonly body?: unknown;
  /** ETag of what is meant. */
  readonly ifMatch?: string;
  /** What takes longer than a page of a list. */
  readonly deadlineMs?: number;
  /** With it, what is sent twice is done once. */
  readonly idempotencyKey?: string;
}

const DEADLINE_MS = 30_000;
/** A file of thousands of tenants. */
export const LONG_MS = 600_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
const PAGE = 200;
/** Mistakes in the address itself. */
const REFUSED = ['url_refused', 'scheme_refused', 'address_refused'];

/**
 * Does it through the management API where `--url` names one, else in the database of this machine's own configuration.
 * @throws CliError
 */
export async function eitherWay<T>(
  context: CommandContext,
  options: RemoteOptions,
  ways: { readonly remote: (api: RemoteApi) => Promise<T>; readonly local: () => Promise<T> },
): Promise<T> {
  const target = context.remoteTarget(options);
  if (target === undefined) return ways.local();
  const outbound = createOutbound({
    // Whoever works at this shell says where to go: there is nobody to guard against.
    privateAddresses: 'allow',
    allowHttpLoopback: true,
    clock: systemClock,
    log: context.log,
  });
  try {
    return await ways.remote(new RemoteApi(outbound, target));
  } finally {
    await outbound.close();
  }
}

/** Below `/api/v1`: names of tenants, people and keys as segments. @throws CliError for what can't be a name */
export function pathOf(...segments: readonly string[]): string {
  // An address would read these as ways up.
  const way = segments.find((segment) => ['', '.', '..'].includes(segment));
  if (way !== undefined) throw new CliError(EXIT.usage, [`'${way}' is no name`]);
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
}

/** The management API of a deployment elsewhere. Tells nobody the token: no error and no log line holds it. */
export class RemoteApi {
  readonly #token: string;

  constructor(
    private readonly outbound: Outbound,
    private readonly target: RemoteTarget,
  ) {
    this.#token = target.token;
  }

  async get<S extends TSchema>(schema: S, path: string, sent: Pick<Sent, 'query' | 'deadlineMs'> = {}) {
    return answerOf(schema, parseJson(await this.#send('GET', path, sent)));
  }

  async post<S extends TSchema>(schema: S, path: string, sent: Sent) {
    return answerOf(schema, parseJson(await this.#send('POST', path, sent)));
  }

  /** Deletes what was just looked at, and not what somebody has made of it since. */
  async delete(path: string): Promise<void> {
    const { headers } = await this.#send('GET', path, {});
    await this.#send('DELETE', path, { ifMatch: headers.get('etag') ?? '*' });
  }

  /** Changes what was just looked at: `body` is made of it. */
  async patch<S extends TSchema>(
    schema: S,
    path: string,
    { etag, body }: { readonly etag: string; readonly body: unknown },
  ) {
    return answerOf(schema, parseJson(await this.#send('PATCH', path, { ifMatch: etag, body })));
  }

  /** A resource with its ETag, by which it is changed. */
  async getWithTag<S extends TSchema>(schema: S, path: string) {
    const answer = await this.#send('GET', path, {});
    return { resource: answerOf(schema, parseJson(answer)), etag: answer.headers.get('etag') ?? '*' };
  }

  /** An answer as it came. @param path below `/api/v1`, with its query */
  send(method: Method, path: string, sent: Omit<Sent, 'query'>): Promise<OutboundResponse> {
    const base = `${this.target.url}/api/v1/`;
    const address = `${base}${path.replace(/^\/?(?:api\/v1\/)?/, '')}`;
    // What an address reads as a way up would go elsewhere, with the token.
    if (!URL.canParse(address) || !new URL(address).href.startsWith(base) || address.includes('#'))
      throw new CliError(EXIT.usage, ['PATH is what stands behind /api/v1, such as /tenants/acme/users']);
    return this.#send(method, new URL(address).href.slice(base.length - 1), sent);
  }

  /** Page after page, until there are `limit`. */
  async list<S extends TSchema>(
    item: S,
    path: string,
    { query = {}, limit }: { readonly query?: Query; readonly limit: number },
  ): Promise<{ readonly items: readonly Static<S>[]; readonly isMore: boolean }> {
    const items: Static<S>[] = [];
    let cursor: string | undefined;
    do {
      const page = { ...query, limit: Math.min(PAGE, limit - items.length), cursor };
      // oxlint-disable-next-line no-await-in-loop -- each page begins where the last one ended
      const answer = await this.get(PageShape, path, { query: page });
      items.push(...answer.items.map((one) => answerOf(item, one)));
      cursor = answer.next ?? undefined;
    } while (cursor !== undefined && items.length < limit);
    return { items, isMore: cursor !== undefined };
  }

  async #send(method: Method, path: string, sent: Sent): Promise<OutboundResponse> {
    const { query = {}, body, ifMatch, idempotencyKey, deadlineMs = DEADLINE_MS } = sent;
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) search.set(name, String(value));
    const response = await this.#exchange({
      lane: { name: 'management-api', deadlineMs, bytesMax: ANSWER_BYTES_MAX },
      url: `${this.target.url}/api/v1${path}${search.size === 0 ? '' : `?${search.toString()}`}`,
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (response.status >= 200 && response.status < 300) return response;
    throw this.#refusal(response);
  }

  async #exchange(request: Parameters<Outbound['request']>[0]): Promise<OutboundResponse> {
    try {
      return await this.outbound.request(request);
    } catch (error) {
      if (error instanceof OutboundError && REFUSED.includes(error.reason))
        throw new CliError(EXIT.usage, [`--url: ${error.message}`]);
      if (error instanceof DomainError && error.code === 'invalid_argument')
        throw new CliError(EXIT.usage, ['--token: it holds characters that no token has']);
      throw error;
    }
  }

  #refusal(response: OutboundResponse): CliError {
    const body: Json = isJson(response.headers) ? parseJson(response) : null;
    if (isOf(ProblemShape, body)) return new RemoteProblem(response.status, body, body);
    const host = plainText(new URL(this.target.url).host, 300);
    return new CliError(EXIT.unreachable, [
      `${host} answers ${response.status}, and not as a management API does: --url takes the deployment's PUBLIC_URL`,
    ]);
  }
}

/** A page of a list, whatever is in it. */
export const PageShape = Type.Object({
  items: Type.Array(Type.Unsafe<Json>({})),
  next: orNull(Type.String()),
});
