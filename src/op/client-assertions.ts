import { errors, type Client, type KoaContextWithOIDC } from 'oidc-provider';
import { FAPI_ALGORITHMS } from '../domain/application/security-profile.js';
import { CLOCK_AHEAD_SECONDS } from './dpop.js';
import { epoch } from './lifetimes.js';
import { UnitOfWork } from './unit-of-work.js';

const ASSERTION_SECONDS_MAX = 300;

/**
 * One audience as text, short life (A-62; RFC 7523 section 3); under FAPI 2.0 its algorithms and dates (sections 5.3.2.1,
 * 5.4.1). The library has checked whose and whom it is for.
 * @throws InvalidClientAuth
 */
export function checkAssertion(
  _ctx: KoaContextWithOIDC,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>>,
  client: Client,
): void {
  const { aud, exp, iat, nbf } = claims;
  if (typeof aud !== 'string') throw new errors.InvalidClientAuth('aud must be a single text');
  if (typeof exp !== 'number' || exp > epoch() + ASSERTION_SECONDS_MAX)
    throw new errors.InvalidClientAuth(`exp must be at most ${ASSERTION_SECONDS_MAX} s ahead`);
  const application = UnitOfWork.current.tenant.application(client.clientId);
  if (application?.settings.profile !== 'fapi2') return;
  if (!FAPI_ALGORITHMS.has(String(header['alg'])))
    throw new errors.InvalidClientAuth('the profile FAPI 2.0 allows PS256, ES256 and EdDSA');
  for (const date of [iat, nbf])
    if (typeof date === 'number' && date > epoch() + CLOCK_AHEAD_SECONDS)
      throw new errors.InvalidClientAuth('iat and nbf must not be in the future');
}
