import type { QueryResultRow } from 'pg';
import { isUuid, type TenantId } from '../core/ids.js';
import type { ListPage } from '../core/page.js';
import type { AuditListStore, AuditQuery, ListedEvent } from '../domain/audit/audit-list.js';
import type { Database } from './database.js';
import { driversOf, type Driver } from './audit-drivers.js';
import {
  asTenant,
  fewOf,
  readPage,
  sourceOf,
  type Condition,
  type KeysetList,
  type Run,
} from './keyset-list.js';
import { SqlValues } from './resource-sql.js';

/** What is read of event `r`. */
export const EVENT_COLUMNS = `r.id, r.at, r.action, r.outcome, r.reference, r.body, p.sealed, ch.seq`;
export const EVENT_JOINS = `LEFT JOIN audit_personal p ON p.tenant_id = $1 AND p.event_id = r.id
  LEFT JOIN audit_chain ch ON ch.tenant_id = $1 AND ch.event_id = r.id`;
/** Of each filter's events so many are counted, to read by the one that has the fewest; more where all have so many. */
const COUNTED = [1_000, 10_000] as const;

/** Finds audit events in PostgreSQL. */
export class PostgresAuditListStore implements AuditListStore {
  constructor(private readonly database: Database) {}

  async list(tenantId: TenantId, query: AuditQuery): Promise<ListPage<ListedEvent>> {
    const run = asTenant(this.database, tenantId);
    const values = new SqlValues([tenantId]);
    const range = rangeOf(query, values);
    const driver =
      query.reference === undefined ? await chooseDriver(run, tenantId, query, range, values) : undefined;
    if (driver === 'none') return { items: [], next: undefined };
    return readPage(run, eventsOf(query, { values, range, driver }), query);
  }

  async find(tenantId: TenantId, id: string): Promise<ListedEvent | undefined> {
    if (!isUuid(id)) return undefined;
    const [rows] = await this.database.inTenant(tenantId, [
      {
        name: 'audit_event_find',
        text: `SELECT ${EVENT_COLUMNS} FROM audit_events r ${EVENT_JOINS} WHERE r.tenant_id = $1 AND r.id = $2`,
        values: [tenantId, id],
      },
    ]);
    return rows?.[0] === undefined ? undefined : toEvent(rows[0]);
  }
}

/**
 * The filter to read by: of several the one that has the fewest events in the range, each counted up to a bound. `none`:
 * one of them has none. undefined: no filter has an index, so the events are read in their order.
 */
async function chooseDriver(
  run: Run,
  tenantId: TenantId,
  query: AuditQuery,
  range: readonly string[],
  rangeValues: SqlValues,
): Promise<Driver | 'none' | undefined> {
  const drivers = await driversOf(run, tenantId, query);
  if (drivers.some((driver) => driver.isEmpty)) return 'none';
  if (drivers.length < 2) return drivers[0];
  let fewest: Counted | undefined;
  for (const most of COUNTED) {
    // oxlint-disable-next-line no-await-in-loop -- counting further is seldom needed
    [fewest] = await counted(run, drivers, { most, range, rangeValues });
    if (fewest === undefined || fewest.count < most) break;
  }
  return fewest?.count === 0 ? 'none' : fewest?.driver;
}

interface Counted {
  readonly driver: Driver;
  readonly count: number;
}

/** How many events each has in the range, up to a bound; the fewest first. */
async function counted(
  run: Run,
  drivers: readonly Driver[],
  {
    most,
    range,
    rangeValues,
  }: { readonly most: number; readonly range: readonly string[]; readonly rangeValues: SqlValues },
): Promise<readonly Counted[]> {
  const counts = await run(
    drivers.map((driver) => {
      const values = new SqlValues(rangeValues.values);
      const source = driver.source(values, range)({ follows: 'true', order: 'r.id', rows: most });
      return { text: `SELECT count(*)::int AS count FROM (${source}) r`, values: values.values };
    }),
  );
  return drivers
    .map((driver, index) => ({ driver, count: Number(counts[index]?.[0]?.['count'] ?? 0) }))
    .toSorted((one, other) => one.count - other.count);
}

function eventsOf(
  query: AuditQuery,
  {
    values,
    range,
    driver,
  }: { readonly values: SqlValues; readonly range: readonly string[]; readonly driver: Driver | undefined },
): KeysetList<ListedEvent> {
  const { reference, order } = query;
  const own = ['r.tenant_id = $1', ...range];
  return {
    source:
      reference === undefined
        ? (driver?.source(values, range) ?? sourceOf('audit_events r', own))
        : fewOf('audit_events r', [...own, `r.reference = ${values.add(reference, 'text')}`]),
    values,
    filters: filtersOf(query, driver),
    order: [{ sql: 'r.id', type: 'uuid' }],
    descending: order !== 'oldest',
    shown: EVENT_COLUMNS,
    joins: EVENT_JOINS,
    read: toEvent,
  };
}

/** What is asked of each event that the driver gives. Members of the body are found in its text: it is canonical JSON. */
function filtersOf(query: AuditQuery, driver: Driver | undefined): readonly Condition[] {
  const { action, outcome, reason, requestId, from, until } = query;
  const filters: Condition[] = [];
  for (const column of ['actor', 'target', 'application', 'connection'] as const) {
    const value = query[column];
    if (value === undefined || driver?.column === column) continue;
    filters.push((values) => `r.${column} = ${values.add(value, 'text')}`);
  }
  if (action !== undefined && driver?.column !== 'action')
    filters.push((values) =>
      action.endsWith('.*')
        ? `starts_with(r.action, ${values.add(action.slice(0, -1), 'text')})`
        : `r.action = ${values.add(action, 'text')}`,
    );
  if (outcome !== undefined && driver?.column !== 'outcome')
    filters.push((values) => `r.outcome = ${values.add(outcome, 'text')}`);
  for (const [name, value] of Object.entries({ reason, requestId }))
    if (value !== undefined) filters.push((values) => bodyHas(name, value, values));
  if (from !== undefined) filters.push((values) => `r.at >= ${values.add(from, 'timestamptz')}`);
  if (until !== undefined) filters.push((values) => `r.at < ${values.add(until, 'timestamptz')}`);
  return filters;
}

const bodyHas = (name: string, value: string, values: SqlValues): string =>
  `strpos(r.body, ${values.add(`"${name}":${JSON.stringify(value)}`, 'text')}) > 0`;

/** An event's id is made at its time, by a clock that may be a moment before or behind the one that told it. */
const SLACK_MS = 5_000;
/** What one request does it does soon: events of a request whose id tells its time. */
const REQUEST_MS = 600_000;

/** The range of ids in which events of a time are: ids are UUIDv7, so their order is that of time. */
function rangeOf({ from, until, requestId }: AuditQuery, values: SqlValues): readonly string[] {
  const asked = requestId !== undefined && isVersion7(requestId) ? timeOf(requestId) : undefined;
  const earliest = from?.getTime() ?? asked;
  const latest = until?.getTime() ?? (asked === undefined ? undefined : asked + REQUEST_MS);
  return [
    ...(earliest === undefined
      ? []
      : [`r.id >= ${values.add(firstIdOf(Math.max(0, earliest - SLACK_MS)), 'uuid')}`]),
    ...(latest === undefined ? [] : [`r.id < ${values.add(firstIdOf(latest + SLACK_MS), 'uuid')}`]),
  ];
}

const isVersion7 = (id: string): boolean => isUuid(id) && id[14] === '7';
const timeOf = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);

/** The lowest UUIDv7 of a millisecond. */
export function firstIdOf(ms: number): string {
  const time = Math.floor(ms).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7000-8000-000000000000`;
}

/** An event out of `EVENT_COLUMNS`. */
export const toEvent = (row: QueryResultRow): ListedEvent => ({
  id: row['id'],
  at: row['at'],
  action: row['action'],
  outcome: row['outcome'],
  reference: row['reference'],
  body: row['body'],
  sealedPersonal: row['sealed'],
  seq: row['seq'] === null ? null : Number(row['seq']),
});
