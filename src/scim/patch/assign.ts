import type { Json } from '../../core/json.js';
import { isObject } from '../resource/check-json.js';
import {
  checkLength,
  checkParts,
  missing,
  readValue,
  writableMembers,
  type Reading,
} from '../resource/read-value.js';
import type { AttributeDefinition } from '../schema/definitions.js';
import { equalJson, mergeValues } from './merge-values.js';
import { hasPart, immutable, listOf, settlePrimary, withMember } from './target.js';

/** An attribute to write, and what it held. */
export interface Slot {
  readonly definition: AttributeDefinition;
  readonly current: Json | undefined;
  /** Its name, for errors. */
  readonly where: string;
}

/** The attribute without its value. Throws ScimError 400: mutability for a required or immutable one. */
export function unassign({ definition, current, where }: Slot): undefined {
  if (definition.required) throw immutable(where, 'is required and can’t be removed');
  if (definition.mutability === 'immutable' && current !== undefined) {
    throw immutable(where, 'can’t be changed once it is set');
  }
  return undefined;
}

/** Nothing is to be written: that leaves an add as it is, and empties what is replaced. */
function assignNothing(op: 'add' | 'replace', slot: Slot): Json | undefined {
  if (op === 'add') return slot.current;
  if (slot.definition.required) throw missing(slot.where);
  return unassign(slot);
}

function isNothing(value: Json): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Parts of a complex attribute: those that aren't given stay as they are (RFC 7644 section 3.5.2.3). */
function assignParts(reading: Reading, op: 'add' | 'replace', slot: Slot, value: Json): Json | undefined {
  const { definition, current, where } = slot;
  if (!isObject(value)) {
    const read = readValue(reading, definition, value, where);
    // A bare value, such as Entra's manager: what else was known belonged to the one before.
    return isObject(read) && isObject(current) && read['value'] === current['value'] ? current : read;
  }
  let object = isObject(current) ? current : {};
  for (const part of writableMembers(reading, definition, value, where)) {
    const { name } = part.definition;
    const next = assign(
      reading,
      op,
      { definition: part.definition, current: object[name], where: part.where },
      part.value,
    );
    object = withMember(object, name, next);
  }
  if (Object.keys(object).length === 0) return undefined;
  if (current === undefined) checkParts(definition, object, where);
  return object;
}

/**
 * What an attribute holds after add or replace. Throws ScimError 400 invalidValue (a type, a required
 * attribute emptied) or mutability (an immutable one changed).
 */
export function assign(reading: Reading, op: 'add' | 'replace', slot: Slot, value: Json): Json | undefined {
  const { definition, current, where } = slot;
  if (isNothing(value)) return assignNothing(op, slot);
  const next = assigned(reading, op, slot, value);
  if (next === undefined) return assignNothing(op, slot);
  if (definition.required && typeof next === 'string' && next.trim() === '') throw missing(where);
  if (equalJson(current, next)) return current;
  if (definition.mutability === 'immutable' && current !== undefined) {
    throw immutable(where, 'can’t be changed once it is set');
  }
  return next;
}

function assigned(reading: Reading, op: 'add' | 'replace', slot: Slot, value: Json): Json | undefined {
  const { definition, current, where } = slot;
  if (definition.type === 'complex' && !definition.multiValued) return assignParts(reading, op, slot, value);
  const read = readValue(reading, definition, value, where);
  if (!definition.multiValued || read === undefined) return read;
  const before = listOf(current);
  const after = op === 'add' ? mergeValues(before, listOf(read)) : listOf(read);
  checkLength(definition, after.length, where);
  return hasPart(definition, 'primary') ? settlePrimary(before, after, where) : after;
}
