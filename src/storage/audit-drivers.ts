import type { TenantId } from '../core/ids.js';
import type { AuditQuery } from '../domain/audit/audit-list.js';
import { sourceOf, type Run, type Source } from './keyset-list.js';
import type { SqlValues } from './resource-sql.js';

/** An index that a list of audit events may be read by. */
export interface Driver {
  readonly column: 'target' | 'actor' | 'action' | 'application' | 'outcome';
  /** No event of the tenant can match. */
  readonly isEmpty: boolean;
  /** @param range conditions that the values hold already */
  source(values: SqlValues, range: readonly string[]): (source: Source) => string;
}

/** Events have some hundred actions. */
const ACTIONS_MAX = 1_000;

/** The indexes that a query could be read by, likely the narrowest first. */
export async function driversOf(run: Run, tenantId: TenantId, query: AuditQuery): Promise<readonly Driver[]> {
  const { target, actor, action, outcome, application } = query;
  const drivers: Driver[] = [];
  if (target !== undefined) drivers.push(byColumn('target', target));
  if (actor !== undefined) drivers.push(byColumn('actor', actor));
  if (action !== undefined)
    drivers.push(
      byActions(action.endsWith('.*') ? await actionsOf(run, tenantId, action.slice(0, -1)) : [action]),
    );
  if (outcome === 'refused' || outcome === 'failure') drivers.push(byOutcome(outcome));
  if (application !== undefined) drivers.push(byColumn('application', application));
  return drivers;
}

const OWN = 'r.tenant_id = $1';

const byColumn = (column: 'target' | 'actor' | 'application', value: string): Driver => ({
  column,
  isEmpty: false,
  source: (values, range) =>
    sourceOf('audit_events r', [OWN, `r.${column} = ${values.add(value, 'text')}`, ...range]),
});

/** A constant, because the index is of what didn't succeed alone. */
const byOutcome = (outcome: 'refused' | 'failure'): Driver => ({
  column: 'outcome',
  isEmpty: false,
  source: (_values, range) => sourceOf('audit_events r', [OWN, `r.outcome = '${outcome}'`, ...range]),
});

/** Of each action the next ones, then the first of these together: the index has each action's events in order. */
const byActions = (actions: readonly string[]): Driver => ({
  column: 'action',
  isEmpty: actions.length === 0,
  source(values, range) {
    const [only, ...others] = actions;
    if (only !== undefined && others.length === 0)
      return sourceOf('audit_events r', [OWN, `r.action = ${values.add(only, 'text')}`, ...range]);
    const named = values.add(actions, 'text[]');
    return ({ follows, order, rows }) => `SELECT r.* FROM (
        SELECT r.id FROM unnest(${named}) v (action) CROSS JOIN LATERAL (
          SELECT r.id FROM audit_events r WHERE ${[OWN, 'r.action = v.action', ...range, follows].join(' AND ')}
          ORDER BY ${order} LIMIT ${rows}) r
        ORDER BY ${order} LIMIT ${rows}) i
      JOIN audit_events r ON ${OWN} AND r.id = i.id ORDER BY ${order} LIMIT ${rows}`;
  },
});

/**
 * The tenant's actions that begin with `connection.`. All that it has are hopped over along the index, one hop for each;
 * a range would be another one in each database's order of letters.
 */
async function actionsOf(run: Run, tenantId: TenantId, prefix: string): Promise<readonly string[]> {
  const [rows = []] = await run([
    {
      text: `WITH RECURSIVE known (action, n) AS (
          (SELECT action, 1 FROM audit_events WHERE tenant_id = $1 ORDER BY action LIMIT 1)
          UNION ALL
          SELECT (SELECT e.action FROM audit_events e WHERE e.tenant_id = $1 AND e.action > k.action
            ORDER BY e.action LIMIT 1), k.n + 1
          FROM known k WHERE k.action IS NOT NULL AND k.n < ${ACTIONS_MAX})
        SELECT action FROM known WHERE starts_with(action, $2)`,
      values: [tenantId, prefix],
    },
  ]);
  return rows.map((row) => row['action']);
}
