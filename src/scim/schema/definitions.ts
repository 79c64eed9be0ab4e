import type { AttributeType } from '../../domain/provisioning/resource-query.js';

export type Mutability = 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
export type Returned = 'always' | 'never' | 'default' | 'request';
export type Uniqueness = 'none' | 'server' | 'global';

/** An attribute and its characteristics (RFC 7643 sections 2.2 and 7). */
export interface AttributeDefinition {
  readonly name: string;
  readonly type: AttributeType;
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  readonly canonicalValues?: readonly string[];
  readonly caseExact: boolean;
  readonly mutability: Mutability;
  readonly returned: Returned;
  readonly uniqueness: Uniqueness;
  /** Of references: names of resource types, `external` or `uri`. */
  readonly referenceTypes?: readonly string[];
  /** Of complex attributes; never complex themselves, never lists. */
  readonly subAttributes?: readonly AttributeDefinition[];
}

/** A schema (RFC 7643 section 7). */
export interface SchemaDefinition {
  /** Its URN. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly AttributeDefinition[];
}

/** A resource type (RFC 7643 section 6). */
export interface ResourceTypeDefinition {
  readonly name: string;
  /** Below the SCIM base URL: `/Users`. */
  readonly endpoint: string;
  readonly description: string;
  /** URN of the core schema. */
  readonly schema: string;
  readonly schemaExtensions: readonly { readonly schema: string; readonly required: boolean }[];
}

type Characteristics = Partial<Omit<AttributeDefinition, 'name' | 'description' | 'subAttributes'>>;

/**
 * An attribute with the defaults of RFC 7643 section 2.2: a readWrite string, not required, case-insensitive.
 */
export function attribute(
  name: string,
  description: string,
  characteristics: Characteristics = {},
): AttributeDefinition {
  return {
    name,
    type: 'string',
    multiValued: false,
    description,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...characteristics,
  };
}

/** A complex attribute. */
export function complex(
  name: string,
  description: string,
  subAttributes: readonly AttributeDefinition[],
  characteristics: Omit<Characteristics, 'type'> = {},
): AttributeDefinition {
  return { ...attribute(name, description, { ...characteristics, type: 'complex' }), subAttributes };
}

/**
 * Whether a definition stands for a whole extension: its name is a URN, and no attribute's name holds a
 * colon.
 */
export function isExtension(definition: AttributeDefinition): boolean {
  return definition.name.includes(':');
}
