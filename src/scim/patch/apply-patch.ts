import type { Json, JsonObject } from '../../core/json.js';
import { badRequest, quoted } from '../errors.js';
import { parsePatchPath, type PatchPath } from '../filter/patch-path.js';
import type { CanonicalResource } from '../resource/canonical-resource.js';
import { isObject } from '../resource/check-json.js';
import { ignore, saysSomething, wrongType, type Reading } from '../resource/read-value.js';
import type { AttributeDefinition } from '../schema/definitions.js';
import type { ResourceSchema } from '../schema/resource-schema.js';
import { assign, unassign } from './assign.js';
import { changeEvery, changePicked, removeValues, type Change } from './change-list.js';
import { distinct, equalJson } from './merge-values.js';
import type { PatchOperation } from './operation.js';
import { FilterBudget, immutable, listOf, targetMutability, targetName, withMember } from './target.js';

/** A resource after a PATCH. */
export interface PatchResult {
  readonly resource: CanonicalResource;
  /** Whether anything is different now: if not, `meta.lastModified` stays (RFC 7644 section 3.5.2.1). */
  readonly changed: boolean;
  /** Names in values without a path that the schema doesn't have. */
  readonly ignored: readonly string[];
}

/** What an attribute holds after the change. */
function changeValue(change: Change, current: Json | undefined): Json | undefined {
  const { target, op, value, where, reading } = change;
  const { definition } = target;
  if (target.filter !== undefined) return changePicked(change, target.filter, listOf(current));
  if (op !== 'remove') return assign(reading, op, { definition, current, where }, value ?? null);
  if (definition.multiValued && value !== undefined && value !== null) {
    return removeValues(change, listOf(current), value);
  }
  return unassign({ definition, current, where });
}

/** The object with the target changed, which lies `depth` names below it. */
function changeWithin(change: Change, object: JsonObject, depth: number): JsonObject {
  const { chain } = change.target;
  const definition = chain[depth];
  if (definition === undefined) return object;
  const current = object[definition.name];
  if (depth === chain.length - 1) return withMember(object, definition.name, changeValue(change, current));
  if (definition.multiValued) {
    return withMember(object, definition.name, changeEvery(change, definition, listOf(current)));
  }
  const inner = changeWithin(change, isObject(current) ? current : {}, depth + 1);
  return withMember(object, definition.name, Object.keys(inner).length === 0 ? undefined : inner);
}

/** One PATCH over one resource. */
class Patching {
  readonly #budget = new FilterBudget();
  readonly reading: Reading;
  resource: CanonicalResource;

  constructor(resource: CanonicalResource, schema: ResourceSchema) {
    this.resource = resource;
    this.reading = { schema, ignored: [] };
  }

  apply({ op, path, value }: PatchOperation): void {
    const { schema } = this.reading;
    if (path === undefined || path.toLowerCase() === schema.core.id.toLowerCase()) {
      if (op === 'remove')
        throw badRequest('noTarget', 'A remove needs a path: name the attribute to remove.');
      this.#applyMembers(op, value ?? null);
      return;
    }
    const target = parsePatchPath(path, schema);
    const mutability = targetMutability(target);
    if (mutability === 'readOnly') throw immutable(targetName(target), 'is readOnly and can’t be changed');
    if (mutability === 'writable') this.#change(op, target, value);
  }

  /** A value without a path: its names are attributes, flattened paths, or URNs of extensions. */
  #applyMembers(op: 'add' | 'replace', value: Json): void {
    const { schema } = this.reading;
    if (!isObject(value)) throw wrongType('The value of an operation without a path', 'an object', value);
    const seen = new Set<string>();
    for (const [name, member] of Object.entries<Json>(value)) {
      const folded = name.toLowerCase();
      if (seen.has(folded)) {
        throw badRequest(
          'invalidSyntax',
          `${quoted(name)} is given twice, in different spellings: send it once.`,
        );
      }
      seen.add(folded);
      if (folded === schema.core.id.toLowerCase()) this.#applyMembers(op, member);
      else {
        const target = name.includes('[') ? parsePatchPath(name, schema) : this.#find(name);
        if (target === undefined) ignore(this.reading, name);
        else if (targetMutability(target) === 'writable') this.#change(op, target, member);
      }
    }
  }

  #find(name: string): PatchPath | undefined {
    const found = this.reading.schema.find(name);
    return found && { attribute: found.path, chain: found.chain, definition: found.definition };
  }

  #change(op: PatchOperation['op'], target: PatchPath, value: Json | undefined): void {
    const where = targetName(target);
    const change = { op, target, value, where, reading: this.reading, budget: this.#budget };
    this.resource = changeWithin(change, this.resource, 0);
  }
}

/**
 * The object without members of lists that only label what was removed (`{type: "work"}` that has lost its
 * address), and without those that became like another.
 */
function pruned(definitions: readonly AttributeDefinition[], object: JsonObject): JsonObject {
  let result = object;
  for (const definition of definitions) {
    const { name, subAttributes } = definition;
    const value = object[name];
    if (subAttributes === undefined || value === undefined) continue;
    if (definition.multiValued) {
      const list = listOf(value);
      const kept = distinct(list.filter((member) => !isObject(member) || saysSomething(definition, member)));
      if (kept.length < list.length) result = withMember(result, name, kept.length === 0 ? undefined : kept);
    } else if (isObject(value)) {
      const inner = pruned(subAttributes, value);
      result = withMember(result, name, Object.keys(inner).length === 0 ? undefined : inner);
    }
  }
  return result;
}

/**
 * A resource after the operations, in order, all or none of them (RFC 7644 section 3.5.2). Pure: the input is
 * left as it is. Beyond the RFC it takes what Okta and Entra send: names of readOnly attributes and unknown
 * ones in values without a path are ignored, flattened names are paths, `remove` may list the values to
 * remove, and a sub-attribute of a member that isn't there makes that member. Throws ScimError 400
 * invalidPath, invalidFilter, invalidValue, invalidSyntax, mutability or noTarget; 413 where filters compare
 * too much.
 */
export function applyPatch(
  resource: CanonicalResource,
  operations: readonly PatchOperation[],
  schema: ResourceSchema,
): PatchResult {
  const patching = new Patching(resource, schema);
  for (const operation of operations) patching.apply(operation);
  const result = pruned(schema.attributes, patching.resource);
  return {
    resource: result,
    changed: !equalJson(resource, result),
    ignored: patching.reading.ignored,
  };
}
