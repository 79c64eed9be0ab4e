import { epochSeconds, type Clock } from '../core/clock.js';
import type { Ids } from '../core/ids.js';
import { signJwt, type PrivateJwk } from './signing-keys.js';

/** What a logout token says: whose session has ended, to whom. */
export interface LogoutClaims {
  /** The tenant's issuer. */
  readonly issuer: string;
  /** The application's `client_id`. */
  readonly audience: string;
  readonly subject: string;
  readonly sid: string;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** The standard advises two minutes at most. */
const LIFE_SECONDS = 120;

/**
 * Makes a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4), new with each attempt: `iat` is now, `jti`
 * is its own. Its type keeps it from passing for any other token, and it never has a `nonce`.
 * @param key the tenant's current key of the algorithm that the application's ID Tokens are signed with
 */
export function mintLogoutToken(
  key: PrivateJwk,
  claims: LogoutClaims,
  { ids, clock }: { readonly ids: Ids; readonly clock: Clock },
): Promise<string> {
  const iat = epochSeconds(clock);
  return signJwt(
    key,
    { typ: 'logout+jwt' },
    {
      iss: claims.issuer,
      aud: claims.audience,
      sub: claims.subject,
      sid: claims.sid,
      iat,
      exp: iat + LIFE_SECONDS,
      jti: ids.uuid(),
      events: { [EVENT]: {} },
    },
  );
}
