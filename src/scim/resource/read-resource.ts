import type { Json } from '../../core/json.js';
import { badRequest, quoted } from '../errors.js';
import type { ResourceSchema } from '../schema/resource-schema.js';
import type { CanonicalResource } from './canonical-resource.js';
import { checkJson, isObject } from './check-json.js';
import { checkRequired, readValue, writableMembers, type Reading } from './read-value.js';

/**
 * Throws ScimError 400 invalidSyntax unless `schemas` names the schema; others, such as Entra's own, may
 * stand beside it.
 */
function checkSchemas(schemas: Json | undefined, schema: ResourceSchema): void {
  const example = `"schemas": ["${schema.core.id}"]`;
  if (!Array.isArray(schemas) || schemas.length === 0) {
    throw badRequest('invalidSyntax', `schemas is missing: send ${example}.`);
  }
  const urns = schemas.map((urn: Json) => (typeof urn === 'string' ? urn.toLowerCase() : ''));
  if (!urns.includes(schema.core.id.toLowerCase())) {
    const got = typeof schemas[0] === 'string' ? ` and not ${quoted(schemas[0])}` : '';
    throw badRequest(
      'invalidSyntax',
      `schemas must name the schema of a ${schema.type.name}: send ${example}${got}.`,
    );
  }
}

/**
 * The body of a POST or PUT as it is stored (RFC 7644 sections 3.3 and 3.5.1). What is readOnly is ignored, a
 * password is dropped right here, names that the schema doesn't have are ignored and noted in `ignored`.
 * Throws ScimError 400 with invalidSyntax (no object, no `schemas`, bad names, too deep), invalidValue (a
 * type, a required attribute), 413 for too many members. Whether immutable attributes stay what they are is
 * the caller's to compare.
 */
export function readResource(
  body: unknown,
  schema: ResourceSchema,
  mode: 'create' | 'replace',
  ignored: string[] = [],
): CanonicalResource {
  checkJson(body);
  if (!isObject(body))
    throw badRequest('invalidSyntax', `The body must be a JSON object: a ${schema.type.name}.`);
  const [, schemas] = Object.entries<Json>(body).find(([name]) => name.toLowerCase() === 'schemas') ?? [];
  checkSchemas(schemas, schema);
  const reading: Reading = { schema, ignored };
  const resource: Record<string, Json> = {};
  for (const { definition, value, where } of writableMembers(reading, undefined, body, '')) {
    const read = readValue(reading, definition, value, where);
    if (read !== undefined) resource[definition.name] = read;
  }
  const whole = mode === 'replace' ? `, as PUT replaces the whole ${schema.type.name}` : '';
  checkRequired(schema.attributes, resource, (name) => `${name}${whole}`);
  return resource;
}
