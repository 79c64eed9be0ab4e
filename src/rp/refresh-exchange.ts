import { refreshTokenGrant } from 'openid-client';
import type { UpstreamError } from './causes.js';
import { refusedAnswer } from './get-json.js';
import { readRefusal } from './refusal.js';
import { askTokenEndpoint, tokensOf } from './token-request.js';
import type { TokenRequest, Tokens } from './token-request.js';

/** What came of a refresh token: tokens that nothing has verified yet, or the upstream's no to this person. */
export type RefreshExchanged =
  | (Tokens & {
      readonly kind: 'refreshed';
      /** What openid-client objects to; raised only after our own verifier had the chance to name the fault better. */
      readonly objection: UpstreamError | undefined;
    })
  | { readonly kind: 'refused'; readonly error: UpstreamError };

/**
 * Uses a refresh token (RFC 6749 section 6). It is sent once: an upstream that rotates would take a second time for a
 * theft. A no to the person is `invalid_grant` by the letter (section 5.2), or Okta's word that they don't have the app
 * any more; every other refusal is about the connection, or the upstream's own trouble.
 * @throws UpstreamError of that kind, or when no answer came
 */
export async function refreshUpstream(
  request: TokenRequest,
  refreshToken: string,
): Promise<RefreshExchanged> {
  const { clock, hidden } = request;
  const { answer, objection } = await askTokenEndpoint(request, (configuration) =>
    refreshTokenGrant(configuration, refreshToken),
  );
  if (answer.status === 200) return { kind: 'refreshed', ...tokensOf(answer, clock), objection };
  const error = refusedAnswer(answer, 'token', clock, hidden);
  const { error: code, ownForm } = readRefusal(answer.status, answer.body);
  const gone = (code === 'invalid_grant' && !ownForm) || error.reason === 'user_not_assigned';
  if (answer.status === 400 && gone) return { kind: 'refused', error };
  throw error;
}
