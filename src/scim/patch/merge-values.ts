import { canonicalJson, type Json, type JsonObject } from '../../core/json.js';
import { isObject } from '../resource/check-json.js';

/** Members that are looked at again and again within one request are written out once. */
const written = new WeakMap<object, string>();

function keyOf(member: Json): string {
  if (typeof member !== 'object' || member === null) return canonicalJson(member);
  const known = written.get(member);
  if (known !== undefined) return known;
  const key = canonicalJson(member);
  written.set(member, key);
  return key;
}

/** Whether two JSON values are equal. */
export function equalJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return keyOf(left) === keyOf(right);
}

/** The list with each member once. */
export function distinct(list: readonly Json[]): readonly Json[] {
  const known = new Set<string>();
  return list.filter((member) => {
    const key = keyOf(member);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

/** What tells members of a list apart: their `value` if they have one, else all of them. */
function identityOf(member: Json): Json {
  const value = isObject(member) ? member['value'] : undefined;
  return value ?? keyOf(member);
}

function sameKind(left: JsonObject, right: JsonObject): boolean {
  const [one, other] = [left['type'], right['type']];
  return one === undefined || other === undefined || one === other;
}

/**
 * A list with further members. One that is there already, by its value and type, takes over the other parts
 * of the new one, so that adding the same again changes nothing (RFC 7644 section 3.5.2.1).
 */
export function mergeValues(current: readonly Json[], added: readonly Json[]): readonly Json[] {
  const merged = [...current];
  const places = new Map<Json, number[]>();
  const note = (member: Json, place: number): void => {
    const identity = identityOf(member);
    const known = places.get(identity);
    if (known === undefined) places.set(identity, [place]);
    else known.push(place);
  };
  merged.forEach(note);
  for (const member of added) {
    const place = places.get(identityOf(member))?.find((index) => {
      const known = merged[index];
      return !isObject(member) || (isObject(known) && sameKind(known, member));
    });
    const known = place === undefined ? undefined : merged[place];
    if (place === undefined || known === undefined) {
      note(member, merged.length);
      merged.push(member);
    } else if (isObject(known) && isObject(member)) {
      const both = { ...known, ...member };
      if (!equalJson(known, both)) merged[place] = both;
    }
  }
  return merged;
}
