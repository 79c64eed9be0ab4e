import { readFileSync } from 'node:fs';
import type { RunningCauseway } from '../causeway.js';
import type { HttpClient } from '../driver/http.js';
import { Party } from '../driver/party.js';
import { exhaust, type Pace, type RunProcesses } from '../measure.js';
import { measurePlaces } from '../places/measure-places.js';
import type { Observation, Place, Targets } from '../places/place.js';
import { placeResults, type PlaceResult } from '../places/verdict.js';
import { TENANT } from '../seed.js';
import { copyTenant } from './copies.js';
import { round, touch, type TenantFlow } from './flows.js';

/** How much many tenants cost, and whether a node with all of them starts and fits. */
export interface TenantFindings {
  readonly results: readonly PlaceResult[];
  readonly notes: readonly string[];
  readonly misses: readonly string[];
}

export interface TenantRun {
  readonly flows: readonly TenantFlow[];
  readonly causeway: RunningCauseway;
  readonly http: HttpClient;
  readonly idleFlushesPerSecond: number;
  readonly run: RunProcesses;
  readonly pace: Pace;
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

/** Tenants beside one: so many as providers are kept, and ten times that. */
const COUNTS = { whole: { kept: 1_000, all: 10_000 }, quick: { kept: 100, all: 1_500 } } as const;
const WORKERS = 8;
const START_MS_MAX = 10_000;
const RESIDENT_MIB_MAX = 1_024;
const number = new Intl.NumberFormat('en-US');

/** Copies the tenant, starts the node again on all of them, and measures. Done last: the node is another one then. */
export async function runTenants(options: TenantRun): Promise<TenantFindings> {
  const { causeway, http, quick, say } = options;
  const counts = quick ? COUNTS.quick : COUNTS.whole;
  say(`copying a tenant ${number.format(counts.all)} times`);
  const { databaseUrl, encryptionKeys, issuer } = causeway;
  const slugs = await copyTenant({ databaseUrl, encryptionKeys, template: TENANT, count: counts.all });
  const startMs = await causeway.restart();
  const first = await Party.discover(issuer, http);
  const copies = slugs.map((slug) => first.at(issuer.replace(/[^/]+$/, slug)));
  const findings = await measureAll(options, first, copies.slice(0, counts.kept), copies.slice(counts.kept));
  const residentMib = residentMibOf(causeway.child.pid);
  const all = number.format(counts.all);
  const notes = [
    `a node with ${all} tenants starts in ${(startMs / 1000).toFixed(1)} s (at most 10)`,
    ...(residentMib === undefined
      ? []
      : [
          `after sign-ins at many of them it holds ${residentMib.toFixed(0)} MiB (at most ${RESIDENT_MIB_MAX})`,
        ]),
  ];
  const misses = [
    ...(startMs > START_MS_MAX ? [`start with ${all} tenants: ${startMs.toFixed(0)} ms`] : []),
    ...((residentMib ?? 0) > RESIDENT_MIB_MAX ? [`memory with ${all} tenants: ${residentMib} MiB`] : []),
  ];
  return { results: findings, notes, misses };
}

async function measureAll(
  { flows, causeway, idleFlushesPerSecond, run, pace, say }: TenantRun,
  first: Party,
  kept: readonly Party[],
  cold: readonly Party[],
): Promise<readonly PlaceResult[]> {
  const { flushes } = causeway;
  const { pid } = causeway.child;
  const server = { pid, postmaster: causeway.postmaster, flushes, idleFlushesPerSecond };
  const stage: Observation = { server, run: { ...run, pids: [...run.pids, pid] }, pace };
  const results: PlaceResult[] = [];
  // The same strangers never come twice: each flow has its part of them.
  const share = Math.floor(cold.length / flows.length);
  for (const [index, flow] of flows.entries()) {
    say(`measuring ${flow.name}`);
    // Whoever is kept has been here before: its provider is built, its people are known.
    // oxlint-disable-next-line no-await-in-loop -- one thing at a time is measured
    await exhaust(
      [...Array.from({ length: 4 }, () => first), ...kept].map((party) => () => flow.operation(party)),
      WORKERS,
    );
    const own = cold.slice(index * share, (index + 1) * share);
    // oxlint-disable-next-line no-await-in-loop -- one thing at a time is measured
    const measured = await measurePlaces(stage, places(flow, first, kept, own));
    results.push(...placeResults(flow, measured));
  }
  return results;
}

const place = (name: string, workers: ReturnType<typeof round>, targets?: Targets): Place => ({
  name,
  open: () => Promise.resolve(workers),
  close: () => Promise.resolve(),
  ...(targets === undefined ? {} : { targets }),
});

function places(
  { operation, coldTargets }: TenantFlow,
  first: Party,
  kept: readonly Party[],
  cold: readonly Party[],
): readonly Place[] {
  return [
    place('one tenant', round([first], WORKERS, operation)),
    {
      ...place(`${number.format(kept.length)} tenants`, round(kept, WORKERS, operation)),
      // Others came by since the last round, and may have taken the place of some.
      open: async () => {
        await exhaust(
          kept.map((party) => () => touch(party)),
          WORKERS,
        );
        return round(kept, WORKERS, operation);
      },
    },
    place('more than are kept', round(cold, WORKERS, operation), coldTargets),
  ];
}

/** What a process holds in memory, where the system tells. */
function residentMibOf(pid: number): number | undefined {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    // Not every system has /proc: then the line is left out.
    return undefined;
  }
}
