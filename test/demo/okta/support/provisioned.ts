import type { OktaOrg } from '../../../../demo/okta/org.js';
import type { ProvisioningAgent } from '../../../../demo/okta/provisioning/agent.js';
import type { ProvisioningMode } from '../../../../demo/okta/provisioning/settings.js';
import type { RunningOktaOrg } from '../../../../demo/okta/server.js';
import { anOrg, CLIENT_ID } from '../support.js';
import { aScimServer, type StrictScimServer } from './strict-scim-server.js';

export const CARL = 'carl.jones@acme.example';
export const DORA = 'dora.quinn@acme.example';

export interface Provisioned {
  readonly okta: RunningOktaOrg;
  readonly org: OktaOrg;
  readonly agent: ProvisioningAgent;
  readonly server: StrictScimServer;
}

type EnableConfig = Parameters<ProvisioningAgent['enable']>[0];

/**
 * An org whose app provisions to a strict server. Carl and Dora are in no group and have no app; the requests that
 * enabling made are forgotten.
 */
export async function provisioned(
  mode: ProvisioningMode,
  more: Partial<EnableConfig> = {},
): Promise<Provisioned> {
  const okta = await anOrg({
    groups: [{ name: 'Engineering' }, { name: 'Support' }],
    users: [{ login: CARL }, { login: DORA }],
  });
  const server = await aScimServer();
  const agent = okta.org.provisioning(CLIENT_ID);
  agent.enable({ baseUrl: server.baseUrl, authorization: server.authorization, mode, ...more });
  await agent.idle();
  server.seen.length = 0;
  agent.requests.length = 0;
  return { okta, org: okta.org, agent, server };
}

/** Waits until the agent waits itself, after a 429. */
export async function untilWaiting(agent: ProvisioningAgent): Promise<Date> {
  for (let tries = 0; tries < 3_000; tries += 1) {
    if (agent.waitingUntil !== undefined) return agent.waitingUntil;
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
  throw new Error('the agent waits for nothing');
}

/** What a filter for one resource looks like, in `lines()`. */
export const lookup = (endpoint: 'Users' | 'Groups', value: string): string => {
  const attribute = endpoint === 'Users' ? 'userName' : 'displayName';
  return `GET /${endpoint}?filter=${attribute} eq "${value}"&startIndex=1&count=100`;
};
