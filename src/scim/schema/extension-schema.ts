import { DomainError } from '../../core/errors.js';
import {
  faultsOfExtension,
  type ExtensionAttribute,
  type SchemaExtension,
} from '../../domain/provisioning/schema-extension.js';
import { attribute, complex, type AttributeDefinition, type SchemaDefinition } from './definitions.js';

/** An extension of the User or Group schema that a tenant wants. */
export type ExtensionInput = SchemaExtension;

function define(input: ExtensionAttribute): AttributeDefinition {
  const { name, description = name, subAttributes, ...characteristics } = input;
  if (subAttributes !== undefined)
    return complex(name, description, subAttributes.map(define), { ...characteristics, uniqueness: 'none' });
  const references =
    input.type === 'reference' ? { referenceTypes: input.referenceTypes ?? ['external'] } : {};
  return attribute(name, description, { ...characteristics, ...references, uniqueness: 'none' });
}

/**
 * A tenant's own extension as a schema (RFC 7643 section 3.3). Throws DomainError invalid_argument for a URN
 * or a name that can't be.
 */
export function extensionSchema(input: ExtensionInput): SchemaDefinition {
  for (const fault of faultsOfExtension(input)) throw new DomainError('invalid_argument', fault);
  const { schema, name, description = name, attributes } = input;
  return { id: schema, name, description, attributes: attributes.map(define) };
}
