import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Party } from './driver/party.js';
import type { Flow, Operation } from './flows/flow.js';
import { machineUs, postgresUs, processUs } from './host/cpu.js';
import { ratios, summarize, type Window } from './statistics.js';
import type { Result } from './verdict.js';

/** A server, as far as it can be looked at from outside. */
export interface Observed {
  readonly pid: number;
  readonly postmaster: number | undefined;
  /** Trips to the database since its start; undefined: it has none. */
  readonly flushes: (() => Promise<number>) | undefined;
  /** Trips a second that it makes without being asked anything. */
  readonly idleFlushesPerSecond: number;
}

/** A server that applications sign people in at. */
export interface Subject extends Observed {
  readonly party: Party;
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
  { floor, causeway, otherPids }: Setting,
  pace: Pace,
): Promise<Window> {
  const workers = await flow.open(subject.party, concurrency);
  await load(workers, pace.warmUpSeconds);
  const run = { pids: [floor.pid, causeway.pid, ...otherPids], postmaster: causeway.postmaster };
  return observe(subject, run, () => load(workers, pace.seconds));
}

/** The processes of a run besides the driver: what else the machine does is foreign to it. */
export interface RunProcesses {
  readonly pids: readonly number[];
  readonly postmaster: number | undefined;
}

/** Looks from outside at what a server spends while some work is done at it. */
export async function observe(
  server: Observed,
  run: RunProcesses,
  work: () => Promise<Work>,
): Promise<Window> {
  const tripsBefore = await countTrips(server);
  const cpuBefore = readCpu(server, run);
  const { latenciesMs, seconds, busy } = await work();
  const cpuAfter = readCpu(server, run);
  const tripsAfter = await countTrips(server);
  const idle = server.idleFlushesPerSecond * (tripsAfter.atSeconds - tripsBefore.atSeconds);
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

function readCpu({ pid, postmaster }: Observed, run: RunProcesses) {
  const { user, system } = process.cpuUsage();
  const ours = run.pids.reduce((sum, one) => sum + (processUs(one) ?? 0), user + system);
  const machine = machineUs();
  return {
    serverUs: processUs(pid),
    databaseUs: postgresUs(postmaster),
    foreignUs: machine === undefined ? undefined : machine - ours - (postgresUs(run.postmaster) ?? 0),
  };
}

/** CPU time as a part of what the machine has. The kernel counts in ticks, so a little less than nothing is nothing. */
function part(us: number | undefined, seconds: number): number | undefined {
  return us === undefined
    ? undefined
    : Math.min(1, Math.max(0, us / (seconds * 1_000_000 * availableParallelism())));
}

async function countTrips({ flushes }: Observed) {
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

/** Operations that were done. */
export interface Work {
  /** Of each operation. */
  readonly latenciesMs: readonly number[];
  readonly seconds: number;
  /** Part of the driver's thread that was busy, 0 … 1. */
  readonly busy: number;
}

/** Lets all workers work for some seconds; what has begun is finished and counts. @throws the first failure */
export async function load(workers: readonly Operation[], seconds: number): Promise<Work> {
  const endMs = performance.now() + seconds * 1000;
  return drive(
    workers.map((operation) => (done) => {
      return performance.now() < endMs && done < OPERATIONS_MAX ? operation : undefined;
    }),
  );
}

/** Does each of these once, some at once, in their order. @throws the first failure */
export async function exhaust(operations: readonly Operation[], workers: number): Promise<Work> {
  const waiting = operations.values();
  return drive(Array.from({ length: workers }, () => () => waiting.next().value));
}

/** Lets each worker do one thing after the other for as long as it is given any. `done`: by all together so far. */
async function drive(workers: readonly ((done: number) => Operation | undefined)[]): Promise<Work> {
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  const utilization = performance.eventLoopUtilization();
  let failed = false;
  await Promise.all(
    workers.map(async (next) => {
      for (;;) {
        const operation = failed ? undefined : next(latenciesMs.length);
        if (operation === undefined) return;
        const beganMs = performance.now();
        try {
          // oxlint-disable-next-line no-await-in-loop -- a worker does one thing after the other
          await operation();
        } catch (error) {
          failed = true;
          throw error;
        }
        latenciesMs.push(performance.now() - beganMs);
      }
    }),
  );
  return {
    latenciesMs,
    seconds: (performance.now() - startMs) / 1000,
    busy: performance.eventLoopUtilization(utilization).utilization,
  };
}
