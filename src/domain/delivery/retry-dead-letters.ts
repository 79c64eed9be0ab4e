import type { TenantScope } from '../../core/scope.js';
import { auditEntry, NO_ORIGIN, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { DeadLetterTarget, DeliveryListStore } from './delivery-list.js';

export interface RetryDeadLettersDeps {
  readonly deliveries: Pick<DeliveryListStore, 'revive' | 'hurry'>;
  readonly audit: AuditStore;
  readonly auditTools: AuditTools;
}

/** Dead letters that one transaction takes at most: call again while it takes so many. */
export const RETRIED_MAX = 1_000;
/** Ids that an audit event names; it tells the number of all. */
const NAMED_MAX = 20;

/**
 * Puts dead letters back into the queue, with an audit event for each application: they have a day again, and each
 * person's stay in order. Their receivers are tried now, however long they were to be left alone.
 * @returns how many, at most `RETRIED_MAX`
 */
export async function retryDeadLetters(
  deps: RetryDeadLettersDeps,
  scope: TenantScope,
  {
    target,
    actor,
    origin = NO_ORIGIN,
  }: { readonly target: DeadLetterTarget; readonly actor: Actor; readonly origin?: RequestOrigin },
): Promise<number> {
  const revived = await deps.deliveries.revive(scope, target, RETRIED_MAX);
  const applications = [...new Set(revived.map(({ application }) => application))].toSorted();
  if (applications.length === 0) return 0;
  deps.deliveries.hurry(scope, applications);
  const records = applications.map((application) => {
    const ids = revived.flatMap((one) => (one.application === application ? [one.id] : []));
    const entry = auditEntry({
      action: 'delivery.retried',
      actor,
      target: `application:${application}`,
      application,
      origin,
      details: { count: ids.length, deliveries: ids.slice(0, NAMED_MAX) },
    });
    return recordOf(scope.tenantId, entry, deps.auditTools);
  });
  deps.audit.append(scope, records);
  return revived.length;
}
