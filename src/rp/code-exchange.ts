import { authorizationCodeGrant } from 'openid-client';
import { UpstreamError } from './causes.js';
import { refusedAnswer } from './get-json.js';
import { askTokenEndpoint, tokensOf } from './token-request.js';
import type { TokenRequest, Tokens } from './token-request.js';

export interface CodeExchange extends TokenRequest {
  readonly redirectUri: string;
  /** The authorization response. */
  readonly parameters: URLSearchParams;
  readonly expected: { readonly state: string; readonly nonce: string; readonly codeVerifier: string };
}

/** What the token endpoint gave, nothing of it verified yet. */
export interface CodeExchanged extends Tokens {
  readonly idToken: string;
  /** What openid-client objects to; raised only after our own verifier had the chance to name the fault better. */
  readonly objection: UpstreamError | undefined;
}

/**
 * Redeems the code (OpenID Connect Core 3.1.3, PKCE by RFC 7636), once: whatever goes wrong, the same code is not sent
 * again from here.
 * @throws UpstreamError when no answer came, a refusal, or no ID Token
 */
export async function exchangeCode(exchange: CodeExchange): Promise<CodeExchanged> {
  const { clock, parameters, expected, hidden } = exchange;
  const callback = new URL(exchange.redirectUri);
  callback.search = parameters.toString();
  const { answer, objection } = await askTokenEndpoint(exchange, (configuration) =>
    authorizationCodeGrant(configuration, callback, {
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      pkceCodeVerifier: expected.codeVerifier,
    }),
  );
  if (answer.status !== 200) throw refusedAnswer(answer, 'token', clock, hidden);
  const { idToken, ...tokens } = tokensOf(answer, clock);
  if (idToken === undefined)
    throw objection ?? new UpstreamError('response_invalid', 'token', 'The token answer has no ID Token');
  return { ...tokens, idToken, objection };
}
