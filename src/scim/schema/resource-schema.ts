import type { AttributePath } from '../../domain/provisioning/resource-query.js';
import { badRequest, quoted } from '../errors.js';
import { COMMON_ATTRIBUTES } from './common.js';
import {
  complex,
  type AttributeDefinition,
  type ResourceTypeDefinition,
  type SchemaDefinition,
} from './definitions.js';

/** What a name stands for: the definitions from the resource down, and the same as a path. */
export interface FoundAttribute {
  readonly path: AttributePath;
  /** One for each name in `path`; the last is the attribute itself. An extension counts as one, complex. */
  readonly chain: readonly AttributeDefinition[];
  readonly definition: AttributeDefinition;
}

type Names = ReadonlyMap<string, AttributeDefinition>;

const NO_NAMES: Names = new Map();

/**
 * Everything that resources of one type may hold: common attributes, core schema, extensions. Names are found
 * without regard to case, with or without the URN of their schema (RFC 7644 section 3.10); an extension's
 * attribute also without it, if nothing else has that name. Only names of the schema are ever found, so no
 * name of a request becomes a key of ours.
 */
export class ResourceSchema {
  /**
   * Attributes of the resource in their order: common ones, the core schema's, and each extension as a
   * complex one.
   */
  readonly attributes: readonly AttributeDefinition[];
  readonly #names: Names;
  /** URNs in lower case, the longest first: one may begin like another. */
  readonly #urns: readonly { readonly prefix: string; readonly schema: SchemaDefinition }[];
  readonly #children = new WeakMap<AttributeDefinition, Names>();
  readonly #extensionNames = new Map<string, AttributeDefinition[]>();

  constructor(
    readonly type: ResourceTypeDefinition,
    readonly core: SchemaDefinition,
    readonly extensions: readonly SchemaDefinition[] = [],
  ) {
    const common = COMMON_ATTRIBUTES.filter(({ name }) => !core.attributes.some((own) => own.name === name));
    const containers = extensions.map(({ id, description, attributes }) => {
      const required = type.schemaExtensions.some(
        (extension) => extension.schema === id && extension.required,
      );
      return complex(id, description, attributes, { required });
    });
    this.attributes = [...common, ...core.attributes, ...containers];
    this.#names = byName(this.attributes);
    this.#urns = [core, ...extensions]
      .map((schema) => ({ prefix: schema.id.toLowerCase(), schema }))
      .toSorted((a, b) => b.prefix.length - a.prefix.length);
    for (const container of containers) {
      for (const { name } of container.subAttributes ?? []) {
        const known = this.#extensionNames.get(name.toLowerCase()) ?? [];
        this.#extensionNames.set(name.toLowerCase(), [...known, container]);
      }
    }
  }

  /** The extension with this URN, whatever its case. */
  extension(urn: string): SchemaDefinition | undefined {
    return this.extensions.find(({ id }) => id.toLowerCase() === urn.toLowerCase());
  }

  /** An attribute of the resource itself, or one of `parent`, by its own name, whatever its case. */
  child(parent: AttributeDefinition | undefined, name: string): AttributeDefinition | undefined {
    if (parent === undefined) return this.#names.get(name.toLowerCase());
    let names = this.#children.get(parent);
    if (names === undefined) {
      names = parent.subAttributes === undefined ? NO_NAMES : byName(parent.subAttributes);
      this.#children.set(parent, names);
    }
    return names.get(name.toLowerCase());
  }

  /** What a name stands for; undefined: nothing, or more than one. */
  find(text: string): FoundAttribute | undefined {
    const folded = text.toLowerCase();
    for (const { prefix, schema } of this.#urns) {
      if (folded === prefix) return schema === this.core ? undefined : this.#walk([schema.id]);
      if (folded.startsWith(`${prefix}:`)) {
        const names = text.slice(prefix.length + 1).split('.');
        return this.#walk(schema === this.core ? names : [schema.id, ...names], schema === this.core);
      }
    }
    const names = text.split('.');
    const own = this.#walk(names);
    if (own !== undefined) return own;
    const holders = this.#extensionNames.get(names[0]?.toLowerCase() ?? '') ?? [];
    const [holder] = holders;
    return holder === undefined || holders.length > 1 ? undefined : this.#walk([holder.name, ...names]);
  }

  /**
   * The attribute that a filter, a sort or a PATCH path names. Throws ScimError 400 of the given type for one
   * unknown.
   */
  resolve(text: string, scimType: 'invalidFilter' | 'invalidPath'): AttributePath {
    return this.findOrThrow(text, scimType).path;
  }

  /** As `resolve`, with its definitions. */
  findOrThrow(text: string, scimType: 'invalidFilter' | 'invalidPath'): FoundAttribute {
    const found = this.find(text);
    if (found !== undefined) return found;
    throw badRequest(
      scimType,
      `${this.type.name} has no attribute ${quoted(text)}. See /Schemas for those it has.`,
    );
  }

  /**
   * As `resolve`, for a place that compares values: a complex attribute stands for its `value`
   * (`sortBy=emails`, `members eq "…"`). Throws also where it has none.
   */
  resolveValue(text: string, scimType: 'invalidFilter' | 'invalidPath'): AttributePath {
    const found = this.valueOf(this.findOrThrow(text, scimType));
    if (found !== undefined) return found.path;
    throw badRequest(
      scimType,
      `${quoted(text)} has parts: name one of them, such as ${quoted(`${text}.…`)}.`,
    );
  }

  /** A simple attribute itself, a complex one's `value`; undefined: it has none. */
  valueOf(found: FoundAttribute): FoundAttribute | undefined {
    if (found.definition.type !== 'complex') return found;
    const value = this.child(found.definition, 'value');
    return value === undefined ? undefined : foundBy([...found.chain, value]);
  }

  #walk(names: readonly string[], coreOnly = false): FoundAttribute | undefined {
    const chain: AttributeDefinition[] = [];
    for (const name of names) {
      const next = this.child(chain.at(-1), name);
      if (next === undefined) return undefined;
      chain.push(next);
    }
    const [first] = chain;
    if (first === undefined || (coreOnly && this.extension(first.name) !== undefined)) return undefined;
    return foundBy(chain);
  }
}

/** A chain of definitions, from the resource or a list's member down, as a path; undefined: it is empty. */
export function foundBy(chain: readonly AttributeDefinition[]): FoundAttribute | undefined {
  const definition = chain.at(-1);
  if (definition === undefined) return undefined;
  const listAt = chain.findIndex(({ multiValued }) => multiValued);
  const path = {
    path: chain.map(({ name }) => name),
    type: definition.type,
    caseExact: definition.caseExact,
    listAt: listAt === -1 ? undefined : listAt,
  };
  return { path, chain, definition };
}

function byName(attributes: readonly AttributeDefinition[]): Names {
  return new Map(attributes.map((definition) => [definition.name.toLowerCase(), definition]));
}
