import { epochSeconds } from '../core/clock.js';
import { UpstreamError } from './causes.js';
import { verifyWithKeys, type TokenSource } from './id-token.js';
import { identifier, readSeconds } from './profile.js';
import { isRecord } from './record.js';

/** What an upstream says has ended: one of its sessions, or all of a person. At least one of the two is named. */
export interface UpstreamLogout {
  /** Its `sid`, as in the ID Token of the sign-in. */
  readonly session: string | undefined;
  readonly subject: string | undefined;
  /** To be taken once. */
  readonly jti: string;
  /** For how long it must be remembered, until nobody would take it any more. */
  readonly secondsLeft: number;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Tolerance for times, as for an ID Token (F-13). */
const SKEW_SECONDS = 60;
/** The standard advises two minutes; one that is good for long could be kept and sent again. */
const LIFETIME_SECONDS_MAX = 10 * 60;

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6): signature, type, algorithm, `iss`, `aud`,
 * `exp` by the one verifier; `iat`, `events`, `sub`, `sid`, `nonce`, `jti` here.
 * @throws UpstreamError
 */
export async function verifyLogoutToken(token: string, source: TokenSource): Promise<UpstreamLogout> {
  const { clientId } = source.connection.settings;
  const { claims } = await verifyWithKeys(
    token,
    { purpose: 'upstream_logout_token', audience: clientId },
    source,
  );
  const events = claims['events'];
  if (!isRecord(events) || !Object.hasOwn(events, EVENT) || !isRecord(events[EVENT]))
    throw invalid('it tells of no logout (events)');
  // An ID Token has one: it must never pass for a logout token.
  if (Object.hasOwn(claims, 'nonce')) throw invalid('it has a nonce, which no logout token may have');
  const jti = identifier(claims.jti);
  if (jti === undefined) throw invalid('it has no id of its own (jti)');
  const [session, subject] = [optional(claims['sid'], 'sid'), optional(claims.sub, 'sub')];
  if (session === undefined && subject === undefined)
    throw invalid('it names neither a session nor a person (sid, sub)');
  return { session, subject, jti, secondsLeft: secondsLeftOf(claims, epochSeconds(source.clock)) };
}

function secondsLeftOf(claims: Readonly<Record<string, unknown>>, now: number): number {
  const [iat, exp] = [readSeconds(claims['iat']), readSeconds(claims['exp'])];
  if (iat === undefined || exp === undefined) throw invalid('it does not say when it was made (iat, exp)');
  if (iat > now + SKEW_SECONDS) throw invalid('it was made in the future (iat)');
  if (iat < now - LIFETIME_SECONDS_MAX - SKEW_SECONDS) throw invalid('it was made too long ago (iat)');
  if (exp > now + LIFETIME_SECONDS_MAX + SKEW_SECONDS) throw invalid('it is good for too long (exp)');
  return Math.ceil(exp - now) + SKEW_SECONDS + 1;
}

function optional(value: unknown, name: string): string | undefined {
  const text = identifier(value);
  if (value !== undefined && text === undefined)
    throw invalid(`its ${name} is empty, too long or holds control characters`);
  return text;
}

function invalid(what: string): UpstreamError {
  return new UpstreamError('token_invalid', 'logout_token', `The logout token was refused: ${what}`);
}
