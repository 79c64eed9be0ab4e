import type { Router } from '@koa/router';
import { createLocalJWKSet, compactVerify, decodeJwt, errors, type JWTPayload } from 'jose';
import type { App } from '../apps.js';
import { HostedError } from '../errors.js';
import {
  noStore,
  requestOrigin,
  sessionCookie,
  serverOf,
  setSessionCookie,
  type Ctx,
  type OktaState,
} from '../http/context.js';
import { atServers, endpoint } from '../http/endpoint.js';
import { signedOutPage } from '../pages/signed-out.js';
import type { SsoSession } from '../sessions.js';

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

/** Front-channel logout: the addresses of the other apps of the session that take part in single logout. */
function otherApps(ctx: Ctx, session: SsoSession, initiator: App): string[] {
  const { org } = ctx.state;
  return org.apps().flatMap((app) => {
    if (app === initiator || !app.participateSlo || !session.clients.has(app.clientId)) return [];
    if (app.frontchannelLogoutUri === undefined) return [];
    const uri = new URL(app.frontchannelLogoutUri);
    if (app.frontchannelLogoutSessionRequired) {
      uri.searchParams.set('iss', org.originFor(app, requestOrigin(ctx)));
      uri.searchParams.set('sid', session.id);
    }
    return uri.href;
  });
}

async function logout(ctx: Ctx): Promise<void> {
  const { org, form } = ctx.state;
  noStore(ctx);
  const params = ctx.method === 'POST' ? form : ctx.URL.searchParams;
  const { app, claims } = await checkHint(ctx, params.get('id_token_hint'));
  const address = returnAddress(ctx, app, params);
  const current = org.sessions.find(sessionCookie(ctx));
  const session = current?.userId === claims.sub ? current : undefined;
  const expired = (claims.exp ?? 0) <= org.clock.now();
  if (expired && session === undefined) throw refused("The 'id_token_hint' parameter is invalid.");
  const frames = session === undefined ? [] : otherApps(ctx, session, app);
  if (session !== undefined) {
    org.sessions.end(session.id);
    setSessionCookie(ctx, undefined);
  }
  if (frames.length > 0) {
    const origins = [...new Set(frames.map((frame) => new URL(frame).origin))].join(' ');
    ctx.set('Content-Security-Policy', `default-src 'none'; style-src 'self'; frame-src ${origins}`);
    ctx.type = 'html';
    ctx.body = signedOutPage(org.name, frames, address).toString();
    return;
  }
  ctx.status = 302;
  ctx.set('Location', address);
}

export function logoutRoutes(router: Router<OktaState>): void {
  endpoint(router, ['GET', 'POST'], atServers('/logout'), 'logout', logout);
}
