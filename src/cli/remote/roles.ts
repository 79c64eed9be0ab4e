import type { Static } from 'typebox';
import { RoleAssignmentResource } from '../../management/contract/role-assignments.js';
import { pathOf, type RemoteApi } from './api.js';
import { remotePerson, remoteTenant } from './chosen.js';

type Assignment = Static<typeof RoleAssignmentResource>;

/** Roles that people are given directly, by userName. */
export async function remoteAssignments(
  api: RemoteApi,
  options: {
    readonly tenant?: string;
    readonly user?: string;
    readonly connection?: string;
    readonly role?: string;
    readonly application?: string;
  },
  limit: number,
): Promise<{
  readonly items: readonly Omit<Assignment, 'id' | 'since' | 'cause'>[];
  readonly isMore: boolean;
}> {
  const tenant = await remoteTenant(api, options.tenant);
  const { user: name, connection, role, application } = options;
  const user = name === undefined ? undefined : (await remotePerson(api, tenant, name, connection)).id;
  const path = pathOf('tenants', tenant, 'role-assignments');
  const query = { user, role, application };
  const { items, isMore } = await api.list(RoleAssignmentResource, path, { query, limit });
  return { items: items.map(withoutHistory), isMore };
}

/** What the command tells of an assignment; since when and by what, `roles explain` does. */
const withoutHistory = ({ userId, userName, connection, role, application, source }: Assignment) => ({
  userId,
  userName,
  connection,
  role,
  application,
  source,
});

/** As many as one person ever has of one role. */
const OF_ONE_MAX = 10_000;

/** Gives a person a role, or takes one that an operator gave. */
export async function changeRemotely(
  api: RemoteApi,
  change: 'assign' | 'unassign',
  options: {
    readonly tenant?: string;
    readonly user: string;
    readonly connection?: string;
    readonly role: string;
    readonly application?: string;
  },
) {
  const tenant = await remoteTenant(api, options.tenant);
  const { role, application = null } = options;
  const person = await remotePerson(api, tenant, options.user, options.connection);
  const path = pathOf('tenants', tenant, 'role-assignments');
  const query = { user: person.id, role, ...(application !== null && { application }) };
  const { items } = await api.list(RoleAssignmentResource, path, { query, limit: OF_ONE_MAX });
  const before = items.filter((one) => one.application === application);
  const given = before.find(({ source }) => source === 'operator');
  const changed = (given === undefined) === (change === 'assign');
  if (change === 'assign' && changed)
    await api.post(RoleAssignmentResource, path, { body: { user: person.id, role, application } });
  if (change === 'unassign' && given !== undefined) await api.delete(`${path}${pathOf(given.id)}`);
  return { changed, givenByScim: before.some(({ source }) => source === 'scim'), person, role, application };
}
