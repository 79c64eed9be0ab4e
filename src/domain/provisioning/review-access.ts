import type { UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { Application } from '../application/application.js';
import { customersPersonIn, type RulesAbove } from '../application/customers-person.js';
import {
  personInApplication,
  rolesOfPerson,
  type PersonRoles,
} from '../application/person-in-application.js';
import type { Actor } from '../audit/audit-event.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import { endAccess, type EndAccessDeps } from '../session/end-access.js';
import type { Account } from '../user/account.js';

/** A person with a live session or grant. */
export interface PersonWithAccess {
  readonly account: Account;
  /** clientIds of the applications that hold a grant of theirs. */
  readonly applications: readonly string[];
  /** clientIds of those of the tenant above (E4). */
  readonly applicationsAbove: readonly string[];
}

/** Of the tenant above, what it takes to judge who may use its applications. */
export interface TenantAbove extends RulesAbove {
  /** Those for its customers' people. */
  readonly applications: readonly Pick<Application, 'clientId' | 'settings'>[];
}

export interface AccessUnderReview {
  readonly people: readonly PersonWithAccess[];
  /** Absent while none of them uses an application of the tenant above. */
  readonly above: TenantAbove | undefined;
}

export interface AccessReviewStore {
  /**
   * Of these users those who have access now, as they are after the transaction's changes so far; their rows are locked,
   * so that two changes that each take a role see each other. One flush, and another one where they use applications of
   * the tenant above.
   */
  withAccess(scope: TenantScope, users: readonly UserId[]): Promise<AccessUnderReview>;
  /** Of the tenant above, if there is one, its rules and its applications for customers' people. One flush. */
  above(scope: TenantScope): Promise<TenantAbove>;
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
  const { people, above } = await deps.reviews.withAccess(scope, users);
  for (const person of people) {
    const { account, applications } = person;
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
    if (above !== undefined) await reviewAbove(deps, scope, { person, roles, above, actor });
  }
}

/** The same for applications of the tenant above. One that isn't for customers any more is none of theirs. */
async function reviewAbove(
  deps: ReviewAccessDeps,
  scope: TenantScope,
  review: {
    readonly person: PersonWithAccess;
    readonly roles: PersonRoles;
    readonly above: TenantAbove;
    readonly actor: Actor;
  },
): Promise<void> {
  const { person, roles, above, actor } = review;
  for (const clientId of person.applicationsAbove) {
    const application = above.applications.find((one) => one.clientId === clientId);
    const refusal =
      application === undefined ? 'not_assigned' : customersPersonIn(above, application, roles).refusal;
    if (refusal === undefined) continue;
    const personInAbove = `${person.account.userId}:${clientId}`;
    await endAccess(deps, scope, { target: { personInAbove }, reason: refusal, actor });
  }
}
