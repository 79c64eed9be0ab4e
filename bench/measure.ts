import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Party } from './driver/party.js';
import type { Flow, Operation } from './flows/flow.js';
import { machineUs, postgresUs, processUs } from './host/cpu.js';
import { ratios, summarize, type Window } from './statistics.js';
import type { Result } from './verdict.js';

/** A server under load, and what can be read of it from outside. */
export interface Subject {
  readonly party: Party;
  readonly pid: number;
  readonly postmaster: number | undefined;
  /** Trips to the database since its start; undefined: it has none. */
  readonly flushes: (() => Promise<number>) | undefined;
  /** Trips a second that it makes without being asked anything. */
  readonly idleFlushesPerSecond: number;
}

/** What is measured, and which processes besides the two servers belong to the run. */
export interface Setting {
  readonly floor: Subject;
  readonly causeway: Subject;
  readonly otherPids: readonly number[];
}

export interface Pace {
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Pairs of windows, one of each server. */
  readonly rounds: number;
}

/** More than any flow reaches in a window; bounds the driver's memory. */
const OPERATIONS_MAX = 50_000;

/** Measures a flow at one concurrency: rounds of floor and Causeway beside each other, in changing order. */
export async function measureFlow(
  flow: Flow,
  concurrency: number,
  setting: Setting,
  pace: Pace,
): Promise<Result> {
  const windows = { floor: [] as Window[], causeway: [] as Window[] };
  for (let round = 0; round < pace.rounds; round += 1) {
    // A B, B A, …: what drifts on the machine meets both alike.
    const order = round % 2 === 0 ? (['floor', 'causeway'] as const) : (['causeway', 'floor'] as const);
    for (const name of order)
      // oxlint-disable-next-line no-await-in-loop -- one server at a time is measured
      windows[name].push(await measureWindow(flow, concurrency, setting[name], setting, pace));
  }
  return {
    flow: flow.name,
    concurrency,
    floor: summarize(windows.floor),
    causeway: summarize(windows.causeway),
    ratio: ratios(windows.floor, windows.causeway),
    ratioMin: flow.ratioMin,
    flushesMax: flow.flushesMax,
  };
}

async function measureWindow(
  flow: Flow,
  concurrency: number,
  subject: Subject,
  setting: Setting,
  pace: Pace,
): Promise<Window> {
  const workers = await flow.open(subject.party, concurrency);
  await load(workers, pace.warmUpSeconds);
  const tripsBefore = await countTrips(subject);
  const cpuBefore = readCpu(subject, setting);
  const { latenciesMs, seconds, busy } = await load(workers, pace.seconds);
  const cpuAfter = readCpu(subject, setting);
  const tripsAfter = await countTrips(subject);
  const idle = subject.idleFlushesPerSecond * (tripsAfter.atSeconds - tripsBefore.atSeconds);
  const trips = difference(tripsBefore.flushes, tripsAfter.flushes);
  return {
    operations: latenciesMs.length,
    seconds,
    latenciesMs,
    serverCpuUs: difference(cpuBefore.serverUs, cpuAfter.serverUs),
    databaseCpuUs: difference(cpuBefore.databaseUs, cpuAfter.databaseUs),
    driverBusy: busy,
    foreignCpu: part(difference(cpuBefore.foreignUs, cpuAfter.foreignUs), seconds),
    flushes: trips === undefined ? undefined : Math.max(0, trips - idle),
  };
}

function readCpu({ pid, postmaster }: Subject, { floor, causeway, otherPids }: Setting) {
  const { user, system } = process.cpuUsage();
  const pids = [floor.pid, causeway.pid, ...otherPids];
  const ours = pids.reduce((sum, one) => sum + (processUs(one) ?? 0), user + system);
  const machine = machineUs();
  return {
    serverUs: processUs(pid),
    databaseUs: postgresUs(postmaster),
    foreignUs: machine === undefined ? undefined : machine - ours - (postgresUs(causeway.postmaster) ?? 0),
  };
}

/** CPU time as a part of what the machine has. The kernel counts in ticks, so a little less than nothing is nothing. */
function part(us: number | undefined, seconds: number): number | undefined {
  return us === undefined
    ? undefined
    : Math.min(1, Math.max(0, us / (seconds * 1_000_000 * availableParallelism())));
}

async function countTrips({ flushes }: Subject) {
  return { flushes: await flushes?.(), atSeconds: performance.now() / 1000 };
}

/** Trips a second of a server that nobody asks anything. */
export async function measureIdle(flushes: () => Promise<number>, seconds: number): Promise<number> {
  const before = await flushes();
  const fromMs = performance.now();
  await sleep(seconds * 1000);
  return ((await flushes()) - before) / ((performance.now() - fromMs) / 1000);
}

const difference = (before: number | undefined, after: number | undefined): number | undefined =>
  before === undefined || after === undefined ? undefined : after - before;

/** Lets all workers work for some seconds; what has begun is finished and counts. @throws the first failure */
export async function load(
  workers: readonly Operation[],
  seconds: number,
): Promise<{ readonly latenciesMs: readonly number[]; readonly seconds: number; readonly busy: number }> {
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const utilization = performance.eventLoopUtilization();
  const endMs = startMs + seconds * 1000;
  let failed = false;
  await Promise.all(
    workers.map(async (operation) => {
      for (let fromMs = startMs; fromMs < endMs && !failed && latenciesMs.length < OPERATIONS_MAX;) {
        const beganMs = performance.now();
        try {
          // oxlint-disable-next-line no-await-in-loop -- a worker does one thing after the other
          await operation();
        } catch (error) {
          failed = true;
          throw error;
        }
        fromMs = performance.now();
        latenciesMs.push(fromMs - beganMs);
      }
    }),
  );
  return {
    latenciesMs,
    seconds: (performance.now() - startMs) / 1000,
    busy: performance.eventLoopUtilization(utilization).utilization,
  };
}
