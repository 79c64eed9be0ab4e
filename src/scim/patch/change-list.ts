import type { Json, JsonObject } from '../../core/json.js';
import type { ResourceFilter } from '../../domain/provisioning/resource-query.js';
import type { PatchPath } from '../filter/patch-path.js';
import { isObject } from '../resource/check-json.js';
import {
  checkLength,
  checkParts,
  checkPrimary,
  nameWithin,
  readOne,
  readParts,
  readValue,
  type Reading,
} from '../resource/read-value.js';
import type { AttributeDefinition } from '../schema/definitions.js';
import { assign, unassign } from './assign.js';
import { equalJson } from './merge-values.js';
import type { PatchOperation } from './operation.js';
import {
  hasPart,
  immutable,
  listOf,
  memberFrom,
  noTarget,
  settlePrimary,
  withMember,
  type FilterBudget,
} from './target.js';

/** One operation on one target. */
export interface Change {
  readonly op: PatchOperation['op'];
  readonly target: PatchPath;
  readonly value: Json | undefined;
  /** The target's name, for errors. */
  readonly where: string;
  readonly reading: Reading;
  readonly budget: FilterBudget;
}

/** The list as it is stored: an empty one is none; one primary at most. */
function settled(
  definition: AttributeDefinition,
  before: readonly Json[],
  after: readonly Json[],
  where: string,
): Json | undefined {
  if (after.length === 0)
    return definition.required ? unassign({ definition, current: before, where }) : undefined;
  checkLength(definition, after.length, where);
  if (after.every((member, index) => member === before[index]) && after.length === before.length)
    return before;
  return hasPart(definition, 'primary') ? settlePrimary(before, after, where) : after;
}

/** A member with a part of it changed. */
function changePart(
  { op, value, reading, where }: Change,
  part: AttributeDefinition,
  member: JsonObject,
): JsonObject {
  const slot = { definition: part, current: member[part.name], where };
  const next = op === 'remove' ? unassign(slot) : assign(reading, op, slot, value ?? null);
  return withMember(member, part.name, next);
}

/** A new member with the part, if there is a value for it. */
function memberWith(
  change: Change,
  list: AttributeDefinition,
  part: AttributeDefinition,
  from: JsonObject,
): readonly Json[] {
  if (change.op === 'remove') return [];
  const value = readValue(change.reading, part, change.value ?? null, change.where);
  if (value === undefined) return [];
  const member = { ...from, [part.name]: value };
  checkParts(list, member, change.where);
  return [member];
}

/** `emails.type`: a part of every member; of none, a first one is made. */
export function changeEvery(
  change: Change,
  list: AttributeDefinition,
  members: readonly Json[],
): Json | undefined {
  const part = change.target.definition;
  const after =
    members.length === 0
      ? memberWith(change, list, part, {})
      : members.map((member) => (isObject(member) ? changePart(change, part, member) : member));
  checkPrimary(after, change.where);
  return settled(list, members, after, change.where);
}

/**
 * `emails[…].value`: a part of the members picked; of none, a member is made from the filter, as Entra wants
 * it.
 */
function changePartOfPicked(
  change: Change,
  part: AttributeDefinition,
  filter: ResourceFilter,
  members: readonly Json[],
): readonly Json[] {
  const picked = change.budget.pick(filter, members);
  if (picked.includes(true)) {
    const after = members.map((member, index) =>
      picked[index] === true && isObject(member) ? changePart(change, part, member) : member,
    );
    checkPrimary(
      after.filter((_member, index) => picked[index] === true),
      change.where,
    );
    return after;
  }
  if (change.op === 'remove') return members;
  const from = memberFrom(filter);
  if (from === undefined) throw noTarget(change.where);
  return [...members, ...memberWith(change, change.target.definition, part, from)];
}

/** The value of an operation on whole members: one, also as a list of one. Undefined: nothing. */
function wholeMember({ reading, target, value, where }: Change): Json | undefined {
  const [first, second] = listOf(value);
  const one = first !== undefined && second === undefined ? first : value;
  if (one === undefined || one === null || one === '') return undefined;
  const { definition } = target;
  if (definition.type !== 'complex') return readOne(reading, definition, one, where);
  const parts = readParts(reading, definition, one, where);
  return Object.keys(parts).length === 0 ? undefined : parts;
}

/**
 * A picked member after the operation: an add merges into it, a replace leaves of it only what the filter
 * said.
 */
function merged(change: Change, filter: ResourceFilter, old: Json, value: Json): Json {
  if (!isObject(value) || !isObject(old)) return value;
  const { definition } = change.target;
  const member = { ...(change.op === 'add' ? old : memberFrom(filter)), ...value };
  for (const part of definition.subAttributes ?? []) {
    const kept = old[part.name];
    if (part.mutability === 'immutable' && kept !== undefined && !equalJson(kept, member[part.name])) {
      throw immutable(nameWithin(definition, change.where, part.name), 'can’t be changed once it is set');
    }
  }
  checkParts(definition, member, change.where);
  return equalJson(old, member) ? old : member;
}

/** `emails[…]`: the members picked, as a whole. */
function changeWholePicked(
  change: Change,
  filter: ResourceFilter,
  members: readonly Json[],
): readonly Json[] {
  const { op, where, target } = change;
  const picked = change.budget.pick(filter, members);
  if (op === 'remove') return members.filter((_member, index) => picked[index] !== true);
  const value = wholeMember(change);
  if (picked.includes(true)) {
    if (value === undefined)
      return op === 'add' ? members : members.filter((_member, index) => picked[index] !== true);
    return members.map((member, index) =>
      picked[index] === true ? merged(change, filter, member, value) : member,
    );
  }
  const from = memberFrom(filter);
  if (op === 'replace' || from === undefined) throw noTarget(where);
  if (!isObject(value)) return members;
  const member = { ...from, ...value };
  checkParts(target.definition, member, where);
  return [...members, member];
}

/** The list after an operation whose path picks members by a filter. */
export function changePicked(
  change: Change,
  filter: ResourceFilter,
  members: readonly Json[],
): Json | undefined {
  const { target, where } = change;
  const after =
    target.sub === undefined
      ? changeWholePicked(change, filter, members)
      : changePartOfPicked(change, target.sub, filter, members);
  return settled(target.definition, members, after, where);
}

const valueOf = (member: Json): Json | undefined => (isObject(member) ? member['value'] : member);

/**
 * Entra's remove: the path names the list, the value lists its members; those of the same value (and type, if
 * said) go.
 */
export function removeValues(change: Change, members: readonly Json[], value: Json): Json | undefined {
  const { definition } = change.target;
  const given = listOf(readValue(change.reading, definition, value, change.where));
  const byValue = new Map<Json, Json[]>();
  for (const member of given) {
    const key = valueOf(member);
    if (key !== undefined) byValue.set(key, [...(byValue.get(key) ?? []), member]);
  }
  const whole = given.filter((member) => valueOf(member) === undefined);
  const isGiven = (member: Json): boolean => {
    const key = valueOf(member);
    if (key === undefined) return whole.some((other) => equalJson(other, member));
    return (byValue.get(key) ?? []).some((other) => {
      const kind = isObject(other) ? other['type'] : undefined;
      return kind === undefined || (isObject(member) && member['type'] === kind);
    });
  };
  return settled(
    definition,
    members,
    members.filter((member) => !isGiven(member)),
    change.where,
  );
}
