import type { Figures, Spread } from './statistics.js';

/** What one flow gave at one concurrency, both servers side by side. */
export interface Result {
  readonly flow: string;
  readonly concurrency: number;
  readonly floor: Figures;
  readonly causeway: Figures;
  /** Throughput, Causeway by floor. */
  readonly ratio: Spread;
  readonly ratioMin: number | undefined;
  readonly flushesMax: number;
}

export type Verdict = 'met' | 'missed' | 'not judged';

/** Trips to the database are whole numbers; what an idle server does beside them is known to a few in a hundred. */
const FLUSH_TOLERANCE = 0.1;

/** From here on the driver, not the server, sets the pace. */
const DRIVER_BUSY_MAX = 0.95;

/**
 * Whether the flow is fast enough beside the floor. One at a time isn't judged: there a login waits for the disk at each
 * commit and the floor never does, so the ratio would tell of the disk.
 */
export function judgeSpeed({ ratio, ratioMin, concurrency }: Result): Verdict {
  if (ratioMin === undefined || concurrency === 1) return 'not judged';
  return ratio.median >= ratioMin ? 'met' : 'missed';
}

/** Whether the flow keeps its budget of trips to the database. */
export function judgeFlushes({ causeway, flushesMax }: Result): Verdict {
  if (causeway.flushes === undefined) return 'not judged';
  return withinBudget(causeway.flushes, flushesMax) ? 'met' : 'missed';
}

export const withinBudget = (flushes: number, max: number): boolean => flushes <= max + FLUSH_TOLERANCE;

/** Total CPU of the floor as a part of Causeway's, its database included; undefined where CPU can't be known. */
export function cpuRatio({ floor, causeway }: Result): number | undefined {
  if (floor.serverCpuUs === undefined || causeway.serverCpuUs === undefined) return undefined;
  return floor.serverCpuUs / (causeway.serverCpuUs + (causeway.databaseCpuUs ?? 0));
}

/** Whether the driver was the bottleneck of either server: then the ratio says less than it seems to. */
export function isLoadBound({ floor, causeway }: Result): boolean {
  return Math.max(floor.driverBusy, causeway.driverBusy) > DRIVER_BUSY_MAX;
}

/** What wasn't reached, in words; empty: everything that is judged was. */
export function misses(results: readonly Result[]): readonly string[] {
  return results.flatMap((result) => {
    const name = `${result.flow} at ${result.concurrency}`;
    const { ratio, ratioMin, causeway, flushesMax } = result;
    return [
      ...(judgeSpeed(result) === 'missed'
        ? [`${name}: ${ratio.median.toFixed(2)} of the floor, ${ratioMin?.toFixed(2)} is the target`]
        : []),
      ...(judgeFlushes(result) === 'missed'
        ? [`${name}: ${causeway.flushes?.toFixed(1)} trips to the database, ${flushesMax} is the budget`]
        : []),
    ];
  });
}
