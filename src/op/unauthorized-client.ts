import type { KoaContextWithOIDC } from 'oidc-provider';

/**
 * An application that asks for a grant that it hasn't is told so by the name that RFC 6749 section 5.2 has for it; the
 * library says `invalid_request`.
 */
export function nameUnauthorizedClient(ctx: KoaContextWithOIDC): void {
  const { route, client, params } = ctx.oidc;
  const grantType = params?.['grant_type'];
  const body: unknown = ctx.body;
  if (route !== 'token' || client === undefined || typeof grantType !== 'string') return;
  if (typeof body !== 'object' || body === null || !('error' in body) || body.error !== 'invalid_request')
    return;
  if (!client.grantTypeAllowed(grantType)) ctx.body = { ...body, error: 'unauthorized_client' };
}
