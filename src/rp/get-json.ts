import type { Clock } from '../core/clock.js';
import type { Json } from '../core/json.js';
import type { UpstreamCause } from '../domain/connection/diagnosis/cause.js';
import { OutboundError } from '../outbound/error.js';
import { parseJson } from '../outbound/json.js';
import type { Lane, Outbound } from '../outbound/outbound.js';
import { UpstreamError } from './causes.js';
import type { UpstreamFacts, UpstreamStep } from './causes.js';
import { causeOf, quotable, readRefusal } from './refusal.js';

export interface JsonDocument {
  readonly json: Json;
  readonly headers: Headers;
}

/** What a GET needs besides its address. */
export interface GetJson {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly lane: Lane;
  readonly step: UpstreamStep;
  /** Sent as `Authorization: Bearer` (RFC 6750 section 2.1). */
  readonly bearer?: string;
}

/**
 * Gets a JSON document: status 200, a JSON content type, valid UTF-8, within the client's size and time.
 * @throws UpstreamError with the cause of whatever else came, or didn't
 */
export async function getJson(
  url: string,
  { outbound, clock, lane, step, bearer }: GetJson,
): Promise<JsonDocument> {
  const headers = {
    accept: 'application/json',
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
  };
  try {
    const answer = await outbound.request({ lane, url, headers });
    if (answer.status === 200) return { json: parseJson(answer), headers: answer.headers };
    throw refusedAnswer(answer, step, clock, bearer === undefined ? [] : [bearer]);
  } catch (error) {
    throw error instanceof OutboundError ? noAnswer(error, step) : error;
  }
}

/** Reasons of the guarded client, as causes. Those of our own rules are the connection's settings, not an outage. */
const CAUSES: Readonly<Record<OutboundError['reason'], UpstreamCause>> = {
  url_refused: 'metadata_invalid',
  scheme_refused: 'metadata_invalid',
  foreign_origin: 'metadata_invalid',
  address_refused: 'unreachable',
  dns: 'unreachable',
  connect: 'unreachable',
  tls: 'tls',
  timeout: 'okta_down',
  circuit_open: 'okta_down',
  busy: 'okta_down',
  too_large: 'response_invalid',
  bad_response: 'response_invalid',
};

/** No answer, or none that can be read. */
export function noAnswer(error: OutboundError, step: UpstreamStep): UpstreamError {
  const garbled = error.reason === 'bad_response' || error.reason === 'too_large';
  // Garbage where metadata should be is a wrong address far more often than a provider in trouble.
  const reason = garbled && step === 'discovery' ? 'metadata_invalid' : CAUSES[error.reason];
  return new UpstreamError(reason, step, error.message, {}, { cause: error });
}

/** An answer that says no. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** An answer with another status than the one hoped for; `hidden`: values that its words must not repeat. */
export function refusedAnswer(
  answer: Answer,
  step: UpstreamStep,
  clock: Clock,
  hidden: readonly string[],
): UpstreamError {
  const refusal = readRefusal(answer.status, answer.body);
  const cause = causeOf(refusal);
  const reason = cause === 'response_invalid' && step === 'discovery' ? 'metadata_invalid' : cause;
  const words = [refusal.error, refusal.text].flatMap((text) => (text ? [quotable(text, hidden)] : []));
  const facts: UpstreamFacts = {
    ...(refusal.error === undefined ? {} : { upstreamError: quotable(refusal.error, hidden) }),
    status: String(answer.status),
    ...waitFacts(answer, clock),
  };
  return new UpstreamError(
    reason,
    step,
    [`The upstream answered ${answer.status}`, ...words].join(': '),
    facts,
  );
}

/** How long a limited upstream wants us to wait: `Retry-After`, or Okta's time of reset by its own clock. */
function waitFacts({ status, headers }: Answer, clock: Clock): UpstreamFacts {
  if (status !== 429 && status !== 503) return {};
  const retryAfter = headers.get('retry-after') ?? '';
  if (/^\d{1,6}$/.test(retryAfter)) return { seconds: retryAfter };
  const reset = headers.get('x-rate-limit-reset') ?? '';
  if (!/^\d{1,12}$/.test(reset)) return {};
  const date = Date.parse(headers.get('date') ?? '');
  const nowMs = Number.isNaN(date) ? clock.now().getTime() : date;
  return { seconds: String(Math.max(0, Number(reset) - Math.floor(nowMs / 1_000))) };
}

/** Seconds by which the upstream's clock is ahead of ours, by the `Date` of an answer that just came (F-13). */
export function clockDifference(headers: Headers, clock: Clock): number | undefined {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : Math.round((date - clock.now().getTime()) / 1_000);
}
