import type { ResourceTypeDefinition, SchemaDefinition } from './definitions.js';
import { ENTERPRISE_USER } from './enterprise-user.js';
import { GROUP } from './group.js';
import { ENTITLEMENT, ROLE } from './okta.js';
import { ResourceSchema } from './resource-schema.js';
import { USER } from './user.js';

function resourceSchema(
  type: Pick<ResourceTypeDefinition, 'name' | 'endpoint' | 'description'>,
  core: SchemaDefinition,
  extensions: readonly SchemaDefinition[] = [],
): ResourceSchema {
  const schemaExtensions = extensions.map(({ id }) => ({ schema: id, required: false }));
  return new ResourceSchema({ ...type, schema: core.id, schemaExtensions }, core, extensions);
}

/** Users, with the enterprise extension and those of the tenant. */
export function userResource(custom: readonly SchemaDefinition[] = []): ResourceSchema {
  const type = { name: 'User', endpoint: '/Users', description: 'User Account' };
  return resourceSchema(type, USER, [ENTERPRISE_USER, ...custom]);
}

/** Groups, with the extensions of the tenant. */
export function groupResource(custom: readonly SchemaDefinition[] = []): ResourceSchema {
  return resourceSchema({ name: 'Group', endpoint: '/Groups', description: 'Group' }, GROUP, custom);
}

/** Roles of the tenant, in the form that Okta's governance discovers. */
export function roleResource(): ResourceSchema {
  return resourceSchema({ name: 'Role', endpoint: '/Roles', description: 'Role' }, ROLE);
}

/** Entitlements of the tenant, in the form that Okta's governance discovers. */
export function entitlementResource(): ResourceSchema {
  const type = { name: 'Entitlement', endpoint: '/Entitlements', description: 'Entitlement' };
  return resourceSchema(type, ENTITLEMENT);
}
