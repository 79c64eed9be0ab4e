import { cpu, MARKS, renderTable, short } from '../table.js';
import type { Spread } from '../statistics.js';
import type { Targets } from './place.js';
import { judgePlace, type PlaceResult } from './verdict.js';

/** What flows cost in each of their places, and whether it grows. */
export function renderPlaces(results: readonly PlaceResult[], notes: readonly string[]): string {
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
      MARKS[judgePlace(result)],
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

function targetOf({ flushesMax, ratioMax, p99MaxMs }: Targets, compared: boolean): string {
  return [
    ...(flushesMax === undefined ? [] : [`${flushesMax} trips`]),
    ...(ratioMax === undefined || !compared ? [] : [`x${ratioMax}`]),
    ...(p99MaxMs === undefined ? [] : [`p99 ${p99MaxMs} ms`]),
  ].join(', ');
}
