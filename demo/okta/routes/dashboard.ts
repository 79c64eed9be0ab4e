import type { Router } from '@koa/router';
import { hasTile, type App } from '../apps.js';
import { HostedError } from '../errors.js';
import {
  noStore,
  requestOrigin,
  sessionCookie,
  setSessionCookie,
  type Ctx,
  type OktaState,
} from '../http/context.js';
import { dashboardPage } from '../pages/dashboard.js';
import { beginDashboardSignIn, currentSession } from '../sign-in.js';

function home(ctx: Ctx): void {
  const { org } = ctx.state;
  const signed = currentSession(ctx);
  if (signed === undefined) return beginDashboardSignIn(ctx);
  const query = (ctx.URL.searchParams.get('q') ?? '').trim();
  const apps = org
    .apps()
    .filter((app) => hasTile(app) && org.isAssigned(app, signed.user))
    .filter(({ label }) => label.toLowerCase().includes(query.toLowerCase()));
  noStore(ctx);
  ctx.type = 'html';
  ctx.body = dashboardPage({ org, user: signed.user, apps, query }).toString();
}

/**
 * Where a tile leads: the app's own address, told only who sends (OpenID Connect Core 4, third-party
 * initiated login).
 */
function launchUri(ctx: Ctx, app: App): string {
  const uri = new URL(app.initiateLoginUri ?? '');
  uri.searchParams.set('iss', ctx.state.org.originFor(app, requestOrigin(ctx)));
  return uri.href;
}

function launch(ctx: Ctx): void {
  const { org } = ctx.state;
  const signed = currentSession(ctx);
  if (signed === undefined) return beginDashboardSignIn(ctx);
  const app = org.apps().find(({ id }) => id === ctx.params['appId']);
  if (app === undefined || !hasTile(app)) {
    throw new HostedError(404, 'Page not found', 'The page you requested does not exist.');
  }
  if (!org.isAssigned(app, signed.user)) {
    throw new HostedError(403, 'Access Denied', 'You are not assigned to this application.');
  }
  noStore(ctx);
  ctx.redirect(launchUri(ctx, app));
}

function signOut(ctx: Ctx): void {
  const id = sessionCookie(ctx);
  if (id !== undefined) ctx.state.org.sessions.end(id);
  setSessionCookie(ctx, undefined);
  ctx.redirect('/app/UserHome');
}

/** What people see of Okta between sign-ins: tiles, and the way out. */
export function dashboardRoutes(router: Router<OktaState>): void {
  router.get('/', (ctx) => ctx.redirect('/app/UserHome'));
  router.get('/login/login.htm', (ctx) => ctx.redirect('/app/UserHome'));
  router.get('/app/UserHome', (ctx) => home(ctx));
  router.get('/home/oidc_client/:appId/:alias', (ctx) => launch(ctx));
  router.get('/login/signout', (ctx) => signOut(ctx));
}
