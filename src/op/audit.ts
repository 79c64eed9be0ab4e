import type { KoaContextWithOIDC } from 'oidc-provider';
import type { StoredSession } from '../domain/artifact/artifact-store.js';
import { auditEntry } from '../domain/audit/audit-event.js';
import { recordOf, type AuditRecord } from '../domain/audit/audit-record.js';
import type { OpDeps } from './deps.js';
import { DEVICE_GRANT } from './device-flow.js';
import type { InteractionAnswer } from './interactions.js';
import { UnitOfWork } from './unit-of-work.js';

/** A person came into an application: through an upstream just now, or by a session that lives (H1). */
export function recordSignIn(ctx: KoaContextWithOIDC, deps: OpDeps): void {
  const { session, client } = ctx.oidc;
  const unit = UnitOfWork.current;
  const { tenant } = unit;
  const result: InteractionAnswer | undefined = ctx.oidc.result;
  const stored = session === undefined ? undefined : unit.knownSession(session.uid);
  const connectionId =
    result?.upstream === undefined ? (stored?.connectionId ?? null) : result.upstream.connectionId;
  const origin = deps.originOf(ctx);
  const entry = auditEntry({
    action: 'sign_in.succeeded',
    actor: { type: 'user', id: session?.accountId ?? 'unknown' },
    target: `application:${client?.clientId ?? 'unknown'}`,
    application: client?.clientId ?? null,
    connection: connectionId === null ? null : (tenant.connectionById(connectionId)?.key ?? null),
    session: session?.uid ?? null,
    origin: { ...origin, ip: null, userAgent: null },
    details: {
      by: wayOf(result),
      ...customerOf(result, stored),
      upstreamSession: result?.upstream?.sessionReference ?? stored?.upstreamSession ?? null,
      acr: session?.acr ?? null,
      amr: session?.amr ?? null,
      ...(result?.upstream?.groups === undefined ? {} : { groups: result.upstream.groups }),
      authTime: session?.loginTs ?? null,
    },
    personal: { ip: origin.ip, userAgent: origin.userAgent },
  });
  unit.audit(recordOf(tenant.id, entry, { ...deps, vault: tenant.vault }));
}

const wayOf = (result: InteractionAnswer | undefined): 'session' | 'upstream' | 'local' => {
  if (result?.upstream === undefined) return 'session';
  return 'local' in result.upstream ? 'local' : 'upstream';
};

/** Of a customer's person: which customer; and by which of its connections, when they signed in just now. */
function customerOf(
  result: InteractionAnswer | undefined,
  stored: StoredSession | undefined,
): Record<string, string> {
  if (result?.upstream !== undefined)
    return result.upstream.customer === undefined
      ? {}
      : { customer: result.upstream.customer.slug, customerConnection: result.upstream.customer.connection };
  const customerId = stored?.homeTenantId ?? null;
  return customerId === null ? {} : { customerId };
}

const REUSED: Readonly<Record<string, string>> = {
  refresh_token: 'refresh_token.reused',
  [DEVICE_GRANT]: 'device_code.reused',
};

/** A one-time value came back: somebody has a copy. The grant ends with this event. */
export function reuseRecord(ctx: KoaContextWithOIDC, grantType: string, deps: OpDeps): AuditRecord {
  const { tenant } = UnitOfWork.current;
  const clientId = ctx.oidc.client?.clientId ?? null;
  const origin = deps.originOf(ctx);
  const entry = auditEntry({
    action: REUSED[grantType] ?? 'authorization_code.reused',
    outcome: 'refused',
    reason: 'token_reuse',
    actor: { type: 'system', id: `application:${clientId ?? 'unknown'}` },
    application: clientId,
    origin: { ...origin, ip: null, userAgent: null },
    personal: { ip: origin.ip, userAgent: origin.userAgent },
  });
  return recordOf(tenant.id, entry, { ...deps, vault: tenant.vault });
}

/** A refresh for a person who has no access to the application any more. The grant ends with this event. */
export function refreshRefusedRecord(
  ctx: KoaContextWithOIDC,
  userId: string,
  reason: string,
  deps: OpDeps,
): AuditRecord {
  const { tenant } = UnitOfWork.current;
  const origin = deps.originOf(ctx);
  const entry = auditEntry({
    action: 'refresh.refused',
    outcome: 'refused',
    reason,
    actor: { type: 'user', id: userId },
    application: ctx.oidc.client?.clientId ?? null,
    origin: { ...origin, ip: null, userAgent: null },
    personal: { ip: origin.ip, userAgent: origin.userAgent },
  });
  return recordOf(tenant.id, entry, { ...deps, vault: tenant.vault });
}
