import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../src/core/json.js';
import { ScimError } from '../../../src/scim/errors.js';
import { matches } from '../../../src/scim/filter/matches.js';
import { parseFilter } from '../../../src/scim/filter/parse-filter.js';
import { parsePatchPath } from '../../../src/scim/filter/patch-path.js';
import { userResource } from '../../../src/scim/schema/resource-types.js';

const users = userResource();

/** A filter as the test means it: printed for the parser, and answered by a model that knows nothing of schemas. */
type Model =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Model[] }
  | { readonly kind: 'not'; readonly part: Model }
  | { readonly kind: 'list'; readonly list: string; readonly part: Model; readonly sub?: Model }
  | { readonly kind: 'leaf'; readonly name: string; readonly operator: string; readonly value: Json };

const letters = fc.string({
  unit: fc.constantFrom('a', 'A', 'b', ' ', '"', '\\', '(', ']', 'é'),
  maxLength: 3,
});
const spelled = (text: string): fc.Arbitrary<string> =>
  fc.constantFrom(text, text.toUpperCase(), text[0]?.toUpperCase() + text.slice(1));
const textLeaf = (name: string): fc.Arbitrary<Model> =>
  fc.record({
    kind: fc.constant('leaf' as const),
    name: fc.constant(name),
    operator: fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'pr'),
    value: letters,
  });
const flagLeaf = (name: string): fc.Arbitrary<Model> =>
  fc.record({
    kind: fc.constant('leaf' as const),
    name: fc.constant(name),
    operator: fc.constantFrom('eq', 'ne', 'pr'),
    value: fc.boolean(),
  });
const combined = (leaf: fc.Arbitrary<Model>, depth: number): fc.Arbitrary<Model> =>
  depth === 0
    ? leaf
    : fc.oneof(
        { withCrossShrink: true },
        leaf,
        fc.record({
          kind: fc.constantFrom('and' as const, 'or' as const),
          parts: fc.array(combined(leaf, depth - 1), { minLength: 2, maxLength: 3 }),
        }),
        fc.record({ kind: fc.constant('not' as const), part: combined(leaf, depth - 1) }),
      );
const memberLeaf = fc.oneof(textLeaf('value'), textLeaf('type'), flagLeaf('primary'));
const list: fc.Arbitrary<Model> = fc.record(
  {
    kind: fc.constant('list' as const),
    list: fc.constant('emails'),
    part: combined(memberLeaf, 1),
    sub: memberLeaf,
  },
  { requiredKeys: ['kind', 'list', 'part'] },
);
const model = combined(
  fc.oneof(
    textLeaf('userName'),
    textLeaf('externalId'),
    textLeaf('name.givenName'),
    flagLeaf('active'),
    list,
  ),
  3,
);

const WEIGHT = { or: 1, and: 2, not: 3, list: 3, leaf: 3 } as const;

/** The filter as text, with brackets only where precedence asks for them. */
function print(filter: Model): string {
  if (filter.kind === 'not') return `not (${print(filter.part)})`;
  if (filter.kind === 'list') {
    return `${filter.list}[${print(filter.part)}]${filter.sub === undefined ? '' : `.${print(filter.sub)}`}`;
  }
  if (filter.kind === 'leaf') {
    const { name, operator, value } = filter;
    return operator === 'pr' ? `${name} pr` : `${name} ${operator} ${JSON.stringify(value)}`;
  }
  return filter.parts
    .map((part) => (WEIGHT[part.kind] <= WEIGHT[filter.kind] ? `(${print(part)})` : print(part)))
    .join(` ${filter.kind} `);
}

/** The same answer, from the words of RFC 7644 and nothing else. */
function answer(filter: Model, resource: Json): boolean {
  if (filter.kind === 'not') return !answer(filter.part, resource);
  if (filter.kind === 'list') {
    const members = (resource as JsonObject)[filter.list];
    if (!Array.isArray(members)) return false;
    const { part, sub } = filter;
    return members.some((member: Json) => answer(part, member) && (sub === undefined || answer(sub, member)));
  }
  if (filter.kind === 'leaf') return leafAnswer(filter, resource);
  return filter.kind === 'and'
    ? filter.parts.every((part) => answer(part, resource))
    : filter.parts.some((part) => answer(part, resource));
}

function leafAnswer(filter: Extract<Model, { kind: 'leaf' }>, resource: Json): boolean {
  let value: Json | undefined = resource;
  for (const name of filter.name.split('.')) value = (value as JsonObject | undefined)?.[name];
  if (filter.operator === 'pr') return value !== undefined && value !== '';
  if (value === undefined) return filter.operator === 'ne';
  const exact = filter.name === 'externalId' || typeof value === 'boolean';
  const [left, right] = [value, filter.value].map((each) =>
    typeof each === 'string' && !exact ? each.toLowerCase() : each,
  );
  const [a, b] = [left, right].map((each) => (typeof each === 'string' ? each : JSON.stringify(each))) as [
    string,
    string,
  ];
  const answers: Record<string, boolean> = {
    eq: left === right,
    ne: left !== right,
    co: a.includes(b),
    sw: a.startsWith(b),
    ew: a.endsWith(b),
    gt: a > b,
    ge: a >= b,
    lt: a < b,
    le: a <= b,
  };
  return answers[filter.operator] === true;
}

const resource = fc.record(
  {
    userName: letters,
    externalId: letters,
    active: fc.boolean(),
    name: fc.record({ givenName: letters }, { requiredKeys: [] }),
    emails: fc.array(
      fc.record({ value: letters, type: letters, primary: fc.boolean() }, { requiredKeys: [] }),
      {
        maxLength: 3,
      },
    ),
  },
  { requiredKeys: [] },
);

test('a filter, printed and parsed, answers as the model does', () => {
  let asked = 0;
  fc.assert(
    fc.property(model, fc.array(resource, { minLength: 1, maxLength: 4 }), (filter, resources) => {
      const text = print(filter);
      fc.pre(Buffer.byteLength(text) <= 4096);
      const parsed = parseFilter(text, users);
      for (const each of resources) {
        expect([text, matches(parsed, each)]).toEqual([text, answer(filter, each)]);
        asked += 1;
      }
    }),
    { numRuns: 500 },
  );
  expect(asked).toBeGreaterThan(400);
});

test('spelling and white space make no difference', () => {
  fc.assert(
    fc.property(
      spelled('userName'),
      spelled('eq'),
      spelled('and'),
      fc.constantFrom(' ', '  ', '\t', '\n'),
      (name, eq, and, gap) => {
        const text = ['(', name, eq, '"a b"', ')', and, 'emails', '[', 'type', 'pr', ']'].join(gap);
        expect(parseFilter(text, users)).toEqual(parseFilter('userName eq "a b" and emails[type pr]', users));
      },
    ),
  );
});

const PIECES = [
  '(',
  ')',
  '[',
  ']',
  '.',
  ' ',
  ' ',
  '"',
  '\\',
  '"a"',
  '"\\u0000"',
  'not',
  'and',
  'or',
  'eq',
  'ne',
  'co',
  'gt',
  'pr',
  'userName',
  'emails',
  'type',
  '.value',
  'active',
  'true',
  'null',
  '1',
  '-1e9',
  '__proto__',
  'constructor',
  'toString',
  'urn:ietf:params:scim:schemas:core:2.0:User:',
  'manager.$ref',
  'meta.created',
  '"2026-11-22T00:00:00Z"',
  '\ud800',
  '\u0000',
];

test('whatever is sent, a filter or a path is read or refused by a ScimError', () => {
  const text = fc.oneof(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join(' ')),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
  fc.assert(
    fc.property(text, (sent) => {
      for (const read of [parseFilter, parsePatchPath]) {
        try {
          read(sent, users);
        } catch (error) {
          expect(error).toBeInstanceOf(ScimError);
          expect((error as ScimError).status).toBe(400);
          expect((error as ScimError).message.length).toBeLessThan(400);
        }
      }
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});
