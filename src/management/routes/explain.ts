import { isUuid, type UserId } from '../../core/ids.js';
import { DomainError } from '../../core/errors.js';
import { explainRoles } from '../../domain/role/explain-roles.js';
import type { RoleFactsStore } from '../../domain/role/role-facts.js';
import type { TenantDirectory } from '../../http/tenant-directory.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { ExplainQuery, RoleExplanationBody } from '../contract/role-explanation.js';
import { timeNamed } from './answer-page.js';
import { applicationAsked } from './application-asked.js';

export interface ExplainDeps {
  readonly roleFacts: RoleFactsStore;
  readonly now: () => Date;
  readonly directory: Pick<TenantDirectory, 'find'>;
}

/** Why a person has a role, and why not (D6). */
export function explainOperations({ roleFacts, now, directory }: ExplainDeps): readonly Operation[] {
  return [
    operation({
      id: 'explainRoles',
      method: 'GET',
      path: '/tenants/{tenant}/users/{id}/roles/explain',
      summary: 'Why a person has the roles that they have, why not another, now or at a past time (D6)',
      description:
        'With `role`: of that one alone, or why they do not have it. With `customer`: which roles one of an MSP’s people has in that customer’s console, by grant or because the MSP’s roles count there. The answer begins with a sentence; `chains` lead from the person to the role, and each of them alone would give it.',
      permission: 'users.read',
      query: ExplainQuery,
      answer: named('RoleExplanation', RoleExplanationBody),
      async handle(call, { path, query }) {
        const userId = String(path['id']);
        if (!isUuid(userId)) throw new DomainError('not_found', 'There is no such person.');
        const { configuration } = call.tenant;
        const { role, others } = query;
        const customer = await customerNamed(directory, call, query.customer);
        if (customer !== undefined && query.application !== undefined)
          throw new Problem('invalid_request', 'customer is about the console there, and no application.');
        const clientId = query.application;
        const asked =
          clientId === undefined
            ? undefined
            : await applicationAsked(directory, call, { ...query, application: clientId });
        const above = asked?.above?.configuration;
        const defined = [...configuration.roles, ...(above?.roles ?? [])];
        if (role !== undefined && defined.every(({ key }) => key !== role))
          throw new Problem('invalid_request', `There is no role '${role}'.`);
        const [at, present] = [timeNamed('at', query.at), now()];
        if (at !== undefined && at > present)
          throw new Problem('invalid_request', 'at is a time that is still to come.');
        const body = await explainRoles({ roleFacts }, call.tenant.id, {
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a UUID; whether it is a person's is asked now
          userId: userId as UserId,
          application: asked?.application ?? null,
          ...(above === undefined ? {} : { above }),
          customer,
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

/** A tenant right below this one. */
async function customerNamed(
  directory: ExplainDeps['directory'],
  { tenant }: ApiCall,
  slug: string | undefined,
): Promise<{ readonly slug: string; readonly name: string } | undefined> {
  if (slug === undefined) return undefined;
  const found = (await directory.find(slug))?.configuration.tenant;
  if (found === undefined || found.parentId !== tenant.id)
    throw new Problem('invalid_request', `There is no customer '${slug}'.`);
  return { slug: found.slug, name: found.name };
}
