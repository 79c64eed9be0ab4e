import { DomainError } from '../../core/errors.js';
import { plainText } from '../../core/text.js';
import type { AttributeType } from '../../domain/provisioning/resource-query.js';
import { attribute, complex, type AttributeDefinition, type SchemaDefinition } from './definitions.js';

/**
 * What a tenant says of an attribute of its own. What is left out is as RFC 7643 section 2.2 has it by
 * default.
 */
export interface ExtensionAttributeInput {
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
  readonly subAttributes?: readonly Omit<ExtensionAttributeInput, 'multiValued' | 'subAttributes'>[];
}

/** An extension of the User or Group schema that a tenant wants. */
export interface ExtensionInput {
  /** Its URN. */
  readonly schema: string;
  readonly name: string;
  readonly description?: string;
  readonly attributes: readonly ExtensionAttributeInput[];
}

const URN = /^urn:[a-z0-9][a-z0-9-]{1,31}:[a-z0-9._:-]{1,160}$/i;
/** Those of the RFCs and of Okta mean what they mean. */
const TAKEN = /^urn:(?:ietf:|okta:scim:schemas:core:)/i;
const NAME = /^[A-Za-z][\w$-]{0,63}$/;
const RESERVED = /^(?:constructor|prototype|__proto__)$/i;
const TYPES: readonly AttributeType[] = [
  'string',
  'boolean',
  'decimal',
  'integer',
  'dateTime',
  'binary',
  'reference',
  'complex',
];
const MAX_ATTRIBUTES = 100;

function refuse(what: string): never {
  throw new DomainError('invalid_argument', what);
}

function checkNames(inputs: readonly ExtensionAttributeInput[], where: string): void {
  if (inputs.length === 0 || inputs.length > MAX_ATTRIBUTES) {
    refuse(`${where} must have 1 to ${MAX_ATTRIBUTES} attributes.`);
  }
  const known = new Set<string>();
  for (const { name } of inputs) {
    if (!NAME.test(name) || RESERVED.test(name)) {
      const rule = 'a letter, then letters, digits, _, - or $';
      refuse(`${where}: "${plainText(name, 64)}" can't be an attribute's name: ${rule}.`);
    }
    if (known.has(name.toLowerCase())) refuse(`${where} has ${name} twice: names ignore case.`);
    known.add(name.toLowerCase());
  }
}

function define(input: ExtensionAttributeInput, where: string): AttributeDefinition {
  const { name, description = name, subAttributes, ...characteristics } = input;
  const type = input.type ?? 'string';
  if (!TYPES.includes(type)) refuse(`${where}.${name} can't be of type "${plainText(type, 64)}".`);
  if ((type === 'complex') !== (subAttributes !== undefined)) {
    refuse(`${where}.${name}: subAttributes belong to type complex, and only to it.`);
  }
  const { mutability = 'readWrite', returned = 'default' } = input;
  if (
    !['readWrite', 'immutable'].includes(mutability) ||
    !['always', 'default', 'request'].includes(returned)
  ) {
    refuse(`${where}.${name} must be readWrite or immutable, and returned always, by default or on request.`);
  }
  if (subAttributes === undefined) {
    const references = type === 'reference' ? { referenceTypes: input.referenceTypes ?? ['external'] } : {};
    return attribute(name, description, { ...characteristics, ...references, uniqueness: 'none' });
  }
  checkNames(subAttributes, `${where}.${name}`);
  const parts = subAttributes.map((part: ExtensionAttributeInput) => {
    if (part.type === 'complex' || part.multiValued === true) {
      refuse(`${where}.${name}.${part.name}: a sub-attribute is neither complex nor a list.`);
    }
    return define(part, `${where}.${name}`);
  });
  return complex(name, description, parts, { ...characteristics, uniqueness: 'none' });
}

/**
 * A tenant's own extension as a schema (RFC 7643 section 3.3). Everything it defines can be written as it
 * says, so it has no readOnly or write-only attributes and no uniqueness. Throws DomainError invalid_argument
 * for a URN or a name that can't be.
 */
export function extensionSchema(input: ExtensionInput): SchemaDefinition {
  const { schema, name, description = name, attributes } = input;
  if (!URN.test(schema))
    refuse(`"${plainText(schema, 200)}" is not a URN such as urn:example:scim:schemas:User.`);
  if (TAKEN.test(schema)) refuse(`${schema} is taken: choose a URN of your own.`);
  checkNames(attributes, schema);
  return { id: schema, name, description, attributes: attributes.map((each) => define(each, schema)) };
}
