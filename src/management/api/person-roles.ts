import type { UserId } from '../../core/ids.js';
import type { Authority } from '../../domain/account/owners.js';
import type { ConsoleRole } from '../../domain/operator/console-role.js';
import type { PersonOfTenant } from '../../domain/operator/person-of-tenant.js';
import type { SetupLink } from '../../domain/setup-link/setup-link.js';
import { SYSTEM_SLUG } from '../../domain/tenant/tenant.js';
import type { TenantContext } from '../../http/tenant-context.js';
import type { TenantDirectory } from '../../http/tenant-directory.js';
import type { Caller } from './caller.js';

export interface PersonRolesDeps {
  readonly directory: Pick<TenantDirectory, 'find'>;
  /** A person's console roles, and none of who is switched off. */
  readonly rolesOf: (tenant: TenantContext, userId: UserId) => Promise<readonly ConsoleRole[]>;
  /** Console roles that an MSP's person has by grant in a customer's tenant (E2). */
  readonly grantedRoles: (
    home: TenantContext,
    userId: UserId,
    customer: string,
  ) => Promise<readonly ConsoleRole[]>;
}

type Home = Caller['home'];

/** A caller's roles in a tenant: a role holds in the tenants below; whoever is an MSP's has others in its customers' by grant (E2). */
export async function rolesIn(caller: Caller, tenant: TenantContext): Promise<readonly ConsoleRole[]> {
  const granted = isAbove(caller.home, tenant) ? ((await caller.rolesIn?.(tenant.slug)) ?? []) : [];
  return [...new Set([...(reaches(caller.home, tenant) ? caller.roles : []), ...granted])];
}

/** A person's console roles in a tenant as they are now, wherever the person is at home. */
export async function personRolesIn(
  { directory, rolesOf, grantedRoles }: PersonRolesDeps,
  person: PersonOfTenant,
  tenant: TenantContext,
): Promise<readonly ConsoleRole[]> {
  const home = await directory.find(person.tenant);
  if (home === undefined || home.suspended) return [];
  const own = reaches(home, tenant) ? await rolesOf(home, person.userId) : [];
  const granted = isAbove(home, tenant) ? await grantedRoles(home, person.userId, tenant.slug) : [];
  return [...new Set([...own, ...granted])];
}

/** On whose word a link's holder acts: its maker's, with the roles that they had then and still have. */
export async function makerAuthority(
  deps: PersonRolesDeps,
  { maker: { authority, person } }: Pick<SetupLink, 'maker'>,
  tenant: TenantContext,
): Promise<Authority> {
  if (authority === 'host' || person === null) return authority;
  const held = await personRolesIn(deps, person, tenant);
  return authority.filter((role) => held.includes(role));
}

const isAbove = (home: Home, { configuration }: TenantContext): boolean =>
  configuration.tenant.parentId === home.id;

const reaches = (home: Home, tenant: TenantContext): boolean =>
  home.id === tenant.id || home.slug === SYSTEM_SLUG || isAbove(home, tenant);
