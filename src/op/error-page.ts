import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { errors } from 'oidc-provider';
import { DomainError } from '../core/errors.js';
import { plainText } from '../core/text.js';
import { requestIdOf } from '../http/request-id.js';
import type { TenantContext } from '../http/tenant-context.js';
import { renderError } from '../pages/error/error-page.js';
import type { ErrorReason } from '../pages/error/strings.js';
import type { OpDeps } from './deps.js';
import { frameOf, showPage } from './page-frame.js';

/** Which page tells a person of an error that can't go back to the application. */
function reasonOf(error: Error): ErrorReason {
  if (error instanceof DomainError && error.code === 'upstream_unavailable') return 'server_error';
  if (error instanceof errors.InvalidRedirectUri || error instanceof errors.InvalidClient)
    return 'app_misconfigured';
  if (error instanceof errors.SessionNotFound) return 'expired';
  return error instanceof errors.OIDCProviderError ? 'bad_request' : 'server_error';
}

/** The library's `renderError`: a page with a reference that finds the log line. */
export function renderOAuthError(
  ctx: KoaContextWithOIDC,
  out: ErrorOut,
  error: Error,
  tenant: TenantContext,
  deps: OpDeps,
): void {
  const reference = deps.ids.reference();
  const reason = reasonOf(error);
  const clientId = ctx.oidc.client?.clientId;
  const application = clientId === undefined ? undefined : tenant.application(clientId);
  deps.log.info('op.error_page', {
    requestId: requestIdOf(ctx.req),
    tenant: tenant.slug,
    reference,
    reason,
    error: out.error,
    detail: error.message,
    clientId,
  });
  const frame = frameOf(tenant, deps.stylesheetHref, application?.name);
  const detail = reason === 'bad_request' ? plainText(out.error_description ?? out.error) : undefined;
  showPage(ctx, ctx.status, renderError(frame, { reason, reference, at: deps.clock.now(), detail }));
}
