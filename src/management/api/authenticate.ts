import type { Context } from 'koa';
import type { TenantId, UserId } from '../../core/ids.js';
import { consoleRole, mayGrantConsoleRoles, type ConsoleRole } from '../../domain/operator/console-role.js';
import type { PersonOfTenant } from '../../domain/operator/person-of-tenant.js';
import { holderOf } from '../../domain/setup-link/create-setup-link.js';
import type { SetupLink } from '../../domain/setup-link/setup-link.js';
import { bearerAccessToken } from '../../http/bearer-access-token.js';
import type { TenantContext } from '../../http/tenant-context.js';
import type { TenantDirectory } from '../../http/tenant-directory.js';
import { sha256 } from '../../keys/hash.js';
import { readToken } from '../../keys/tokens.js';
import { claimedIssuer } from '../../keys/verify-jwt.js';
import type { Caller } from './caller.js';
import { personRolesIn, type PersonRolesDeps } from './person-roles.js';
import { Problem } from './problems.js';

/** A token for the management API in force. */
export interface PresentedToken {
  readonly id: string;
  readonly tenant: { readonly id: TenantId; readonly slug: string };
  readonly roleId: string;
  readonly scopes: readonly string[] | null;
  /** Whose it is, of whichever tenant; null: nobody's own. */
  readonly person: PersonOfTenant | null;
}

/** A person who is signed in to the console, and is still somebody. */
export interface PresentedSession {
  readonly id: string;
  readonly tenant: { readonly id: TenantId; readonly slug: string };
  readonly userId: UserId;
  readonly authenticatedAt: Date;
}

export interface AuthenticateDeps extends PersonRolesDeps {
  /** Without a slash at the end. */
  readonly publicUrl: string;
  /** Origins of the console, from which its session counts. */
  readonly consoleOrigins: readonly string[];
  readonly directory: TenantDirectory;
  readonly now: () => Date;
  /** By SHA-256 of the token; its last use is noted. */
  readonly findToken: (hash: Buffer) => Promise<PresentedToken | undefined>;
  /** By the request's cookie. */
  readonly findSession: (ctx: Context) => Promise<PresentedSession | undefined>;
  /** The set-up link that the request's browser has taken, whatever became of it since. */
  readonly findSetupLink: (ctx: Context) => Promise<SetupLink | undefined>;
  /** Whether an access token of the tenant's issuer has not been revoked. */
  readonly accessTokenLives: (tenant: TenantContext, jti: string) => Promise<boolean>;
}

const unauthenticated = (detail: string, error?: 'invalid_token'): Problem =>
  new Problem('unauthenticated', detail, {
    headers: {
      'WWW-Authenticate': `Bearer realm="causeway"${error === undefined ? '' : `, error="${error}"`}`,
    },
  });

const UNKNOWN = 'The token is unknown, expired, or was taken back.';

/**
 * Who calls: by API token, by an access token for `{PUBLIC_URL}/api/v1` (RFC 9068), or by the console's session, which
 * counts only with `X-Causeway-Request: 1` from the console's own origin (A-102). Without a session by the set-up link that
 * the browser has taken, under the same condition.
 * @throws Problem `unauthenticated`, `forbidden`
 */
export async function authenticate(ctx: Context, deps: AuthenticateDeps): Promise<Caller> {
  const header = ctx.get('authorization');
  if (header === '') return bySession(ctx, deps);
  const [, token] = /^Bearer +(\S{1,16384})$/i.exec(header) ?? [];
  if (token === undefined) throw unauthenticated('Send Authorization: Bearer and a token.', 'invalid_token');
  return readToken(token)?.kind === 'api' ? byApiToken(token, deps) : byAccessToken(token, deps);
}

async function byApiToken(token: string, deps: AuthenticateDeps): Promise<Caller> {
  const found = await deps.findToken(sha256(token));
  const tenant = found === undefined ? undefined : await deps.directory.find(found.tenant.slug);
  if (found === undefined || tenant === undefined || tenant.suspended)
    throw unauthenticated(UNKNOWN, 'invalid_token');
  const key = tenant.configuration.roles.find((role) => role.id === found.roleId)?.key ?? '';
  const role = await stillHeld(consoleRole(key), found.person, tenant, deps);
  return {
    kind: 'api_token',
    id: `api:${found.id}`,
    actor: { type: 'operator', id: `token:${found.id}` },
    home: found.tenant,
    roles: role === undefined ? [] : [role],
    scopes: found.scopes === null ? null : new Set(found.scopes),
    userId: null,
    authenticatedAt: null,
    person: found.person,
  };
}

/** A person's token has its role for as long as the person has it there, or could give it (A-111). */
async function stillHeld(
  role: ConsoleRole | undefined,
  person: PersonOfTenant | null,
  tenant: TenantContext,
  deps: PersonRolesDeps,
): Promise<ConsoleRole | undefined> {
  if (role === undefined || person === null) return role;
  const held = await personRolesIn(deps, person, tenant);
  return held.includes(role) || mayGrantConsoleRoles(held) ? role : undefined;
}

async function byAccessToken(token: string, deps: AuthenticateDeps): Promise<Caller> {
  const prefix = `${deps.publicUrl}/t/`;
  const issuer = claimedIssuer(token);
  const slug = issuer?.startsWith(prefix) === true ? issuer.slice(prefix.length) : '';
  const tenant = await deps.directory.find(slug);
  if (tenant === undefined || tenant.suspended) throw unauthenticated(UNKNOWN, 'invalid_token');
  const audience = `${deps.publicUrl}/api/v1`;
  const claims = await bearerAccessToken(token, tenant, { audience, now: deps.now() });
  if (claims === undefined) throw unauthenticated(UNKNOWN, 'invalid_token');
  const { jti, sub, scope, client_id: clientId, auth_time: authTime } = claims;
  if (typeof jti !== 'string' || typeof clientId !== 'string' || typeof sub !== 'string')
    throw unauthenticated(UNKNOWN, 'invalid_token');
  if (!(await deps.accessTokenLives(tenant, jti))) throw unauthenticated(UNKNOWN, 'invalid_token');
  const shared = {
    kind: 'access_token',
    home: { id: tenant.id, slug: tenant.slug },
    scopes: new Set(typeof scope === 'string' ? scope.split(' ') : []),
  } as const;
  // A service application: its scopes are what an admin granted it (B6), and it never stands above an administrator.
  if (sub === clientId)
    return {
      ...shared,
      id: `client:${tenant.id}:${clientId}`,
      actor: { type: 'application', id: clientId },
      roles: ['console:admin'],
      userId: null,
      authenticatedAt: null,
    };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the subject of our own token is a user's id
  const userId = sub as UserId;
  return {
    ...shared,
    id: `user:${userId}`,
    actor: { type: 'user', id: userId },
    roles: await deps.rolesOf(tenant, userId),
    userId,
    person: { tenant: tenant.slug, userId },
    // A token that doesn't say when its person signed in is as good as an old one (A-112).
    authenticatedAt: new Date(typeof authTime === 'number' ? authTime * 1000 : 0),
    rolesIn: (customer) => deps.grantedRoles(tenant, userId, customer),
  };
}

const SAFE = ['GET', 'HEAD'];

async function bySession(ctx: Context, deps: AuthenticateDeps): Promise<Caller> {
  // Who is signed in to the console, too, says that the link is meant.
  const session = ctx.get('x-causeway-as') === 'setup-link' ? undefined : await deps.findSession(ctx);
  const home = session === undefined ? undefined : await deps.directory.find(session.tenant.slug);
  if (session === undefined || home === undefined || home.suspended) return bySetupLink(ctx, deps);
  requireOwnRequest(ctx, deps.consoleOrigins);
  return {
    kind: 'console',
    id: `user:${session.userId}`,
    actor: { type: 'operator', id: session.userId },
    home: session.tenant,
    roles: await deps.rolesOf(home, session.userId),
    scopes: null,
    userId: session.userId,
    person: { tenant: home.slug, userId: session.userId },
    authenticatedAt: session.authenticatedAt,
    rolesIn: (customer) => deps.grantedRoles(home, session.userId, customer),
  };
}

/** @throws Problem `forbidden` for what a page of another site may have sent (A-102) */
function requireOwnRequest(ctx: Context, origins: readonly string[]): void {
  const origin = ctx.get('origin');
  const isOwn = origins.includes(origin) || (origin === '' && SAFE.includes(ctx.method));
  if (ctx.get('x-causeway-request') !== '1' || !isOwn)
    throw new Problem(
      'forbidden',
      'A console session counts only with X-Causeway-Request: 1, sent by the console itself.',
    );
}

async function bySetupLink(ctx: Context, deps: AuthenticateDeps): Promise<Caller> {
  const link = await deps.findSetupLink(ctx);
  const tenant = link === undefined ? undefined : await deps.directory.find(link.tenantSlug);
  if (link === undefined || tenant === undefined || tenant.suspended)
    throw unauthenticated('Send a token, or sign in to the console.');
  if (link.state !== 'open')
    throw unauthenticated('The set-up link has ended. Ask whoever sent it for another one; nothing is lost.');
  requireOwnRequest(ctx, [new URL(deps.publicUrl).origin]);
  return {
    kind: 'setup_link',
    id: `setup:${link.id}`,
    actor: holderOf(link),
    home: { id: link.tenantId, slug: link.tenantSlug },
    roles: [],
    scopes: null,
    userId: null,
    authenticatedAt: null,
    setupLink: link,
  };
}
