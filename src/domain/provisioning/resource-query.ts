/** Kinds of attribute (RFC 7643 section 2.3). */
export type AttributeType =
  'string' | 'boolean' | 'decimal' | 'integer' | 'dateTime' | 'binary' | 'reference' | 'complex';

/** An attribute of a resource as a filter or a sort names it, found in the schema: names in their canonical spelling. */
export interface AttributePath {
  /** From the resource down: `['name', 'familyName']`, `['emails', 'value']`, `['urn:…:User', 'manager', 'value']`. */
  readonly path: readonly string[];
  readonly type: AttributeType;
  /** Whether strings differ by case (RFC 7643 section 2.2). */
  readonly caseExact: boolean;
  /** Index in `path` of the member that holds a list; undefined: none does. At most one does (RFC 7643 section 2.4). */
  readonly listAt: number | undefined;
}

export type Comparison = 'eq' | 'ne' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le';

/** A value to compare with; null: "has no value". */
export type ComparisonValue = string | number | boolean | null;

/**
 * A filter (RFC 7644 section 3.4.2.2), checked against the schema: every attribute exists, every operator fits its type.
 * Inside `element` paths begin at the list's member: `['type']`, `['value']`.
 */
export type ResourceFilter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly ResourceFilter[] }
  | { readonly kind: 'not'; readonly part: ResourceFilter }
  | { readonly kind: 'present'; readonly attribute: AttributePath }
  | {
      readonly kind: 'compare';
      readonly attribute: AttributePath;
      readonly operator: Comparison;
      readonly value: ComparisonValue;
    }
  /** Some member of the list matches the whole inner filter: `emails[type eq "work" and value co "@acme"]`. */
  | { readonly kind: 'element'; readonly attribute: AttributePath; readonly filter: ResourceFilter };

/** Sorting (RFC 7644 section 3.4.2.3). */
export interface ResourceSort {
  readonly attribute: AttributePath;
  readonly order: 'ascending' | 'descending';
}
