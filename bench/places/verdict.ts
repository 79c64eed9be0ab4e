import { percentile, spread, summarize, type Figures, type Spread, type Window } from '../statistics.js';
import { withinBudget, type Verdict } from '../verdict.js';
import type { Measured, PlacedFlow, Targets } from './place.js';

/** How much more an operation takes than in the first place; of rounds that lay beside each other. */
export interface Growth {
  readonly p50: Spread;
  /** Of Causeway and its database together; undefined where CPU can't be known. */
  readonly cpu: Spread | undefined;
}

/** A line of the table: a flow in one place. */
export interface PlaceResult {
  readonly flow: string;
  readonly place: string;
  readonly figures: Figures;
  /** Undefined: this is what others are compared with, or there is nothing to compare. */
  readonly growth: Growth | undefined;
  readonly targets: Targets;
}

/** All places of a flow, each beside the first. */
export function placeResults(
  { name, targets }: PlacedFlow,
  places: readonly Measured[],
): readonly PlaceResult[] {
  const [first] = places;
  return places.map((measured) => ({
    flow: name,
    place: measured.place,
    figures: summarize(measured.windows),
    growth:
      first === undefined || measured === first || measured.alone === true
        ? undefined
        : growthOf(first.windows, measured.windows),
    targets: measured.targets ?? targets,
  }));
}

function growthOf(first: readonly Window[], here: readonly Window[]): Growth {
  const ratios = (of: (window: Window) => number | undefined): readonly number[] =>
    here.flatMap((window, round) => {
      const [mine, base] = [of(window), of(first[round] ?? window)];
      return mine === undefined || base === undefined ? [] : [mine / base];
    });
  const cpu = ratios(cpuOf);
  return {
    p50: spread(ratios((window) => percentile(window.latenciesMs, 0.5))),
    cpu: cpu.length === 0 ? undefined : spread(cpu),
  };
}

const cpuOf = ({ serverCpuUs, databaseCpuUs, operations }: Window): number | undefined =>
  serverCpuUs === undefined ? undefined : (serverCpuUs + (databaseCpuUs ?? 0)) / operations;

/** What of a line was missed, in words; empty: all that is judged was met. */
export function placeFaults({ figures, growth, targets }: PlaceResult): readonly string[] {
  const { flushesMax, ratioMax, p99MaxMs } = targets;
  const faults: string[] = [];
  if (flushesMax !== undefined && figures.flushes !== undefined && !withinBudget(figures.flushes, flushesMax))
    faults.push(`${figures.flushes.toFixed(1)} trips to the database, ${flushesMax} is the budget`);
  if (ratioMax !== undefined && growth !== undefined) {
    const { p50, cpu } = growth;
    if (p50.median > ratioMax)
      faults.push(`p50 grew ${p50.median.toFixed(2)} times, ${ratioMax} is the target`);
    if (cpu !== undefined && cpu.median > ratioMax)
      faults.push(`CPU grew ${cpu.median.toFixed(2)} times, ${ratioMax} is the target`);
  }
  if (p99MaxMs !== undefined && !(figures.p99Ms < p99MaxMs))
    faults.push(`p99 ${figures.p99Ms.toFixed(0)} ms, under ${p99MaxMs} ms is the target`);
  return faults;
}

/** `not judged`: a line that nobody can compare, without trips that are counted. */
export function judgePlace(result: PlaceResult): Verdict {
  const { figures, growth, targets } = result;
  const judged =
    (targets.flushesMax !== undefined && figures.flushes !== undefined) ||
    (targets.ratioMax !== undefined && growth !== undefined) ||
    targets.p99MaxMs !== undefined;
  if (!judged) return 'not judged';
  return placeFaults(result).length === 0 ? 'met' : 'missed';
}

/** What wasn't reached, in words. */
export const placeMisses = (results: readonly PlaceResult[]): readonly string[] =>
  results.flatMap((result) =>
    placeFaults(result).map((fault) => `${result.flow}, ${result.place}: ${fault}`),
  );
