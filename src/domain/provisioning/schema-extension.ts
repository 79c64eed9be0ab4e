import { plainText } from '../../core/text.js';
import type { AttributeType } from './resource-query.js';

/**
 * What a tenant says of an attribute of its own. What is left out is as RFC 7643 section 2.2 has it by
 * default.
 */
export interface ExtensionAttribute {
  readonly name: string;
  readonly type?: AttributeType;
  readonly multiValued?: boolean;
  readonly description?: string;
  readonly required?: boolean;
  readonly canonicalValues?: readonly string[];
  readonly caseExact?: boolean;
  readonly mutability?: 'readWrite' | 'immutable';
  readonly returned?: 'always' | 'default' | 'request';
  /** Names of resource types, `external` or `uri`; by default `external`. */
  readonly referenceTypes?: readonly string[];
  /** Of complex attributes; simple ones, no lists. */
  readonly subAttributes?: readonly Omit<ExtensionAttribute, 'multiValued' | 'subAttributes'>[];
}

/** An extension of a schema that a tenant wants (RFC 7643 section 3.3). */
export interface SchemaExtension {
  /** Its URN. */
  readonly schema: string;
  readonly name: string;
  readonly description?: string;
  readonly attributes: readonly ExtensionAttribute[];
}

/** What a tenant extends: the resources of one type. */
export interface ScimExtension extends SchemaExtension {
  readonly resource: 'User' | 'Group';
}

export const ATTRIBUTE_TYPES = [
  'string',
  'boolean',
  'decimal',
  'integer',
  'dateTime',
  'binary',
  'reference',
  'complex',
] as const satisfies readonly AttributeType[];

const URN = /^urn:[a-z0-9][a-z0-9-]{1,31}:[a-z0-9._:-]{1,160}$/i;
/** Those of the RFCs and of Okta mean what they mean. */
const TAKEN = /^urn:(?:ietf:|okta:scim:schemas:core:)/i;
const NAME = /^[A-Za-z][\w$-]{0,63}$/;
const RESERVED = /^(?:constructor|prototype|__proto__)$/i;
const MUTABILITIES: readonly string[] = ['readWrite', 'immutable'];
const RETURNED: readonly string[] = ['always', 'default', 'request'];
const ATTRIBUTES_MAX = 100;

/**
 * What is wrong in an extension. Everything it defines can be written as it says, so it has no readOnly or
 * write-only attributes and no uniqueness.
 */
export function* faultsOfExtension({ schema, attributes }: SchemaExtension): Generator<string> {
  if (!URN.test(schema))
    yield `"${plainText(schema, 200)}" is not a URN such as urn:example:scim:schemas:User.`;
  if (TAKEN.test(schema)) yield `${plainText(schema, 200)} is taken: choose a URN of your own.`;
  yield* faultsOfNames(attributes, plainText(schema, 200));
  for (const attribute of attributes) yield* faultsOfAttribute(attribute, plainText(schema, 200));
}

function* faultsOfNames(attributes: readonly ExtensionAttribute[], where: string): Generator<string> {
  if (attributes.length === 0 || attributes.length > ATTRIBUTES_MAX)
    yield `${where} must have 1 to ${ATTRIBUTES_MAX} attributes.`;
  const known = new Set<string>();
  for (const { name } of attributes) {
    if (!NAME.test(name) || RESERVED.test(name)) {
      const rule = 'a letter, then letters, digits, _, - or $';
      yield `${where}: "${plainText(name, 64)}" can't be an attribute's name: ${rule}.`;
    }
    if (known.has(name.toLowerCase())) yield `${where} has ${plainText(name, 64)} twice: names ignore case.`;
    known.add(name.toLowerCase());
  }
}

function* faultsOfAttribute(attribute: ExtensionAttribute, where: string): Generator<string> {
  const { type = 'string', subAttributes, mutability = 'readWrite', returned = 'default' } = attribute;
  const place = `${where}.${plainText(attribute.name, 64)}`;
  const types: readonly string[] = ATTRIBUTE_TYPES;
  if (!types.includes(type)) yield `${place} can't be of type "${plainText(type, 64)}".`;
  if ((type === 'complex') !== (subAttributes !== undefined))
    yield `${place}: subAttributes belong to type complex, and only to it.`;
  if (!MUTABILITIES.includes(mutability) || !RETURNED.includes(returned))
    yield `${place} must be readWrite or immutable, and returned always, by default or on request.`;
  if (subAttributes === undefined) return;
  yield* faultsOfNames(subAttributes, place);
  for (const part of subAttributes) {
    const { multiValued }: ExtensionAttribute = part;
    if (part.type === 'complex' || multiValued === true)
      yield `${place}.${plainText(part.name, 64)}: a sub-attribute is neither complex nor a list.`;
    else yield* faultsOfAttribute(part, place);
  }
}
