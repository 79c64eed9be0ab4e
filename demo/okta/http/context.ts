import type { RouterContext } from '@koa/router';
import type { ParameterizedContext } from 'koa';
import type { App } from '../apps.js';
import type { Facts } from '../failures/types.js';
import type { OktaOrg } from '../org.js';
import type { RequestRecord } from '../request-log.js';
import type { AuthorizationServer } from '../servers.js';

export interface OktaState {
  readonly org: OktaOrg;
  readonly record: RequestRecord;
  /** The fields of a posted form; empty for other requests. */
  readonly form: URLSearchParams;
}

/** A request anywhere in the org; `Ctx` is one that a route has matched. */
export type BaseCtx = ParameterizedContext<OktaState>;
export type Ctx = RouterContext<OktaState>;

/** Scheme and host of the org as the browser reached it: its own address, or its custom domain. */
export function requestOrigin(ctx: BaseCtx): string {
  const { org } = ctx.state;
  const custom = org.customDomain;
  return custom !== undefined && new URL(custom).host === ctx.get('Host') ? custom : org.issuer;
}

/** The authorization server that the path names (`/oauth2/v1/…` or `/oauth2/{id}/v1/…`). */
export function serverOf(ctx: Ctx): AuthorizationServer {
  return ctx.state.org.server(ctx.params['serverId']);
}

/**
 * The issuer that a client sees. Per-client issuers are the org server's; a custom one follows the request's
 * host.
 */
export function issuerFor(ctx: Ctx, server: AuthorizationServer, app: App | undefined): string {
  const origin = requestOrigin(ctx);
  const { org } = ctx.state;
  return server.kind === 'custom' ? origin + server.issuerPath : org.originFor(app, origin);
}

/** The address that was called, as a client assertion must name it: no query, no trailing slash. */
export function invokedUrl(ctx: Ctx): string {
  return requestOrigin(ctx) + ctx.path;
}

/** What failures may know of this request. */
export function factsOf(ctx: Ctx, parts: Partial<Facts> = {}): Facts {
  const { org } = ctx.state;
  return { now: org.clock.now(), issuer: org.issuer, clientId: '', value: '', ...parts };
}

/** Answers must not be kept by anyone (Okta's headers on everything personal). */
export function noStore(ctx: BaseCtx): void {
  ctx.set('Cache-Control', 'no-cache, no-store');
  ctx.set('Pragma', 'no-cache');
  ctx.set('Expires', '0');
}

/** The first parameter that comes more than once: OAuth allows none (RFC 6749 section 3.1). */
export function repeatedParameter(params: URLSearchParams): string | undefined {
  return [...new Set(params.keys())].find((name) => params.getAll(name).length > 1);
}

/** Scope values without doubles. */
export function splitScopes(text: string | null): string[] {
  return [...new Set((text ?? '').split(' ').filter((scope) => scope !== ''))];
}

const cookieName = (org: OktaOrg): string => `idx_${org.id}`;

/** The session cookie: one name per org, so that orgs on one loopback host don't overwrite each other's. */
export function sessionCookie(ctx: Ctx): string | undefined {
  return ctx.cookies.get(cookieName(ctx.state.org));
}

export function setSessionCookie(ctx: Ctx, id: string | undefined, keepSignedIn = false): void {
  const maxAge = keepSignedIn ? { maxAge: 14 * 24 * 3600 * 1000 } : {};
  ctx.cookies.set(cookieName(ctx.state.org), id ?? null, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    overwrite: true,
    ...maxAge,
  });
}
