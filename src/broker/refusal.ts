import type { Context } from 'koa';
import { messageOf } from '../core/errors.js';
import type { Json } from '../core/json.js';
import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf } from '../domain/audit/audit-record.js';
import type { Connection } from '../domain/connection/connection.js';
import type { TenantContext } from '../http/tenant-context.js';
import { frameOf, showPage } from '../op/page-frame.js';
import { diagnosisOf } from '../pages/error/diagnosis/table.js';
import { errorStatus, renderError, type ErrorModel } from '../pages/error/error-page.js';
import type { ErrorReason } from '../pages/error/strings.js';
import type { UpstreamError } from '../rp/causes.js';
import type { BrokerDeps } from './deps.js';

/** Who was refused, and where; what is known of it. */
export interface Refusal {
  readonly reason: ErrorReason;
  readonly clientId?: string | undefined;
  readonly connection?: Connection | undefined;
  readonly userId?: string | undefined;
  readonly signedInAs?: string | undefined;
  /** The upstream's fault, where it lies there. */
  readonly upstream?: UpstreamError | undefined;
  readonly actions?: ErrorModel['actions'];
}

/**
 * Tells a person why they don't get further: a page with a reference that finds the log line and the audit event. The
 * admin's side of it (what Okta said, what to mend) stands in those, never on the page.
 */
export async function refuse(
  ctx: Context,
  tenant: TenantContext,
  refusal: Refusal,
  deps: BrokerDeps,
): Promise<void> {
  const reference = deps.ids.reference();
  const { reason, connection, upstream } = refusal;
  deps.onOutcome(upstream?.reason ?? reason);
  deps.log.info('sign_in.refused', {
    reference,
    tenant: tenant.slug,
    connection: connection?.key,
    application: refusal.clientId,
    reason,
    cause: upstream?.reason,
    detail: upstream === undefined ? undefined : messageOf(upstream),
  });
  await deps.audit.appendAlone(tenant.id, [recordRefusal(ctx, tenant, refusal, reference, deps)]);
  const application = refusal.clientId === undefined ? undefined : tenant.application(refusal.clientId);
  const html = renderError(frameOf(tenant, deps.stylesheetHref, application?.name), {
    reason,
    reference,
    at: deps.clock.now(),
    ...(connection === undefined ? {} : { connectionName: connection.name }),
    ...(refusal.signedInAs === undefined ? {} : { signedInAs: refusal.signedInAs }),
    ...(refusal.actions === undefined ? {} : { actions: refusal.actions }),
    ...(upstream === undefined ? {} : { okta: { cause: upstream.reason } }),
  });
  showPage(ctx, errorStatus(reason), html);
}

function recordRefusal(
  ctx: Context,
  tenant: TenantContext,
  refusal: Refusal,
  reference: string,
  deps: BrokerDeps,
) {
  const { upstream, userId } = refusal;
  const origin = deps.originOf(ctx);
  const details: Record<string, Json> =
    upstream === undefined
      ? {}
      : {
          cause: upstream.reason,
          step: upstream.step,
          detail: upstream.message,
          cure: diagnosisOf(upstream.reason).admin.cure,
        };
  const entry = auditEntry({
    action: 'sign_in.refused',
    outcome: upstream?.oauthError === 'temporarily_unavailable' ? 'failure' : 'refused',
    reason: refusal.reason,
    actor: userId === undefined ? { type: 'system', id: 'sign-in' } : { type: 'user', id: userId },
    application: refusal.clientId ?? null,
    connection: refusal.connection?.key ?? null,
    reference,
    origin: { ...origin, ip: null, userAgent: null },
    details,
    personal: { ip: origin.ip, userAgent: origin.userAgent, signedInAs: refusal.signedInAs ?? null },
  });
  return recordOf(tenant.id, entry, { ...deps, vault: tenant.vault });
}

/** The page for an upstream's fault. */
export function reasonOfUpstream(error: UpstreamError): ErrorReason {
  return diagnosisOf(error.reason).reason;
}
