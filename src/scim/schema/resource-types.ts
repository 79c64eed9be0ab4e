import { DomainError } from '../../core/errors.js';
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
  const urns = [core, ...extensions].map(({ id }) => id.toLowerCase());
  const twice = urns.find((urn, index) => urns.indexOf(urn) !== index);
  if (twice !== undefined) throw new DomainError('invalid_argument', `Two schemas have the URN ${twice}.`);
  const schemaExtensions = extensions.map(({ id }) => ({ schema: id, required: false }));
  return new ResourceSchema({ ...type, schema: core.id, schemaExtensions }, core, extensions);
}

/**
 * Users, with the enterprise extension and those of the tenant. Throws DomainError invalid_argument for one
 * URN twice.
 */
export function userResource(custom: readonly SchemaDefinition[] = []): ResourceSchema {
  const type = { name: 'User', endpoint: '/Users', description: 'User Account' };
  return resourceSchema(type, USER, [ENTERPRISE_USER, ...custom]);
}

/** Groups, with the extensions of the tenant. Throws as above. */
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
