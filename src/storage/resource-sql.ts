import { isUuid } from '../core/ids.js';
import type {
  AttributePath,
  Comparison,
  ComparisonValue,
  ResourceFilter,
  ResourceSort,
} from '../domain/provisioning/resource-query.js';

type Compare = Extract<ResourceFilter, { kind: 'compare' }>;

/** A column that holds an attribute by itself. */
export interface AttributeColumn {
  readonly sql: string;
  /** Its value with case folded, kept by the database; for equality, by its index. */
  readonly folded?: string;
  readonly kind: 'text' | 'uuid' | 'boolean' | 'time';
}

/** How the attributes of one resource type lie in tables; row `r` is the resource's. */
export interface ResourceTable {
  /** By their path, joined with dots. */
  readonly columns: Readonly<Record<string, AttributeColumn>>;
  /** Lists that are rows of other tables: a query for each member as `value`, jsonb, at its `place` in the list. */
  readonly lists: Readonly<Record<string, string>>;
  /** Members of lists that are found by an index: which resources have one that equals the value, as a condition on `r`. */
  readonly indexed: Readonly<Record<string, (value: string, values: SqlValues) => string>>;
}

/** Values of a statement; text of a request is only ever one of them (A-89). */
export class SqlValues {
  readonly values: unknown[];

  constructor(first: readonly unknown[]) {
    this.values = [...first];
  }

  add(value: unknown, type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** What a list is sorted by, and as what its values are compared. */
export interface SortKey {
  readonly sql: string;
  readonly compared: 'text' | 'numeric';
}

/** A place that comparisons look at: the resource, or a member of one of its lists. */
interface Place {
  readonly isResource: boolean;
  /** The column of a path, if it has one. */
  column(path: readonly string[]): AttributeColumn | undefined;
  /** jsonb at a path. */
  json(path: readonly string[]): string;
}

/** Compiles a filter to a condition on `r`. It agrees with `scim/filter/matches.ts`, which a property test shows. */
export class ResourceSql {
  #aliases = 0;

  constructor(
    private readonly table: ResourceTable,
    private readonly values: SqlValues,
  ) {}

  condition(filter: ResourceFilter): string {
    return this.#condition(filter, this.#resource());
  }

  /**
   * What to sort by: text folded where case doesn't count; of a list its primary member, else its first
   * (RFC 7644 section 3.4.2.3).
   */
  sortKey({ attribute }: ResourceSort): SortKey {
    const place = this.#resource();
    const { path, listAt, type } = attribute;
    const compared = type === 'integer' || type === 'decimal' ? 'numeric' : 'text';
    if (listAt === undefined) return { sql: this.#sorted(attribute, path, place), compared };
    const [source, member, index] = this.#members(path.slice(0, listAt + 1));
    const key = this.#sorted(attribute, path.slice(listAt + 1), member);
    const order = `coalesce(${member.json(['primary'])} = 'true', false) DESC, ${index}`;
    return { sql: `(SELECT ${key} FROM ${source} ORDER BY ${order} LIMIT 1)`, compared };
  }

  #sorted(attribute: AttributePath, path: readonly string[], place: Place): string {
    const { type } = attribute;
    const column = place.column(path);
    if (type === 'integer' || type === 'decimal') return numberAt(place.json(path));
    if (type === 'dateTime') {
      const instant = column?.sql ?? instantOf(this.#text(path, place));
      return `to_char((${instant}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') COLLATE "C"`;
    }
    const value = column === undefined ? this.#text(path, place) : `(${column.sql})::text`;
    const text = attribute.caseExact || type !== 'string' ? value : `lower(${value})`;
    return `left(${text}, ${SORTED_CHARACTERS}) COLLATE "C"`;
  }

  #resource(): Place {
    return {
      isResource: true,
      column: (path) => this.table.columns[path.join('.')],
      json: (path) => `(r.attributes #> ${this.values.add(path, 'text[]')})`,
    };
  }

  /** The members of a list as rows, how their parts are reached, and where in the list each stands. */
  #members(path: readonly string[]): readonly [source: string, member: Place, index: string] {
    this.#aliases += 1;
    const alias = `m${this.#aliases}`;
    const rows = this.table.lists[path.join('.')];
    const list = `(r.attributes #> ${rows === undefined ? this.values.add(path, 'text[]') : "'{}'"})`;
    const source =
      rows === undefined
        ? `jsonb_array_elements(CASE jsonb_typeof(${list}) WHEN 'array' THEN ${list} ELSE '[]' END)
            WITH ORDINALITY AS ${alias}(value, place)`
        : `(${rows}) AS ${alias}`;
    return [
      source,
      {
        isResource: false,
        column: () => undefined,
        json: (rest) =>
          rest.length === 0 ? `${alias}.value` : `(${alias}.value #> ${this.values.add(rest, 'text[]')})`,
      },
      `${alias}.place`,
    ];
  }

  #condition(filter: ResourceFilter, place: Place): string {
    switch (filter.kind) {
      case 'not':
        return `(${this.#condition(filter.part, place)}) IS NOT TRUE`;
      case 'and':
      case 'or':
        return filter.parts
          .map((part) => `(${this.#condition(part, place)})`)
          .join(filter.kind === 'and' ? ' AND ' : ' OR ');
      case 'element': {
        const [source, member] = this.#members(filter.attribute.path);
        const all = `EXISTS (SELECT FROM ${source} WHERE ${this.#condition(filter.filter, member)})`;
        return [...this.#sought(filter), all].join(' AND ');
      }
      case 'present':
        return this.#presence(filter.attribute, place);
      case 'compare':
        break;
    }
    return this.#compare(filter, place);
  }

  /** What `emails[type eq "work" and value eq "…"]` implies of the whole resource, by an index. */
  #sought({ attribute, filter }: Extract<ResourceFilter, { kind: 'element' }>): readonly string[] {
    const parts = filter.kind === 'and' ? filter.parts : [filter];
    return parts.flatMap((part) => {
      if (part.kind !== 'compare' || part.operator !== 'eq' || typeof part.value !== 'string') return [];
      const indexed = this.table.indexed[[...attribute.path, ...part.attribute.path].join('.')];
      return indexed === undefined ? [] : [indexed(part.value, this.values)];
    });
  }

  #presence({ path, listAt }: AttributePath, place: Place): string {
    if (listAt === undefined) return this.#isPresent(path, place);
    const [source, member] = this.#members(path.slice(0, listAt + 1));
    return `EXISTS (SELECT FROM ${source} WHERE ${this.#isPresent(path.slice(listAt + 1), member)})`;
  }

  #isPresent(path: readonly string[], place: Place): string {
    const column = place.column(path);
    if (column !== undefined)
      return column.kind === 'text' ? `coalesce(${column.sql}, '') <> ''` : `${column.sql} IS NOT NULL`;
    const value = place.json(path);
    // What is stored holds nothing empty, so an object or a list that is there has a value.
    return `coalesce(${value}, 'null') NOT IN ('null', '""', '{}', '[]')`;
  }

  #compare(filter: Compare, place: Place): string {
    const { attribute, operator, value } = filter;
    if (value === null) {
      const presence = this.#presence(attribute, place);
      return operator === 'ne' ? presence : `NOT (${presence})`;
    }
    const { path, listAt } = attribute;
    if (listAt === undefined) return this.#single(filter, path, place);
    const name = path.join('.');
    const indexed = this.table.indexed[name];
    if (place.isResource && operator === 'eq' && typeof value === 'string' && indexed !== undefined)
      return indexed(value, this.values);
    const [source, member] = this.#members(path.slice(0, listAt + 1));
    const some = `EXISTS (SELECT FROM ${source} WHERE ${this.#single(filter, path.slice(listAt + 1), member)})`;
    if (operator !== 'ne') return some;
    // Nothing is "not equal" as well: of an empty list there is no member to say so.
    const [again] = this.#members(path.slice(0, listAt + 1));
    return `(${some} OR NOT EXISTS (SELECT FROM ${again}))`;
  }

  #single({ attribute, operator, value }: Compare, path: readonly string[], place: Place): string {
    if (operator === 'ne') return `(${this.#typed(attribute, 'eq', value, path, place)}) IS NOT TRUE`;
    // Null where there is no value, which is as good as false: nothing below asks for more, and an index needs it bare.
    return this.#typed(attribute, operator, value, path, place);
  }

  #typed(
    attribute: AttributePath,
    operator: Comparison,
    value: ComparisonValue,
    path: readonly string[],
    place: Place,
  ): string {
    const column = place.column(path);
    if (column?.kind === 'boolean' || typeof value === 'boolean')
      return `${column?.sql ?? `(${this.#text(path, place)} = 'true')`} = ${this.values.add(value, 'boolean')}`;
    if (column?.kind === 'uuid') return this.#id(column.sql, operator, String(value));
    if (column?.kind === 'time')
      return `${column.sql} ${SIGNS[operator]} ${this.values.add(value, 'timestamptz')}`;
    if (typeof value === 'number') {
      return `${numberAt(place.json(path))} ${SIGNS[operator]} ${this.values.add(value, 'numeric')}`;
    }
    if (attribute.type === 'dateTime') {
      const text = this.#text(path, place);
      return `(${instantOf(text)}) ${SIGNS[operator]} ${this.values.add(value, 'timestamptz')}`;
    }
    if (operator === 'eq' && column?.folded !== undefined && !attribute.caseExact)
      return `${column.folded} = lower(${this.values.add(value, 'text')})`;
    const text = column?.sql ?? this.#text(path, place);
    const wanted = this.values.add(value, 'text');
    return attribute.caseExact
      ? textual(operator, text, wanted)
      : textual(operator, `lower(${text})`, `lower(${wanted})`);
  }

  /** An id that isn't in the form of one is nobody's; order and parts of ids are those of their text. */
  #id(sql: string, operator: Comparison, value: string): string {
    if (operator !== 'eq') return textual(operator, `${sql}::text`, this.values.add(value, 'text'));
    return isUuid(value) ? `${sql} = ${this.values.add(value, 'uuid')}` : 'false';
  }

  #text(path: readonly string[], place: Place): string {
    return `(${place.json(path)} #>> '{}')`;
  }
}

/** What differs only behind these is sorted by id: a cursor holds the last key, and cursors stand in addresses. */
const SORTED_CHARACTERS = 200;

/** A number in jsonb; null: there is none. */
function numberAt(json: string): string {
  return `(CASE jsonb_typeof(${json}) WHEN 'number' THEN (${json} #>> '{}')::numeric END)`;
}

/** A stored dateTime (RFC 7643 section 2.3.5): in UTC where it names no zone. */
function instantOf(text: string): string {
  const zoned = `CASE WHEN ${text} ~ '(Z|[+-][0-9]{2}:[0-9]{2})$' THEN ${text} ELSE ${text} || 'Z' END`;
  return `CASE WHEN ${text} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T' THEN (${zoned})::timestamptz END`;
}

const SIGNS: Readonly<Record<Comparison, string>> = {
  eq: '=',
  ne: '<>',
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
  co: '=',
  sw: '=',
  ew: '=',
};

/** Without LIKE: nothing in the value is a wildcard (A-89). */
function textual(operator: Comparison, text: string, wanted: string): string {
  if (operator === 'co') return `strpos(${text}, ${wanted}) > 0`;
  if (operator === 'sw') return `starts_with(${text}, ${wanted})`;
  if (operator === 'ew') return `right(${text}, length(${wanted})) = ${wanted}`;
  return `${text} COLLATE "C" ${SIGNS[operator]} ${wanted}`;
}
