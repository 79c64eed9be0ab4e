import { canonicalJson, type Json, type JsonObject } from '../../core/json.js';
import { badRequest, quoted, ScimError } from '../errors.js';
import { isExtension, type AttributeDefinition } from '../schema/definitions.js';
import { MEMBER_TYPE, MEMBERS } from '../schema/group.js';
import type { ResourceSchema } from '../schema/resource-schema.js';
import { isBase64, isDateTime, readBoolean } from '../schema/value-forms.js';
import { isObject, MAX_MEMBERS } from './check-json.js';

/** Values that a list of a resource may hold; members of groups are rows, and may be more. */
const MAX_VALUES = 250;
const MAX_TEXT = 10_000;
const MAX_IGNORED = 100;
/** Parts of a list's member that only label it: without anything else it says nothing. */
const LABELS: readonly string[] = ['type', 'primary'];

/**
 * Control characters but tab and line ends; halves of surrogate pairs. The store or somebody's terminal would
 * choke on them.
 */
// oxlint-disable-next-line no-control-regex -- finding control characters is what it is for
const UNFIT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]|\p{Cs}/u;

/** Where values are read: names are looked up in `schema`, names that it doesn't have are noted. */
export interface Reading {
  readonly schema: ResourceSchema;
  /** Names that the schema doesn't have, for the flight recorder: at most 100. */
  readonly ignored: string[];
}

/** Notes a name that the schema doesn't have. */
export function ignore(reading: Reading, name: string): void {
  if (reading.ignored.length < MAX_IGNORED) reading.ignored.push(quoted(name).slice(1, -1));
}

function kindOf(value: Json): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return 'a number';
  return typeof value === 'boolean' ? String(value) : 'an object';
}

/** 400 invalidValue for a value of another type. */
export function wrongType(where: string, wanted: string, value: Json): ScimError {
  const got = typeof value === 'string' ? quoted(value) : kindOf(value);
  return badRequest('invalidValue', `${where} must be ${wanted}, but is ${got}.`);
}

function readText(value: Json, where: string, wanted = 'text'): string {
  if (typeof value !== 'string') throw wrongType(where, wanted, value);
  if (value.length > MAX_TEXT) {
    throw badRequest('invalidValue', `${where} may have ${MAX_TEXT} characters, but has ${value.length}.`);
  }
  if (UNFIT.test(value)) {
    throw badRequest('invalidValue', `${where} holds a control character or half a character: remove it.`);
  }
  return value;
}

function readNumber(value: Json, where: string, whole: boolean): number {
  const fits = whole ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (typeof value === 'number' && fits) return value;
  throw wrongType(where, whole ? 'a whole number' : 'a number', value);
}

/** A value of a simple type; undefined: "", which is no value. */
function readSimple(definition: AttributeDefinition, value: Json, where: string): Json | undefined {
  if (value === '') return undefined;
  const { type } = definition;
  if (type === 'boolean') {
    const read = readBoolean(value);
    if (read === undefined) throw wrongType(where, 'true or false', value);
    return read;
  }
  if (type === 'integer' || type === 'decimal') return readNumber(value, where, type === 'integer');
  const text = readText(value, where, type === 'dateTime' ? 'a time such as "2026-11-22T00:13:19Z"' : 'text');
  if (type === 'dateTime' && !isDateTime(text))
    throw wrongType(where, 'a time such as "2026-11-22T00:13:19Z"', value);
  if (type === 'binary' && !isBase64(text)) throw wrongType(where, 'base64', value);
  if (definition === MEMBER_TYPE) {
    if (text.toLowerCase() !== 'user') throw wrongType(where, '"User"', value);
    return 'User';
  }
  return text;
}

/**
 * The members of an object by their attributes; readOnly and write-only ones are left out (RFC 7644 section
 * 3.3).
 */
export function* writableMembers(
  reading: Reading,
  parent: AttributeDefinition | undefined,
  object: JsonObject,
  where: string,
): Generator<{ readonly definition: AttributeDefinition; readonly value: Json; readonly where: string }> {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries<Json>(object)) {
    const folded = name.toLowerCase();
    if (seen.has(folded)) {
      throw badRequest(
        'invalidSyntax',
        `${quoted(name)} is given twice, in different spellings: send it once.`,
      );
    }
    seen.add(folded);
    const definition = reading.schema.child(parent, name);
    if (definition === undefined) ignore(reading, nameWithin(parent, where, name));
    else if (definition.mutability !== 'readOnly' && definition.mutability !== 'writeOnly') {
      yield { definition, value, where: nameWithin(parent, where, definition.name) };
    }
  }
}

/** The name of a part for an error: behind the URN of an extension stands a colon, else a dot. */
export function nameWithin(parent: AttributeDefinition | undefined, where: string, name: string): string {
  return parent === undefined ? name : `${where}${isExtension(parent) ? ':' : '.'}${name}`;
}

/** 400 invalidValue for what must be given and isn't. */
export function missing(where: string): ScimError {
  return badRequest('invalidValue', `${where} is required: send a value for it.`);
}

/** Throws for a required part that is absent or blank. */
export function checkRequired(
  definitions: readonly AttributeDefinition[],
  object: JsonObject,
  nameOf: (name: string) => string,
): void {
  for (const { name, required, mutability } of definitions) {
    if (!required || mutability === 'readOnly') continue;
    const value = object[name];
    if (value === undefined || (typeof value === 'string' && value.trim() === ''))
      throw missing(nameOf(name));
  }
}

/**
 * An object of a complex attribute, label-only ones included. Clients send the bare value where only that is
 * of interest (`manager`, `roles`, members of a group): it becomes the object's `value`.
 */
export function readParts(
  reading: Reading,
  definition: AttributeDefinition,
  value: Json,
  where: string,
): JsonObject {
  const bare = typeof value !== 'object' && reading.schema.child(definition, 'value') !== undefined;
  const object = bare ? { value } : value;
  if (!isObject(object)) throw wrongType(where, 'an object', value);
  const read: Record<string, Json> = {};
  for (const member of writableMembers(reading, definition, object, where)) {
    const part = readValue(reading, member.definition, member.value, member.where);
    if (part !== undefined) read[member.definition.name] = part;
  }
  return read;
}

/** Throws ScimError 400 invalidValue for a complex value that lacks a required part. */
export function checkParts(definition: AttributeDefinition, object: JsonObject, where: string): void {
  checkRequired(definition.subAttributes ?? [], object, (name) => nameWithin(definition, where, name));
}

function readObject(
  reading: Reading,
  definition: AttributeDefinition,
  value: Json,
  where: string,
): JsonObject | undefined {
  const read = readParts(reading, definition, value, where);
  if (definition.multiValued || Object.keys(read).length > 0) checkParts(definition, read, where);
  return saysSomething(definition, read) ? read : undefined;
}

/** Whether an object holds more than labels. */
export function saysSomething(definition: AttributeDefinition, object: JsonObject): boolean {
  const labelled =
    definition.multiValued && definition.subAttributes?.some(({ name }) => !LABELS.includes(name));
  return Object.keys(object).some((name) => labelled !== true || !LABELS.includes(name));
}

/** One value: of a list, one of its members. Undefined: nothing is said. */
export function readOne(
  reading: Reading,
  definition: AttributeDefinition,
  value: Json,
  where: string,
): Json | undefined {
  if (value === null || value === '') return undefined;
  return definition.type === 'complex'
    ? readObject(reading, definition, value, where)
    : readSimple(definition, value, where);
}

/** Throws ScimError 400 invalidValue if more than one member is the primary one (RFC 7643 section 2.4). */
export function checkPrimary(list: readonly Json[], where: string): void {
  if (list.filter((member) => isObject(member) && member['primary'] === true).length > 1) {
    throw badRequest(
      'invalidValue',
      `${where} has more than one value with "primary": true: send one at most.`,
    );
  }
}

/** Throws ScimError 400 or, for members, 413 for a list that is too long. */
export function checkLength(definition: AttributeDefinition, length: number, where: string): void {
  if (definition === MEMBERS) {
    if (length > MAX_MEMBERS)
      throw new ScimError(413, `${where} may name ${MAX_MEMBERS} users in one request.`);
  } else if (length > MAX_VALUES) {
    throw badRequest('invalidValue', `${where} may have ${MAX_VALUES} values, but would have ${length}.`);
  }
}

function readList(
  reading: Reading,
  definition: AttributeDefinition,
  value: Json,
  where: string,
): readonly Json[] | undefined {
  const list: readonly Json[] = Array.isArray(value) ? value : [value];
  checkLength(definition, list.length, where);
  const known = new Set<string>();
  const read: Json[] = [];
  for (const member of list) {
    const one = readOne(reading, definition, member, where);
    const key = one === undefined ? undefined : canonicalJson(one);
    if (one === undefined || key === undefined || known.has(key)) continue;
    known.add(key);
    read.push(one);
  }
  checkPrimary(read, where);
  return read.length === 0 ? undefined : read;
}

/**
 * A value of a request as it is stored: names in the schema's spelling, types checked after the dialects of
 * clients are understood ("True", one object for a list, a bare string for an object with a `value`).
 * Undefined: null, "" or empty, which are all the same as absent (RFC 7643 section 2.5). Throws ScimError 400
 * invalidValue, naming `where`.
 */
export function readValue(
  reading: Reading,
  definition: AttributeDefinition,
  value: Json,
  where: string,
): Json | undefined {
  if (definition.multiValued) return readList(reading, definition, value, where);
  if (Array.isArray(value) && value.length === 0) return undefined;
  return readOne(reading, definition, value, where);
}
