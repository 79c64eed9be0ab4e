import type { Context } from 'koa';
import { messageOf } from '../core/errors.js';
import type { Json } from '../core/json.js';
import type { Artifact } from '../domain/artifact/artifact-store.js';
import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf } from '../domain/audit/audit-record.js';
import type { Connection } from '../domain/connection/connection.js';
import { upstreamDiagnosisOf } from '../domain/connection/diagnosis/causes.js';
import { requestIdOf } from '../http/request-id.js';
import type { TenantContext } from '../http/tenant-context.js';
import { frameOf, showPage } from '../op/page-frame.js';
import { errorStatus, renderError, type ErrorModel } from '../pages/error/error-page.js';
import type { ErrorReason } from '../pages/error/strings.js';
import type { UpstreamError } from '../rp/causes.js';
import type { ToldFacts } from './api-groups.js';
import type { BrokerDeps } from './deps.js';

/** Who was refused, and where; what is known of it. */
export interface Refusal {
  readonly reason: ErrorReason;
  readonly clientId?: string | undefined;
  /** The tenant above whose application and interaction wait; absent: the tenant of the refusal. */
  readonly waiting?: TenantContext | undefined;
  readonly connection?: Connection | undefined;
  readonly userId?: string | undefined;
  readonly signedInAs?: string | undefined;
  /** Where their groups come from, when not from their token. */
  readonly groups?: ToldFacts | undefined;
  /** The upstream's fault, where it lies there. */
  readonly upstream?: UpstreamError | undefined;
  readonly actions?: ErrorModel['actions'];
  /** Back to the application that waits, which is then told. */
  readonly backHref?: string | undefined;
  /** The interaction whose answer this is: kept with the audit event. */
  readonly interaction?: Pick<Artifact, 'hash' | 'payload'> | undefined;
}

/**
 * What the application is told (contract, Errors elsewhere): a person who was refused is `access_denied` with the reason
 * as description; an upstream that can't answer now is a fault that passes.
 */
export function errorFor(reason: ErrorReason, upstream?: UpstreamError): OAuthError {
  const error = upstream?.oauthError ?? 'access_denied';
  return {
    error: error === 'unmet_authentication_requirements' ? 'access_denied' : error,
    error_description: reason,
  };
}

type OAuthError = { readonly error: string; readonly error_description: string };

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
  const { reason, connection, upstream, waiting = tenant } = refusal;
  deps.onOutcome(upstream?.reason ?? reason);
  deps.log.info('sign_in.refused', {
    requestId: requestIdOf(ctx.req),
    reference,
    tenant: tenant.slug,
    connection: connection?.key,
    application: refusal.clientId,
    reason,
    cause: upstream?.reason,
    detail: upstream === undefined ? undefined : messageOf(upstream),
  });
  const record = recordRefusal(ctx, tenant, refusal, reference, deps);
  await deps.transactions.withTenant(tenant.id, (scope) => {
    deps.audit.append(scope, [record]);
    if (refusal.interaction !== undefined) {
      const { hash, payload } = refusal.interaction;
      deps.artifacts.answer(scope, {
        hash,
        payload: { ...payload, result: errorFor(reason, upstream) },
        userId: null,
        waitingAt: waiting.id === tenant.id ? undefined : waiting.id,
      });
    }
    return Promise.resolve();
  });
  const application = refusal.clientId === undefined ? undefined : waiting.application(refusal.clientId);
  const html = renderError(frameOf(tenant, deps.stylesheetHref, application?.name), {
    reason,
    reference,
    at: deps.clock.now(),
    ...(connection === undefined ? {} : { connectionName: connection.name }),
    ...(refusal.signedInAs === undefined ? {} : { signedInAs: refusal.signedInAs }),
    ...(refusal.actions === undefined ? {} : { actions: refusal.actions }),
    backHref: refusal.backHref,
    ...(upstream === undefined ? {} : { okta: { told: upstreamDiagnosisOf(upstream.reason).person } }),
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
  const details: Record<string, Json> = {
    ...(refusal.waiting === undefined || refusal.waiting === tenant ? {} : { issuer: refusal.waiting.slug }),
    ...(refusal.groups === undefined ? {} : { groups: { ...refusal.groups } }),
    ...(upstream === undefined
      ? {}
      : {
          cause: upstream.reason,
          step: upstream.step,
          detail: upstream.message,
          cure: upstreamDiagnosisOf(upstream.reason).admin.cure,
        }),
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
  return upstreamDiagnosisOf(error.reason).reason;
}
