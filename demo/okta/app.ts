import { Router } from '@koa/router';
import Koa from 'koa';
import { ApiError, HostedError } from './errors.js';
import { noStore, type BaseCtx, type OktaState } from './http/context.js';
import { frame } from './http/frame.js';
import type { OktaOrg } from './org.js';
import { adminAppRoutes } from './routes/admin/apps.js';
import { refuseForeignForm } from './routes/admin/forms.js';
import { adminPeopleRoutes } from './routes/admin/people.js';
import { adminProvisioningRoutes } from './routes/admin/provisioning.js';
import { adminSecurityRoutes } from './routes/admin/security.js';
import { adminTroubleRoutes } from './routes/admin/troubles.js';
import { assetRoutes } from './routes/assets.js';
import { authorizeRoutes } from './routes/authorize.js';
import { dashboardRoutes } from './routes/dashboard.js';
import { discoveryRoutes } from './routes/discovery.js';
import { groupsApiRoutes } from './routes/groups-api.js';
import { introspectRoutes } from './routes/introspect.js';
import { logoutRoutes } from './routes/logout.js';
import { parRoutes } from './routes/par.js';
import { signInRoutes } from './routes/sign-in.js';
import { tokenRoutes } from './routes/token.js';
import { userGroupsRoutes } from './routes/user-groups.js';
import { userinfoRoutes } from './routes/userinfo.js';

const ADMIN_CSP =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Nothing answers there: pages for people, Okta's error form for programs. */
function notFound(ctx: BaseCtx): never {
  if (/^\/(?:api|oauth2)\//.test(ctx.path)) {
    throw new ApiError(404, 'E0000022', 'The endpoint does not support the provided HTTP method');
  }
  throw new HostedError(404, 'Page not found', 'The page you requested does not exist.');
}

/** The web application of one org: its protocol endpoints, the pages for people, and the control pages. */
export function createApp(org: OktaOrg): Koa<OktaState> {
  const app = new Koa<OktaState>();
  // What goes wrong outside of the frame (a peer that hangs up) is noted, and never printed.
  app.on('error', (error: unknown) => org.reportError(error));
  const router = new Router<OktaState>();
  const admin = new Router<OktaState>();
  for (const routes of [
    discoveryRoutes,
    authorizeRoutes,
    signInRoutes,
    tokenRoutes,
    userinfoRoutes,
    introspectRoutes,
    parRoutes,
    logoutRoutes,
    groupsApiRoutes,
    userGroupsRoutes,
    dashboardRoutes,
    assetRoutes,
  ]) {
    routes(router);
  }
  for (const routes of [
    adminTroubleRoutes,
    adminPeopleRoutes,
    adminAppRoutes,
    adminProvisioningRoutes,
    adminSecurityRoutes,
  ]) {
    routes(admin);
  }
  app.use(frame(org));
  app.use(router.routes());
  app.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/admin')) return next();
    if (ctx.method === 'POST') refuseForeignForm(ctx);
    noStore(ctx);
    ctx.type = 'html';
    ctx.set('Content-Security-Policy', ADMIN_CSP);
    return next();
  });
  app.use(admin.routes());
  app.use((ctx) => {
    if (ctx.status === 404 && ctx.body === undefined && ctx.respond !== false) notFound(ctx);
  });
  return app;
}
