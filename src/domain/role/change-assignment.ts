import { DomainError } from '../../core/errors.js';
import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { AccountStore } from '../account/account-store.js';
import { keepAnOwner } from '../account/owners.js';
import type { Application } from '../application/application.js';
import { auditEntry, NO_ORIGIN, type Actor, type RequestOrigin } from '../audit/audit-event.js';
import { actorCause } from '../audit/cause.js';
import { recordOf } from '../audit/audit-record.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import { reviewAccess, type ReviewAccessDeps } from '../provisioning/review-access.js';
import type { AssignmentOutcome, RoleAssignmentStore } from './role-assignment.js';
import type { Role } from './role.js';

export interface ChangeAssignmentDeps extends ReviewAccessDeps {
  readonly assignments: Pick<RoleAssignmentStore, 'change'>;
  readonly accounts: Pick<AccountStore, 'lockOwners'>;
}

export interface AssignmentRequest {
  readonly change: 'assign' | 'unassign';
  readonly userId: UserId;
  readonly role: Pick<Role, 'id' | 'key'>;
  /** null: in every application. */
  readonly application: Pick<Application, 'id' | 'clientId'> | null;
  readonly configuration: TenantConfiguration;
  readonly actor: Actor;
  readonly origin?: RequestOrigin | undefined;
}

/**
 * An operator gives one person a role directly, or takes such a one away (D3). Roles of groups, and what SCIM gave, stay
 * as they are. The person's access is judged again in the same transaction, either way: who is given a role has the
 * default one no more. Nothing is written when nothing changes.
 * @throws DomainError `not_found` when the person, the role or the application has gone meanwhile; `invalid_argument`
 *   for a role of the console in an application, none of which is ever told of it; `conflict` for the last owner's
 */
export async function changeAssignment(
  deps: ChangeAssignmentDeps,
  scope: TenantScope,
  request: AssignmentRequest,
): Promise<AssignmentOutcome> {
  const { change, userId, role, application, configuration, actor } = request;
  if (application !== null && role.key.startsWith('console:'))
    throw new DomainError(
      'invalid_argument',
      `${role.key} is a role of the console, and none of an application`,
    );
  if (change === 'unassign' && role.key === 'console:owner') await keepAnOwner(deps, scope, userId);
  const outcome = await deps.assignments.change(scope, change, {
    userId,
    roleId: role.id,
    applicationId: application?.id ?? null,
    cause: actorCause(actor),
  });
  if (outcome.missing)
    throw new DomainError('not_found', 'the person, the role or the application has just been deleted');
  if (!outcome.changed) return outcome;
  const entry = auditEntry({
    action: change === 'assign' ? 'role.assigned' : 'role.unassigned',
    actor,
    target: `user:${userId}`,
    application: application?.clientId ?? null,
    origin: request.origin ?? NO_ORIGIN,
    details: { role: role.key, source: 'operator' },
  });
  deps.audit.append(scope, [recordOf(scope.tenantId, entry, deps.auditTools)]);
  await reviewAccess(deps, scope, { users: [userId], configuration, actor });
  return outcome;
}
