import type { Context } from 'koa';
import { epochSeconds } from '../core/clock.js';
import { DomainError } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import type { TenantScope } from '../core/scope.js';
import type { ConsoleSession } from '../domain/account/console-session.js';
import type { PendingSignIn } from '../domain/account/pending-sign-in.js';
import { consoleCallback } from '../domain/application/console-application.js';
import { CONSOLE_CLIENT_ID } from '../domain/application/console-client-id.js';
import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf } from '../domain/audit/audit-record.js';
import {
  clearConsoleCookie,
  consoleCookieHash,
  findConsoleSession,
  setConsoleCookie,
} from '../http/console-cookie.js';
import { returnPath } from '../http/return-path.js';
import type { TenantContext } from '../http/tenant-context.js';
import { sha256 } from '../keys/hash.js';
import { renderConsoleRefusal, type ConsoleRefusal } from '../pages/operators/console-refusal.js';
import type { IssuerSignIn, OperatorsDeps } from './deps.js';
import { enter } from './open-session.js';
import { basePath, frameOf, show, text } from './visit.js';

/** How long a trip may take: as long as a sign-in at the issuer. */
const TRIP_SECONDS = 600;
/** How far an upstream's clock may be behind when a fresh sign-in is asked for, in seconds. */
const CLOCK_BEHIND_SECONDS = 60;

interface Trip {
  readonly tenant: TenantContext;
  /** Key of a connection; undefined: the issuer decides, or asks. */
  readonly connection: string | undefined;
  readonly returnTo: string | undefined;
  /** The session whose person must prove anew who they are. */
  readonly stepUp?: ConsoleSession;
  /** Whoever is signed in at the organization: somebody else wants to. */
  readonly anotherAccount?: boolean;
}

/** What the browser's cookie stands for while its person is away. */
interface KeptTrip {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string | undefined;
  /** Of the session whose person proves anew who they are. */
  readonly sessionId: string | undefined;
  /** Seconds since the epoch. */
  readonly beganAt: number;
}

/** `/console/start?tenant={slug}&connection={key}`: to the tenant's issuer, as the application that the console is there. */
export async function serveStart(ctx: Context, deps: OperatorsDeps): Promise<void> {
  requireGet(ctx);
  const tenant = await deps.directory.find(text(ctx.query['tenant']));
  const connection = tenant?.openConnections.find(({ key }) => key === text(ctx.query['connection']));
  if (tenant === undefined || tenant.suspended || connection === undefined)
    throw new DomainError('not_found', 'nobody signs in at this address');
  await setOut(ctx, deps, {
    tenant,
    connection: connection.key,
    returnTo: returnPath(deps.publicUrl, text(ctx.query['return'])),
    anotherAccount: ctx.query['another'] !== undefined,
  });
}

function requireGet(ctx: Context): void {
  if (ctx.method !== 'GET') throw new DomainError('not_found', 'nobody signs in at this address');
}

/** Sends the browser to the issuer (OpenID Connect Core 3.1.2.1), with PKCE; what must come back is kept here. */
export async function setOut(ctx: Context, deps: OperatorsDeps, trip: Trip): Promise<void> {
  const { tenant, stepUp, returnTo } = trip;
  const secret = deps.ids.secret(32);
  const kept: KeptTrip = {
    state: deps.ids.secret(16),
    nonce: deps.ids.secret(16),
    verifier: deps.ids.secret(32),
    returnTo,
    sessionId: stepUp?.sessionId,
    beganAt: epochSeconds(deps.clock),
  };
  await deps.pending.begin(tenant.id, {
    id: deps.ids.uuid(),
    hash: sha256(secret),
    purpose: 'federated',
    userId: stepUp?.userId ?? null,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is undefined is left out
    state: JSON.parse(JSON.stringify(kept)) as JsonObject,
    seconds: TRIP_SECONDS,
  });
  setConsoleCookie(ctx, 'trip', secret);
  const address = new URL(`${tenant.issuer}/oauth2/v1/authorize`);
  address.search = new URLSearchParams({
    client_id: CONSOLE_CLIENT_ID,
    redirect_uri: consoleCallback(deps.publicUrl),
    response_type: 'code',
    scope: 'openid',
    state: kept.state,
    nonce: kept.nonce,
    code_challenge: sha256(kept.verifier).toString('base64url'),
    code_challenge_method: 'S256',
    ...(trip.connection === undefined ? {} : { connection: trip.connection }),
    ...(stepUp === undefined && trip.anotherAccount !== true ? {} : { prompt: 'login' }),
  }).toString();
  ctx.status = 303;
  ctx.redirect(address.href);
}

/**
 * `/console/callback`: back from the issuer. What this browser set out with is taken once, by its cookie; only then the code
 * is looked at, which is redeemed within the process. People with a role of the console get a session that hangs on theirs
 * at the issuer; whoever proves anew who they are must be the same person, and have done so just now.
 */
export async function serveCallback(ctx: Context, deps: OperatorsDeps): Promise<void> {
  requireGet(ctx);
  ctx.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
  const query = ctx.URL.searchParams;
  const prefix = `${deps.publicUrl}/t/`;
  const issuer = query.get('iss') ?? '';
  const tenant = issuer.startsWith(prefix)
    ? await deps.directory.find(issuer.slice(prefix.length))
    : undefined;
  if (tenant === undefined || tenant.suspended)
    throw new DomainError('not_found', 'nobody signs in at this address');
  const hash = consoleCookieHash(ctx, 'trip');
  const pending = hash === undefined ? undefined : await deps.pending.take(tenant.id, hash, 'federated');
  const kept = pending === undefined ? undefined : keptTrip(pending);
  if (pending === undefined || kept === undefined || kept.state !== query.get('state'))
    return refuse(ctx, deps, tenant, 'late');
  clearConsoleCookie(ctx, 'trip');
  const code = query.get('code');
  const redirectUri = consoleCallback(deps.publicUrl);
  const signIn = code === null ? undefined : await deps.redeemCode(tenant, { ...kept, code, redirectUri });
  if (signIn === undefined) return refuse(ctx, deps, tenant, 'refused');
  const refused =
    kept.sessionId === undefined
      ? await admit(ctx, deps, tenant, signIn)
      : await proveAnew(ctx, deps, tenant, { signIn, kept, userId: pending.userId });
  if (refused !== undefined) return refuse(ctx, deps, tenant, refused, signIn);
  ctx.status = 303;
  ctx.redirect(kept.returnTo ?? `${basePath(deps.publicUrl)}/console/`);
}

function keptTrip({ state }: PendingSignIn): KeptTrip | undefined {
  const { state: own, nonce, verifier, returnTo, sessionId, beganAt } = state;
  const isWhole =
    typeof own === 'string' &&
    typeof nonce === 'string' &&
    typeof verifier === 'string' &&
    typeof beganAt === 'number';
  if (!isWhole) return undefined;
  return {
    state: own,
    nonce,
    verifier,
    beganAt,
    returnTo: typeof returnTo === 'string' ? returnTo : undefined,
    sessionId: typeof sessionId === 'string' ? sessionId : undefined,
  };
}

/** Opens a session for whoever has a role of the console, in the tenant or by its grants in those below. */
async function admit(
  ctx: Context,
  deps: OperatorsDeps,
  tenant: TenantContext,
  signIn: IssuerSignIn,
): Promise<ConsoleRefusal | undefined> {
  const { userId, sessionUid, amr } = signIn;
  if (!(await deps.hasConsoleRole(tenant, userId))) return 'no_role';
  const secret = deps.ids.secret(32);
  const id = deps.ids.uuid();
  const origin = deps.originOf(ctx);
  const opened = await deps.transactions.withTenant(tenant.id, async (scope) => {
    const authenticatedAt = new Date(signIn.authTime * 1000);
    const session = { id, hash: sha256(secret), userId, sessionUid, amr, authenticatedAt, origin };
    if (!(await deps.sessions.open(scope, session))) return false;
    record(ctx, deps, { scope, tenant, signIn, action: 'console.signed_in', session: id });
    return true;
  });
  if (!opened) return 'refused';
  await enter(ctx, secret, deps);
  return undefined;
}

async function proveAnew(
  ctx: Context,
  deps: OperatorsDeps,
  tenant: TenantContext,
  proof: { readonly signIn: IssuerSignIn; readonly kept: KeptTrip; readonly userId: string | null },
): Promise<ConsoleRefusal | undefined> {
  const { signIn, kept, userId } = proof;
  const { amr, authTime } = signIn;
  // Their own session at the issuer, and with it this one, ended when the other's began.
  if (signIn.userId !== userId) return 'other_account';
  const session = await findConsoleSession(ctx, deps.sessions);
  if (session === undefined || session.sessionId !== kept.sessionId) return 'late';
  if (authTime < kept.beganAt - CLOCK_BEHIND_SECONDS) return 'not_fresh';
  const stepped = await deps.transactions.withTenant(tenant.id, async (scope) => {
    const authenticatedAt = new Date(authTime * 1000);
    if (!(await deps.sessions.stepUp(scope, session.sessionId, { amr, authenticatedAt }))) return false;
    record(ctx, deps, { scope, tenant, signIn, action: 'console.stepped_up', session: session.sessionId });
    return true;
  });
  return stepped ? undefined : 'late';
}

/** Tells why, and how to begin anew; whoever is known and has no role is written down. */
async function refuse(
  ctx: Context,
  deps: OperatorsDeps,
  tenant: TenantContext,
  reason: ConsoleRefusal,
  signIn?: IssuerSignIn,
): Promise<void> {
  if (signIn !== undefined)
    await deps.transactions.withTenant(tenant.id, (scope) => {
      record(ctx, deps, { scope, tenant, signIn, action: 'console.refused', session: null, reason });
      return Promise.resolve();
    });
  deps.log.info('console.refused', { tenant: tenant.slug, reason, userId: signIn?.userId });
  const query = new URLSearchParams({ tenant: tenant.slug });
  const startHref = `${basePath(deps.publicUrl)}/console/sign-in?${query.toString()}`;
  show(
    ctx,
    reason === 'late' ? 400 : 403,
    renderConsoleRefusal(frameOf(tenant, deps), { reason, startHref }),
  );
}

function record(
  ctx: Context,
  deps: OperatorsDeps,
  event: {
    readonly scope: TenantScope;
    readonly tenant: TenantContext;
    readonly signIn: IssuerSignIn;
    readonly action: 'console.signed_in' | 'console.stepped_up' | 'console.refused';
    readonly session: string | null;
    readonly reason?: ConsoleRefusal;
  },
): void {
  const { scope, tenant, signIn, action, session, reason } = event;
  const entry = auditEntry({
    action,
    ...(reason === undefined ? {} : { reason, outcome: 'refused' }),
    actor: { type: 'user', id: signIn.userId },
    target: `user:${signIn.userId}`,
    session,
    origin: deps.originOf(ctx),
    details: {
      by: 'organization',
      issuerSession: signIn.sessionUid,
      amr: signIn.amr,
      authTime: signIn.authTime,
    },
  });
  deps.audit.append(scope, [recordOf(tenant.id, entry, { ...deps, vault: tenant.vault })]);
}
