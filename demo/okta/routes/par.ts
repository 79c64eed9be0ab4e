import type { Router } from '@koa/router';
import { parseAuthorizeRequest } from '../authorize-request.js';
import { authenticateClient } from '../client-auth.js';
import { OAuthError } from '../errors.js';
import { PAR_SECONDS } from '../grants.js';
import { noStore, requestOrigin, serverOf, type Ctx, type OktaState } from '../http/context.js';
import { atServers, endpoint } from '../http/endpoint.js';
import { randomText } from '../ids.js';

const CREDENTIALS = ['client_secret', 'client_assertion', 'client_assertion_type'];

/**
 * Pushed authorization requests (RFC 9126): the same checks as at /authorize, answered to the client itself.
 */
async function par(ctx: Ctx): Promise<void> {
  const { org, form } = ctx.state;
  noStore(ctx);
  const server = serverOf(ctx);
  const app = await authenticateClient(ctx);
  if (form.has('request_uri')) {
    throw new OAuthError(
      400,
      'invalid_request',
      "The 'request_uri' parameter is not allowed in a pushed request.",
    );
  }
  const params = new URLSearchParams([...form].filter(([name]) => !CREDENTIALS.includes(name)));
  params.set('client_id', app.clientId);
  const redirectUri = params.get('redirect_uri') ?? '';
  if (!app.redirectUris.includes(redirectUri)) {
    throw new OAuthError(
      400,
      'invalid_request',
      "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.",
    );
  }
  parseAuthorizeRequest({ org, server, app, redirectUri, params, origin: requestOrigin(ctx) });
  const requestUri = `urn:okta:${randomText(32)}`;
  org.grants.pushedRequests.set(requestUri, { clientId: app.clientId, params }, PAR_SECONDS);
  ctx.status = 200;
  ctx.body = { request_uri: requestUri, expires_in: PAR_SECONDS };
}

export function parRoutes(router: Router<OktaState>): void {
  endpoint(router, ['POST'], atServers('/par'), 'par', par);
}
