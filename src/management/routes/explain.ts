import { isUuid, type UserId } from '../../core/ids.js';
import { DomainError } from '../../core/errors.js';
import { explainRoles } from '../../domain/role/explain-roles.js';
import type { RoleFactsStore } from '../../domain/role/role-facts.js';
import { named, operation, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { ExplainQuery, RoleExplanationBody } from '../contract/role-explanation.js';
import { applicationNamed, timeNamed } from './answer-page.js';

export interface ExplainDeps {
  readonly roleFacts: RoleFactsStore;
  readonly now: () => Date;
}

/** Why a person has a role, and why not (D6). */
export function explainOperations({ roleFacts, now }: ExplainDeps): readonly Operation[] {
  return [
    operation({
      id: 'explainRoles',
      method: 'GET',
      path: '/tenants/{tenant}/users/{id}/roles/explain',
      summary: 'Why a person has the roles that they have, why not another, now or at a past time (D6)',
      description:
        'With `role`: of that one alone, or why they do not have it. The answer begins with a sentence; `chains` lead from the person to the role, and each of them alone would give it.',
      permission: 'users.read',
      query: ExplainQuery,
      answer: named('RoleExplanation', RoleExplanationBody),
      async handle(call, { path, query }) {
        const userId = String(path['id']);
        if (!isUuid(userId)) throw new DomainError('not_found', 'There is no such person.');
        const { configuration } = call.tenant;
        const applicationId = applicationNamed(call, query.application);
        const { role, others } = query;
        if (role !== undefined && configuration.roles.every(({ key }) => key !== role))
          throw new Problem('invalid_request', `There is no role '${role}'.`);
        const [at, present] = [timeNamed('at', query.at), now()];
        if (at !== undefined && at > present)
          throw new Problem('invalid_request', 'at is a time that is still to come.');
        const body = await explainRoles({ roleFacts }, call.tenant.id, {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a UUID; whether it is a person's is asked now
          userId: userId as UserId,
          application: configuration.applications.find(({ id }) => id === applicationId) ?? null,
          role,
          others: others ?? false,
          at,
          now: present,
          configuration,
        });
        return { body };
      },
    }),
  ];
}
