import { ClientError } from 'openid-client';
import type { ClientAuth, Configuration, CustomFetch } from 'openid-client';
import type { Clock } from '../core/clock.js';
import { OutboundError } from '../outbound/error.js';
import { parseJson } from '../outbound/json.js';
import type { Lane, Outbound } from '../outbound/outbound.js';
import { UpstreamError } from './causes.js';
import { clockDifference, noAnswer } from './get-json.js';
import type { Answer } from './get-json.js';
import { configure } from './library.js';
import type { UpstreamMetadata } from './metadata.js';
import { isRecord } from './record.js';

/** What every request to a token endpoint needs. */
export interface TokenRequest {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly lane: Lane;
  readonly metadata: UpstreamMetadata;
  readonly clientId: string;
  readonly auth: ClientAuth;
  /** Values that the upstream's words must not repeat into a log. */
  readonly hidden: readonly string[];
}

/** What a token endpoint gave, nothing of it verified yet. */
export interface Tokens {
  readonly idToken: string | undefined;
  readonly accessToken: string | undefined;
  readonly refreshToken: string | undefined;
  /** Seconds by which the upstream's clock is ahead of ours, when it said what time it has. */
  readonly clockDifferenceSeconds: number | undefined;
}

/** An answer of a token endpoint, whatever its status. */
export interface TokenEndpointAnswer {
  readonly answer: Answer;
  /** What openid-client objects to; raised only after our own verifier had the chance to name the fault better. */
  readonly objection: UpstreamError | undefined;
}

/**
 * Makes one request to the token endpoint by `send`, a grant of the library's.
 * @throws UpstreamError when no answer came
 */
export async function askTokenEndpoint(
  { outbound, lane, metadata, clientId, auth }: TokenRequest,
  send: (configuration: Configuration) => Promise<unknown>,
): Promise<TokenEndpointAnswer> {
  const call = recordingFetch(outbound, lane);
  let objection: UpstreamError | undefined;
  try {
    await send(configure(metadata, clientId, { fetch: call.fetch, auth }));
  } catch (error) {
    if (call.answer === undefined && !(error instanceof ClientError)) throw error;
    objection = objectionOf(error);
  }
  const { answer } = call;
  if (answer === undefined) throw objection ?? new TypeError('openid-client sent nothing and said nothing');
  return { answer, objection };
}

/** The tokens of an answer with status 200. */
export function tokensOf(answer: Answer, clock: Clock): Tokens {
  const json = parseJson(answer);
  const members = isRecord(json) ? json : {};
  const text = (name: string): string | undefined => {
    const value = members[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    idToken: text('id_token'),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    clockDifferenceSeconds: clockDifference(answer.headers, clock),
  };
}

/**
 * The guarded client for the library, keeping the answer: the library's errors hide what came in three different shapes.
 * A 200 that isn't sound JSON is refused here, since the library reads JSON of any content type (F-10).
 */
export function recordingFetch(
  outbound: Outbound,
  lane: Lane,
): { readonly fetch: CustomFetch; readonly answer: Answer | undefined } {
  const guarded = outbound.fetchFor(lane);
  let answer: Answer | undefined;
  return {
    fetch: async (url, init) => {
      const response = await guarded(url, init);
      answer = {
        status: response.status,
        headers: response.headers,
        body: new Uint8Array(await response.arrayBuffer()),
      };
      if (answer.status === 200) parseJson(answer);
      return new Response(answer.body.length === 0 ? null : answer.body, answer);
    },
    get answer() {
      return answer;
    },
  };
}

/**
 * The library's error as ours. Its `cause` holds tokens and claims, so only its code is kept.
 * @throws UpstreamError at once when there was no answer to look at
 */
function objectionOf(error: unknown): UpstreamError {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof OutboundError) throw noAnswer(cause, 'token');
  const code = error instanceof ClientError && error.code !== undefined ? error.code : 'no code';
  return new UpstreamError('response_invalid', 'token', `The token answer was refused (${code})`);
}
