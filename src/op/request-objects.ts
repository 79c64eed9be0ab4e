import { errors, type Client, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { FAPI_ALGORITHMS } from '../domain/application/security-profile.js';
import type { TenantContext } from '../http/tenant-context.js';
import { epoch } from './lifetimes.js';
import { UnitOfWork } from './unit-of-work.js';

type Feature = NonNullable<NonNullable<Configuration['features']>['requestObjects']>;

/** The longest life of a signed request, in seconds (FAPI 2.0 Message Signing section 5.3.1). */
const REQUEST_SECONDS_MAX = 3_600;
const CLOCK_SECONDS = 15;

/** `typ` of a request object (RFC 9101 section 10.8), or that of any JWT: nothing made for another purpose. */
const TYPES: ReadonlySet<unknown> = new Set([
  undefined,
  'JWT',
  'oauth-authz-req+jwt',
  'application/oauth-authz-req+jwt',
]);

/**
 * Signed authorization requests (JAR, RFC 9101), by value only. There once an application of the tenant may send them
 * the library verifies the signature by the application's own keys.
 */
export function requestObjectsFeature(tenant: TenantContext): Feature {
  const { applications } = tenant.configuration;
  return {
    enabled: applications.some(({ settings }) => settings.requestObjects !== 'off'),
    assertJwtClaimsAndHeader: checkRequestObject,
  };
}

/** @throws RequestNotSupported, InvalidRequestObject */
function checkRequestObject(
  ctx: KoaContextWithOIDC,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>>,
  client: Client,
): void {
  // A pushed request is kept as a JWT of the library's own, or was judged when it was pushed.
  if (ctx.oidc.entities.PushedAuthorizationRequest !== undefined) return;
  const settings = UnitOfWork.current.tenant.application(client.clientId)?.settings;
  if (settings === undefined || settings.requestObjects === 'off') throw new errors.RequestNotSupported();
  const fault = faultOf(claims, header, client.clientId) ?? fapiFault(settings.profile, claims, header);
  if (fault !== undefined) throw new errors.InvalidRequestObject(fault);
}

function faultOf(
  { client_id: clientId, sub, exp }: Readonly<Record<string, unknown>>,
  { typ }: Readonly<Record<string, unknown>>,
  id: string,
): string | undefined {
  if (!TYPES.has(typ)) return 'typ must be oauth-authz-req+jwt';
  if (clientId !== id) return 'client_id must be that of the request';
  // Else it could be shown as the application's own authentication (RFC 9101 section 10.8).
  if (sub === id) return 'sub must not be the client';
  if (typeof exp !== 'number' || exp > epoch() + REQUEST_SECONDS_MAX + CLOCK_SECONDS)
    return `exp must be at most ${REQUEST_SECONDS_MAX} s ahead`;
  return undefined;
}

function fapiFault(
  profile: string,
  { aud, exp, nbf }: Readonly<Record<string, unknown>>,
  { alg }: Readonly<Record<string, unknown>>,
): string | undefined {
  if (profile !== 'fapi2') return undefined;
  if (!FAPI_ALGORITHMS.has(String(alg))) return 'the profile FAPI 2.0 allows PS256, ES256 and EdDSA';
  if (typeof aud !== 'string') return 'aud must be the issuer alone';
  if (typeof nbf !== 'number' || epoch() - nbf > REQUEST_SECONDS_MAX + CLOCK_SECONDS)
    return `nbf must be at most ${REQUEST_SECONDS_MAX} s ago`;
  return Number(exp) - nbf > REQUEST_SECONDS_MAX ? 'exp is too long after nbf' : undefined;
}
