import { checkDeployment, type DeploymentCheck } from './check-deployment.js';
import type { ConfigurationStore } from './configuration-store.js';
import type { Fault } from './fault.js';

/** Faults between the file's tenants and all others, asking only after those that the file concerns. */
export async function surveyFaults(
  store: Pick<ConfigurationStore, 'places' | 'verifiedDomains'>,
  tenants: DeploymentCheck['tenants'],
): Promise<readonly Fault[]> {
  const slugs = tenants.flatMap(({ target }) => [
    target.slug,
    ...(target.parent === null ? [] : [target.parent]),
    ...target.grants.flatMap((grant) => (grant.customers === 'all' ? [] : grant.customers)),
  ]);
  const names = tenants.flatMap(({ target }) =>
    target.domains.filter((domain) => domain.verified).map((domain) => domain.name),
  );
  const places = await store.places([...new Set(slugs)]);
  const verified = await store.verifiedDomains([...new Set(names)]);
  return checkDeployment({ tenants, places, verified });
}
