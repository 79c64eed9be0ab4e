import type { Router } from '@koa/router';
import { createLocalJWKSet, compactVerify, decodeJwt, errors, type JWTPayload } from 'jose';
import type { App } from '../apps.js';
import { HostedError } from '../errors.js';
import {
  noStore,
  sessionCookie,
  serverOf,
  setSessionCookie,
  type Ctx,
  type OktaState,
} from '../http/context.js';
import { atServers, endpoint } from '../http/endpoint.js';

const refused = (message: string, adminLink?: string): HostedError =>
  new HostedError(400, '400 Bad Request', message, adminLink);

interface Hint {
  readonly app: App;
  readonly claims: JWTPayload;
}

/** The ID token of `id_token_hint`: signed by this server, for an app of this org. It may have expired. */
async function checkHint(ctx: Ctx, hint: string | null): Promise<Hint> {
  const { org } = ctx.state;
  if (hint === null || hint === '') throw refused("The 'id_token_hint' parameter is required.");
  const invalid = refused("The 'id_token_hint' parameter is invalid.");
  try {
    const claims = decodeJwt(hint);
    const app = typeof claims.aud === 'string' ? org.findApp(claims.aud) : undefined;
    if (app === undefined) throw invalid;
    const keys = await org.keysFor(serverOf(ctx), app).publicJwks();
    await compactVerify(hint, createLocalJWKSet({ keys }));
    return { app, claims };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw invalid;
    throw error;
  }
}

/** Where the browser goes afterwards; compared to the letter. */
function returnAddress(ctx: Ctx, app: App, params: URLSearchParams): string {
  const { org } = ctx.state;
  const uri = params.get('post_logout_redirect_uri');
  if (uri === null) return '/';
  if (!app.postLogoutRedirectUris.includes(uri)) {
    throw refused(
      "The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app settings:",
      `${org.issuer}/admin/apps/${app.id}#general`,
    );
  }
  const state = params.get('state');
  if (state === null) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams({ state }).toString()}`;
}

async function logout(ctx: Ctx): Promise<void> {
  const { org, form } = ctx.state;
  noStore(ctx);
  const params = ctx.method === 'POST' ? form : ctx.URL.searchParams;
  const { app, claims } = await checkHint(ctx, params.get('id_token_hint'));
  const address = returnAddress(ctx, app, params);
  const session = org.sessions.find(sessionCookie(ctx));
  const expired = (claims.exp ?? 0) <= org.clock.now();
  if (expired && session?.userId !== claims.sub) throw refused("The 'id_token_hint' parameter is invalid.");
  if (session !== undefined && session.userId === claims.sub) {
    org.sessions.end(session.id);
    setSessionCookie(ctx, undefined);
  }
  ctx.status = 302;
  ctx.set('Location', address);
}

export function logoutRoutes(router: Router<OktaState>): void {
  endpoint(router, ['GET', 'POST'], atServers('/logout'), 'logout', logout);
}
