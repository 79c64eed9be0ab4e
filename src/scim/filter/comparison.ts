import type {
  AttributeType,
  Comparison,
  ComparisonValue,
  ResourceFilter,
} from '../../domain/provisioning/resource-query.js';
import { readBoolean, zonedDateTime } from '../schema/value-forms.js';
import type { FoundAttribute } from '../schema/resource-schema.js';
import { fault, type Token } from './scan.js';

const EQUALITY: readonly Comparison[] = ['eq', 'ne'];
const ORDER: readonly Comparison[] = ['gt', 'ge', 'lt', 'le'];
const SUBSTRING: readonly Comparison[] = ['co', 'sw', 'ew'];

/** Operators that fit a type (RFC 7644 section 3.4.2.2: ordering a boolean or binary value is an error). */
const OPERATORS: Readonly<Record<AttributeType, readonly Comparison[]>> = {
  string: [...EQUALITY, ...ORDER, ...SUBSTRING],
  reference: [...EQUALITY, ...ORDER, ...SUBSTRING],
  binary: [...EQUALITY, ...SUBSTRING],
  boolean: EQUALITY,
  decimal: [...EQUALITY, ...ORDER],
  integer: [...EQUALITY, ...ORDER],
  dateTime: [...EQUALITY, ...ORDER],
  complex: EQUALITY,
};

/** The operator, in whatever case; undefined: none of them. */
export function comparisonOperator(text: string): Comparison | undefined {
  return OPERATORS.string.find((operator) => operator === text.toLowerCase());
}

/** A literal: text is in quotes; `true`, `false`, `null` (in any case) and numbers are not. */
type Literal = string | number | boolean | null;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const WORDS: ReadonlyMap<string, Literal> = new Map<string, Literal>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

function literalOf(token: Token): Literal {
  if (token.kind === 'string') return token.text;
  if (token.kind === 'word') {
    const word = WORDS.get(token.text.toLowerCase());
    if (word !== undefined) return word;
    if (NUMBER.test(token.text)) return Number(token.text);
  }
  throw fault('invalidFilter', token, 'a value belongs here; text stands in double quotes');
}

/** What a value of the type looks like in a filter, for the error. */
const WANTED: Readonly<Record<AttributeType, string>> = {
  string: 'text in double quotes',
  reference: 'text in double quotes',
  binary: 'text in double quotes',
  boolean: 'true or false',
  decimal: 'a number',
  integer: 'a whole number',
  dateTime: 'a time such as "2026-11-22T00:13:19Z"',
  complex: 'a sub-attribute',
};

const isText = (literal: Literal): literal is string => typeof literal === 'string';
const textOf = (literal: Literal): string | undefined => (isText(literal) ? literal : undefined);

/** The literal as a value of the type; undefined: it is none. */
const TYPED: Readonly<Record<AttributeType, (literal: Literal) => ComparisonValue | undefined>> = {
  string: textOf,
  reference: textOf,
  binary: textOf,
  boolean: readBoolean,
  decimal: (literal) => (Number.isFinite(literal) ? literal : undefined),
  integer: (literal) => (Number.isSafeInteger(literal) ? literal : undefined),
  dateTime: (literal) => (isText(literal) ? zonedDateTime(literal) : undefined),
  complex: () => undefined,
};

/**
 * Whether an attribute may be asked for at all: what is never returned can't be guessed by filters either.
 */
export function refuseSecret(found: FoundAttribute, token: Token): void {
  if (found.definition.returned === 'never') {
    throw fault('invalidFilter', token, `${found.path.path.join('.')} can't be filtered by`);
  }
}

/**
 * A comparison, checked against the attribute's type. `found` is simple, or complex where only null is
 * compared with. Throws ScimError 400 invalidFilter.
 */
export function comparison(
  found: FoundAttribute,
  simple: FoundAttribute | undefined,
  operator: Comparison,
  names: { readonly attribute: Token; readonly value: Token },
): ResourceFilter {
  refuseSecret(found, names.attribute);
  const literal = literalOf(names.value);
  const name = found.path.path.join('.');
  if (literal === null) {
    if (!EQUALITY.includes(operator)) {
      throw fault('invalidFilter', names.value, `null can be compared by eq and ne, not by ${operator}`);
    }
    const present = { kind: 'present', attribute: found.path } as const;
    return operator === 'ne' ? present : { kind: 'not', part: present };
  }
  if (simple === undefined) {
    throw fault(
      'invalidFilter',
      names.attribute,
      `${name} has parts: compare one of them, such as ${name}.…`,
    );
  }
  const { type } = simple.path;
  if (!OPERATORS[type].includes(operator)) {
    throw fault(
      'invalidFilter',
      names.attribute,
      `${name} is of type ${type}, which ${operator} can't compare`,
    );
  }
  const value = TYPED[type](literal);
  if (value === undefined) {
    throw fault('invalidFilter', names.value, `${name} is compared with ${WANTED[type]}`);
  }
  return { kind: 'compare', attribute: simple.path, operator, value };
}
