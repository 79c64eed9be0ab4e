import type { RequestListener } from 'node:http';
import Koa, { type Context, type Middleware } from 'koa';
import { BROKER_ROUTES, type Broker } from '../broker/broker.js';
import { DomainError, messageOf } from '../core/errors.js';
import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { pathsBelow } from '../http/public-path.js';
import { requestIdOf } from '../http/request-id.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { TenantDirectory } from '../http/tenant-directory.js';
import { parseTenantPath, type TenantPath } from '../http/tenant-path.js';
import { findRoute } from '../http/tenant-route.js';
import type { ManagementApi } from '../management/api/management-api.js';
import { PROVIDER_ROUTES, serveProvider } from '../op/edge.js';
import type { ProviderCache } from '../op/provider-cache.js';
import { REGISTRATION_ROUTES, type RegistrationServer } from '../op/registration/registration.js';
import { answerSuspended } from '../op/suspended.js';
import type { OperatorPages } from '../operators/operator-pages.js';
import type { SetupPages } from '../operators/setup-pages.js';
import { findAsset } from '../pages/assets.js';
import { SCIM_ROUTES } from '../scim/routes/table.js';
import { answerUnknownScimPath, type ScimServer } from '../scim/scim.js';
import type { ApiReference } from './api-reference.js';
import type { Metrics } from './metrics.js';
import { observe } from './observe.js';
import { showError } from './error-answers.js';
import { isHttpError } from './http-error.js';
import type { Operations } from './operations.js';
import { openStraightWay } from './straight-way.js';

export interface AppDeps {
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly stylesheetHref: string;
  readonly directory: TenantDirectory;
  readonly providers: ProviderCache;
  readonly broker: Broker;
  readonly registration: RegistrationServer;
  readonly scim: ScimServer;
  readonly management: ManagementApi;
  readonly apiReference: ApiReference;
  readonly operators: OperatorPages;
  readonly setup: SetupPages;
  readonly operations: Operations;
  readonly metrics: Metrics;
  readonly ids: Ids;
  readonly now: () => Date;
  readonly log: Logger;
}

const ASSETS = '/assets/';

/** The edge: a request goes straight to a tenant's provider, or falls through the app to whoever answers it. */
export function createEdge(deps: AppDeps): RequestListener {
  const base = new URL(deps.publicUrl);
  const goStraight = openStraightWay(base, deps);
  const handle = createApp(base, deps).callback();
  return (req, res) => {
    if (!goStraight(req, res)) void handle(req, res);
  };
}

/** One request falls from here to the operations' pages, or through a tenant to its provider or the broker. */
function createApp(base: URL, deps: AppDeps): Koa {
  const app = new Koa();
  const secure = base.protocol === 'https:';
  // Scheme and host are known from configuration; what a header says of them counts nothing.
  Object.defineProperties(app.request, {
    secure: { get: () => secure },
    protocol: { get: () => (secure ? 'https' : 'http') },
  });
  app.on('error', (error: unknown) => deps.log.error('http.error', { error }));
  app.use((ctx, next) => {
    observe(ctx.req, ctx.res, ctx.path, () => String(ctx.state['route'] ?? 'other'), deps);
    return next();
  });
  app.use(answerErrors(deps));
  const relative = pathsBelow(base.pathname);
  app.use(async (ctx) => {
    if (await deps.operations.serveHealth(ctx)) return;
    if (ctx.host !== base.host) ctx.throw(421, 'this server does not answer for that host');
    await dispatch(ctx, relative(ctx.path), deps);
  });
  return app;
}

function answerErrors(deps: AppDeps): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      const known = error instanceof DomainError || (isHttpError(error) && error.status < 500);
      if (!known) deps.log.error('http.failed', { requestId: requestIdOf(ctx.req), error });
      else
        deps.log.info('http.refused', {
          requestId: requestIdOf(ctx.req),
          code: error instanceof DomainError ? error.code : error.status,
          detail: messageOf(error),
        });
      showError(ctx, error, deps);
    }
  };
}

/** @param path relative to `PUBLIC_URL`; undefined when it isn't below it */
async function dispatch(ctx: Context, path: string | undefined, deps: AppDeps): Promise<void> {
  if (path === undefined) return notFound(ctx, deps);
  const tenantPath = parseTenantPath(path);
  if (tenantPath !== undefined) return atTenant(ctx, tenantPath, deps);
  if (serveAsset(ctx, path)) return;
  if ((await deps.operators.serve(ctx, path)) || (await deps.setup.serve(ctx, path))) return;
  if (await deps.operations.serve(ctx, path)) return;
  if (deps.apiReference.serve(ctx, path) || (await deps.management.serve(ctx, path))) return;
  notFound(ctx, deps);
}

async function atTenant(ctx: Context, { slug, rest }: TenantPath, deps: AppDeps): Promise<void> {
  const tenant = await deps.directory.find(slug);
  if (tenant === undefined) notFound(ctx, deps);
  else await serveTenant(ctx, tenant, rest, deps);
}

/** Whoever holds a tenant's tokens may verify them while it is suspended. */
const WHILE_SUSPENDED: ReadonlySet<string> = new Set(['metadata', 'keys', 'connection_keys']);

/** Every address below a tenant's issuer. */
export const TENANT_ROUTES = [
  ...PROVIDER_ROUTES,
  ...REGISTRATION_ROUTES,
  ...BROKER_ROUTES,
  ...SCIM_ROUTES,
] as const;

async function serveTenant(ctx: Context, tenant: TenantContext, rest: string, deps: AppDeps): Promise<void> {
  const ofProvider = findRoute(PROVIDER_ROUTES, ctx.method, rest);
  const served = ofProvider !== undefined;
  const ofRegistration = served ? undefined : findRoute(REGISTRATION_ROUTES, ctx.method, rest);
  const ofBroker = served ? undefined : findRoute(BROKER_ROUTES, ctx.method, rest);
  const ofScim = served ? undefined : findRoute(SCIM_ROUTES, ctx.method, rest);
  const route = ofProvider?.route.name ?? ofRegistration?.route.name ?? ofBroker?.route.name;
  ctx.state['route'] = route ?? ofScim?.route.name ?? 'none';
  // While a tenant is suspended nobody comes in; who leaves is taken note of all the same.
  if (ofScim !== undefined) return deps.scim.serve(ctx, tenant, ofScim);
  if (tenant.suspended && route !== undefined && !WHILE_SUSPENDED.has(route)) {
    if (!answerSuspended(ctx, route)) await deps.broker.refuseSuspended(ctx, tenant);
    return undefined;
  }
  if (ofProvider !== undefined) {
    const asked = { route: ofProvider.route, rest, search: ctx.search };
    return serveProvider(ctx, tenant, asked, deps.providers);
  }
  if (ofRegistration !== undefined) return deps.registration.serve(ctx, tenant, ofRegistration);
  if (ofBroker === undefined || !(await deps.broker.serve(ctx, tenant, ofBroker))) notFound(ctx, deps);
}

/** Stylesheets and icons of pages, under names that hold their hash. */
function serveAsset(ctx: Context, path: string): boolean {
  if (!path.startsWith(ASSETS)) return false;
  const asset = findAsset(path.slice(ASSETS.length));
  if (asset === undefined) return false;
  ctx.state['route'] = '/assets';
  ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.type = asset.contentType;
  ctx.body = asset.body;
  return true;
}

/** A client of SCIM understands SCIM's errors, whatever is wrong with its address (RFC 7644 section 3.12). */
const SCIM_PATH = /\/t\/[^/]+\/scim\/v2(?:\/|$)/;

function notFound(ctx: Context, deps: AppDeps): void {
  if (SCIM_PATH.test(ctx.path)) {
    answerUnknownScimPath(ctx);
    return;
  }
  showError(ctx, new DomainError('not_found', 'there is nothing at this address'), deps);
}
