import {
  ClientError,
  buildAuthorizationUrlWithPAR,
  calculatePKCECodeChallenge,
  tokenIntrospection,
} from 'openid-client';
import type { Configuration } from 'openid-client';
import { OutboundError } from '../../outbound/error.js';
import { UpstreamError } from '../causes.js';
import type { UpstreamStep } from '../causes.js';
import { authenticate } from '../client-auth.js';
import type { Credential } from '../client-auth.js';
import { exchangeCode } from '../code-exchange.js';
import { Deadline, SIGN_IN_MS } from '../deadline.js';
import type { RelyingPartyDeps } from '../deps.js';
import { noAnswer, refusedAnswer } from '../get-json.js';
import { configure } from '../library.js';
import type { UpstreamMetadata } from '../metadata.js';
import { laneOf } from '../party.js';
import type { UpstreamParty } from '../party.js';
import { recordingFetch } from '../token-request.js';

/** What one question of a probe needs. */
export interface Asking {
  readonly party: UpstreamParty;
  readonly deps: Omit<RelyingPartyDeps, 'keySets'>;
  readonly metadata: UpstreamMetadata;
}

/**
 * Redeems a code that was made up: credentials are judged before the code.
 * @throws UpstreamError for every answer but that the code is no good
 */
export async function redeemJunk({ party, deps, metadata }: Asking, credential: Credential): Promise<string> {
  const { redirectUri, connection } = party;
  const { ids, outbound, clock } = deps;
  const expected = { state: ids.secret(16), nonce: ids.secret(16), codeVerifier: ids.secret(32) };
  try {
    await exchangeCode({
      outbound,
      clock,
      lane: laneFor(party, deps),
      metadata,
      clientId: connection.settings.clientId,
      auth: await authenticate(party, credential, metadata.token_endpoint, deps),
      redirectUri,
      parameters: new URLSearchParams({
        code: `probe-${ids.secret(16)}`,
        state: expected.state,
        ...(metadata.authorization_response_iss_parameter_supported ? { iss: connection.issuer } : {}),
      }),
      expected,
      hidden: secretsOf(party),
    });
  } catch (error) {
    if (error instanceof UpstreamError && error.facts.upstreamError === 'invalid_grant')
      return 'The credentials are accepted';
    throw error;
  }
  throw new UpstreamError('response_invalid', 'token', 'The upstream gave tokens for a code that we made up');
}

/**
 * Pushes a request (RFC 9126) like a real one, which nobody then follows: redirect URI, scopes and PKCE are judged.
 * @throws UpstreamError
 */
export async function pushRequest(asking: Asking, endpoint: string, credential: Credential): Promise<string> {
  const { party, deps } = asking;
  const { settings } = party.connection;
  const parameters = {
    redirect_uri: party.redirectUri,
    response_type: 'code',
    scope: [...new Set(['openid', ...settings.scopes])].join(' '),
    state: deps.ids.secret(16),
    nonce: deps.ids.secret(16),
    code_challenge: await calculatePKCECodeChallenge(deps.ids.secret(32)),
    code_challenge_method: 'S256',
  };
  // RFC 9126 section 2.2 says 201, Okta says 200, which the library doesn't take.
  await ask(asking, { endpoint, credential, step: 'pushed_authorization' }, (configuration) =>
    buildAuthorizationUrlWithPAR(configuration, parameters),
  );
  return 'The redirect URI and the scopes are accepted';
}

/** Asks of a token that was made up (RFC 7662): it is not active, and we may ask. @throws UpstreamError */
export async function introspectJunk(
  asking: Asking,
  endpoint: string,
  credential: Credential,
): Promise<string> {
  const token = `probe-${asking.deps.ids.secret(16)}`;
  await ask(asking, { endpoint, credential, step: 'introspection' }, async (configuration) => {
    const { active } = await tokenIntrospection(configuration, token);
    if (active)
      throw new UpstreamError(
        'response_invalid',
        'introspection',
        'The upstream calls a token active that we made up',
      );
  });
  return 'Tokens can be asked about';
}

interface Question {
  readonly endpoint: string;
  readonly credential: Credential;
  readonly step: UpstreamStep;
}

async function ask(
  { party, deps, metadata }: Asking,
  { endpoint, credential, step }: Question,
  send: (configuration: Configuration) => Promise<unknown>,
): Promise<void> {
  const call = recordingFetch(deps.outbound, laneFor(party, deps));
  const auth = await authenticate(party, credential, endpoint, deps);
  const { clientId } = party.connection.settings;
  try {
    await send(configure(metadata, clientId, { fetch: call.fetch, auth }));
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof OutboundError) throw noAnswer(cause, step);
    if (call.answer === undefined) throw error;
    if (call.answer.status === 200 && step === 'pushed_authorization') return;
    if (call.answer.status === 200 && error instanceof ClientError)
      throw new UpstreamError('response_invalid', step, 'The answer is not what it should be');
    throw refusedAnswer(call.answer, step, deps.clock, secretsOf(party));
  }
}

/** Each question has its time. */
export function laneFor(
  party: UpstreamParty,
  { lane }: Pick<RelyingPartyDeps, 'lane'>,
): ReturnType<typeof laneOf> {
  return laneOf(party, new Deadline(SIGN_IN_MS), lane);
}

const secretsOf = ({ secrets }: UpstreamParty): readonly string[] =>
  [secrets.clientSecret, secrets.secondarySecret].filter((secret) => secret !== undefined);
