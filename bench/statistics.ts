/** The value below which the part `p` (0 … 1) of the values lies, by nearest rank; NaN for no values. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}

/** The middle value; of an even number of values the mean of the two in the middle. NaN for no values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] ?? Number.NaN;
  return ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** A figure of several rounds: what it is, and how far the rounds were apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** One round of one server: what was done in a window of time, and what it took. */
export interface Window {
  readonly operations: number;
  readonly seconds: number;
  /** Of each operation. */
  readonly latenciesMs: readonly number[];
  /** User and system time over the window, microseconds; undefined: can't be known here. */
  readonly serverCpuUs: number | undefined;
  readonly databaseCpuUs: number | undefined;
  /** Part of the load driver's one thread that was busy, 0 … 1. */
  readonly driverBusy: number;
  /** Part of the machine's CPU that went to processes which aren't of this run, 0 … 1; undefined: can't be known. */
  readonly foreignCpu: number | undefined;
  /** Trips to the database, those of an idle server taken off; undefined: nobody counts them. */
  readonly flushes: number | undefined;
}

/** All rounds of one server in one flow at one concurrency. */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly operations: number;
  readonly serverCpuUs: number | undefined;
  readonly databaseCpuUs: number | undefined;
  readonly flushes: number | undefined;
  readonly driverBusy: number;
  /** Worst window's. */
  readonly foreignCpu: number | undefined;
}

export function summarize(windows: readonly Window[]): Figures {
  const latencies = windows.flatMap((window) => window.latenciesMs);
  const perOperation = (total: (window: Window) => number | undefined): number | undefined => {
    const each = windows.flatMap((window) => {
      const value = total(window);
      return value === undefined || window.operations === 0 ? [] : [value / window.operations];
    });
    return each.length === 0 ? undefined : median(each);
  };
  return {
    perSecond: median(windows.map(rate)),
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    operations: windows.reduce((sum, window) => sum + window.operations, 0),
    serverCpuUs: perOperation((window) => window.serverCpuUs),
    databaseCpuUs: perOperation((window) => window.databaseCpuUs),
    flushes: perOperation((window) => window.flushes),
    driverBusy: Math.max(...windows.map((window) => window.driverBusy)),
    foreignCpu: worst(windows.map((window) => window.foreignCpu)),
  };
}

/** Throughput of Causeway as a part of the floor's, round by round: rounds that lay beside each other are compared. */
export function ratios(floor: readonly Window[], causeway: readonly Window[]): Spread {
  return spread(causeway.map((window, index) => rate(window) / rate(floor[index] ?? window)));
}

function worst(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

const rate = (window: Window): number => window.operations / window.seconds;
