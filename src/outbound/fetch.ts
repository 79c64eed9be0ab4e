import { DomainError } from '../core/errors.js';
import { BODILESS } from './exchange.js';
import type { Method, OutboundResponse } from './exchange.js';

/**
 * What of `RequestInit` is heeded. `redirect` is always `manual`; a `dispatcher` is ignored: the guard is
 * our own.
 */
export interface FetchInit {
  readonly method?: string | undefined;
  readonly headers?: ConstructorParameters<typeof Headers>[0] | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null | undefined;
}

/** A `fetch` for libraries: openid-client's `customFetch`, oidc-provider's `fetch`. */
export type GuardedFetch = (url: string | URL | Request, init?: FetchInit) => Promise<Response>;

interface PlainRequest {
  readonly url: string | URL;
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Wraps the client in the shape of `fetch`; the answer is whole when the promise resolves. */
export function toFetch(send: (request: PlainRequest) => Promise<OutboundResponse>): GuardedFetch {
  return async (url, init = {}) => {
    // In the type for the libraries' sake; they hand over the address and what to do with it.
    if (url instanceof Request) throw new DomainError('invalid_argument', 'A Request object is not taken');
    const { headers, body } = toBody(init);
    const {
      status,
      headers: answered,
      body: bytes,
    } = await send({
      url,
      method: toMethod(init.method ?? 'GET'),
      headers: Object.fromEntries(headers),
      ...(body === undefined ? {} : { body }),
      ...(init.signal ? { signal: init.signal } : {}),
    });
    return new Response(BODILESS.has(status) ? null : bytes, { status, headers: answered });
  };
}

function toMethod(text: string): Method {
  const method = METHODS.find((known) => known === text.toUpperCase());
  if (method === undefined)
    throw new DomainError('invalid_argument', 'This method is not used for outbound calls');
  return method;
}

/** Streams aren't taken: the libraries send forms and JSON, and a stream couldn't be sized. */
function toBody({ headers: given, body }: FetchInit): { headers: Headers; body?: string | Uint8Array } {
  const headers = new Headers(given);
  if (body === undefined || body === null) return { headers };
  if (body instanceof URLSearchParams) {
    if (!headers.has('content-type')) {
      headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
    }
    return { headers, body: body.toString() };
  }
  if (typeof body === 'string') return { headers, body };
  if (body instanceof ArrayBuffer) return { headers, body: new Uint8Array(body) };
  if (body instanceof Uint8Array) return { headers, body };
  throw new DomainError('invalid_argument', 'This kind of body is not used for outbound calls');
}
