import type { JsonObject } from '../../core/json.js';
import type { AttributeDefinition, ResourceTypeDefinition, SchemaDefinition } from './definitions.js';

function renderAttribute(definition: AttributeDefinition): JsonObject {
  const { type, canonicalValues, referenceTypes, subAttributes } = definition;
  const textual = type === 'string' || type === 'reference' || type === 'binary';
  return {
    name: definition.name,
    type,
    multiValued: definition.multiValued,
    description: definition.description,
    required: definition.required,
    ...(canonicalValues === undefined ? {} : { canonicalValues }),
    ...(textual ? { caseExact: definition.caseExact } : {}),
    mutability: definition.mutability,
    returned: definition.returned,
    ...(textual ? { uniqueness: definition.uniqueness } : {}),
    ...(referenceTypes === undefined ? {} : { referenceTypes }),
    ...(subAttributes === undefined ? {} : { subAttributes: subAttributes.map(renderAttribute) }),
  };
}

/** A schema as /Schemas shows it (RFC 7643 section 7). `baseUrl`: of SCIM, without a slash at the end. */
export function toSchemaResource(schema: SchemaDefinition, baseUrl: string): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id: schema.id,
    name: schema.name,
    description: schema.description,
    attributes: schema.attributes.map(renderAttribute),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${schema.id}` },
  };
}

/** A resource type as /ResourceTypes shows it (RFC 7643 section 6). `baseUrl`: as above. */
export function toResourceTypeResource(type: ResourceTypeDefinition, baseUrl: string): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: type.name,
    name: type.name,
    description: type.description,
    endpoint: type.endpoint,
    schema: type.schema,
    schemaExtensions: type.schemaExtensions.map(({ schema, required }) => ({ schema, required })),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${type.name}` },
  };
}
