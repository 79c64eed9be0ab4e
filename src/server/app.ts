import Koa, { type Context, type Middleware } from 'koa';
import { BROKER_ROUTES, type Broker } from '../broker/broker.js';
import { DomainError, messageOf } from '../core/errors.js';
import type { Ids } from '../core/ids.js';
import type { Logger } from '../core/logger.js';
import { assignRequestId, requestIdOf } from '../http/request-id.js';
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
import { showError } from './error-answers.js';
import { isHttpError } from './http-error.js';
import type { Operations } from './operations.js';

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
const AS_METADATA = '/.well-known/oauth-authorization-server';

/** The edge: one request falls from here to the operations' pages, or through a tenant to its provider or the broker. */
export function createApp(deps: AppDeps): Koa {
  const app = new Koa();
  const secure = deps.publicUrl.startsWith('https:');
  // Scheme and host are known from configuration; what a header says of them counts nothing.
  Object.defineProperties(app.request, {
    secure: { get: () => secure },
    protocol: { get: () => (secure ? 'https' : 'http') },
  });
  app.on('error', (error: unknown) => deps.log.error('http.error', { error }));
  app.use(observe(deps));
  app.use(answerErrors(deps));
  const base = new URL(deps.publicUrl);
  app.use((ctx) => dispatch(ctx, base, deps));
  return app;
}

/** Segments of paths that are worth as much as a password for a while: ids of sign-ins, one-time links. */
const SECRET_SEGMENT =
  /\/(sign-in|test-sign-in|authorize|device(?!\/authorize$)|first-run|enrol|setup)\/[^/]+/g;

/** Each request has an id, which its answer, its log lines and its audit events carry; each leaves one line. */
function observe(deps: AppDeps): Middleware {
  return async (ctx, next) => {
    const startedMs = performance.now();
    const requestId = deps.ids.uuid();
    assignRequestId(ctx.req, requestId);
    ctx.set('X-Request-Id', requestId);
    const { path, method } = ctx;
    // The provider answers by itself, so the end of the response is the one moment that all requests have.
    ctx.res.once('close', () => {
      const seconds = (performance.now() - startedMs) / 1000;
      const route = String(ctx.state['route'] ?? 'other');
      const status = ctx.res.statusCode;
      deps.metrics.requests.observe({ route, method, status: String(status) }, seconds);
      deps.log.info('http.request', {
        requestId,
        method,
        path: path.replace(SECRET_SEGMENT, '/$1/…'),
        status,
        ms: Math.round(seconds * 1000),
        route,
      });
    });
    await next();
  };
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

async function dispatch(ctx: Context, base: URL, deps: AppDeps): Promise<void> {
  if (await deps.operations.serveHealth(ctx)) return;
  if (ctx.host !== base.host) ctx.throw(421, 'this server does not answer for that host');
  const metadata = authorizationServerPath(ctx.path, base.pathname);
  const path = metadata ?? below(ctx.path, base.pathname);
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
  if (ofProvider !== undefined) return serveProvider(ctx, tenant, rest, deps.providers);
  if (ofRegistration !== undefined) return deps.registration.serve(ctx, tenant, ofRegistration);
  if (ofBroker === undefined || !(await deps.broker.serve(ctx, tenant, ofBroker))) notFound(ctx, deps);
}

/** The path relative to `PUBLIC_URL`; undefined when it isn't below it. */
function below(path: string, base: string): string | undefined {
  const prefix = base === '/' ? '' : base.replace(/\/$/, '');
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}

/** RFC 8414 section 3 puts its well-known segment before the issuer's path; the same document answers at both. */
function authorizationServerPath(path: string, base: string): string | undefined {
  if (!path.startsWith(`${AS_METADATA}/`)) return undefined;
  const issuer = below(path.slice(AS_METADATA.length), base);
  return issuer === undefined ? undefined : `${issuer}/.well-known/openid-configuration`;
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
