import { DEMO_ORGS, type DemoOrgKey } from './okta/demo-orgs.js';
import type { ProvisioningAgent } from './okta/provisioning/agent.js';
import type { RunningOktaOrg } from './okta/server.js';

/** Waiting longer than this for the first push would only delay the start: the rest comes while people sign in. */
const PATIENCE_MS = 15_000;

/** The provisioning of one demo org. */
export function provisioningOf(key: DemoOrgKey, okta: RunningOktaOrg): ProvisioningAgent {
  return okta.org.provisioning(DEMO_ORGS[key].provisioning.app);
}

/**
 * Connects an org to its tenant's SCIM server, and sends everybody and the pushed groups. The org forgets between runs
 * what it has sent: it finds by name what the tenant has, and brings it up to date. What fails is a task in the org.
 */
export async function startProvisioning(
  key: DemoOrgKey,
  okta: RunningOktaOrg,
  baseUrl: string,
): Promise<void> {
  const { mode, token, pushGroups } = DEMO_ORGS[key].provisioning;
  const agent = provisioningOf(key, okta);
  agent.enable({ baseUrl, authorization: mode === 'oin' ? `Bearer ${token}` : token, mode });
  agent.provisionUsers();
  for (const name of pushGroups) agent.pushGroup(name);
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([agent.idle(), patience]);
  clearTimeout(timer);
}
