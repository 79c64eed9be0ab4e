import { startCauseway, type RunningCauseway } from './causeway.js';
import { HttpClient } from './driver/http.js';
import { Party } from './driver/party.js';
import { brokeredLogin } from './flows/people.js';
import type { Child } from './host/child.js';
import { layout, pin } from './host/cores.js';
import { listMisses, runLists } from './lists/run-lists.js';
import { load, measureFlow, measureIdle, type Observed, type Setting } from './measure.js';
import { readOptions, USAGE, UsageError, type Options } from './options.js';
import { program } from './program.js';
import { readProfile } from './profile.js';
import { renderReport, type Surroundings } from './report.js';
import { runScim, type ScimFindings } from './scim/run-scim.js';
import { allTenants, scimWorld } from './scim/tenants.js';
import { placeMisses } from './places/verdict.js';
import { runTenants, type TenantFindings } from './tenants/run-tenants.js';
import { Stage, startFloor, startUpstream } from './stage.js';
import { misses, type Result } from './verdict.js';

const IDLE_SECONDS = 4;
const WARM_UP_WORKERS = 16;
/** As many as an import has workers, at least. */
const SCIM_CONNECTIONS = 8;
const EXIT = { missed: 1, usage: 64, failed: 70 } as const;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function measureAll(options: Options, setting: Setting): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const flow of options.flows)
    for (const concurrency of options.concurrencies) {
      say(`measuring ${flow.name}, ${concurrency} at once`);
      // oxlint-disable-next-line no-await-in-loop -- one thing at a time is measured
      results.push(await measureFlow(flow, concurrency, setting, options.pace));
    }
  return results;
}

/**
 * V8 compiles what runs often, over thousands of requests: a login costs a young process up to twice as much. The steady
 * state is what is compared, so both servers work for a while before.
 */
async function warmUp(party: Party, { flows, warmUpSeconds }: Options): Promise<void> {
  for (const flow of [brokeredLogin, brokeredLogin, ...flows])
    // oxlint-disable-next-line no-await-in-loop -- one thing after the other
    await load(await flow.open(party, WARM_UP_WORKERS), warmUpSeconds);
}

/** The flows that have a floor: both servers are warmed up, then measured beside each other. */
async function besideFloor(
  options: Options,
  { floor, causeway, server, otherPids, http }: Servers,
): Promise<readonly Result[]> {
  const parties = {
    floor: await Party.discover(floor.address, http, false),
    causeway: await Party.discover(causeway.issuer, http),
  };
  say('warming up');
  await warmUp(parties.floor, options);
  await warmUp(parties.causeway, options);
  return measureAll(options, {
    floor: {
      party: parties.floor,
      pid: floor.pid,
      postmaster: undefined,
      flushes: undefined,
      idleFlushesPerSecond: 0,
    },
    causeway: { ...server, party: parties.causeway },
    otherPids,
  });
}

interface Servers {
  readonly floor: Child;
  readonly causeway: RunningCauseway;
  /** Causeway, seen from outside. */
  readonly server: Observed;
  readonly otherPids: readonly number[];
  readonly http: HttpClient;
}

async function bench(options: Options, stage: Stage): Promise<number> {
  const cores = layout();
  pin(process.pid, cores.load);
  const http = new HttpClient(Math.max(SCIM_CONNECTIONS, ...options.concurrencies));
  stage.onStop(() => http.close());
  say('starting upstream, floor and Causeway');
  const upstream = await startUpstream(stage, cores);
  const floor = await startFloor(stage, cores, upstream.address);
  // Hundreds of thousands of rows are only made for who measures with them.
  const world = options.scimFlows.length === 0 ? undefined : scimWorld(options.quick);
  const causeway = await startCauseway({
    folder: stage.folder,
    upstream: upstream.address,
    cores,
    http,
    databaseServer: process.env['BENCH_DATABASE_URL'] ?? process.env['TEST_DATABASE_URL'],
    scimTenants: world === undefined ? [] : allTenants(world),
    nodeArgs: options.profile ? ['--cpu-prof', '--cpu-prof-dir', stage.folder] : [],
  });
  stage.onStop(() => causeway.stop());
  const { flushes, postmaster, child } = causeway;
  const idleFlushesPerSecond = await measureIdle(flushes, IDLE_SECONDS);
  const server: Observed = { pid: child.pid, postmaster, flushes, idleFlushesPerSecond };
  const servers = { floor, causeway, server, otherPids: [upstream.pid], http };
  const fromUs = Number(process.hrtime.bigint() / 1000n);
  const results = options.flows.length === 0 ? [] : await besideFloor(options, servers);
  const run = { pids: [floor.pid, child.pid, upstream.pid], postmaster };
  const { scimFlows: flows, pace, quick, warmUpSeconds } = options;
  const scim: ScimFindings =
    world === undefined
      ? { results: [], notes: [] }
      : await runScim({ flows, world, causeway, http, server, run, pace, quick, warmUpSeconds, say });
  const { tenantFlows } = options;
  const tenants: TenantFindings =
    tenantFlows.length === 0
      ? { results: [], notes: [], misses: [] }
      : await runTenants({ flows: tenantFlows, causeway, http, idleFlushesPerSecond, run, pace, quick, say });
  const { questions, listSizes: sizes } = options;
  const lists = await runLists({ questions, sizes, causeway, http, quick, say });
  const toUs = Number(process.hrtime.bigint() / 1000n);
  const surroundings: Surroundings = {
    node: process.version,
    program: program().kind,
    database: causeway.database,
    missingDurability: causeway.missingDurability,
    cores,
    idleFlushesPerSecond,
    options,
  };
  if (options.profile) await causeway.stop();
  const profile = options.profile ? readProfile(stage.folder, fromUs, toUs) : undefined;
  process.stdout.write(`${renderReport({ results, scim, tenants, lists }, surroundings, profile)}\n`);
  const missed =
    misses(results).length +
    placeMisses([...scim.results, ...tenants.results]).length +
    tenants.misses.length +
    listMisses(lists).length;
  return options.check && missed > 0 ? EXIT.missed : 0;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(USAGE);
    return;
  }
  const stage = new Stage();
  const interrupted = new Promise<number>((resolve) => {
    const stop = (): void => resolve(EXIT.failed);
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    setTimeout(() => {
      say(`stopped: the run took longer than ${options.secondsMax} s`);
      stop();
    }, options.secondsMax * 1000).unref();
  });
  try {
    process.exitCode = await Promise.race([bench(options, stage), interrupted]);
  } finally {
    await stage.clear();
  }
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    if (error instanceof UsageError) say(`${error.message}\n\n${USAGE}`);
    else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(error instanceof UsageError ? EXIT.usage : EXIT.failed);
  },
);
