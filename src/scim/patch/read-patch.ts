import type { Json, JsonObject } from '../../core/json.js';
import { badRequest, quoted, ScimError } from '../errors.js';
import { checkJson, isObject } from '../resource/check-json.js';
import type { PatchOperation } from './operation.js';

export const PATCH_OP_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const MAX_OPERATIONS = 1_000;

/** A member by its name in whatever case; undefined: there is none. Throws for two spellings of one name. */
function member(object: JsonObject, name: string): Json | undefined {
  const found = Object.entries<Json>(object).filter(([key]) => key.toLowerCase() === name);
  if (found.length > 1) {
    throw badRequest(
      'invalidSyntax',
      `${quoted(name)} is given twice, in different spellings: send it once.`,
    );
  }
  return found[0]?.[1];
}

function readOperation(operation: Json, index: number): PatchOperation {
  const place = `Operation ${index + 1}`;
  if (!isObject(operation)) throw badRequest('invalidSyntax', `${place} must be an object.`);
  const named = member(operation, 'op');
  const op = typeof named === 'string' ? named.toLowerCase() : undefined;
  if (op !== 'add' && op !== 'remove' && op !== 'replace') {
    const got = typeof named === 'string' ? `, not ${quoted(named)}` : '';
    throw badRequest('invalidSyntax', `${place}: "op" must be "add", "remove" or "replace"${got}.`);
  }
  const path = member(operation, 'path') ?? undefined;
  if (path !== undefined && typeof path !== 'string') {
    throw badRequest('invalidPath', `${place}: "path" must be text.`);
  }
  const value = member(operation, 'value');
  if (value === undefined && op !== 'remove') {
    throw badRequest('invalidValue', `${place}: "value" is missing, which ${op} needs.`);
  }
  return { op, path: path === undefined || path.trim() === '' ? undefined : path.trim(), value };
}

/**
 * The operations of a PATCH body (RFC 7644 section 3.5.2), names and `op` in any case. Throws ScimError 400
 * invalidSyntax, invalidPath (also for names that lead into a prototype) or invalidValue, and 413 for more
 * than 1,000 operations.
 */
export function readPatch(body: unknown): readonly PatchOperation[] {
  checkJson(body, 'invalidPath');
  if (!isObject(body)) throw badRequest('invalidSyntax', 'The body must be a JSON object: a PatchOp.');
  const schemas = member(body, 'schemas');
  const named =
    Array.isArray(schemas) &&
    schemas.some(
      (urn: Json) => typeof urn === 'string' && urn.toLowerCase() === PATCH_OP_SCHEMA.toLowerCase(),
    );
  if (!named)
    throw badRequest('invalidSyntax', `schemas is missing: send "schemas": ["${PATCH_OP_SCHEMA}"].`);
  const operations = member(body, 'operations');
  if (!Array.isArray(operations) || operations.length === 0) {
    throw badRequest('invalidSyntax', '"Operations" must be a list with one operation at least.');
  }
  if (operations.length > MAX_OPERATIONS) {
    throw new ScimError(
      413,
      `A PATCH may have ${MAX_OPERATIONS} operations: send the rest in further requests.`,
    );
  }
  return operations.map((operation: Json, index) => readOperation(operation, index));
}
