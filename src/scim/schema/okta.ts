import { attribute, type AttributeDefinition, type SchemaDefinition } from './definitions.js';

export const ROLE_SCHEMA = 'urn:okta:scim:schemas:core:1.0:Role';
export const ENTITLEMENT_SCHEMA = 'urn:okta:scim:schemas:core:1.0:Entitlement';

const READ_ONLY = { mutability: 'readOnly' } as const;

const DESCRIBED: readonly AttributeDefinition[] = [
  attribute('id', 'What a user’s attribute holds in `value`.', {
    ...READ_ONLY,
    required: true,
    caseExact: true,
    returned: 'always',
    uniqueness: 'global',
  }),
  attribute('displayName', 'Name as it is shown.', { ...READ_ONLY, required: true }),
  attribute('description', 'What it gives.', READ_ONLY),
];

/**
 * A role that a user's `roles` may name: Okta's governance discovers them. Made in Causeway, so all is
 * readOnly.
 */
export const ROLE: SchemaDefinition = {
  id: ROLE_SCHEMA,
  name: 'Role',
  description: 'Role',
  attributes: DESCRIBED,
};

/** As a role, for a user's `entitlements`; `type` is the name of its resource type. */
export const ENTITLEMENT: SchemaDefinition = {
  id: ENTITLEMENT_SCHEMA,
  name: 'Entitlement',
  description: 'Entitlement',
  attributes: [...DESCRIBED, attribute('type', 'Name of the resource type.', READ_ONLY)],
};
