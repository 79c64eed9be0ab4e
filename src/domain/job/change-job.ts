import type { TenantScope } from '../../core/scope.js';
import { auditEntry, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { recordOf, type AuditTools } from '../audit/audit-record.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { JobStore } from './job.js';

export interface ChangeJobDeps {
  readonly jobs: JobStore;
  readonly audit: AuditStore;
  readonly auditTools: AuditTools;
}

interface Asked {
  readonly actor: Actor;
  readonly origin: RequestOrigin;
}

/** Leaves work to be done by whichever node is free. @returns its id */
export async function createJob(
  deps: ChangeJobDeps,
  scope: TenantScope,
  { kind, actor, origin }: Asked & { readonly kind: string },
): Promise<string> {
  const id = deps.auditTools.ids.uuid();
  await deps.jobs.create(scope, { id, kind, input: {}, createdBy: `${actor.type}:${actor.id}` });
  const entry = auditEntry({
    action: 'job.created',
    actor,
    origin,
    target: `job:${id}`,
    details: { kind },
  });
  deps.audit.append(scope, [recordOf(scope.tenantId, entry, deps.auditTools)]);
  return id;
}

/** Asks a job to stop at its next step. What is over stays as it is. */
export async function stopJob(
  deps: ChangeJobDeps,
  scope: TenantScope,
  { id, actor, origin }: Asked & { readonly id: string },
): Promise<void> {
  if (!(await deps.jobs.askStop(scope, id))) return;
  const entry = auditEntry({ action: 'job.stop_asked', actor, origin, target: `job:${id}` });
  deps.audit.append(scope, [recordOf(scope.tenantId, entry, deps.auditTools)]);
}
