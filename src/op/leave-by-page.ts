import type { KoaContextWithOIDC } from 'oidc-provider';
import type { TenantContext } from '../http/tenant-context.js';
import { renderContinue } from '../pages/sign-in/continue.js';
import type { OpDeps } from './deps.js';
import { frameOf, showPage } from './page-frame.js';

const LEAVING_POSTS: ReadonlySet<string> = new Set(['end_session_confirm', 'code_verification']);

/**
 * A POST that must leave this origin answers 200 with a page that goes on by itself: browsers hold a redirect after a
 * POST against `form-action`, and our pages' policy names nobody else.
 */
export function leaveByPage(ctx: KoaContextWithOIDC, tenant: TenantContext, deps: OpDeps): void {
  if (!LEAVING_POSTS.has(ctx.oidc.route) || ctx.method !== 'POST' || ctx.status !== 303) return;
  const href = ctx.response.get('location');
  const clientId = ctx.oidc.client?.clientId;
  const application = clientId === undefined ? undefined : tenant.application(clientId);
  const targetName = application?.name ?? tenant.configuration.tenant.name;
  ctx.remove('location');
  showPage(
    ctx,
    200,
    renderContinue(frameOf(tenant, deps.stylesheetHref, application?.name), { targetName, href }),
  );
}
