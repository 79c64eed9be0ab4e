import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import { personInApplication, rolesOfPerson } from '../application/person-in-application.js';
import type { Actor } from '../audit/audit-event.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import { endAccess, type EndAccessDeps } from '../session/end-access.js';
import type { Account } from '../user/account.js';

/** A person with a live session or grant. */
export interface PersonWithAccess {
  readonly account: Account;
  /** clientIds of the applications that hold a grant of theirs. */
  readonly applications: readonly string[];
}

export interface AccessReviewStore {
  /**
   * Of these users those who have access now, as they are after the transaction's changes so far; their rows are locked,
   * so that two changes that each take a role see each other. One flush.
   */
  withAccess(scope: TenantScope, users: readonly UserId[]): Promise<readonly PersonWithAccess[]>;
}

export interface ReviewAccessDeps extends EndAccessDeps {
  readonly reviews: AccessReviewStore;
}

/**
 * Judges anew who may stay, after groups or roles were taken from them: who has no role left where that is denied loses
 * all access, who may no longer use an application loses it there (D2, D4). In the transaction of the change.
 */
export async function reviewAccess(
  deps: ReviewAccessDeps,
  scope: TenantScope,
  request: {
    readonly users: readonly UserId[];
    readonly configuration: TenantConfiguration;
    readonly actor: Actor;
  },
): Promise<void> {
  const { users, configuration, actor } = request;
  if (users.length === 0) return;
  for (const { account, applications } of await deps.reviews.withAccess(scope, users)) {
    const roles = rolesOfPerson(configuration, account);
    if (roles.denied) {
      await endAccess(deps, scope, { target: { user: account.userId }, reason: 'no_role', actor });
      continue;
    }
    for (const application of configuration.applications) {
      if (!applications.includes(application.clientId)) continue;
      const { refusal } = personInApplication(configuration, application, roles);
      if (refusal === undefined) continue;
      const personIn = `${account.userId}:${application.clientId}`;
      await endAccess(deps, scope, { target: { personIn }, reason: refusal, actor });
    }
  }
}
