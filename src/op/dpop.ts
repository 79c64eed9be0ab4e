import { errors, type Configuration, type KoaContextWithOIDC, type Provider } from 'oidc-provider';
import type { Application } from '../domain/application/application.js';
import { FAPI_ALGORITHMS, requiresDpop } from '../domain/application/security-profile.js';
import type { TenantContext } from '../http/tenant-context.js';
import { unverifiedJwt } from '../keys/verify-jwt.js';
import { epoch } from './lifetimes.js';

/** Algorithms of proofs. RS256 for applications that were built with Okta's SDKs; never under FAPI 2.0. */
export const DPOP_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] as const;

/** How far ahead of ours an application's clock may be (FAPI 2.0 section 5.3.2.1, note on clock offsets). */
export const CLOCK_AHEAD_SECONDS = 60;

const PROOF_ROUTES = new Set(['token', 'pushed_authorization_request', 'userinfo']);

/**
 * DPoP for every application (RFC 9449): each may bind its tokens to a key. Nonces are offered and not demanded; all
 * nodes derive the same ones from the tenant's key.
 */
export function dpopFeature(tenant: TenantContext): NonNullable<Configuration['features']>['dPoP'] {
  return { enabled: true, nonceSecret: tenant.vault.derive('dpop-nonce'), allowReplay: false };
}

/**
 * Judges what the library leaves open in a proof, as soon as it is known whose it is: no date further ahead than clocks
 * go wrong, because its `jti` is remembered by the time of its use; under FAPI 2.0 no algorithm but the profile's.
 */
export function judgeProofs(provider: Provider, tenant: TenantContext): void {
  const { prototype } = provider.OIDCContext;
  // oxlint-disable-next-line typescript/unbound-method -- called below, on the context that it was called on
  const { entity } = prototype;
  Object.defineProperty(prototype, 'entity', {
    value(this: { readonly ctx: KoaContextWithOIDC }, key: string, value?: { readonly clientId?: string }) {
      entity.call(this, key, value);
      if (key === 'Client') judgeProof(this.ctx, tenant.application(value?.clientId ?? ''));
    },
  });
}

function judgeProof(ctx: KoaContextWithOIDC, application: Application | undefined): void {
  const proof = ctx.get('dpop');
  if (proof === '' || !PROOF_ROUTES.has(ctx.oidc.route)) return;
  const { header, claims } = unverifiedJwt(proof) ?? {};
  if (typeof claims?.iat === 'number' && claims.iat > epoch() + CLOCK_AHEAD_SECONDS)
    throw new errors.InvalidDpopProof('DPoP proof iat is in the future');
  if (application?.settings.profile === 'fapi2' && !FAPI_ALGORITHMS.has(String(header?.alg)))
    throw new errors.InvalidDpopProof('the profile FAPI 2.0 allows PS256, ES256 and EdDSA');
}

/**
 * No token leaves unbound to an application that must have bound ones, whatever grant it came by.
 * @throws InvalidRequest
 */
export function refuseUnbound(ctx: KoaContextWithOIDC, application: Application | undefined): void {
  const { access_token: token, token_type: type } = (ctx.body ?? {}) as Readonly<Record<string, unknown>>;
  if (application === undefined || !requiresDpop(application.settings)) return;
  if (typeof token === 'string' && type !== 'DPoP')
    throw new errors.InvalidRequest('tokens of this application are bound to a key: send a DPoP proof');
}
