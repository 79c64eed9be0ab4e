import { performance } from 'node:perf_hooks';
import { Agent } from 'undici';
import type { Clock } from '../core/clock.js';
import { DomainError, messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { createConnector } from './connector.js';
import { OutboundError, isUpstreamFault } from './error.js';
import type { OutboundReason } from './error.js';
import { exchange } from './exchange.js';
import type { Call, Deadline, Method, OutboundResponse } from './exchange.js';
import { toFetch } from './fetch.js';
import type { GuardedFetch } from './fetch.js';
import { Lanes } from './lanes.js';
import type { LaneState } from './lanes.js';
import { createSystemResolver } from './resolver.js';
import type { Resolve } from './resolver.js';
import { compilePolicy, guardUrl, hostOf } from './url-guard.js';
import type { OutboundPolicy, OutboundRules } from './url-guard.js';

/** What the breaker and the limits of a call hang on: one upstream, one receiver. */
export interface Lane {
  /** For instance `connection:<tenant>:<id>`. Calls under one name share a breaker. */
  readonly name: string;
  /** Calls under one budget share the limit of concurrent calls; the lane's name when absent. */
  readonly budget?: string;
  /** For all of a call: waiting, name, connection, retry, body. */
  readonly deadlineMs?: number;
  /** Of the answer's body, decompressed. */
  readonly bytesMax?: number;
  readonly concurrencyMax?: number;
  /** Calls that may wait for their turn. */
  readonly queueMax?: number;
  /**
   * A URL; calls to any other origin are refused (A-43: the endpoints of an Okta org are at its issuer's
   * origin).
   */
  readonly sameOrigin?: string;
}

export interface OutboundRequest {
  readonly lane: Lane;
  readonly url: string | URL;
  /** GET when absent. */
  readonly method?: Method;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Ends the call early: with its reason, or as a `timeout` when the reason is a TimeoutError. */
  readonly signal?: AbortSignal;
}

/** How a call ended: the class of its status, a reason, or `aborted` by its caller. */
export type Outcome = '2xx' | '3xx' | '4xx' | '5xx' | OutboundReason | 'aborted';

export interface OutboundOptions extends OutboundRules {
  readonly clock: Clock;
  readonly log: Logger;
  /** Replaces the hosts file and DNS. */
  readonly resolve?: Resolve;
  /** PEM certificates that are trusted besides the public roots. */
  readonly ca?: string;
  /** Called once per call, whatever its end. */
  readonly onOutcome?: (lane: string, outcome: Outcome, seconds: number) => void;
}

/** The guarded HTTP client. */
export interface Outbound {
  /**
   * @throws OutboundError with the reason; `DomainError` `invalid_argument` for a header that HTTP can't
   * carry; the reason of the request's signal when its caller aborts
   */
  request(request: OutboundRequest): Promise<OutboundResponse>;
  /** The client in the shape of `fetch`; throws what `request` throws. */
  fetchFor(lane: Lane): GuardedFetch;
  /** The lanes that are busy or have failed; a lane that isn't listed is well. */
  lanes(): readonly LaneState[];
  /** Takes no more calls, waits for those in flight, closes all connections. */
  close(): Promise<void>;
}

const DEADLINE_MS = 5_000;
export const BYTES_MAX = 256 * 1024;
const CONCURRENCY_MAX = 20;
const QUEUE_MAX = 100;

/**
 * Below the 5 s after which common servers close an idle connection: a POST on a dead one can't be sent
 * again.
 */
const KEEP_ALIVE_MS = 4_000;
/** For servers that announce (`Keep-Alive: timeout`) that they wait longer. */
const KEEP_ALIVE_MAX_MS = 30_000;
const HEADER_BYTES_MAX = 16 * 1024;

/**
 * What HTTP itself sets; a caller's word would reach past the guard (RFC 9110 sections 7.2, 7.6.1; RFC 9112
 * section 6).
 */
const OWN_HEADERS = [
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
];

/** @throws DomainError `invalid_argument` when a CIDR range is malformed */
export function createOutbound(options: OutboundOptions): Outbound {
  return new GuardedClient(options);
}

class GuardedClient implements Outbound {
  readonly #options: OutboundOptions;
  readonly #policy: OutboundPolicy;
  readonly #lanes: Lanes;
  readonly #agent: Agent;
  readonly #inFlight = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: OutboundOptions) {
    const { resolve = createSystemResolver(), log, ca } = options;
    this.#options = options;
    this.#policy = compilePolicy(options);
    this.#lanes = new Lanes(options.clock, log);
    this.#agent = new Agent({
      connect: createConnector({ policy: this.#policy, resolve, log, ...(ca === undefined ? {} : { ca }) }),
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MAX_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      pipelining: 1,
    });
  }

  async request(request: OutboundRequest): Promise<OutboundResponse> {
    const startedAt = performance.now();
    let outcome: Outcome = 'aborted';
    try {
      const response = await this.#tracked(this.#send(request));
      outcome = statusClass(response.status);
      return response;
    } catch (error) {
      if (error instanceof OutboundError) {
        outcome = error.reason;
        this.#logFailure(request.lane, error);
      }
      throw error;
    } finally {
      this.#options.onOutcome?.(request.lane.name, outcome, (performance.now() - startedAt) / 1_000);
    }
  }

  fetchFor(lane: Lane): GuardedFetch {
    return toFetch((request) => this.request({ ...request, lane }));
  }

  lanes(): readonly LaneState[] {
    return this.#lanes.states();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#inFlight);
    // Not the graceful close: that also waits for connections whose callers have long given up.
    await this.#agent.destroy();
  }

  async #tracked<T>(call: Promise<T>): Promise<T> {
    this.#inFlight.add(call);
    try {
      return await call;
    } finally {
      this.#inFlight.delete(call);
    }
  }

  #logFailure(lane: Lane, { reason, message, cause }: OutboundError): void {
    const detail = cause === undefined ? {} : { cause: messageOf(cause) };
    this.#options.log.info('outbound.failed', { lane: lane.name, reason, error: message, ...detail });
  }

  async #send(request: OutboundRequest): Promise<OutboundResponse> {
    const { lane } = request;
    const call = this.#prepare(request);
    if (this.#closed) throw new OutboundError('busy', 'Causeway is shutting down');
    const deadline = startDeadline(lane.deadlineMs ?? DEADLINE_MS, call.host, request.signal);
    try {
      return await this.#lanes.run(
        {
          lane: lane.name,
          budget: lane.budget ?? lane.name,
          limits: {
            concurrencyMax: lane.concurrencyMax ?? CONCURRENCY_MAX,
            queueMax: lane.queueMax ?? QUEUE_MAX,
          },
        },
        deadline.signal,
        () => exchange(this.#agent, call, deadline, this.#options.clock),
        judgeHealth,
      );
    } finally {
      deadline.clear();
    }
  }

  #prepare(request: OutboundRequest): Call {
    const url = guardUrl(request.url, this.#policy, request.lane.sameOrigin);
    return {
      url,
      host: hostOf(url),
      method: request.method ?? 'GET',
      headers: sendableHeaders(request.headers ?? {}),
      body: request.body ?? null,
      bytesMax: request.lane.bytesMax ?? BYTES_MAX,
    };
  }
}

function sendableHeaders(given: Readonly<Record<string, string>>): Record<string, string> {
  try {
    const headers = new Headers(given);
    for (const name of OWN_HEADERS) headers.delete(name);
    headers.set('user-agent', 'Causeway');
    // Answers are small; what isn't compressed can't be a bomb, and saves us the work.
    headers.set('accept-encoding', 'identity');
    return Object.fromEntries(headers);
  } catch {
    throw new DomainError('invalid_argument', 'A header has a name or a value that HTTP cannot carry');
  }
}

function startDeadline(
  deadlineMs: number,
  host: string,
  caller: AbortSignal | undefined,
): Deadline & { clear(): void } {
  const controller = new AbortController();
  const endsAt = performance.now() + deadlineMs;
  const expire = (): void =>
    controller.abort(new OutboundError('timeout', `${host} did not answer within ${deadlineMs / 1_000} s`));
  const onAbort = (): void => {
    const reason: unknown = caller?.reason;
    if (isTimeout(reason)) {
      controller.abort(new OutboundError('timeout', `${host} did not answer in time`, { cause: reason }));
    } else {
      controller.abort(reason);
    }
  };
  const timer = setTimeout(expire, deadlineMs);
  if (caller?.aborted === true) onAbort();
  caller?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    remainingMs: () => endsAt - performance.now(),
    clear: () => {
      clearTimeout(timer);
      caller?.removeEventListener('abort', onAbort);
    },
  };
}

/** What `AbortSignal.timeout` aborts with. */
function isTimeout(reason: unknown): boolean {
  return typeof reason === 'object' && reason !== null && 'name' in reason && reason.name === 'TimeoutError';
}

/** An answer below 500 proves that the upstream is there, whatever it says; 429 is an answer too. */
function judgeHealth(settled: PromiseSettledResult<OutboundResponse>): 'success' | 'failure' | 'neutral' {
  if (settled.status === 'rejected') return isUpstreamFault(settled.reason) ? 'failure' : 'neutral';
  return settled.value.status >= 500 ? 'failure' : 'success';
}

function statusClass(status: number): Outcome {
  if (status < 300) return '2xx';
  if (status < 400) return '3xx';
  return status < 500 ? '4xx' : '5xx';
}
