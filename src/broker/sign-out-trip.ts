import { createHash } from 'node:crypto';
import type { Context } from 'koa';
import { connectionAddresses } from '../domain/tenant/addresses.js';
import type { Connection } from '../domain/connection/connection.js';
import { readCookie } from '../http/read-cookie.js';
import type { TenantContext } from '../http/tenant-context.js';
import type { ForwardSignOut, Onward } from '../op/forward-sign-out.js';
import { showSignedOut } from '../op/sign-out.js';
import { artifactHash } from '../op/artifact-names.js';
import { UnitOfWork } from '../op/unit-of-work.js';
import type { BrokerDeps } from './deps.js';
import { partyOf } from './start-sign-in.js';

/** How long a person may take at the upstream; who comes back later gets a page that leads nowhere. */
const TRIP_SECONDS = 600;
const KIND = 'SignOut';
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** What waits for a browser that was sent to sign out at its upstream. */
interface Waiting extends Onward {
  readonly connectionId: string;
  /** Hash of the browser's half. */
  readonly browser: string;
}

const hashOf = (secret: string): string =>
  createHash('sha256').update(`sign-out:${secret}`).digest('base64url');

const returnAddress = (tenant: TenantContext, connection: Connection): URL =>
  new URL(connectionAddresses(tenant.issuer, connection.key).postLogoutRedirectUri);

/**
 * Sends a browser on to sign out at its upstream (A13). Where it goes on to afterwards waits here under the hash of
 * `state`, for this browser alone: what comes back names nothing but the trip.
 */
export function createForwardSignOut(deps: Pick<BrokerDeps, 'relyingParty' | 'ids'>): ForwardSignOut {
  return async (ctx, tenant, { connection, idToken, onward }) => {
    const back = returnAddress(tenant, connection);
    const [state, secret] = [deps.ids.secret(32), deps.ids.secret(32)];
    const url = await deps.relyingParty.logoutUrl(partyOf(tenant, connection), {
      idToken,
      postLogoutRedirectUri: back.href,
      state,
    });
    if (!(url instanceof URL)) return url;
    const waiting = { ...onward, connectionId: connection.id, browser: hashOf(secret) };
    UnitOfWork.current.write({
      hash: artifactHash(KIND, state),
      kind: KIND,
      grantHash: null,
      userId: null,
      clientId: onward.clientId,
      sessionUid: null,
      payload: { ...waiting },
      lifetimeSeconds: TRIP_SECONDS,
    });
    ctx.cookies.set(cookieName(state, back), secret, { ...cookieOptions(back), maxAge: TRIP_SECONDS * 1000 });
    return url;
  };
}

/**
 * The way back from the upstream's sign-out: once, by the browser that left, to where its application asked for then and
 * which is still the application's own. Everybody else is told that they are signed out.
 */
export async function serveSignedOut(
  ctx: Context,
  tenant: TenantContext,
  connection: Connection,
  deps: BrokerDeps,
): Promise<void> {
  const waiting = await takeTrip(ctx, tenant, connection, deps);
  const application = tenant.application(waiting?.clientId ?? '');
  const uri = waiting?.uri ?? null;
  if (uri === null || application?.settings.postLogoutRedirectUris.includes(uri) !== true) {
    showSignedOut(ctx, tenant, deps, { clientId: application?.clientId ?? null });
    return;
  }
  const target = new URL(uri);
  if (waiting?.state !== null && waiting?.state !== undefined)
    target.searchParams.set('state', waiting.state);
  ctx.status = 303;
  ctx.redirect(target.href);
}

async function takeTrip(
  ctx: Context,
  tenant: TenantContext,
  connection: Connection,
  deps: BrokerDeps,
): Promise<Waiting | undefined> {
  const [state = '', ...more] = ctx.URL.searchParams.getAll('state');
  const back = returnAddress(tenant, connection);
  const name = cookieName(state, back);
  const secret = readCookie(ctx.req, name) ?? '';
  if (state === '' || more.length > 0 || !SECRET.test(secret)) return undefined;
  const unit = new UnitOfWork(tenant, deps.artifacts);
  return unit.run(async () => {
    const found = await unit.artifact(KIND, state);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written above, under a hash with its kind
    const waiting = found?.payload as (Waiting & Record<string, string>) | undefined;
    if (waiting?.browser !== hashOf(secret) || waiting.connectionId !== connection.id) return undefined;
    ctx.cookies.set(name, null, cookieOptions(back));
    unit.consume({ hash: artifactHash(KIND, state), grantHash: null, replay: undefined });
    return (await unit.commit()) === 'committed' ? waiting : undefined;
  });
}

/** One cookie for each trip; it reaches only its connection's return address. */
function cookieName(state: string, { protocol }: URL): string {
  const trip = createHash('sha256').update(state).digest('hex').slice(0, 16);
  return `${protocol === 'https:' ? '__Secure-' : ''}cw_o_${trip}`;
}

/** Lax: the upstream's redirect is a top-level navigation from another site. */
function cookieOptions({ pathname, protocol }: URL) {
  return {
    path: pathname,
    httpOnly: true,
    sameSite: 'lax',
    secure: protocol === 'https:',
    signed: false,
    overwrite: true,
  } as const;
}
