import type { Figures } from './statistics.js';
import { cpuRatio, isLoadBound, judgeFlushes, judgeSpeed, type Result, type Verdict } from './verdict.js';

/** A table as text: the first column to the left, the others to the right, each as wide as it must be. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** Verdicts as tables show them. */
export const MARKS: Readonly<Record<Verdict, string>> = { met: 'met', missed: 'MISSED', 'not judged': '-' };

/** How fast: operations a second and latency of both, and the ratio with its smallest and largest round. */
export function renderSpeed(results: readonly Result[]): string {
  const head = [
    'flow',
    'at once',
    'floor/s',
    'causeway/s',
    'ratio',
    '(rounds)',
    'p50 ms',
    '',
    'p99 ms',
    '',
    'target',
    '',
  ];
  const rows = results.map((result) => {
    const { floor, causeway, ratio, ratioMin } = result;
    return [
      result.flow,
      String(result.concurrency),
      short(floor.perSecond),
      short(causeway.perSecond) + (isLoadBound(result) ? '*' : ''),
      ratio.median.toFixed(2),
      `(${ratio.min.toFixed(2)}-${ratio.max.toFixed(2)})`,
      short(floor.p50Ms),
      short(causeway.p50Ms),
      short(floor.p99Ms),
      short(causeway.p99Ms),
      ratioMin === undefined ? '-' : ratioMin.toFixed(2),
      MARKS[judgeSpeed(result)],
    ];
  });
  return `${renderTable(head, rows)}\np50, p99: floor, then Causeway.${
    results.some(isLoadBound) ? ' *: the load driver was busy throughout, so the ratio is only a hint.' : ''
  }`;
}

/** What one operation costs: CPU of both servers and of the database, trips to the database against their budget. */
export function renderCost(results: readonly Result[]): string {
  const head = [
    'flow',
    'at once',
    'floor µs',
    'causeway µs',
    'database µs',
    'CPU ratio',
    'trips',
    'budget',
    '',
  ];
  const rows = results.map((result) => {
    const { floor, causeway, flushesMax } = result;
    return [
      result.flow,
      String(result.concurrency),
      cpu(floor, 'serverCpuUs'),
      cpu(causeway, 'serverCpuUs'),
      cpu(causeway, 'databaseCpuUs'),
      cpuRatio(result)?.toFixed(2) ?? 'n/a',
      causeway.flushes?.toFixed(1) ?? 'n/a',
      String(flushesMax),
      MARKS[judgeFlushes(result)],
    ];
  });
  return `${renderTable(head, rows)}\nCPU ratio: floor by Causeway with its database. Trips: network flushes to the database.`;
}

/** Microseconds of one operation. */
export const cpu = (figures: Figures, member: 'serverCpuUs' | 'databaseCpuUs'): string => {
  const value = figures[member];
  return value === undefined ? 'n/a' : String(Math.round(value));
};

/** Three digits are more than a noisy machine can tell. */
export function short(value: number): string {
  if (Number.isNaN(value)) return 'n/a';
  if (value >= 100) return String(Math.round(value));
  return value.toFixed(value >= 10 ? 1 : 2);
}
