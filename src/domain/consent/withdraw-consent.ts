import type { TenantScope } from '../../core/scope.js';
import type { UserId } from '../../core/ids.js';
import type { Application } from '../application/application.js';
import { auditEntry, NO_ORIGIN, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf } from '../audit/audit-record.js';
import { endAccess, type EndAccessDeps, type EndedAccess } from '../session/end-access.js';
import type { ConsentStore } from './consent-store.js';

export interface WithdrawConsentDeps extends EndAccessDeps {
  readonly consents: Pick<ConsentStore, 'forget'>;
}

/**
 * Forgets what a person has allowed an application, and ends what hangs on it, together: its tokens are dead from then on
 * (B14, A-56), and it must ask again.
 */
export async function withdrawConsent(
  deps: WithdrawConsentDeps,
  scope: TenantScope,
  request: {
    readonly userId: UserId;
    readonly application: Pick<Application, 'id' | 'clientId'>;
    readonly actor: Actor;
    readonly origin?: RequestOrigin | undefined;
  },
): Promise<EndedAccess> {
  const { userId, application, actor, origin } = request;
  const entry = auditEntry({
    action: 'consent.withdrawn',
    actor,
    target: `application:${application.clientId}`,
    application: application.clientId,
    origin: origin ?? NO_ORIGIN,
    details: { user: userId },
  });
  deps.consents.forget(scope, { userId, applicationId: application.id });
  deps.audit.append(scope, [recordOf(scope.tenantId, entry, deps.auditTools)]);
  return endAccess(deps, scope, {
    target: { personIn: `${userId}:${application.clientId}` },
    reason: 'consent_withdrawn',
    actor,
    origin,
  });
}
