import { DomainError } from '../../core/errors.js';
import type { Authority } from '../account/owners.js';
import type { Change } from '../configuration/change.js';
import type { TargetTenant } from '../configuration/target.js';
import { admitsSignIn } from '../connection/connection.js';
import { consoleRole, type ConsoleRole } from './console-role.js';

/** Who stands above whom. Roles of one rank can't give each other, nor need they. */
const RANKS: Readonly<Record<ConsoleRole, number>> = {
  'console:owner': 2,
  'console:admin': 1,
  'console:help-desk': 0,
  'console:read-only': 0,
  'console:technician': 0,
};

const rankOf = (role: ConsoleRole | undefined): number => (role === undefined ? -1 : RANKS[role]);

const highest = (roles: readonly ConsoleRole[]): ConsoleRole | undefined =>
  roles.toSorted((one, other) => rankOf(other) - rankOf(one))[0];

/**
 * The highest console role that groups of a tenant's people give: in the tenant by its mappings, in its customers by its
 * grants. A grant to a tenant is by groups of the MSP above, which nobody in the tenant decides about.
 */
function roleByGroups({
  roleMappings,
  grants,
}: Pick<TargetTenant, 'roleMappings' | 'grants'>): ConsoleRole | undefined {
  const mapped = roleMappings.filter(({ application }) => application === null).map(({ role }) => role);
  const granted = grants.flatMap(({ roles }) => roles);
  return highest([...mapped, ...granted].flatMap((key) => consoleRole(key) ?? []));
}

/**
 * Refuses what decides who is in which group to anybody below what groups give: who could say so would give that
 * role to themselves.
 * @throws DomainError `forbidden`
 */
export function requireAuthorityOverGroups(
  authority: Authority,
  tenant: Pick<TargetTenant, 'roleMappings' | 'grants'>,
): void {
  if (authority === 'host') return;
  const given = roleByGroups(tenant);
  if (rankOf(given) <= rankOf(highest(authority))) return;
  throw new DomainError(
    'forbidden',
    `Groups give ${given ?? ''} in this tenant, and this decides who is in them: ask somebody who is ${given ?? ''} to do it.`,
  );
}

/**
 * Refuses changes of configuration that decide who is in which group, as `requireAuthorityOverGroups` does: a new SCIM
 * token or value of one, people coming in by a connection from now on, and, where they come in already, who vouches for
 * them and where their groups are read.
 * @throws DomainError `forbidden`
 */
export function judgeGroupChanges(
  authority: Authority,
  { changes, target }: { readonly changes: readonly Change[]; readonly target: TargetTenant },
): void {
  if (changes.some((change) => decidesGroups(change, target))) requireAuthorityOverGroups(authority, target);
}

/** Members of a connection by which its people and their groups are what they are. */
const GROUP_MEMBERS: readonly string[] = [
  'type',
  'issuer',
  'clientId',
  'scopes',
  'groupsClaim',
  'groupsFrom',
  'groupSource',
  'join',
];

function decidesGroups({ action, kind, key, changes, before }: Change, target: TargetTenant): boolean {
  if (action === 'delete') return false;
  if (kind === 'scimToken') return true;
  const connection = kind === 'connection' ? target.connections.find((one) => one.key === key) : undefined;
  // What nobody comes in by decides nothing yet.
  if (connection === undefined || !admitsSignIn(connection)) return false;
  if (action === 'create') return true;
  // From enforced to enabled nobody comes in who didn't.
  const opens = changes.includes('status') && before?.['status'] !== 'enforced';
  return opens || changes.some((member) => GROUP_MEMBERS.includes(member));
}
