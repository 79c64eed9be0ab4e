import type { Json, JsonObject } from '../../core/json.js';
import { badRequest, quoted, ScimError } from '../errors.js';

export const MAX_JSON_DEPTH = 20;
/** Members that one request may hold; also the longest list that a body may hold at all. */
export const MAX_MEMBERS = 100_000;

/** Names that lead into the prototype of an object, alone or as a part of a path. */
const PROTOTYPE_NAME = /(?:^|[.:[\]])(?:__proto__|constructor|prototype)(?:$|[.:[\]])/i;

/** Whether a value is an object of JSON. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): boolean {
  return ['string', 'boolean', 'number'].includes(typeof value) || value === null;
}

function tooDeep(): ScimError {
  return badRequest('invalidSyntax', `The body is nested deeper than ${MAX_JSON_DEPTH} levels.`);
}

/** What an object or a list holds, after its names or its length were looked at. */
function childrenOf(value: object, badName: 'invalidSyntax' | 'invalidPath'): readonly unknown[] {
  if (Array.isArray(value)) {
    if (value.length > MAX_MEMBERS) {
      throw new ScimError(413, `A list may have ${MAX_MEMBERS} members: send the rest in further requests.`);
    }
    return value;
  }
  for (const name of Object.keys(value)) {
    if (PROTOTYPE_NAME.test(name))
      throw badRequest(badName, `${quoted(name)} can't be the name of an attribute.`);
  }
  return Object.values(value);
}

/**
 * Looks over a parsed body before anything else does, level by level and without recursion: at most 20
 * levels, lists of at most 100,000, and no name that leads into a prototype. Throws ScimError 400
 * invalidSyntax (for such a name: `badName`), or 413.
 */
export function checkJson(
  body: unknown,
  badName: 'invalidSyntax' | 'invalidPath' = 'invalidSyntax',
): asserts body is Json {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_JSON_DEPTH) throw tooDeep();
    const next: unknown[] = [];
    for (const value of level) {
      if (isScalar(value)) continue;
      if (typeof value !== 'object' || value === null) {
        throw badRequest('invalidSyntax', 'The body must be a JSON object.');
      }
      for (const child of childrenOf(value, badName)) next.push(child);
    }
    level = next;
  }
}
