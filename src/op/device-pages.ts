import type { Context } from 'koa';
import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { TenantContext } from '../http/tenant-context.js';
import { renderDeviceNotice, type DeviceNotice } from '../pages/device/device-notice.js';
import { CODE_FIELD, renderEnterCode, type CodeFault } from '../pages/device/enter-code.js';
import { renderError } from '../pages/error/error-page.js';
import type { OpDeps } from './deps.js';
import { renderOAuthError } from './error-page.js';
import { frameOf, showPage } from './page-frame.js';

/** What the library says of a code that it doesn't go on with, by the name of its error. */
const FAULTS: Readonly<Record<string, CodeFault>> = {
  NoCodeError: 'empty',
  NotFoundError: 'unknown',
  ExpiredError: 'unknown',
  AlreadyUsedError: 'unknown',
};

interface Trouble {
  readonly out?: ErrorOut | undefined;
  readonly error?: Error | undefined;
}

/** Where people enter the codes of their devices. */
const enterCodeHref = (tenant: TenantContext): string => `${tenant.issuer}/device`;

/**
 * The code in the address (`verification_uri_complete`, RFC 8628 section 3.3.1) is taken out of the request before the
 * library sees it, which would send the form by itself: a link in a mail would do for a victim (section 5.4).
 */
export function takeUserCode(ctx: Context): void {
  if (ctx.method !== 'GET' || ctx.path !== '/device') return;
  const { user_code: code } = ctx.query;
  if (typeof code === 'string') ctx.state['userCode'] = code;
  ctx.search = '';
}

/** The page that asks for the code, or what came in its way. */
export function showCodeForm(
  ctx: KoaContextWithOIDC,
  { out, error }: Trouble,
  tenant: TenantContext,
  deps: OpDeps,
): void {
  const fault = FAULTS[error?.name ?? ''];
  if (error?.name === 'AbortedError') return showDeviceNotice(ctx, 'stopped', tenant, deps);
  if (fault !== undefined && ctx.oidc.route === 'device_resume')
    return showDeviceNotice(ctx, 'gone', tenant, deps);
  if (error !== undefined && fault === undefined) return showFault(ctx, out, error, tenant, deps);
  const secret: unknown = ctx.oidc.session?.state?.['secret'];
  const html = renderEnterCode(frameOf(tenant, deps.stylesheetHref), {
    action: enterCodeHref(tenant),
    hidden: { xsrf: typeof secret === 'string' ? secret : '', confirm: 'yes' },
    code: typedCode(ctx),
    fault,
  });
  return showPage(ctx, fault === undefined ? 200 : 400, html);
}

function typedCode(ctx: KoaContextWithOIDC): string | undefined {
  const code: unknown = ctx.state['userCode'] ?? ctx.oidc.params?.[CODE_FIELD];
  return typeof code === 'string' ? code : undefined;
}

function showFault(
  ctx: KoaContextWithOIDC,
  out: ErrorOut | undefined,
  error: Error,
  tenant: TenantContext,
  deps: OpDeps,
): void {
  leaveSession(ctx);
  if (ctx.status !== 429) {
    renderOAuthError(ctx, out ?? { error: 'server_error' }, error, tenant, deps);
    return;
  }
  const { retryAfterSeconds } = error as { readonly retryAfterSeconds?: number };
  const html = renderError(frameOf(tenant, deps.stylesheetHref), {
    reason: 'too_many_tries',
    reference: deps.ids.reference(),
    at: deps.clock.now(),
    actions: { tryAgain: enterCodeHref(tenant) },
    retryAfterSeconds,
  });
  showPage(ctx, 429, html);
  ctx.set('Retry-After', String(retryAfterSeconds ?? 60));
}

/** The last page of a device's sign-in. */
export function showDeviceNotice(
  ctx: KoaContextWithOIDC,
  notice: DeviceNotice,
  tenant: TenantContext,
  deps: OpDeps,
): void {
  const code = ctx.oidc.entities.DeviceCode;
  const name = code?.clientId === undefined ? undefined : tenant.application(code.clientId)?.name;
  if (notice !== 'done') leaveSession(ctx);
  showPage(
    ctx,
    notice === 'gone' ? 400 : 200,
    renderDeviceNotice(frameOf(tenant, deps.stylesheetHref, name), {
      notice,
      enterCodeHref: enterCodeHref(tenant),
    }),
  );
}

/**
 * The library makes a secret for the form that it thinks is shown, and would keep it with a session that may never have
 * been; a page without the form needs neither.
 */
function leaveSession(ctx: KoaContextWithOIDC): void {
  const { session } = ctx.oidc;
  if (session !== undefined) Object.assign(session, { touched: false });
}
