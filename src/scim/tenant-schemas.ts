import type { ScimExtension } from '../domain/provisioning/schema-extension.js';
import type { TenantContext } from '../http/tenant-context.js';
import { extensionSchema } from './schema/extension-schema.js';
import type { ResourceSchema } from './schema/resource-schema.js';
import { entitlementResource, groupResource, roleResource, userResource } from './schema/resource-types.js';

/** The resource types of a tenant, its own extensions included. */
export interface TenantSchemas {
  readonly user: ResourceSchema;
  readonly group: ResourceSchema;
  readonly role: ResourceSchema;
  readonly entitlement: ResourceSchema;
}

const known = new WeakMap<TenantContext, TenantSchemas>();

/** Made once for each reading of the tenant's configuration. */
export function schemasOf(tenant: TenantContext): TenantSchemas {
  const found = known.get(tenant);
  if (found !== undefined) return found;
  const { scimExtensions } = tenant.configuration.tenant.settings;
  const own = (resource: ScimExtension['resource']) =>
    scimExtensions.filter((extension) => extension.resource === resource).map(extensionSchema);
  const made = {
    user: userResource(own('User')),
    group: groupResource(own('Group')),
    role: roleResource(),
    entitlement: entitlementResource(),
  };
  known.set(tenant, made);
  return made;
}
