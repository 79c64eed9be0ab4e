import type { Router } from '@koa/router';
import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import type { App } from '../apps.js';
import { authenticateClient } from '../client-auth.js';
import { OAuthError } from '../errors.js';
import type { Claims } from '../failures/types.js';
import { REFRESH_TOKEN_SECONDS } from '../grants.js';
import { noStore, serverOf, type Ctx, type OktaState } from '../http/context.js';
import { atServers, endpoint } from '../http/endpoint.js';

function requiredToken(ctx: Ctx): string {
  const token = ctx.state.form.get('token');
  if (token === null || token === '') {
    throw new OAuthError(400, 'invalid_request', "The request is missing the required parameter 'token'.");
  }
  return token;
}

/** What Okta tells of a living access token: its claims, and whose it is. */
function describeAccessToken(ctx: Ctx, token: string): Claims | undefined {
  const { org } = ctx.state;
  const found = org.grants.accessTokens.get(token);
  if (found === undefined || found.serverBase !== serverOf(ctx).base) return undefined;
  const { scp: _scp, cid: _cid, ver: _ver, ...claims } = found.claims;
  const user = found.user === undefined ? undefined : org.directory.findUser(found.user.userId);
  return {
    active: true,
    token_type: found.jkt === undefined ? 'Bearer' : 'DPoP',
    scope: found.scopes.join(' '),
    client_id: found.clientId,
    ...(user === undefined ? {} : { username: user.login }),
    ...claims,
  };
}

function describeRefreshToken(ctx: Ctx, token: string): Claims | undefined {
  const { org } = ctx.state;
  const found = org.grants.refreshTokens.get(token);
  const user = found === undefined ? undefined : org.directory.findUser(found.userId);
  if (found === undefined || user === undefined || found.serverBase !== serverOf(ctx).base) return undefined;
  return {
    active: true,
    token_type: 'Bearer',
    scope: found.scopes.join(' '),
    client_id: found.clientId,
    username: user.login,
    exp: found.issuedAt + REFRESH_TOKEN_SECONDS,
    sub: user.login,
  };
}

/** ID tokens may be introspected too: they are checked against the published keys. */
async function describeIdToken(ctx: Ctx, app: App, token: string): Promise<Claims | undefined> {
  const { org } = ctx.state;
  try {
    const keys = createLocalJWKSet({ keys: await org.keysFor(serverOf(ctx), app).publicJwks() });
    const { payload } = await jwtVerify(token, keys, { currentDate: org.today(), audience: app.clientId });
    return { active: true, ...payload };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

async function introspect(ctx: Ctx): Promise<void> {
  noStore(ctx);
  serverOf(ctx);
  const app = await authenticateClient(ctx);
  const token = requiredToken(ctx);
  const described =
    describeAccessToken(ctx, token) ??
    describeRefreshToken(ctx, token) ??
    (await describeIdToken(ctx, app, token));
  ctx.body = described ?? { active: false };
}

/**
 * Always 200, also for tokens that nobody knows (RFC 7009). A refresh token takes its access tokens along.
 */
async function revoke(ctx: Ctx): Promise<void> {
  noStore(ctx);
  serverOf(ctx);
  const { grants } = ctx.state.org;
  const app = await authenticateClient(ctx);
  const token = requiredToken(ctx);
  const refreshToken = grants.refreshTokens.get(token);
  if (refreshToken?.clientId === app.clientId) {
    grants.refreshTokens.delete(token);
    grants.accessTokens.deleteWhere(
      ({ user, clientId }) => clientId === app.clientId && user?.sessionId === refreshToken.sessionId,
    );
  }
  if (grants.accessTokens.get(token)?.clientId === app.clientId) grants.accessTokens.delete(token);
  ctx.status = 200;
  ctx.body = '';
}

export function introspectRoutes(router: Router<OktaState>): void {
  endpoint(router, ['POST'], atServers('/introspect'), 'introspect', introspect);
  endpoint(router, ['POST'], atServers('/revoke'), 'revoke', revoke);
}
