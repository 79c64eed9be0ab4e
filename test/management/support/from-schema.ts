import fc, { type Arbitrary } from 'fast-check';

/** JSON Schema as the document writes it: what Causeway's schemas use of it, and no more. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly $ref?: string;
}

/** Values that a schema takes. */
export function fits(schema: Schema): Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fits));
  switch (schema.type ?? 'any') {
    case 'object':
      return fc.record(
        Object.fromEntries(
          Object.entries(schema.properties ?? {}).map(([name, value]) => [name, fits(value)]),
        ),
        { requiredKeys: [...(schema.required ?? [])] },
      );
    case 'array': {
      const sizes = { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, 3) };
      const items = fits(schema.items ?? {});
      return schema.uniqueItems === true
        ? fc.uniqueArray(items, { ...sizes, selector: (item) => JSON.stringify(item) })
        : fc.array(items, sizes);
    }
    case 'string':
      return texts(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -10, max: schema.maximum ?? 10 });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function texts({ pattern, minLength = 0, maxLength = 40 }: Schema): Arbitrary<string> {
  const size = { minLength, maxLength: Math.min(maxLength, 40) };
  if (pattern === undefined) return fc.string(size);
  const expression = new RegExp(pattern);
  return fc
    .stringMatching(expression, { size: 'small' })
    .filter((text) => text.length >= minLength && text.length <= maxLength && expression.test(text));
}

/** What requests may hold besides: other types, texts that mean something elsewhere, members that nobody knows. */
export const strange: Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    '',
    '\u0000',
    "'; DROP TABLE users --",
    '../../etc/passwd',
    '${7*7}',
    '\u202egnp.exe',
    'a'.repeat(5_000),
    -1,
    1e308,
    { __proto__: { admin: true } },
    JSON.parse('{"__proto__": {"admin": true}, "constructor": {"prototype": {}}}'),
    { env: 'HOME' },
    [[[[[[]]]]]],
  ),
);

/** A body that is almost what a schema takes: one member is strange, or there is one that nobody knows. */
export function almostFits(schema: Schema): Arbitrary<unknown> {
  const names = Object.keys(schema.properties ?? {});
  const spoilt = fc
    .tuple(fits(schema), fc.constantFrom('unknownMember', ...names), strange)
    .map(([body, name, value]) =>
      typeof body === 'object' && body !== null ? { ...body, [name]: value } : { [name]: value },
    );
  return fc.oneof(spoilt, strange);
}
