import type { PendingInteraction } from '../op/interactions.js';
import type { TenantContext } from '../http/tenant-context.js';
import { asciiDomain, domainOf, type Hints, type Realm } from './choose-connection.js';

/** The organization whose people are meant, and what was said of the way there. */
export interface FoundRealm {
  /** The tenant whose issuer was asked, or one directly below it. */
  readonly home: TenantContext;
  readonly hints: Hints;
}

/** What a tenant offers its people. Their local accounts are good at its own issuer, not at the one above (`waiting`). */
export function realmOf(home: TenantContext, waiting: TenantContext): Realm {
  const { domains, tenant } = home.configuration;
  return {
    connections: home.openConnections,
    domains,
    signInDefault: tenant.settings.signInDefault,
    offersLocal: home.id === waiting.id && tenant.settings.localSignIn === 'enabled',
  };
}

/** Whether people of the tenants below may use the application that waits (E4). */
export function isForCustomers(tenant: TenantContext, { clientId }: PendingInteraction): boolean {
  return tenant.application(clientId)?.settings.audience === 'tenant-and-customers';
}

/**
 * Whose people are meant. Of an application of the tenant alone: its own. Of one for its customers, too, the organization
 * that was named, by slug or by a verified domain, or the tenant itself where a connection of its own was; undefined:
 * nobody said, and the person must be asked. What isn't the tenant's or a customer's is as unknown as what isn't there.
 */
export async function findRealm(
  tenant: TenantContext,
  interaction: PendingInteraction,
  hints: Hints,
): Promise<FoundRealm | undefined> {
  const { organization, ...rest } = hints;
  const own = { home: tenant, hints: rest };
  if (!isForCustomers(tenant, interaction)) return own;
  if (organization !== undefined) {
    if (organization === tenant.slug) return own;
    const home = await tenant.customer({ slug: organization });
    return home === undefined ? undefined : { home, hints: rest };
  }
  if (hints.connection !== undefined) return own;
  const domain = hints.domain === undefined ? domainOf(hints.email ?? '') : asciiDomain(hints.domain);
  if (domain === undefined || domain === '') return undefined;
  if (tenant.configuration.domains.some(({ verified, name }) => verified && name === domain)) return own;
  const home = await tenant.customer({ domain });
  return home === undefined ? undefined : { home, hints: rest };
}
