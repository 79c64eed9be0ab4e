import type { Check } from '../../domain/connection/testing/check.js';
import { OutboundError } from '../../outbound/error.js';
import { noAnswer } from '../get-json.js';
import type { RelyingPartyDeps } from '../deps.js';
import type { UpstreamParty } from '../party.js';
import type { LogoutRequest, RelyingParty } from '../relying-party.js';
import { laneFor } from './ask.js';
import { asWarning, check, notApplicable, notTried } from './probe.js';
import { UpstreamError } from '../causes.js';

/** A longer ID Token is no use at a sign-out: it travels in an address there. */
const HINT_LENGTH_MAX = 8_000;
const WORDS_MAX = 64 * 1024;

/**
 * Whether the upstream would send people back after a sign-out (OpenID Connect RP-Initiated Logout 1.0), which only
 * somebody's ID Token can tell. It is asked from here, without the browser's cookies, so that no session there ends.
 */
export async function signOutCheck(
  relyingParty: RelyingParty,
  party: UpstreamParty,
  request: LogoutRequest,
  deps: Omit<RelyingPartyDeps, 'keySets'>,
): Promise<Check> {
  if (!party.connection.settings.forwardLogout)
    return notApplicable('sign_out', "The connection doesn't forward sign-outs");
  if (request.idToken.length > HINT_LENGTH_MAX)
    return notTried('sign_out', 'The ID Token is too long for an address');
  const url = await relyingParty.logoutUrl(party, request);
  if (url === 'none' || url === 'unreachable')
    return notApplicable('sign_out', 'The upstream has no address for sign-outs');
  const found = await check('sign_out', async () => {
    try {
      const { status, body } = await deps.outbound.request({ lane: laneFor(party, deps), url });
      if (status === 400 && /post_logout_redirect_uri/.test(wordsOf(body)))
        throw new UpstreamError(
          'post_logout_mismatch',
          'sign_out',
          `The upstream would not send people back to ${request.postLogoutRedirectUri}`,
        );
      return status < 400
        ? 'The upstream would send people back after a sign-out'
        : `The upstream answered ${status}, which says nothing of our address`;
    } catch (error) {
      throw error instanceof OutboundError ? noAnswer(error, 'sign_out') : error;
    }
  });
  return asWarning(found);
}

const wordsOf = (body: Uint8Array): string => new TextDecoder().decode(body.subarray(0, WORDS_MAX));
