import { cpu, MARKS, renderTable, short } from '../table.js';
import type { Spread } from '../statistics.js';
import type { ScimTargets } from './scim-flow.js';
import { judgeScim, type ScimResult } from './verdict.js';

/** What provisioning costs, and whether it grows with users, members and tenants. */
export function renderScim(results: readonly ScimResult[], notes: readonly string[]): string {
  const head = [
    'flow',
    'where',
    'causeway/s',
    'p50 ms',
    'p99 ms',
    'causeway µs',
    'database µs',
    'trips',
    'p50 ratio',
    'CPU ratio',
    'target',
    '',
  ];
  const rows = results.map((result) => {
    const { flow, place, figures, growth, targets } = result;
    return [
      flow,
      place,
      short(figures.perSecond),
      short(figures.p50Ms),
      short(figures.p99Ms),
      cpu(figures, 'serverCpuUs'),
      cpu(figures, 'databaseCpuUs'),
      figures.flushes?.toFixed(1) ?? 'n/a',
      ratio(growth?.p50),
      ratio(growth?.cpu),
      targetOf(targets, growth !== undefined),
      MARKS[judgeScim(result)],
    ];
  });
  return [
    renderTable(head, rows),
    'Ratios: by the first place of the flow, with the rounds; CPU is that of Causeway with its database.',
    ...notes,
  ].join('\n');
}

const ratio = (spread: Spread | undefined): string =>
  spread === undefined
    ? '-'
    : `${spread.median.toFixed(2)} (${spread.min.toFixed(2)}-${spread.max.toFixed(2)})`;

function targetOf({ flushesMax, ratioMax, p99MaxMs }: ScimTargets, compared: boolean): string {
  return [
    ...(flushesMax === undefined ? [] : [`${flushesMax} trips`]),
    ...(ratioMax === undefined || !compared ? [] : [`x${ratioMax}`]),
    ...(p99MaxMs === undefined ? [] : [`p99 ${p99MaxMs} ms`]),
  ].join(', ');
}
