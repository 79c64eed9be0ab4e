import type { Context } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { TenantContext } from '../http/tenant-context.js';
import { renderConfirmSignOut } from '../pages/sign-out/confirm-sign-out.js';
import { renderSignedOut, type SignedOutModel } from '../pages/sign-out/signed-out.js';
import type { OpDeps } from './deps.js';
import { frameOf, showPage } from './page-frame.js';

/**
 * The end of a session that its application asked for (RP-Initiated Logout 1.0 section 2): at once when the request
 * brings an ID Token of this very session; else the person is asked, because anybody can send a browser here.
 */
export async function signOut(ctx: KoaContextWithOIDC, tenant: TenantContext, deps: OpDeps): Promise<void> {
  const { session, client, provider, params } = ctx.oidc;
  const application = client === undefined ? undefined : tenant.application(client.clientId);
  if (session === undefined || !isHintOfSession(ctx)) {
    const html = renderConfirmSignOut(frameOf(tenant, deps.stylesheetHref, application?.name), {
      action: ctx.oidc.urlFor('end_session_confirm'),
      hidden: { xsrf: textOf(session?.state?.['secret']) },
    });
    showPage(ctx, 200, html);
    return;
  }
  for (const [clientId, authorization] of Object.entries(session.authorizations ?? {}))
    if (authorization.grantId !== undefined && authorization.persistsLogout !== true)
      await provider.AccessToken.revokeByGrantId(session.grantIdFor(clientId) ?? '');
  await session.destroy();
  ctx.cookies.set(provider.cookieName('session'), null, cookieOptions(tenant));
  provider.emit('end_session.success', ctx);
  const registered = textOf(params?.['post_logout_redirect_uri']);
  const target = new URL(registered === '' ? ctx.oidc.urlFor('end_session_success') : registered);
  const state = textOf(params?.['state']);
  if (registered !== '' && state !== '') target.searchParams.set('state', state);
  if (registered === '' && client !== undefined) target.searchParams.set('client_id', client.clientId);
  ctx.status = 303;
  ctx.redirect(target.href);
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The hint was verified by the library; here: is it this session's person and, where it says so, this session? */
function isHintOfSession(ctx: KoaContextWithOIDC): boolean {
  const { session, client } = ctx.oidc;
  const hint = ctx.oidc.entities.IdTokenHint?.payload;
  if (hint === undefined || client === undefined || session?.accountId === undefined) return false;
  if (hint['sub'] !== session.accountId) return false;
  return hint['sid'] === undefined || hint['sid'] === session.sidFor(client.clientId);
}

/** The page after a sign-out that leads nowhere else. */
export function signedOut(ctx: KoaContextWithOIDC, tenant: TenantContext, deps: OpDeps): void {
  showSignedOut(ctx, tenant, deps, { clientId: ctx.oidc.client?.clientId ?? null });
}

/** Tells a person that they are signed out; a way back to the application, if there is one. */
export function showSignedOut(
  ctx: Context,
  tenant: TenantContext,
  deps: Pick<OpDeps, 'stylesheetHref'>,
  model: SignedOutModel & { readonly clientId: string | null },
): void {
  const application = model.clientId === null ? undefined : tenant.application(model.clientId);
  const { initiateLoginUri, postLogoutRedirectUris } = application?.settings ?? {};
  const back = model.applicationHref ?? initiateLoginUri ?? postLogoutRedirectUris?.[0];
  const frame = frameOf(tenant, deps.stylesheetHref, application?.name);
  showPage(ctx, 200, renderSignedOut(frame, { ...model, applicationHref: back }), {
    frames: (model.frames ?? []).map(({ src }) => src),
  });
}

/** The session cookie: of the tenant alone, by name and by path. */
export function cookieOptions(tenant: TenantContext) {
  const { pathname, protocol } = new URL(tenant.issuer);
  const secure = protocol === 'https:';
  return { httpOnly: true, path: pathname, sameSite: secure ? 'none' : 'lax', secure, signed: true } as const;
}
