import type { ScimClient } from './client.js';
import { isObject, type JsonObject } from './failure.js';
import { idOf, readAll, readList } from './reading.js';

const ROLE = 'urn:okta:scim:schemas:core:1.0:Role';
const ENTITLEMENT = 'urn:okta:scim:schemas:core:1.0:Entitlement';

/** Something that the server offers to be given to users. */
export interface Entitlement {
  readonly kind: 'role' | 'entitlement';
  /** Name of the resource type that declares it. */
  readonly type: string;
  readonly id: string;
  readonly displayName: string;
  readonly description: string;
}

const textOf = (resource: JsonObject, name: string): string => {
  const value = resource[name];
  return typeof value === 'string' ? value : '';
};

/**
 * What Okta's governance asks when provisioning is enabled: the resource types, the schemas, then every endpoint
 * whose schema is Okta's of roles or of entitlements, first one resource, then all.
 * @throws ProvisioningError
 */
export async function discoverEntitlements(client: ScimClient): Promise<Entitlement[]> {
  const types = readList(await client.ask('GET', '/ResourceTypes')).resources;
  readList(await client.ask('GET', '/Schemas'));
  const found: Entitlement[] = [];
  for (const type of types.filter(isObject)) {
    const schema = textOf(type, 'schema');
    if (schema !== ROLE && schema !== ENTITLEMENT) continue;
    const endpoint = `/${textOf(type, 'endpoint').replace(/^\/+/, '')}`;
    readList(await client.ask('GET', `${endpoint}?count=1&startIndex=1`));
    for (const resource of await readAll(client, endpoint)) {
      found.push({
        kind: schema === ROLE ? 'role' : 'entitlement',
        type: textOf(type, 'name'),
        id: idOf(resource),
        displayName: textOf(resource, 'displayName'),
        description: textOf(resource, 'description'),
      });
    }
  }
  return found;
}
