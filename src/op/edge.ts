import type { Context } from 'koa';
import type { TenantContext } from '../http/tenant-context.js';
import type { TenantRoute } from '../http/tenant-route.js';
import type { ProviderCache } from './provider-cache.js';

/** Paths below a tenant's issuer that its provider answers, which judges methods itself (CORS asks first). */
export const PROVIDER_ROUTES = [
  { name: 'metadata', path: /^\/\.well-known\/openid-configuration$/, methods: 'any' },
  { name: 'authorize', path: /^\/oauth2\/v1\/authorize$/, methods: 'any' },
  { name: 'resume', path: /^\/oauth2\/v1\/authorize\/[A-Za-z0-9_-]+$/, methods: 'any' },
  { name: 'token', path: /^\/oauth2\/v1\/token$/, methods: 'any' },
  { name: 'keys', path: /^\/oauth2\/v1\/keys$/, methods: 'any' },
  { name: 'userinfo', path: /^\/oauth2\/v1\/userinfo$/, methods: 'any' },
  { name: 'introspect', path: /^\/oauth2\/v1\/introspect$/, methods: 'any' },
  { name: 'revoke', path: /^\/oauth2\/v1\/revoke$/, methods: 'any' },
  { name: 'par', path: /^\/oauth2\/v1\/par$/, methods: 'any' },
  { name: 'logout', path: /^\/oauth2\/v1\/logout$/, methods: 'any' },
  { name: 'logout_confirm', path: /^\/oauth2\/v1\/logout\/confirm$/, methods: 'any' },
  { name: 'logout_success', path: /^\/oauth2\/v1\/logout\/success$/, methods: 'any' },
] as const satisfies readonly TenantRoute[];

const PUBLIC = /^\/(?:\.well-known\/openid-configuration|oauth2\/v1\/keys)$/;
/** Endpoints that answer a person's browser, and take a POST only where cookies come along with it. */
const BROWSER_POST = /^\/oauth2\/v1\/(?:authorize|logout)$/;

const FORM_BYTES_MAX = 56 * 1024;

/** Hands a request below a tenant's issuer to the tenant's provider. */
export async function serveProvider(
  ctx: Context,
  tenant: TenantContext,
  rest: string,
  providers: ProviderCache,
): Promise<void> {
  setHeaders(ctx, rest);
  if (ctx.method === 'POST' && BROWSER_POST.test(rest) && !tenant.issuer.startsWith('https:')) {
    await redirectToGet(ctx);
    return;
  }
  const { handle } = providers.of(tenant);
  // The provider's routes are below the issuer; it puts the issuer's path before what it tells others.
  ctx.req.url = `${rest}${ctx.search}`;
  ctx.respond = false;
  await handle(ctx.req, ctx.res);
}

/** Key sets and metadata may be kept by anybody for five minutes; nothing else by anybody. */
function setHeaders(ctx: Context, rest: string): void {
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Referrer-Policy', 'no-referrer');
  ctx.set('X-Frame-Options', 'DENY');
  ctx.set('Cache-Control', PUBLIC.test(rest) ? 'public, max-age=300' : 'no-store');
  // The library adds the hash of its self-posting form's script to `script-src`, which must be there for that.
  const forms = ctx.query['response_mode'] === 'form_post' ? 'https: http:' : "'self'";
  ctx.set(
    'Content-Security-Policy',
    `default-src 'none'; script-src 'self'; form-action ${forms}; base-uri 'none'; frame-ancestors 'none'`,
  );
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
