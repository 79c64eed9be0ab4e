import type { KoaContextWithOIDC } from 'oidc-provider';
import { messageOf } from '../core/errors.js';
import type { StoredSession } from '../domain/artifact/artifact-store.js';
import type { TenantContext } from '../http/tenant-context.js';
import { renderContinue } from '../pages/sign-in/continue.js';
import type { SignOutFrame } from '../pages/sign-out/frames.js';
import { renderLeaving } from '../pages/sign-out/leaving.js';
import type { OpDeps } from './deps.js';
import type { Onward } from './forward-sign-out.js';
import { signOutFrames } from './frontchannel-logout.js';
import { frameOf, showPage } from './page-frame.js';
import { showSignedOut } from './sign-out.js';
import { UnitOfWork } from './unit-of-work.js';
import { openUpstreamIdToken } from './upstream-id-token.js';

/** The upstream that is to end its session, too, and where it does that. */
interface Upstream {
  readonly name: string;
  readonly way: URL | 'unreachable';
}

/**
 * What follows a sign-out in the browser, once the session has ended here: applications are told by frames (B11), the
 * upstream is asked to end its session (A13), then the application that asked gets its person back. The answer so far is
 * a redirect to the last of these; the others come before it.
 */
export async function goOnAfterSignOut(
  ctx: KoaContextWithOIDC,
  tenant: TenantContext,
  deps: OpDeps,
): Promise<void> {
  const { route } = ctx.oidc;
  if (ctx.status !== 303 || (route !== 'end_session' && route !== 'end_session_confirm')) return;
  const unit = UnitOfWork.current;
  const session = unit.endedSession === undefined ? undefined : unit.knownSession(unit.endedSession);
  if (session === undefined) return;
  const onward = onwardOf(ctx);
  const frames = signOutFrames(tenant, session.applications);
  const upstream = await upstreamOf(ctx, tenant, session, onward, deps);
  const target = onward.uri === null ? undefined : ctx.response.get('location');
  if (upstream?.way === 'unreachable' || (upstream === undefined && target === undefined))
    stay(ctx, tenant, { onward, frames, upstream, target }, deps);
  else leave(ctx, tenant, { onward, frames, upstream, target }, deps);
}

interface Next {
  readonly onward: Onward;
  readonly frames: readonly SignOutFrame[];
  readonly upstream: Upstream | undefined;
  readonly target: string | undefined;
}

/** The way ends on our page. Without anything to tell it is the library's redirect to the page of its own. */
function stay(ctx: KoaContextWithOIDC, tenant: TenantContext, next: Next, deps: OpDeps): void {
  const { onward, frames, upstream, target } = next;
  if (upstream === undefined && frames.length === 0) return;
  ctx.remove('location');
  showSignedOut(ctx, tenant, deps, {
    clientId: onward.clientId,
    applicationHref: target,
    connectionName: upstream?.name,
    upstreamUnreachable: upstream !== undefined,
    frames,
  });
}

/** To the upstream, which sends the browser back to us, or straight to the application. */
function leave(ctx: KoaContextWithOIDC, tenant: TenantContext, next: Next, deps: OpDeps): void {
  const { onward, frames, upstream, target } = next;
  const application = tenant.application(onward.clientId ?? '');
  const to =
    upstream?.way instanceof URL
      ? { targetName: upstream.name, href: upstream.way.href }
      : { targetName: application?.name ?? tenant.configuration.tenant.name, href: target ?? '' };
  if (frames.length === 0 && ctx.oidc.route === 'end_session') {
    ctx.redirect(to.href);
    return;
  }
  ctx.remove('location');
  const frame = frameOf(tenant, deps.stylesheetHref, application?.name);
  if (frames.length === 0) showPage(ctx, 200, renderContinue(frame, to));
  else showPage(ctx, 200, renderLeaving(frame, { frames, ...to }), { frames: frames.map(({ src }) => src) });
}

/** The library keeps what it has checked with the session, from the question to its answer. */
function onwardOf({ oidc: { session } }: KoaContextWithOIDC): Onward {
  const text = (name: string): string | null => {
    const value = session?.state?.[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  return { clientId: text('clientId'), uri: text('postLogoutRedirectUri'), state: text('state') };
}

/** undefined: it isn't to be told, or offers no way to be. */
async function upstreamOf(
  ctx: KoaContextWithOIDC,
  tenant: TenantContext,
  session: StoredSession,
  onward: Onward,
  deps: OpDeps,
): Promise<Upstream | undefined> {
  const { connectionId, sealedUpstreamIdToken: sealed } = session;
  const connection = connectionId === null ? undefined : tenant.connectionById(connectionId);
  if (connection?.settings.forwardLogout !== true || sealed === null) return undefined;
  let idToken: string;
  try {
    idToken = openUpstreamIdToken(tenant, sealed);
  } catch (error) {
    // The session has ended already, and must not seem as if it had not.
    deps.log.error('sign_out.hint_unreadable', { tenant: tenant.slug, error: messageOf(error) });
    return undefined;
  }
  const way = await deps.forwardSignOut(ctx, tenant, { connection, idToken, onward });
  return way === 'none' ? undefined : { name: connection.name, way };
}
