import { personInApplication, rolesOfPerson } from '../domain/application/person-in-application.js';
import type { Account } from '../domain/user/account.js';
import type { TenantContext } from '../http/tenant-context.js';

/** Whether the tenant lets in nobody without a role, and this person has none (D4). */
export function isDenied({ configuration }: TenantContext, account: Account): boolean {
  return rolesOfPerson(configuration, account).denied;
}

/** Whether a person may have a session, and a first grant for each of these applications. */
export function mayBegin(tenant: TenantContext, account: Account, clientIds: readonly string[]): boolean {
  const roles = rolesOfPerson(tenant.configuration, account);
  if (roles.denied) return false;
  return clientIds.every((clientId) => {
    const application = tenant.application(clientId);
    if (application === undefined) return false;
    return personInApplication(tenant.configuration, application, roles).refusal === undefined;
  });
}
