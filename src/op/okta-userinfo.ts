import { Provider, type AccessToken, type Grant } from 'oidc-provider';
import { isJwtHandle, jwtHandle } from './jwt-handles.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * Userinfo for tokens of an API with Okta's profile (B2). At Okta such a token lists the OpenID scopes in `scp`, beside
 * the API's, and is good for userinfo; its libraries take that for granted (`getUser()`, the Express middleware). Tokens
 * of other APIs stay what RFC 9068 makes of them: for their audience alone.
 */
export function acceptOktaTokens(provider: Provider): void {
  const { AccessToken: tokens, Grant: grants } = provider;
  const findToken = tokens.find.bind(tokens);
  const findGrant = grants.find.bind(grants);
  Object.defineProperty(tokens, 'find', {
    configurable: true,
    value: async (value: string, options?: object): Promise<unknown> => {
      if (Provider.ctx?.oidc.route !== 'userinfo') return findToken(value, options);
      const isJwt = value.includes('.');
      const token = await findToken(isJwt ? jwtHandle(value) : value, options);
      if (!(token instanceof tokens) || !openToUserinfo(token)) return isJwt ? undefined : token;
      if (isJwt) token.grantId = jwtHandle(token.jti);
      return token;
    },
  });
  Object.defineProperty(grants, 'find', {
    configurable: true,
    value: (id: string, options?: object): Promise<unknown> =>
      isJwtHandle(id) ? Promise.resolve(grantOf(provider, id)) : findGrant(id, options),
  });
}

/** A JWT's record is gone with its grant: while it is there, what the token says was granted still is. */
function grantOf(provider: Provider, id: string): Grant | undefined {
  const token = Provider.ctx?.oidc.entities.AccessToken;
  if (token?.grantId !== id || token.accountId === undefined || token.clientId === undefined)
    return undefined;
  const grant = new provider.Grant({ clientId: token.clientId, accountId: token.accountId });
  grant.addOIDCScope(token.scope ?? '');
  return grant;
}

/** Leaves of a token for an API with Okta's profile what is for userinfo: its OpenID scopes. False: it has none. */
function openToUserinfo(token: AccessToken): boolean {
  const { apis } = UnitOfWork.current.tenant.configuration;
  const api = apis.find(({ identifier }) => identifier === token.aud);
  const scp = token.extra?.['scp'];
  if (api?.profile !== 'okta' || !Array.isArray(scp) || token.accountId === undefined) return false;
  const ofApi = new Set(token.scope?.split(' '));
  const openid = scp.filter((scope) => typeof scope === 'string' && !ofApi.has(scope));
  if (!openid.includes('openid')) return false;
  delete (token as { aud?: unknown }).aud;
  token.scope = openid.join(' ');
  return true;
}
