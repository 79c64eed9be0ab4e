import type { AppliedTenant } from '../../domain/configuration/apply-tenant.js';
import type { Change } from '../../domain/configuration/change.js';
import { connectionAddresses, tenantAddresses } from '../../domain/tenant/addresses.js';

/** What was planned or done, in the contract's form: the CLI prints it, the API answers it. */
export function presentApply(
  changes: readonly Change[],
  tenants: readonly AppliedTenant[],
  publicUrl: string,
) {
  return {
    plan: presentChanges(changes),
    tenants: tenants.map(({ slug, id, connections, applications, scimTokens }) => {
      const addresses = tenantAddresses(publicUrl, slug);
      return {
        slug,
        id,
        ...addresses,
        connections: connections.map((key) => ({ key, ...connectionAddresses(addresses.issuer, key) })),
        applications,
        scimTokens,
      };
    }),
  };
}

/** Changes without what members were and become. */
export function presentChanges(changes: readonly Change[]) {
  return changes.map(({ action, kind, tenant, key, changes: members }) => ({
    action,
    kind,
    tenant,
    key,
    changes: members,
  }));
}

export type PresentedApply = ReturnType<typeof presentApply>;
