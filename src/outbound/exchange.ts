import { isUtf8 } from 'node:buffer';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { Clock } from '../core/clock.js';
import { readBody } from './body.js';
import { OutboundError, bodyError, isReset, translateRequestError } from './error.js';
import { isJson } from './json.js';
import { isRepeatable, retryDelayMs } from './retry.js';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** An answer, whole; decoded, so it has no `content-encoding` and no `content-length`. */
export interface OutboundResponse {
  /** 200 to 599. A redirect is an answer like others: it is never followed. */
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Statuses that never have a body (Fetch, "null body status"). */
export const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);
/** Headers that spoke of the bytes on the wire. */
const FRAMING = ['content-encoding', 'content-length', 'transfer-encoding'];

/** One call, judged and ready to be sent. */
export interface Call {
  readonly url: URL;
  readonly host: string;
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  readonly bytesMax: number;
}

export interface Deadline {
  readonly signal: AbortSignal;
  /** What is left, in milliseconds. */
  remainingMs(): number;
}

/**
 * Sends a call and reads its answer before the deadline. A GET is sent once more when the connection broke
 * before an answer began, or when the server names a time of at most 2 s (`Retry-After`) that fits before
 * the deadline (F-09).
 * @throws OutboundError; the signal's reason when it aborts
 */
export async function exchange(
  dispatcher: Dispatcher,
  call: Call,
  deadline: Deadline,
  clock: Clock,
): Promise<OutboundResponse> {
  const { signal } = deadline;
  try {
    if (!isRepeatable(call.method)) return await attempt(dispatcher, call, signal);
    const first = await attemptOnceMoreAfterReset(dispatcher, call, signal);
    if (first.repeated) return first.response;
    const waitMs = retryDelayMs(first.response.status, first.response.headers, clock);
    if (waitMs === undefined || waitMs >= deadline.remainingMs()) return first.response;
    await delay(waitMs, undefined, { signal });
    return await attempt(dispatcher, call, signal);
  } catch (error) {
    throw signal.aborted ? signal.reason : translateRequestError(error, call.host);
  }
}

async function attemptOnceMoreAfterReset(
  dispatcher: Dispatcher,
  call: Call,
  signal: AbortSignal,
): Promise<{ response: OutboundResponse; repeated: boolean }> {
  try {
    return { response: await attempt(dispatcher, call, signal), repeated: false };
  } catch (error) {
    if (signal.aborted || !isReset(error)) throw error;
    return { response: await attempt(dispatcher, call, signal), repeated: true };
  }
}

async function attempt(dispatcher: Dispatcher, call: Call, signal: AbortSignal): Promise<OutboundResponse> {
  const { url, method, headers, body } = call;
  const request = dispatcher.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers,
    body,
    signal,
    // The pool's own timers stay off: the deadline covers all, and there is one reason for a late answer.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const response = await readAnswer(await unlessAborted(request, signal), call);
  // The pool takes the connection back one turn later; a caller who goes on at once would open a second one.
  await setImmediate();
  return response;
}

async function readAnswer(answer: Dispatcher.ResponseData, call: Call): Promise<OutboundResponse> {
  const { host, method, bytesMax } = call;
  const status = answer.statusCode;
  try {
    if (status < 200 || status > 599)
      throw new OutboundError('bad_response', `${host} sent an unknown status`);
    const headers = toHeaders(answer.headers);
    const bodiless = method === 'HEAD' || BODILESS.has(status) || headers.get('content-length') === '0';
    const encoding = bodiless ? '' : (headers.get('content-encoding') ?? '');
    for (const name of FRAMING) headers.delete(name);
    const body = await readBody(answer.body, encoding, bytesMax, host);
    // RFC 8259 section 8.1. Decoded leniently, two different subjects could become the same text.
    const garbled = isJson(headers) && !isUtf8(body);
    if (garbled) throw new OutboundError('bad_response', `${host} sent JSON that is no UTF-8`);
    return { status, headers, body };
  } catch (error) {
    discard(answer.body);
    throw bodyError(error, host);
  }
}

function toHeaders(raw: Dispatcher.ResponseData['headers']): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  return headers;
}

/**
 * Closes the connection of an answer that isn't wanted; a stream that is cut reports an error, which nobody
 * needs.
 */
function discard(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => undefined);
  body.destroy();
}

/** The pool hears of an abort only once its socket stands; the caller must not wait for that. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
