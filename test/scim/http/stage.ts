import type { Json, JsonObject } from '../../../src/core/json.js';
import type { DesiredTenant } from '../../../src/domain/configuration/desired.js';
import { startTestNode, type TestNode, type TestNodeOptions } from '../../support/node.js';
import { oktaUser, ScimClient, type ScimReply } from '../../support/scim-client.js';

export const TOKEN = 'a-scim-token-of-acme-0123456789-0123456789';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
export const BULK = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

/** A node that serves SCIM for the tenant `acme`, and a client with a token of its only connection. */
export interface ScimStage {
  readonly node: TestNode;
  readonly scim: ScimClient;
  stop(): Promise<void>;
}

export const acme = (more: Partial<DesiredTenant> = {}): Omit<DesiredTenant, 'path'> => ({
  slug: 'acme',
  connections: [{ key: 'okta', issuer: 'https://acme.okta.com', clientId: '0oa1' }],
  roles: [
    { key: 'admin', name: 'Administrator' },
    { key: 'viewer', name: 'Viewer' },
  ],
  applications: [
    { clientId: 'grafana', name: 'Grafana', type: 'web', redirectUris: ['https://grafana.acme.example/cb'] },
  ],
  scimTokens: [{ name: 'okta', token: TOKEN }],
  ...more,
});

export async function startScim(
  tenants: readonly Omit<DesiredTenant, 'path'>[] = [acme()],
  options: TestNodeOptions = {},
): Promise<ScimStage> {
  const node = await startTestNode(options);
  await node.apply(tenants);
  return { node, scim: clientOf(node, TOKEN), stop: () => node.stop() };
}

export function clientOf(node: TestNode, authorization: string | undefined, slug = 'acme'): ScimClient {
  return new ScimClient(`${node.url}/t/${slug}/scim/v2`, authorization);
}

/** Text at a path of an answer. @throws TypeError when there is none */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== 'string')
    throw new TypeError(`no text at ${path.join('.')}: ${JSON.stringify(value)}`);
  return found;
}

export function at(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let found = value;
  for (const name of path)
    found =
      typeof found === 'object' && found !== null
        ? (found as { readonly [name: string]: Json })[name]
        : undefined;
  return found;
}

export const idOf = (reply: ScimReply): string => textAt(reply.body, 'id');

/** Address of a filtered list. */
export function filtered(endpoint: string, filter: string, more = ''): string {
  return `${endpoint}?filter=${encodeURIComponent(filter)}${more}`;
}

/** Posts users as Okta would; their ids. */
export async function addUsers(scim: ScimClient, ...names: readonly string[]): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of names) ids.push(idOf(await scim.post('/Users', oktaUser(`${name}@acme.example`))));
  return ids;
}

/** Names of an answer's resources. */
export function namesIn(reply: ScimReply, name = 'userName'): readonly (Json | undefined)[] {
  return (reply.body.Resources ?? []).map((resource: JsonObject) => resource[name]);
}
