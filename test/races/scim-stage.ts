import type { DesiredTenant } from '../../src/domain/configuration/desired.js';
import type { OktaPerson } from '../support/okta-sign-in.js';
import { oktaGroup, oktaUser, ScimClient, type ScimReply } from '../support/scim-client.js';
import { startTwoNodes, type TwoNodes } from './two-nodes.js';

/** Identifier of an API whose tokens are JWTs; without it tokens are opaque. */
export const API = 'https://api.example';

/** Nobody is in without a role, and roles come by SCIM's groups alone. */
export const ROLES_OR_NOTHING: Partial<DesiredTenant> = {
  whenNoRole: 'deny',
  apis: [{ identifier: API, tokenFormat: 'jwt', scopes: [{ name: 'read', default: true }] }],
  accessPolicies: [
    { api: API, clients: 'all', grants: ['authorization_code', 'refresh_token'], scopes: ['read'] },
  ],
};

const TOKEN = 'a-scim-token-of-the-races-0123456789';

/** Acme on two nodes, with Okta's provisioning agent before them: each request falls on the other node. */
export interface ScimStage {
  readonly two: TwoNodes;
  readonly scim: ScimClient;
  /** Pushes users; their ids in order. */
  push(names: readonly string[]): Promise<readonly string[]>;
  /** Pushes a group; its id. */
  pushGroup(name: string, members?: readonly string[]): Promise<string>;
  /** Ids of a group's members now. */
  membersOf(id: string): Promise<readonly string[]>;
  /** Somebody of the Okta org, whom SCIM doesn't know yet. */
  hire(name: string): OktaPerson & { readonly id: string };
  stop(): Promise<void>;
}

export async function startScimStage(tenant: Partial<DesiredTenant> = {}): Promise<ScimStage> {
  const two = await startTwoNodes({ tenant: { scimTokens: [{ name: 'okta', token: TOKEN }], ...tenant } });
  const applications = (two.acme.tenant.applications ?? []).map((application) => ({
    ...application,
    apis: (tenant.apis ?? []).map(({ identifier }) => identifier),
  }));
  await two.acme.causeway.apply([{ slug: 'acme', applications }]);
  await two.other.node.directory.refresh();
  two.acme.okta.org.assignGroup('Causeway', 'Everyone');
  const scim = new ScimClient(`${two.balancer.url}/t/acme/scim/v2`, TOKEN);
  return {
    two,
    scim,
    push: (names) =>
      Promise.all(
        names.map(async (name) => idOf(await scim.post('/Users', oktaUser(`${name}@acme.example`)))),
      ),
    pushGroup: async (name, members = []) => idOf(await scim.post('/Groups', oktaGroup(name, members))),
    async membersOf(id) {
      const { body } = await scim.get(`/Groups/${id}`);
      const members = body['members'] as readonly { readonly value: string }[] | undefined;
      return (members ?? []).map(({ value }) => value);
    },
    hire(name) {
      const username = `${name}@acme.example`;
      const { id } = two.acme.okta.org.addUser({ login: username });
      return { username, password: 'Okta-demo-1', otp: '123456', id };
    },
    stop: () => two.stop(),
  };
}

/** The id of what was made. @throws Error when it wasn't */
export function idOf({ status, body }: ScimReply): string {
  if (status !== 201) throw new Error(`not made: ${status} ${JSON.stringify(body)}`);
  return (body['id'] as string | undefined) ?? '';
}

export const numbered = (count: number, name: string): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

export const adding = (ids: readonly string[]) => ({
  op: 'add',
  path: 'members',
  value: ids.map((value) => ({ value })),
});

export const removing = (id: string) => ({ op: 'remove', path: `members[value eq "${id}"]` });

/** The version that a reply's ETag names. */
export const versionOf = ({ headers }: ScimReply): number =>
  Number(/^W\/"(\d+)"$/.exec(headers.get('etag') ?? '')?.[1]);
