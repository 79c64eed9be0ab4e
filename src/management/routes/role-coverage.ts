import type { Json } from '../../core/json.js';
import { readRoleCoverage, type RoleCoverage, type RoleCoverageDeps } from '../../domain/role/coverage.js';
import { named, operation, type Operation } from '../api/operation.js';
import { listQuery, PAGE_DEFAULT } from '../contract/common.js';
import { RoleCoverageResource } from '../contract/role-coverage.js';

/** Who of a connection's people gets a role, before it is turned on and after (console, set-up link). */
export function roleCoverageOperations(deps: RoleCoverageDeps): readonly Operation[] {
  return [
    operation({
      id: 'getRoleCoverage',
      method: 'GET',
      path: '/tenants/{tenant}/connections/{key}/role-coverage',
      summary: 'How many of a connection’s people get a role, how many have each, and who gets none',
      description:
        'By the mappings, assignments and default role in force, of people whom a push or a sign-in has brought. Pages of those who get none go on by `next`; the counts are told with each.',
      permission: 'role-mappings.read',
      query: listQuery({}),
      answer: named('RoleCoverage', RoleCoverageResource),
      async handle(call, { path, query: { limit = PAGE_DEFAULT, cursor } }) {
        const connection = String(path['key']);
        const question: Json = ['role-coverage', connection];
        const [name, id] = call.cursors.after(question, cursor) ?? [];
        const after = name === undefined || id === undefined ? undefined : { name, id };
        const { without, next, ...coverage } = await readRoleCoverage(deps, call.tenant.slug, {
          connection,
          after,
          limit,
        });
        return {
          body: {
            ...coverage,
            sentence: sentenceOf(coverage),
            warnings: coverage.roles
              .filter(({ people }) => people === 0)
              .map(({ role }) => `Nobody who is known has ${role} yet.`),
            items: without.map((person) => ({
              id: person.id,
              userName: person.userName,
              name: person.name,
            })),
            next: next === null ? null : call.cursors.write(question, [next.name, next.id]),
          },
        };
      },
    }),
  ];
}

function sentenceOf({
  people,
  withRole,
  withoutRole,
}: Pick<RoleCoverage, 'people' | 'withRole' | 'withoutRole'>): string {
  const matching = people === 1 ? '1 person matches' : `${people} people match`;
  const given = `${withRole} ${withRole === 1 ? 'gets' : 'get'} a role`;
  return `${matching}; ${given}; ${withoutRole} ${withoutRole === 1 ? 'gets' : 'get'} none.`;
}
