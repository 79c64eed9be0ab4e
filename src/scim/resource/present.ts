import type { Json, JsonObject } from '../../core/json.js';
import { badRequest } from '../errors.js';
import { isExtension, type AttributeDefinition } from '../schema/definitions.js';
import type { ResourceSchema } from '../schema/resource-schema.js';
import { isObject } from './check-json.js';

const MAX_NAMES = 200;

/** Which attributes a request wants to see (RFC 7644 section 3.9). Undefined or empty: not said. */
export interface Projection {
  readonly attributes?: readonly string[] | undefined;
  readonly excludedAttributes?: readonly string[] | undefined;
}

/**
 * The names of `attributes` or `excludedAttributes` in a query. Throws ScimError 400 invalidValue for more
 * than 200.
 */
export function parseNames(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',', MAX_NAMES + 1).map((name) => name.trim());
  checkNames(names);
  return names.filter((name) => name !== '');
}

function checkNames(names: readonly string[]): void {
  if (names.length > MAX_NAMES) {
    throw badRequest('invalidValue', `attributes and excludedAttributes may name ${MAX_NAMES} attributes.`);
  }
}

/** What is named of an attribute: all of it, or some of its parts. */
type Named = 'whole' | ReadonlyMap<AttributeDefinition, Named>;
type Tree = Map<AttributeDefinition, 'whole' | Tree>;

/** Names as a tree of definitions; those that the schema doesn't have are left out. */
function treeOf(names: readonly string[], schema: ResourceSchema): Tree {
  const root: Tree = new Map();
  for (const name of names) {
    const chain = schema.find(name)?.chain ?? [];
    let tree = root;
    for (const [index, definition] of chain.entries()) {
      const known = tree.get(definition);
      if (known === 'whole') break;
      if (index === chain.length - 1) tree.set(definition, 'whole');
      else {
        const next: Tree = known ?? new Map<AttributeDefinition, 'whole' | Tree>();
        tree.set(definition, next);
        tree = next;
      }
    }
  }
  return root;
}

/** How much of each attribute is shown: all, nothing, or the parts that a further plan says. */
type Plan = ReadonlyMap<string, Plan> | 'all' | 'none';

function planOf(definition: AttributeDefinition, named: Named | undefined, asked: boolean): Plan {
  if (isExtension(definition)) return extensionPlan(definition, named, asked);
  const { returned, subAttributes } = definition;
  if (returned === 'never' || (returned === 'request' && !(asked && named !== undefined))) return 'none';
  if (returned !== 'always' && (asked ? named === undefined : named === 'whole')) return 'none';
  if (subAttributes === undefined) return 'all';
  const parts = named === 'whole' ? undefined : named;
  const plans = plansOf(subAttributes, (part) =>
    planOf(part, parts?.get(part), asked && parts !== undefined),
  );
  return plans.every(([, plan]) => plan === 'all') ? 'all' : new Map(plans);
}

/**
 * An extension is no attribute that could be left out: those of its attributes that are always shown are
 * shown. It is never shown whole: a tenant may have taken attributes out of it whose values are still stored.
 */
function extensionPlan(
  { subAttributes = [] }: AttributeDefinition,
  named: Named | undefined,
  asked: boolean,
): Plan {
  if (named === 'whole')
    return new Map(plansOf(subAttributes, (part) => planOf(part, asked ? undefined : 'whole', false)));
  return new Map(plansOf(subAttributes, (part) => planOf(part, named?.get(part), asked)));
}

function plansOf(
  parts: readonly AttributeDefinition[],
  planOfPart: (part: AttributeDefinition) => Plan,
): readonly (readonly [name: string, plan: Plan])[] {
  return parts.map((part) => [part.name, planOfPart(part)]);
}

/** What the plan shows of a value; undefined: nothing is left. */
function shown(value: Json, plan: Plan): Json | undefined {
  if (plan === 'all') return value;
  if (plan === 'none') return undefined;
  if (Array.isArray(value)) {
    const list = value.map((member: Json) => shown(member, plan)).filter((member) => member !== undefined);
    return list.length === 0 ? undefined : list;
  }
  if (!isObject(value)) return value;
  const object: Record<string, Json> = {};
  for (const [name, part] of Object.entries<Json>(value)) {
    const kept = shown(part, plan.get(name) ?? 'none');
    if (kept !== undefined) object[name] = kept;
  }
  return Object.keys(object).length === 0 ? undefined : object;
}

/**
 * A way to show many resources alike. `attributes` adds to what is always shown, `excludedAttributes` takes
 * from what is shown by default; unknown names are ignored. Throws ScimError 400 invalidValue where both are
 * given, or more than 200 names.
 */
export function projector(
  schema: ResourceSchema,
  { attributes = [], excludedAttributes = [] }: Projection,
): (resource: JsonObject) => JsonObject {
  checkNames(attributes);
  checkNames(excludedAttributes);
  if (attributes.length > 0 && excludedAttributes.length > 0) {
    throw badRequest('invalidValue', 'Give attributes or excludedAttributes, not both.');
  }
  const asked = attributes.length > 0;
  const named = treeOf(asked ? attributes : excludedAttributes, schema);
  const plan = new Map(
    schema.attributes.map((definition) => [
      definition.name,
      planOf(definition, named.get(definition), asked),
    ]),
  );
  return (resource) => {
    const object: Record<string, Json> = {};
    for (const [name, value] of Object.entries<Json>(resource)) {
      const kept = shown(value, plan.get(name) ?? 'none');
      if (kept !== undefined) object[name] = kept;
    }
    return object;
  };
}

/** One resource, complete with `schemas`, `id` and `meta`, as `projector` shows it. */
export function present(resource: JsonObject, schema: ResourceSchema, projection: Projection): JsonObject {
  return projector(schema, projection)(resource);
}

/** The `schemas` of a resource: the core schema and the extensions that have values (RFC 7643 section 3). */
export function schemasOf(resource: JsonObject, schema: ResourceSchema): readonly string[] {
  return [
    schema.core.id,
    ...schema.extensions.map(({ id }) => id).filter((id) => resource[id] !== undefined),
  ];
}
