import type { KoaContextWithOIDC } from 'oidc-provider';

/** What a token request redeems for a person. */
const SOURCES = ['AuthorizationCode', 'DeviceCode', 'RefreshToken'] as const;

/** The scopes that a token request is for: what was granted with its code, or the part that a refresh names. */
function redeemedScopes({ oidc }: KoaContextWithOIDC): readonly string[] {
  const source = SOURCES.map((kind) => oidc.entities[kind]).find((entity) => entity !== undefined);
  if (source === undefined) return [];
  const narrowed = oidc.params?.['grant_type'] === 'refresh_token' && oidc.params['scope'] !== undefined;
  return [...(narrowed ? oidc.requestParamScopes : source.scopes)];
}

/** The OpenID scopes among what a token request is for; none where no person is concerned. */
export function grantedOpenIdScopes(ctx: KoaContextWithOIDC): readonly string[] {
  const granted = ctx.oidc.entities.Grant?.getOIDCScopeFiltered(new Set(redeemedScopes(ctx))) ?? '';
  return granted.split(' ').filter((scope) => scope !== '');
}

/**
 * Makes the `scope` of a token answer say all that was granted. The library says that of the access token, which for an
 * API leaves out `openid` and `offline_access`: a client that compares it with what it asked for (RFC 6749 section 5.1)
 * would take them for refused, and one that repeats it when it refreshes (section 6) would get no ID token any more. The
 * token's own claim stays with the API's scopes (RFC 9068 section 2.2.3).
 */
export function tellGrantedScope(ctx: KoaContextWithOIDC): void {
  const { body } = ctx as { body?: { access_token?: unknown; scope?: unknown } };
  const openid = grantedOpenIdScopes(ctx);
  if (openid.length === 0 || typeof body?.access_token !== 'string') return;
  const ofToken = typeof body.scope === 'string' ? body.scope.split(' ') : [];
  const all = new Set([...openid, ...ofToken]);
  body.scope = redeemedScopes(ctx)
    .filter((scope) => all.has(scope))
    .join(' ');
}
