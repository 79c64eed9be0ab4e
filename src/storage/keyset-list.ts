import type { QueryResultRow } from 'pg';
import type { TenantId } from '../core/ids.js';
import type { ListKey, ListPage, PageRequest } from '../core/page.js';
import type { Database, Statement } from './database.js';
import { SqlValues } from './resource-sql.js';

/** Rows that a page looks at in one go, and in all: so much work a request may cost, whatever it asks. */
const LOOKED_AT = [1_000, 2_000, 3_000, 4_000] as const;
/** Who has looked for so long stops looking. */
const LOOKING_MS = 40;

/**
 * A list reads an index in its order and stops; planned from estimates of a tenant's size, the planner would sometimes
 * fetch all rows and sort them, so it is told not to. In the flush, and for the transaction.
 */
export const ALONG_AN_INDEX: Statement = {
  name: 'along_an_index',
  text: `SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_sort', 'off', true),
    set_config('enable_bitmapscan', 'off', true)`,
  values: [],
};

/** A column of the list's order, of row `r`. Together they tell rows apart. */
export interface SortColumn {
  readonly sql: string;
  readonly type: 'text' | 'uuid' | 'timestamptz';
}

/** The rows behind a list, between two of its places. */
export interface Source {
  /** A condition that leaves out what stands before the page. */
  readonly follows: string;
  /** `r.id DESC`. */
  readonly order: string;
  readonly rows: number;
}

/** A condition on row `r`, which adds its parameters to its statement's. */
export type Condition = (values: SqlValues) => string;

/** A list: which rows, in which order, and what is shown of them. */
export interface KeysetList<T> {
  /** Of the source. */
  readonly values: SqlValues;
  /** Rows `r` in order, at most `rows` of them: a select that an index answers in that very order. */
  source(source: Source): string;
  /** Asked of each row that the index gives. */
  readonly filters: readonly Condition[];
  readonly order: readonly SortColumn[];
  readonly descending: boolean;
  /** What is selected of the page's rows, and what is joined to them alone. */
  readonly shown: string;
  readonly joins: string;
  readonly read: (row: QueryResultRow) => T;
}

/** The usual source: a table called `r`, and conditions on it. */
export const sourceOf =
  (from: string, conditions: readonly string[]) =>
  ({ follows, order, rows }: Source): string =>
    `SELECT r.* FROM ${from} WHERE ${[...conditions, follows].join(' AND ')} ORDER BY ${order} LIMIT ${rows}`;

/** A source of few rows, which an index finds and which are sorted then. */
export const fewOf =
  (from: string, conditions: readonly string[]) =>
  ({ follows, order, rows }: Source): string =>
    `SELECT r.* FROM (SELECT r.* FROM ${from} WHERE ${conditions.join(' AND ')} OFFSET 0) r
      WHERE ${follows} ORDER BY ${order} LIMIT ${rows}`;

/** Runs statements in one flush and gives the rows of each. */
export type Run = (statements: readonly Statement[]) => Promise<readonly (readonly QueryResultRow[])[]>;

/** As the tenant, behind row-level security. */
export const asTenant =
  (database: Database, tenantId: TenantId): Run =>
  async (statements) =>
    (await database.inTenant(tenantId, [ALONG_AN_INDEX, ...statements])).slice(1);

/**
 * Reads a page. Where filters leave rows out, it looks at ten thousand rows at most, at fewer where that takes long, and
 * then says where it got to: the page may be short, and the next one goes on from there. One flush, up to three
 * more where it isn't full.
 */
export async function readPage<T>(
  run: Run,
  list: KeysetList<T>,
  { limit, after }: PageRequest,
): Promise<ListPage<T>> {
  const isFiltered = list.filters.length > 0;
  const items: T[] = [];
  let place = after;
  const untilMs = performance.now() + LOOKING_MS;
  for (const looked of isFiltered ? LOOKED_AT : [limit + 1]) {
    const wanted = limit - items.length;
    // oxlint-disable-next-line no-await-in-loop -- each goes on where the last one ended
    const [rows = []] = await run([pageStatement(list, place, looked, wanted + 1)]);
    const found = rows.filter((row) => row['matches'] !== false);
    items.push(...found.slice(0, wanted).map(list.read));
    if (found.length > wanted) return { items, next: keyOf(list, found[wanted - 1]) };
    const end = isFiltered ? rows.find((row) => row['is_end'] === true) : undefined;
    if (end === undefined) return { items, next: undefined };
    place = keyOf(list, end);
    if (items.length === limit || performance.now() > untilMs) break;
  }
  return { items, next: place };
}

const keyOf = ({ order }: KeysetList<unknown>, row: QueryResultRow | undefined): ListKey =>
  order.map((_, index) => String(row?.[`key_${index}`]));

/**
 * The statement of a page: its rows, in order, with what belongs to them and where each stands. With filters also the last
 * row that was looked at, if there were so many: there the next page begins.
 */
export function pageStatement<T>(
  list: KeysetList<T>,
  after: ListKey | undefined,
  looked: number,
  rows: number,
): Statement {
  const values = new SqlValues(list.values.values);
  const order = orderOf(list);
  const source = list.source({ follows: standsBehind(list, after, values), order, rows: looked });
  const page = list.filters.length === 0 ? source : filtered(list, { source, looked, rows, values });
  const marks = list.filters.length === 0 ? '' : ', r.matches, r.is_end';
  return {
    text: `SELECT ${list.shown}, ${keyColumns(list)}${marks} FROM (${page}) r ${list.joins} ORDER BY ${order}`,
    values: values.values,
  };
}

function filtered<T>(
  list: KeysetList<T>,
  {
    source,
    looked,
    rows,
    values,
  }: {
    readonly source: string;
    readonly looked: number;
    readonly rows: number;
    readonly values: SqlValues;
  },
): string {
  const matches = list.filters.map((filter) => `(${filter(values)})`).join(' AND ');
  const order = orderOf(list);
  // The window says the order that its rows have anyway: without it they would all be fetched to be sorted once more.
  return `SELECT r.* FROM (
      SELECT r.*, coalesce(${matches}, false) AS matches, row_number() OVER (ORDER BY ${order}) = ${looked} AS is_end
      FROM (${source}) r
    ) r WHERE r.matches OR r.is_end ORDER BY ${order} LIMIT ${rows}`;
}

const keyColumns = ({ order }: KeysetList<unknown>): string =>
  order.map(({ sql }, index) => `(${sql})::text AS key_${index}`).join(', ');

const orderOf = ({ order, descending }: KeysetList<unknown>): string =>
  order.map(({ sql }) => `${sql}${descending ? ' DESC' : ''}`).join(', ');

function standsBehind(
  { order, descending }: KeysetList<unknown>,
  after: ListKey | undefined,
  values: SqlValues,
): string {
  if (after === undefined) return 'true';
  const keys = order.map(({ type }, index) => values.add(after[index], type));
  return `(${order.map(({ sql }) => sql).join(', ')}) ${descending ? '<' : '>'} (${keys.join(', ')})`;
}

/**
 * Conditions for what begins with a text, such as an index can answer: `LIKE` it can't, behind row-level security. Case is
 * folded in SQL, as the column's is.
 */
export function beginsWith(column: string, text: string, values: SqlValues): string {
  const prefix = `lower(${values.add(text, 'text')})`;
  return `${column} >= ${prefix} AND ${column} < ${prefix} || chr(1114111)`;
}
