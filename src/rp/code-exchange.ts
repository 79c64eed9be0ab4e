import { ClientError, authorizationCodeGrant } from 'openid-client';
import type { ClientAuth, CustomFetch } from 'openid-client';
import type { Clock } from '../core/clock.js';
import { OutboundError } from '../outbound/error.js';
import { parseJson } from '../outbound/json.js';
import type { Lane, Outbound } from '../outbound/outbound.js';
import { UpstreamError } from './causes.js';
import { clockDifference, noAnswer, refusedAnswer } from './get-json.js';
import type { Answer } from './get-json.js';
import { configure } from './library.js';
import type { UpstreamMetadata } from './metadata.js';
import { isRecord } from './record.js';
import type { UnknownRecord } from './record.js';

export interface CodeExchange {
  readonly outbound: Outbound;
  readonly clock: Clock;
  readonly lane: Lane;
  readonly metadata: UpstreamMetadata;
  readonly clientId: string;
  readonly auth: ClientAuth;
  readonly redirectUri: string;
  /** The authorization response. */
  readonly parameters: URLSearchParams;
  readonly expected: { readonly state: string; readonly nonce: string; readonly codeVerifier: string };
  /** Values that the upstream's words must not repeat into a log. */
  readonly hidden: readonly string[];
}

/** What the token endpoint gave, nothing of it verified yet. A refresh token, should one come, is dropped here. */
export interface CodeExchanged {
  readonly idToken: string;
  readonly accessToken: string | undefined;
  /** Seconds by which the upstream's clock is ahead of ours, when it said what time it has. */
  readonly clockDifferenceSeconds: number | undefined;
  /** What openid-client objects to; raised only after our own verifier had the chance to name the fault better. */
  readonly objection: UpstreamError | undefined;
}

/**
 * Redeems the code (OpenID Connect Core 3.1.3, PKCE by RFC 7636), once: whatever goes wrong, the same code is not sent
 * again from here.
 * @throws UpstreamError when no answer came, a refusal, or no ID Token
 */
export async function exchangeCode(exchange: CodeExchange): Promise<CodeExchanged> {
  const { outbound, clock, lane, metadata, clientId, auth, parameters, expected, hidden } = exchange;
  const call = recordingFetch(outbound, lane);
  const callback = new URL(exchange.redirectUri);
  callback.search = parameters.toString();
  let objection: UpstreamError | undefined;
  try {
    await authorizationCodeGrant(configure(metadata, clientId, { fetch: call.fetch, auth }), callback, {
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      pkceCodeVerifier: expected.codeVerifier,
    });
  } catch (error) {
    if (call.answer === undefined && !(error instanceof ClientError)) throw error;
    objection = objectionOf(error);
  }
  const { answer } = call;
  if (answer === undefined) throw objection ?? new TypeError('openid-client sent nothing and said nothing');
  if (answer.status !== 200) throw refusedAnswer(answer, 'token', clock, hidden);
  const { id_token: idToken, access_token: accessToken } = members(answer);
  if (typeof idToken !== 'string')
    throw objection ?? new UpstreamError('response_invalid', 'token', 'The token answer has no ID Token');
  return {
    idToken,
    accessToken: typeof accessToken === 'string' ? accessToken : undefined,
    clockDifferenceSeconds: clockDifference(answer.headers, clock),
    objection,
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

function members(answer: Answer): UnknownRecord {
  const json = parseJson(answer);
  return isRecord(json) ? json : {};
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
