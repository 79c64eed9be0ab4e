import type { Router } from '@koa/router';
import { userinfoClaims } from '../claims.js';
import { bearerToken, dpopThumbprint } from '../dpop.js';
import { OAuthError } from '../errors.js';
import type { Claims } from '../failures/types.js';
import type { AccessToken, UserGrant } from '../grants.js';
import { factsOf, issuerFor, noStore, serverOf, type Ctx, type OktaState } from '../http/context.js';
import { atServers, endpoint } from '../http/endpoint.js';

/** A refusal as RFC 6750 has it: the header says why, and so does the body. */
function refused(ctx: Ctx, status: 401 | 403, error: string, text: string): OAuthError {
  const issuer = issuerFor(ctx, serverOf(ctx), undefined);
  return new OAuthError(status, error, text, {
    'WWW-Authenticate':
      `Bearer authorization_uri="${issuer}/oauth2/v1/authorize", realm="${issuer}", scope="openid", ` +
      `error="${error}", error_description="${text}", resource="${ctx.path}"`,
  });
}

async function checkToken(ctx: Ctx): Promise<AccessToken & { readonly user: UserGrant }> {
  const { org, form } = ctx.state;
  const header = bearerToken(ctx.get('Authorization'));
  const token = header?.token ?? form.get('access_token') ?? '';
  const found = org.grants.accessTokens.get(token);
  if (found === undefined || found.serverBase !== serverOf(ctx).base) {
    throw refused(ctx, 401, 'invalid_token', 'The access token is invalid.');
  }
  if (found.jkt !== undefined) {
    const jkt = await dpopThumbprint(ctx, { required: true, accessToken: token });
    if (header?.scheme !== 'DPoP' || jkt !== found.jkt) {
      throw refused(ctx, 401, 'invalid_token', 'The access token is bound to another key.');
    }
  }
  if (found.user === undefined || !found.scopes.includes('openid')) {
    throw refused(
      ctx,
      403,
      'insufficient_scope',
      'The access token must provide access to at least one of these scopes - openid',
    );
  }
  return { ...found, user: found.user };
}

async function userinfo(ctx: Ctx): Promise<void> {
  const { org, record } = ctx.state;
  noStore(ctx);
  const server = serverOf(ctx);
  const token = await checkToken(ctx);
  const user = org.directory.findUser(token.user.userId);
  const app = org.findApp(token.clientId);
  if (user?.status !== 'ACTIVE' || app === undefined) {
    throw refused(ctx, 401, 'invalid_token', 'The access token is invalid.');
  }
  const body: Claims = userinfoClaims({ org, server, app }, user, token.scopes);
  for (const { id, effect, value } of org.failures.take('userinfo')) {
    record.failures.push(id);
    effect.change(body, factsOf(ctx, { clientId: app.clientId, value }));
  }
  ctx.body = body;
}

export function userinfoRoutes(router: Router<OktaState>): void {
  endpoint(router, ['GET', 'POST'], atServers('/userinfo'), 'userinfo', userinfo);
}
