import type { TenantSettings } from '../tenant/tenant.js';
import { rolesIn } from '../role/role.js';
import { isAssigned, type Application } from './application.js';
import type { PersonInApplication, PersonRoles } from './person-in-application.js';

/** Of the tenant above, what decides what a customer's person is in its applications. */
export interface RulesAbove {
  /** The roles that it defines. */
  readonly roles: readonly { readonly key: string }[];
  readonly settings: Pick<TenantSettings, 'whenNoRole' | 'defaultRole'>;
}

/**
 * What a person of a customer is in an application of the tenant above, an MSP's say, and whether they may use it (E4).
 * Groups are the customer's. Roles are those that the customer gives for all applications, as far as the tenant above
 * defines the key, too: what a customer makes up means nothing there. Who has none has the default role of the tenant
 * above. Role mappings of the tenant above are about its own groups, and count nothing here.
 */
export function customersPersonIn(
  { roles: defined, settings }: RulesAbove,
  application: Pick<Application, 'clientId'> & {
    readonly settings: Pick<Application['settings'], 'audience' | 'assignment'>;
  },
  { groups, roles: given, denied }: PersonRoles,
): PersonInApplication {
  if (application.settings.audience !== 'tenant-and-customers')
    return { roles: [], groups: [], refusal: 'not_assigned' };
  const keys = new Set(defined.map(({ key }) => key));
  const known = given.filter((role) => role.application === null && keys.has(role.key));
  const roles = rolesIn(known, application.clientId, settings.defaultRole);
  if (denied) return { roles, groups, refusal: 'no_role' };
  if (!isAssigned(application.settings.assignment, { groups, roles }))
    return { roles, groups, refusal: 'not_assigned' };
  const none = settings.whenNoRole === 'deny' && roles.length === 0;
  return { roles, groups, refusal: none ? 'no_role' : undefined };
}
