import { Type } from 'typebox';
import { ATTRIBUTE_TYPES } from '../../domain/provisioning/schema-extension.js';
import { DisplayName, PlainText } from './text.js';

const closed = { additionalProperties: false } as const;

const SimpleTypes = ATTRIBUTE_TYPES.filter((type) => type !== 'complex');

/** What attributes and sub-attributes have (RFC 7643 section 7); names are domain's to judge. */
const CHARACTERISTICS = {
  name: PlainText,
  description: Type.Optional(PlainText),
  required: Type.Optional(Type.Boolean()),
  canonicalValues: Type.Optional(Type.Array(PlainText, { maxItems: 200, uniqueItems: true })),
  caseExact: Type.Optional(Type.Boolean()),
  mutability: Type.Optional(Type.Enum(['readWrite', 'immutable'])),
  returned: Type.Optional(Type.Enum(['always', 'default', 'request'])),
  referenceTypes: Type.Optional(Type.Array(PlainText, { maxItems: 20, uniqueItems: true })),
};

const SubAttributeEntry = Type.Object(
  { ...CHARACTERISTICS, type: Type.Optional(Type.Enum(SimpleTypes)) },
  closed,
);

const AttributeEntry = Type.Object(
  {
    ...CHARACTERISTICS,
    type: Type.Optional(Type.Enum([...ATTRIBUTE_TYPES])),
    multiValued: Type.Optional(Type.Boolean()),
    subAttributes: Type.Optional(Type.Array(SubAttributeEntry, { minItems: 1, maxItems: 100 })),
  },
  closed,
);

/** A SCIM schema extension of the file. */
export const ScimExtensionEntry = Type.Object(
  {
    schema: PlainText,
    name: DisplayName,
    description: Type.Optional(PlainText),
    resource: Type.Optional(Type.Enum(['User', 'Group'])),
    attributes: Type.Array(AttributeEntry, { minItems: 1, maxItems: 100 }),
  },
  closed,
);
