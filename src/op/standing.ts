import { customersPersonIn } from '../domain/application/customers-person.js';
import type { Application } from '../domain/application/application.js';
import {
  personInApplication,
  rolesOfPerson,
  type PersonInApplication,
} from '../domain/application/person-in-application.js';
import type { Account } from '../domain/user/account.js';
import type { TenantContext } from '../http/tenant-context.js';

/** Whose application it is, and whose the person is: the same tenant, or one directly below it (E4). */
export interface Standing {
  readonly tenant: TenantContext;
  readonly home: TenantContext;
}

/** What a person is in an application, and whether they may use it. */
export function standingIn(
  { tenant, home }: Standing,
  application: Application,
  account: Account,
): PersonInApplication {
  const roles = rolesOfPerson(home.configuration, account);
  if (home.id === tenant.id) return personInApplication(tenant.configuration, application, roles);
  const { roles: defined, tenant: above } = tenant.configuration;
  return customersPersonIn({ roles: defined, settings: above.settings }, application, roles);
}

/** Whether the person's tenant lets in nobody without a role, and this person has none (D4); or there is none any more. */
export function isDenied(home: TenantContext | undefined, account: Account): boolean {
  return home === undefined || rolesOfPerson(home.configuration, account).denied;
}

/** Whether a person may have a session, and a first grant for each of these applications. */
export function mayBegin(standing: Standing, account: Account, clientIds: readonly string[]): boolean {
  if (isDenied(standing.home, account)) return false;
  return clientIds.every((clientId) => {
    const application = standing.tenant.application(clientId);
    return application !== undefined && standingIn(standing, application, account).refusal === undefined;
  });
}
