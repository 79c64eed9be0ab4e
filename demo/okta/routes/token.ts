import { createHash } from 'node:crypto';
import type { Router } from '@koa/router';
import type { App } from '../apps.js';
import { checkScopes } from '../authorize-request.js';
import { accessTokenClaims } from '../claims.js';
import { authenticateClient } from '../client-auth.js';
import { dpopThumbprint } from '../dpop.js';
import { OAuthError } from '../errors.js';
import type { Claims } from '../failures/types.js';
import { ACCESS_TOKEN_SECONDS, type CodeGrant, type UserGrant } from '../grants.js';
import {
  factsOf,
  issuerFor,
  noStore,
  repeatedParameter,
  serverOf,
  splitScopes,
  type Ctx,
  type OktaState,
} from '../http/context.js';
import { atServers, endpoint } from '../http/endpoint.js';
import type { User } from '../people.js';
import type { AuthorizationServer } from '../servers.js';
import { issueRefreshToken, mintAccessToken, mintIdToken } from '../tokens.js';
import { sayConfigured } from '../wording.js';

interface Exchange {
  readonly ctx: Ctx;
  readonly server: AuthorizationServer;
  readonly app: App;
  /** Thumbprint of the key that the tokens will be bound to. */
  readonly jkt: string | undefined;
}

const grantRefused = (ctx: Ctx, id: Parameters<typeof ctx.state.org.say>[0]): OAuthError =>
  new OAuthError(400, 'invalid_grant', ctx.state.org.say(id));

function verifyPkce(ctx: Ctx, grant: CodeGrant): void {
  const verifier = ctx.state.form.get('code_verifier');
  if (grant.codeChallenge === undefined && verifier === null) return;
  const hashed = createHash('sha256')
    .update(verifier ?? '')
    .digest('base64url');
  if (verifier === null || hashed !== grant.codeChallenge) throw grantRefused(ctx, 'pkce_failed');
}

/** Takes a code: single use, 300 s, bound to client, server, redirect URI and challenge. */
function redeemCode({ ctx, server, app }: Exchange): UserGrant {
  const { org, form } = ctx.state;
  const code = form.get('code');
  if (code === null) {
    throw new OAuthError(400, 'invalid_request', "The request is missing the required parameter 'code'.");
  }
  const found = org.grants.codes.get(code);
  if (found === undefined || found.serverBase !== server.base) throw grantRefused(ctx, 'bad_code');
  if (found.clientId !== app.clientId) throw grantRefused(ctx, 'other_client');
  if (found.redirectUri !== form.get('redirect_uri')) throw grantRefused(ctx, 'other_redirect_uri');
  verifyPkce(ctx, found);
  org.grants.codes.delete(code);
  return found;
}

/** Uses a refresh token; scopes may only shrink. With rotation the token that came is spent. */
function redeemRefreshToken({ ctx, server, app, jkt }: Exchange): { grant: UserGrant; token: string } {
  const { org, form } = ctx.state;
  const token = form.get('refresh_token') ?? '';
  const found = org.grants.refreshTokens.get(token);
  if (found === undefined || found.serverBase !== server.base) throw grantRefused(ctx, 'bad_refresh_token');
  if (found.clientId !== app.clientId) throw grantRefused(ctx, 'other_client');
  if (found.jkt !== undefined && found.jkt !== jkt) {
    throw new OAuthError(400, 'invalid_dpop_proof', org.say('dpop_invalid'));
  }
  const asked = splitScopes(form.get('scope'));
  if (!asked.every((scope) => found.scopes.includes(scope))) {
    throw new OAuthError(400, 'invalid_scope', org.say('scope_not_configured'));
  }
  const scopes = asked.length === 0 ? found.scopes : asked;
  if (app.refreshTokens === 'static') {
    org.grants.keepRefreshToken(token, found);
    return { grant: { ...found, scopes }, token };
  }
  org.grants.retireRefreshToken(token, found);
  return { grant: { ...found, scopes }, token: issueRefreshToken(org, found, found.jkt) };
}

/** The person of a grant, if they may still have tokens. */
function personOf(exchange: Exchange, grant: UserGrant, refused: 'bad_code' | 'bad_refresh_token'): User {
  const { org } = exchange.ctx.state;
  const user = org.directory.findUser(grant.userId);
  if (user?.status !== 'ACTIVE' || !org.isAssigned(exchange.app, user))
    throw grantRefused(exchange.ctx, refused);
  return user;
}

async function userTokens(
  exchange: Exchange,
  grant: UserGrant,
  user: User,
  refreshToken?: string,
): Promise<Claims> {
  const { ctx, server, app, jkt } = exchange;
  const { org, record } = ctx.state;
  const minting = { org, server, app };
  const accessToken = await mintAccessToken(minting, {
    scopes: grant.scopes,
    issuer: grant.issuer,
    user: { grant, person: user },
    extra: accessTokenClaims(minting, user, grant.scopes),
    jkt,
  });
  return {
    ...answer(exchange, accessToken, grant.scopes),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(grant.scopes.includes('openid')
      ? { id_token: await mintIdToken(minting, user, grant, accessToken, record.failures) }
      : {}),
  };
}

function answer({ server, jkt }: Exchange, accessToken: string, scopes: readonly string[]): Claims {
  return {
    token_type: jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: server.kind === 'custom' ? server.accessTokenSeconds : ACCESS_TOKEN_SECONDS,
    access_token: accessToken,
    scope: scopes.join(' '),
  };
}

async function authorizationCode(exchange: Exchange): Promise<Claims> {
  const grant = redeemCode(exchange);
  const user = personOf(exchange, grant, 'bad_code');
  const lasting = grant.scopes.includes('offline_access');
  const refreshToken = lasting ? issueRefreshToken(exchange.ctx.state.org, grant, exchange.jkt) : undefined;
  return userTokens(exchange, grant, user, refreshToken);
}

async function refresh(exchange: Exchange): Promise<Claims> {
  const { grant, token } = redeemRefreshToken(exchange);
  return userTokens(exchange, grant, personOf(exchange, grant, 'bad_refresh_token'), token);
}

/** Service apps: at the org's own server only with a key, for scopes of Okta's API that an admin granted. */
async function clientCredentials(exchange: Exchange): Promise<Claims> {
  const { ctx, server, app, jkt } = exchange;
  const { org } = ctx.state;
  const scopes = splitScopes(ctx.state.form.get('scope'));
  if (server.kind === 'org') {
    if (app.authMethod !== 'private_key_jwt') {
      throw new OAuthError(401, 'invalid_client', org.say('org_needs_private_key'));
    }
    if (scopes.length === 0) throw new OAuthError(400, 'invalid_scope', org.say('no_scopes'));
    if (!scopes.every((scope) => app.grantedScopes.includes(scope))) {
      throw new OAuthError(400, 'invalid_scope', org.say('scope_not_allowed'));
    }
  } else {
    checkScopes(org, server, app, scopes);
    if (server.policy !== 'all' && !server.policy.includes(app.clientId)) {
      throw new OAuthError(400, 'access_denied', org.say('policy_no_match'));
    }
  }
  const accessToken = await mintAccessToken(
    { org, server, app },
    { scopes, issuer: issuerFor(ctx, server, app), jkt },
  );
  return answer(exchange, accessToken, scopes);
}

const GRANTS: Readonly<Record<string, (exchange: Exchange) => Promise<Claims>>> = {
  authorization_code: authorizationCode,
  refresh_token: refresh,
  client_credentials: clientCredentials,
};

async function answerToken(ctx: Ctx): Promise<void> {
  const { org, form, record } = ctx.state;
  noStore(ctx);
  const server = serverOf(ctx);
  if (repeatedParameter(form) !== undefined) {
    throw new OAuthError(400, 'invalid_request', org.say('duplicate_parameters'));
  }
  const app = await authenticateClient(ctx);
  if (app.networkZone === 'blocked') throw new OAuthError(403, 'access_denied', org.say('network_zone'));
  const type = form.get('grant_type');
  if (type === null) {
    throw new OAuthError(
      400,
      'invalid_request',
      "The request is missing the required parameter 'grant_type'.",
    );
  }
  const grant = GRANTS[type];
  if (grant === undefined) throw new OAuthError(400, 'unsupported_grant_type', org.say('grant_unsupported'));
  if (!app.grantTypes.includes(type)) {
    const text = sayConfigured(org.settings.wording, 'grant type', app.grantTypes);
    throw new OAuthError(400, 'unauthorized_client', text);
  }
  const jkt = await dpopThumbprint(ctx, { required: app.dpopBound });
  const body = await grant({ ctx, server, app, jkt });
  for (const { id, effect, value } of org.failures.take('tokens')) {
    record.failures.push(id);
    effect.change(body, factsOf(ctx, { clientId: app.clientId, value }));
  }
  ctx.body = body;
}

export function tokenRoutes(router: Router<OktaState>): void {
  endpoint(router, ['POST'], atServers('/token'), 'token', answerToken);
}
