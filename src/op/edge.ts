import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from 'koa';
import { DomainError } from '../core/errors.js';
import type { GrantType } from '../domain/application/application.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { TenantRoute } from '../http/tenant-route.js';
import { markAnswered, type AnsweredHere } from './answered-here.js';
import type { ProviderCache } from './provider-cache.js';

/** An address that the provider answers. */
interface ProviderRoute extends TenantRoute {
  /** Methods are judged here rather than by the table of all routes, so that others get a 405. */
  readonly methods: 'any';
  readonly takes: readonly string[];
  /**
   * Whose scripts may call it from another origin: anybody's, those of the tenant's applications at their allowed
   * origins, or nobody's (RFC 9700 section 4.12: the authorization endpoint has no CORS).
   */
  readonly crossOrigin: 'anybody' | 'applications' | 'nobody';
  /** There only while an application of the tenant has this grant. */
  readonly grant?: GrantType;
}

const anybody = { methods: 'any', takes: ['GET', 'HEAD', 'OPTIONS'], crossOrigin: 'anybody' } as const;
const applications = { methods: 'any', takes: ['POST', 'OPTIONS'], crossOrigin: 'applications' } as const;
const nobody = { methods: 'any', crossOrigin: 'nobody' } as const;
const ofDevices = { grant: 'device_code' } as const;

const AUTHORIZE = '/oauth2/v1/authorize';
const RESUME = {
  name: 'resume',
  path: /^\/oauth2\/v1\/authorize\/[A-Za-z0-9_-]+$/,
  takes: ['GET'],
  ...nobody,
} as const satisfies ProviderRoute;

/** Paths below a tenant's issuer that its provider answers. */
export const PROVIDER_ROUTES = [
  { name: 'metadata', path: /^\/\.well-known\/openid-configuration$/, ...anybody },
  // Also where @okta/jwt-verifier looks, below any issuer and whatever the metadata says (B2).
  { name: 'keys', path: /^\/(?:oauth2\/)?v1\/keys$/, ...anybody },
  { name: 'authorize', path: /^\/oauth2\/v1\/authorize$/, takes: ['GET', 'POST'], ...nobody },
  RESUME,
  { name: 'token', path: /^\/oauth2\/v1\/token$/, ...applications },
  {
    name: 'userinfo',
    path: /^\/oauth2\/v1\/userinfo$/,
    ...applications,
    takes: ['GET', 'POST', 'OPTIONS'],
  },
  { name: 'introspect', path: /^\/oauth2\/v1\/introspect$/, ...applications },
  { name: 'revoke', path: /^\/oauth2\/v1\/revoke$/, ...applications },
  { name: 'par', path: /^\/oauth2\/v1\/par$/, ...applications },
  { name: 'logout', path: /^\/oauth2\/v1\/logout$/, takes: ['GET', 'POST'], ...nobody },
  { name: 'logout_confirm', path: /^\/oauth2\/v1\/logout\/confirm$/, takes: ['POST'], ...nobody },
  { name: 'logout_success', path: /^\/oauth2\/v1\/logout\/success$/, takes: ['GET'], ...nobody },
  { name: 'device_authorize', path: /^\/oauth2\/v1\/device\/authorize$/, ...applications, ...ofDevices },
  { name: 'device', path: /^\/device$/, takes: ['GET', 'POST'], ...nobody, ...ofDevices },
  { name: 'device_resume', path: /^\/device\/[A-Za-z0-9_-]+$/, takes: ['GET'], ...nobody, ...ofDevices },
] as const satisfies readonly ProviderRoute[];

/** Endpoints that answer a person's browser, and take a POST only where cookies come along with it. */
const BROWSER_POST: ReadonlySet<string> = new Set(['authorize', 'logout']);

const FORM_BYTES_MAX = 56 * 1024;

/** A request to one of the provider's addresses. */
export interface ProviderRequest {
  readonly route: ProviderRoute;
  /** Below the issuer, without the query. */
  readonly rest: string;
  /** With its question mark; empty when there is no query. */
  readonly search: string;
}

/** Hands a request below a tenant's issuer to the tenant's provider, or answers what must not come there. */
export async function serveProvider(
  ctx: Context,
  tenant: TenantContext,
  asked: ProviderRequest,
  providers: ProviderCache,
): Promise<void> {
  const { route } = asked;
  const course = courseOf(route, tenant, ctx.req);
  if (course === 'not_offered') throw new DomainError('not_found', 'there is nothing at this address');
  setHeaders(ctx.res, route);
  switch (course) {
    case 'other_method':
      ctx.set('Allow', route.takes.join(', '));
      return refuse(ctx, 405, 'this address does not take the method');
    case 'other_origin':
      ctx.vary('Origin');
      return refuse(ctx, 400, 'no application may be called from this origin');
    case 'preflight':
      return answerPreflight(ctx);
    case 'as_get':
      return redirectToGet(ctx);
    case 'on': {
      const { handle } = providers.of(tenant);
      ctx.respond = false;
      return goOn(ctx.req, ctx.res, asked, handle);
    }
  }
}

/**
 * The short way for what most requests are: nothing about it needs another answer, and the tenant's provider is there.
 * @returns what hands the request to the provider; undefined: it is for `serveProvider`
 */
export function straightToProvider(
  req: IncomingMessage,
  tenant: TenantContext,
  asked: ProviderRequest,
  providers: ProviderCache,
): ((res: ServerResponse) => Promise<void>) | undefined {
  const built = providers.built(tenant);
  if (built === undefined || courseOf(asked.route, tenant, req) !== 'on') return undefined;
  return (res) => {
    setHeaders(res, asked.route);
    return goOn(req, res, asked, built.handle);
  };
}

/**
 * Goes on with an authorization request whose sign-in has its answer, in the request that brought it: otherwise the browser
 * would be sent to `resumeAddress`, a trip that tells nobody anything.
 */
export function resumeHere(
  ctx: Context,
  tenant: TenantContext,
  answer: AnsweredHere,
  providers: ProviderCache,
): Promise<void> {
  const { handle } = providers.of(tenant);
  const rest = `${AUTHORIZE}/${answer.uid}`;
  setHeaders(ctx.res, RESUME);
  markAnswered(ctx.req, answer);
  ctx.respond = false;
  return goOn(ctx.req, ctx.res, { route: RESUME, rest, search: '' }, handle);
}

/** What becomes of a request: it goes on to the provider, or there is a reason for another answer. */
type Course = 'on' | 'not_offered' | 'other_method' | 'other_origin' | 'preflight' | 'as_get';

function courseOf(
  route: ProviderRoute,
  tenant: TenantContext,
  { method = '', headers }: IncomingMessage,
): Course {
  const { origin = '' } = headers;
  if (!isOffered(route, tenant)) return 'not_offered';
  if (!route.takes.includes(method)) return 'other_method';
  if (route.crossOrigin === 'anybody') return method === 'OPTIONS' ? 'preflight' : 'on';
  if (route.crossOrigin === 'applications' && origin !== '' && !isAllowed(tenant, origin))
    return 'other_origin';
  const isBrowserPost = method === 'POST' && BROWSER_POST.has(route.name);
  return isBrowserPost && !tenant.issuer.startsWith('https:') ? 'as_get' : 'on';
}

function goOn(
  req: IncomingMessage,
  res: ServerResponse,
  { route, rest, search }: ProviderRequest,
  handle: ReturnType<ProviderCache['of']>['handle'],
): Promise<void> {
  // The same answer for every origin: nothing that a cache would have to keep apart.
  if (route.crossOrigin === 'anybody') delete req.headers.origin;
  // The provider's routes are below the issuer; it puts the issuer's path before what it tells others.
  req.url = `${route.name === 'keys' ? '/oauth2/v1/keys' : rest}${search}`;
  return handle(req, res);
}

const isOffered = ({ grant }: ProviderRoute, tenant: TenantContext): boolean =>
  grant === undefined ||
  tenant.configuration.applications.some(({ settings }) => settings.grantTypes.includes(grant));

/** Key sets and metadata may be kept by anybody for five minutes; nothing else by anybody. */
function setHeaders(res: ServerResponse, { crossOrigin }: ProviderRoute): void {
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.setHeader('X-Frame-Options', 'DENY');
  res.setHeader('Cache-Control', crossOrigin === 'anybody' ? 'public, max-age=300' : 'no-store');
  // The library adds the hash of its self-posting form's script to `script-src`, which must be there for that.
  res.setHeader(
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
}

/** A public document may be asked for with any header: Okta's library for browsers sends one of its own (B2). */
function answerPreflight(ctx: Context): void {
  ctx.status = 204;
  ctx.set({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': 'GET,HEAD',
    'Access-Control-Allow-Headers': '*',
    'Access-Control-Max-Age': '3600',
  });
}

function isAllowed(tenant: TenantContext, origin: string): boolean {
  return tenant.configuration.applications.some(({ settings }) => settings.allowedOrigins.includes(origin));
}

function refuse(ctx: Context, status: number, description: string): void {
  ctx.status = status;
  ctx.set('Cache-Control', 'no-store');
  ctx.body = { error: 'invalid_request', error_description: description };
}

/**
 * On plain http the session's cookie is Lax and doesn't come with a POST from elsewhere: the request is turned into
 * a GET (OpenID Connect Core 3.1.2.1 wants both methods).
 */
async function redirectToGet(ctx: Context): Promise<void> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of ctx.req) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > FORM_BYTES_MAX) ctx.throw(413);
  }
  ctx.status = 303;
  ctx.redirect(`${ctx.path}?${new URLSearchParams(Buffer.concat(chunks).toString('utf8')).toString()}`);
}
