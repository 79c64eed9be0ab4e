import type { Router } from '@koa/router';
import { answerClient } from '../authorize-response.js';
import { clientOfRequest, parseAuthorizeRequest, responseModeOf } from '../authorize-request.js';
import { ApiError, HostedError, OAuthError } from '../errors.js';
import { requestOrigin, serverOf, type Ctx, type OktaState } from '../http/context.js';
import { atServers, endpoint } from '../http/endpoint.js';
import { beginAuthorize, proceed } from '../sign-in.js';
import type { AuthorizationServer } from '../servers.js';

/**
 * The parameters of the request: its own, or those that were pushed (RFC 9126) and are named by
 * `request_uri`.
 */
function requestParams(ctx: Ctx): URLSearchParams {
  const { org, form } = ctx.state;
  const sent = ctx.method === 'POST' ? form : ctx.URL.searchParams;
  const uri = sent.get('request_uri');
  if (uri === null) return sent;
  const pushed = org.grants.pushedRequests.get(uri);
  if (pushed === undefined || pushed.clientId !== sent.get('client_id')) {
    throw new HostedError(400, '400 Bad Request', "The 'request_uri' parameter is invalid or has expired.");
  }
  return pushed.params;
}

/** The server of the path, or the error that its absence is: for the client where one can be told. */
function findServer(ctx: Ctx): AuthorizationServer {
  try {
    return serverOf(ctx);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new OAuthError(400, 'invalid_request', ctx.state.org.say('server_id_invalid'));
  }
}

function authorize(ctx: Ctx): void {
  const { org } = ctx.state;
  const params = requestParams(ctx);
  const { app, redirectUri } = clientOfRequest(org, params);
  try {
    const server = findServer(ctx);
    const request = parseAuthorizeRequest({
      org,
      server,
      app,
      redirectUri,
      params,
      origin: requestOrigin(ctx),
    });
    beginAuthorize(ctx, app, request);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    answerError(ctx, error, { redirectUri, responseMode: responseModeOf(params) }, params.get('state'));
  }
}

function answerError(
  ctx: Ctx,
  error: OAuthError,
  target: Parameters<typeof answerClient>[1],
  state: string | null,
): void {
  answerClient(ctx, target, {
    ...(state === null ? {} : { state }),
    error: error.error,
    error_description: error.message,
  });
}

/** Goes on with a sign-in after one of its forms (or a reload): shows what is next, or answers the client. */
function resume(ctx: Ctx): void {
  const { org } = ctx.state;
  const transaction = org.sessions.transaction(ctx.URL.searchParams.get('stateToken') ?? undefined);
  if (transaction === undefined) {
    throw new HostedError(400, 'Your session has expired', 'Close this page and start again from your app.');
  }
  try {
    proceed(ctx, transaction);
  } catch (error) {
    if (!(error instanceof OAuthError) || transaction.request === undefined) throw error;
    org.sessions.finish(transaction);
    answerError(ctx, error, transaction.request, transaction.request.state);
  }
}

/** The authorization endpoint, and where its sign-in pages lead back to. */
export function authorizeRoutes(router: Router<OktaState>): void {
  endpoint(router, ['GET', 'POST'], atServers('/authorize'), 'authorize', authorize);
  router.get('/login/token/redirect', (ctx) => resume(ctx));
}
