import type { Json, JsonObject } from '../../core/json.js';
import type { ResourceFilter } from '../../domain/provisioning/resource-query.js';
import { badRequest, ScimError } from '../errors.js';
import { matches } from '../filter/matches.js';
import type { PatchPath } from '../filter/patch-path.js';
import { isObject } from '../resource/check-json.js';
import { nameWithin } from '../resource/read-value.js';
import type { AttributeDefinition } from '../schema/definitions.js';

/** The target by its name, for errors. */
export function targetName({ chain, sub }: PatchPath): string {
  const all = sub === undefined ? chain : [...chain, sub];
  return all.reduce((where, { name }, index) => nameWithin(all[index - 1], where, name), '');
}

/** The strictest mutability on the way to the target. */
export function targetMutability({ chain, sub }: PatchPath): 'readOnly' | 'writeOnly' | 'writable' {
  const all = sub === undefined ? chain : [...chain, sub];
  if (all.some(({ mutability }) => mutability === 'readOnly')) return 'readOnly';
  return all.some(({ mutability }) => mutability === 'writeOnly') ? 'writeOnly' : 'writable';
}

/** 400 mutability. */
export function immutable(where: string, why: string): ScimError {
  return badRequest('mutability', `${where} ${why}.`);
}

/** 400 noTarget. */
export function noTarget(where: string): ScimError {
  return badRequest('noTarget', `No value of ${where} matches the filter in the path.`);
}

/**
 * The work that value filters of one request may make: comparisons with values. A real request needs a few
 * thousand; a thousand long filters over long lists would keep a node busy for seconds.
 */
export class FilterBudget {
  #left = 100_000;

  /** Which members of the list match. Throws ScimError 413 when the request's budget is used up. */
  pick(filter: ResourceFilter, list: readonly Json[]): readonly boolean[] {
    this.#left -= list.length * comparisonsIn(filter);
    if (this.#left < 0) {
      throw new ScimError(
        413,
        'The filters of this PATCH compare too much: send its operations in several requests.',
      );
    }
    return list.map((member) => matches(filter, member));
  }
}

function comparisonsIn(filter: ResourceFilter): number {
  if (filter.kind === 'and' || filter.kind === 'or') {
    return filter.parts.reduce((sum, part) => sum + comparisonsIn(part), 0);
  }
  return filter.kind === 'not' ? comparisonsIn(filter.part) : 1;
}

/**
 * A member that matches a filter made of nothing but equalities (`type eq "work" and primary eq true`);
 * undefined: the filter is none, or contradicts itself. Clients mean it as the member to make when there is
 * none.
 */
export function memberFrom(filter: ResourceFilter): JsonObject | undefined {
  const equalities = filter.kind === 'and' ? filter.parts : [filter];
  const member: Record<string, Json> = {};
  for (const part of equalities) {
    if (part.kind !== 'compare' || part.operator !== 'eq' || part.value === null) return undefined;
    const [name] = part.attribute.path;
    if (name === undefined || part.value === '') return undefined;
    member[name] = part.value;
  }
  return matches(filter, member) ? member : undefined;
}

/** The object with another value under the name; undefined: without it. */
export function withMember(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  if (value !== undefined) return object[name] === value ? object : { ...object, [name]: value };
  if (object[name] === undefined) return object;
  const { [name]: _removed, ...rest } = object;
  return rest;
}

/** The members of a list, none of what is no list. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

const isPrimary = (member: Json): boolean => isObject(member) && member['primary'] === true;

/**
 * The list after a change: a member that became the primary one takes that from the others (RFC 7644 section
 * 3.5.2).
 */
export function settlePrimary(
  before: readonly Json[],
  after: readonly Json[],
  where: string,
): readonly Json[] {
  const old = new Set(before);
  const made = after.filter((member) => isPrimary(member) && !old.has(member));
  if (made.length > 1) {
    throw badRequest('invalidValue', `${where} would have more than one value with "primary": true.`);
  }
  const [primary] = made;
  if (primary === undefined) return after;
  return after.map((member) =>
    isObject(member) && member !== primary && isPrimary(member) ? { ...member, primary: false } : member,
  );
}

/** Whether a definition has this part. */
export function hasPart(definition: AttributeDefinition, name: string): boolean {
  return definition.subAttributes?.some((part) => part.name === name) === true;
}
