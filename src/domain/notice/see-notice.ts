import { DomainError } from '../../core/errors.js';
import type { TenantId } from '../../core/ids.js';
import { auditEntry, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { TenantTransactions } from '../tenant/transactions.js';
import type { Notice, NoticeStore } from './notice.js';

export interface SeeNoticeDeps {
  readonly transactions: TenantTransactions;
  readonly notices: NoticeStore;
  readonly audit: AuditStore;
}

/**
 * Notes that somebody has seen a notice; the first to do so is the one who is named. Seen again, nothing changes.
 * @throws DomainError `not_found`
 */
export async function seeNotice(
  { transactions, notices, audit }: SeeNoticeDeps,
  {
    tenantId,
    id,
    actor,
    origin,
    tools,
  }: {
    readonly tenantId: TenantId;
    readonly id: string;
    readonly actor: Actor;
    readonly origin: RequestOrigin;
    readonly tools: AuditTools;
  },
): Promise<Notice> {
  const found = await notices.find(tenantId, id);
  if (found === undefined) throw new DomainError('not_found', `There is no notice '${id}'.`);
  if (found.seen !== null) return found;
  await transactions.withTenant(tenantId, async (scope) => {
    if (!(await notices.see(scope, id, `${actor.type}:${actor.id}`))) return;
    const entry = auditEntry({ action: 'notice.seen', actor, target: `notice:${id}`, origin });
    audit.append(scope, [recordOf(tenantId, entry, tools)]);
  });
  const seen = await notices.find(tenantId, id);
  if (seen === undefined) throw new DomainError('not_found', `There is no notice '${id}'.`);
  return seen;
}
