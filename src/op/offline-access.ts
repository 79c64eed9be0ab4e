import type { KoaContextWithOIDC } from 'oidc-provider';

/**
 * The library drops `offline_access` from a request without `prompt=consent`. Here an application that has the
 * `refresh_token` grant gets it whenever it asks (contract, Tokens): the scope is put back after the library's check,
 * before anything is made of the request. OpenID Connect Core 11 leaves room for "other conditions".
 */
export function restoreOfflineAccess(ctx: KoaContextWithOIDC): void {
  const { params, client } = ctx.oidc;
  if (params === undefined || client === undefined || !client.grantTypeAllowed('refresh_token')) return;
  const responseType = params['response_type'];
  if (typeof responseType !== 'string' || !responseType.split(' ').includes('code')) return;
  if (!requestedScopes(ctx).includes('offline_access')) return;
  const scope = typeof params['scope'] === 'string' ? params['scope'].split(' ') : [];
  if (!scope.includes('offline_access')) params['scope'] = [...scope, 'offline_access'].join(' ');
}

/**
 * The scope as it was sent: in the query, the body, a request object (RFC 9101), or the pushed request (RFC 9126), which
 * is kept as a JWT. The library has verified either JWT.
 */
function requestedScopes(ctx: KoaContextWithOIDC): readonly string[] {
  const sent = ctx.method === 'POST' ? ctx.oidc.body : ctx.query;
  const request = ctx.oidc.entities.PushedAuthorizationRequest?.request ?? sent?.['request'];
  const scope = typeof request === 'string' ? scopeOf(request) : sent?.['scope'];
  return typeof scope === 'string' ? scope.split(' ') : [];
}

function scopeOf(request: string): unknown {
  const [, payload = ''] = request.split('.');
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  return (claims as { readonly scope?: unknown }).scope;
}
