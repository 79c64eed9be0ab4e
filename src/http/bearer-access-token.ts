import { JwtError, verifyJwt, type VerifiedJwt } from '../keys/verify-jwt.js';
import type { TenantContext } from './tenant-context.js';

/**
 * The claims of an access token of a tenant's own issuer for an audience of ours (RFC 9068), brought as a bearer token.
 * Whether it was revoked is asked elsewhere.
 * @returns undefined when it is none that counts: one that is bound to a key, which nobody proves here (RFC 9449, RFC 8705),
 *   included
 */
export async function bearerAccessToken(
  token: string,
  tenant: TenantContext,
  { audience, now }: { readonly audience: string; readonly now: Date },
): Promise<VerifiedJwt['claims'] | undefined> {
  try {
    const { claims } = await verifyJwt(token, {
      purpose: 'access_token',
      keys: [...tenant.publicKeys(null)],
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      issuer: tenant.issuer,
      audience,
      now,
      clockToleranceSeconds: 5,
    });
    return claims['cnf'] === undefined ? claims : undefined;
  } catch (error) {
    if (!(error instanceof JwtError)) throw error;
    return undefined;
  }
}
