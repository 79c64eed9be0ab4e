import type { ResourceFilter } from '../../domain/provisioning/resource-query.js';
import { quoted } from '../errors.js';
import type { AttributeDefinition } from '../schema/definitions.js';
import { foundBy, type FoundAttribute, type ResourceSchema } from '../schema/resource-schema.js';
import { comparison, comparisonOperator, refuseSecret } from './comparison.js';
import { fault, scan, type Token } from './scan.js';

const MAX_COMPARISONS = 100;
const END: Token = { kind: 'end', text: '', at: 1 };

/**
 * Where names of attributes are looked up: at the resource, or within an attribute that stands before a `[`.
 */
interface Scope {
  find(name: string): FoundAttribute | undefined;
  readonly what: string;
}

/**
 * The grammar of RFC 7644 section 3.4.2.2 by recursive descent: `or` of `and` of `not (…)`, `(…)`, `attr[…]`,
 * `attr pr` and comparisons. Recursion is as deep as the brackets, and `scan` has counted those.
 */
export class FilterReader {
  #next = 0;
  #comparisons = 0;

  constructor(
    readonly schema: ResourceSchema,
    readonly tokens: readonly Token[],
  ) {}

  peek(): Token {
    return this.tokens[this.#next] ?? this.tokens.at(-1) ?? END;
  }

  take(): Token {
    const token = this.peek();
    this.#next += 1;
    return token;
  }

  expect(kind: Token['kind'], what: string): Token {
    const token = this.take();
    if (token.kind !== kind) throw fault('invalidFilter', token, `expected ${what}`);
    return token;
  }

  /** A whole filter at the resource. */
  filter(): ResourceFilter {
    return this.#or({ find: (name) => this.schema.find(name), what: this.schema.type.name });
  }

  /** What stands between `[` and `]` behind a list: relative to its member. */
  memberFilter(list: FoundAttribute): ResourceFilter {
    return this.#or(this.#within(list, []));
  }

  /** Names within an attribute, as paths that begin with `above`. */
  #within(parent: FoundAttribute, above: readonly AttributeDefinition[]): Scope {
    return {
      what: parent.path.path.join('.'),
      find: (name) => {
        const chain = [...above];
        let last = parent.definition;
        for (const part of name.split('.')) {
          const child = this.schema.child(last, part);
          if (child === undefined) return this.#valueItself(parent, name);
          chain.push(child);
          last = child;
        }
        return foundBy(chain);
      },
    };
  }

  /** In a list of simple values, `value` is the member itself (RFC 7644 section 3.5.2.2): an empty path. */
  #valueItself({ definition }: FoundAttribute, name: string): FoundAttribute | undefined {
    if (definition.type === 'complex' || name.toLowerCase() !== 'value') return undefined;
    const { type, caseExact } = definition;
    return { path: { path: [], type, caseExact, listAt: undefined }, chain: [definition], definition };
  }

  #or(scope: Scope): ResourceFilter {
    return this.#series('or', () => this.#series('and', () => this.#term(scope)));
  }

  #series(kind: 'and' | 'or', part: () => ResourceFilter): ResourceFilter {
    const first = part();
    const parts = [first];
    while (this.#isWord(this.peek(), kind)) {
      this.take();
      parts.push(part());
    }
    return parts.length === 1 ? first : { kind, parts };
  }

  #isWord(token: Token, word: string): boolean {
    return token.kind === 'word' && token.text.toLowerCase() === word;
  }

  #term(scope: Scope): ResourceFilter {
    const token = this.take();
    if (token.kind === '(') return this.#group(scope);
    if (this.#isWord(token, 'not') && this.peek().kind === '(') {
      this.take();
      return { kind: 'not', part: this.#group(scope) };
    }
    if (token.kind !== 'word') throw fault('invalidFilter', token, 'expected the name of an attribute');
    const found = scope.find(token.text);
    if (found === undefined) {
      throw fault('invalidFilter', token, `${scope.what} has no attribute ${quoted(token.text)}`);
    }
    if (this.peek().kind === '[') return this.#valuePath(found, token);
    return this.#expression(found, token);
  }

  #group(scope: Scope): ResourceFilter {
    const filter = this.#or(scope);
    this.expect(')', 'a closing parenthesis');
    return filter;
  }

  /**
   * `attr[…]`, and the form that clients send and the grammar forgets: `attr[…].sub eq "x"`, true of one
   * member.
   */
  #valuePath(found: FoundAttribute, name: Token): ResourceFilter {
    this.take();
    const { definition, chain } = found;
    if (definition.type !== 'complex') {
      throw fault('invalidFilter', name, `${quoted(name.text)} has no parts that could stand in brackets`);
    }
    refuseSecret(found, name);
    const scope = this.#within(found, definition.multiValued ? [] : chain);
    let filter = this.#or(scope);
    this.expect(']', 'a closing bracket');
    if (this.peek().kind === 'sub') {
      const sub = this.take();
      const member = scope.find(sub.text);
      if (member === undefined) {
        throw fault('invalidFilter', sub, `${scope.what} has no sub-attribute ${quoted(sub.text)}`);
      }
      const last = this.#expression(member, sub);
      filter = { kind: 'and', parts: filter.kind === 'and' ? [...filter.parts, last] : [filter, last] };
    }
    return definition.multiValued ? { kind: 'element', attribute: found.path, filter } : filter;
  }

  #expression(found: FoundAttribute, name: Token): ResourceFilter {
    this.#comparisons += 1;
    if (this.#comparisons > MAX_COMPARISONS) {
      throw fault('invalidFilter', name, `more than ${MAX_COMPARISONS} comparisons`);
    }
    const token = this.take();
    if (this.#isWord(token, 'pr')) {
      refuseSecret(found, name);
      return { kind: 'present', attribute: found.path };
    }
    const operator = token.kind === 'word' ? comparisonOperator(token.text) : undefined;
    if (operator === undefined) {
      const operators = 'eq, ne, co, sw, ew, gt, ge, lt, le or pr';
      throw fault('invalidFilter', token, `expected an operator: ${operators}`);
    }
    return comparison(found, this.schema.valueOf(found), operator, { attribute: name, value: this.take() });
  }
}

/**
 * A filter (RFC 7644 section 3.4.2.2), its names found in the schema, its operators and values checked
 * against their types. Also takes `emails[type eq "work"].value eq "x"`, operators in any case, and "True"
 * for a boolean, as clients send them. Throws ScimError 400 invalidFilter.
 */
export function parseFilter(text: string, schema: ResourceSchema): ResourceFilter {
  const reader = new FilterReader(schema, scan(text, 'invalidFilter'));
  const filter = reader.filter();
  reader.expect('end', '"and", "or" or the end');
  return filter;
}
