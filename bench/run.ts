import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCauseway, type RunningCauseway } from './causeway.js';
import { HttpClient } from './driver/http.js';
import { Party } from './driver/party.js';
import { brokeredLogin } from './flows/people.js';
import { Child } from './host/child.js';
import { layout, pin, type Layout } from './host/cores.js';
import { freePort } from './host/ports.js';
import { load, measureFlow, measureIdle, type Setting, type Subject } from './measure.js';
import { readOptions, USAGE, UsageError, type Options } from './options.js';
import { program } from './program.js';
import { readProfile } from './profile.js';
import { renderReport, type Surroundings } from './report.js';
import { misses, type Result } from './verdict.js';

const IDLE_SECONDS = 4;
const WARM_UP_WORKERS = 16;
const EXIT = { missed: 1, usage: 64, failed: 70 } as const;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Everything that runs beside the driver, and how to end it. */
class Stage {
  readonly #stops: (() => Promise<void>)[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'causeway-bench-'));

  constructor() {
    // An embedded database runs as another user, who must be able to pass through.
    chmodSync(this.folder, 0o755);
  }

  onStop(stop: () => Promise<void>): void {
    this.#stops.unshift(stop);
  }

  async clear(): Promise<void> {
    for (const stop of this.#stops.splice(0))
      // oxlint-disable-next-line no-await-in-loop -- what was started last ends first
      await stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function startUpstream(stage: Stage, cores: Layout): Promise<Child> {
  const upstream = await Child.start({
    name: 'upstream',
    args: ['--import', 'tsx', join('bench', 'upstream', 'main.ts')],
    logFile: join(stage.folder, 'upstream.log'),
    core: cores.load,
    ready: /^listening (\S+)$/,
    startMs: 20_000,
  });
  stage.onStop(() => upstream.stop());
  return upstream;
}

async function startFloor(stage: Stage, cores: Layout, upstream: string): Promise<Child> {
  const port = await freePort();
  const floor = await Child.start({
    name: 'floor',
    args: [
      '--import',
      'tsx',
      join('bench', 'floor', 'main.ts'),
      '--port',
      String(port),
      '--upstream',
      upstream,
    ],
    logFile: join(stage.folder, 'floor.log'),
    core: cores.server,
    ready: /^listening (\S+)$/,
    startMs: 20_000,
  });
  stage.onStop(() => floor.stop());
  return floor;
}

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

async function subjectsOf(
  floor: Child,
  causeway: RunningCauseway,
  http: HttpClient,
  options: Options,
): Promise<{ readonly floor: Subject; readonly causeway: Subject }> {
  const parties = {
    floor: await Party.discover(floor.address, http),
    causeway: await Party.discover(causeway.issuer, http),
  };
  say('warming up');
  await warmUp(parties.floor, options);
  await warmUp(parties.causeway, options);
  const idleFlushesPerSecond = await measureIdle(causeway.flushes, IDLE_SECONDS);
  return {
    floor: {
      party: parties.floor,
      pid: floor.pid,
      postmaster: undefined,
      flushes: undefined,
      idleFlushesPerSecond: 0,
    },
    causeway: {
      party: parties.causeway,
      pid: causeway.child.pid,
      postmaster: causeway.postmaster,
      flushes: causeway.flushes,
      idleFlushesPerSecond,
    },
  };
}

async function bench(options: Options, stage: Stage): Promise<number> {
  const cores = layout();
  pin(process.pid, cores.load);
  const http = new HttpClient(Math.max(...options.concurrencies));
  stage.onStop(() => http.close());
  say('starting upstream, floor and Causeway');
  const upstream = await startUpstream(stage, cores);
  const floor = await startFloor(stage, cores, upstream.address);
  const causeway = await startCauseway({
    folder: stage.folder,
    upstream: upstream.address,
    cores,
    http,
    databaseServer: process.env['BENCH_DATABASE_URL'] ?? process.env['TEST_DATABASE_URL'],
    nodeArgs: options.profile ? ['--cpu-prof', '--cpu-prof-dir', stage.folder] : [],
  });
  stage.onStop(() => causeway.stop());
  const subjects = await subjectsOf(floor, causeway, http, options);
  const fromUs = Number(process.hrtime.bigint() / 1000n);
  const results = await measureAll(options, { ...subjects, otherPids: [upstream.pid] });
  const toUs = Number(process.hrtime.bigint() / 1000n);
  const surroundings: Surroundings = {
    node: process.version,
    program: program().kind,
    database: causeway.database,
    missingDurability: causeway.missingDurability,
    cores,
    idleFlushesPerSecond: subjects.causeway.idleFlushesPerSecond,
    options,
  };
  if (options.profile) await causeway.stop();
  const profile = options.profile ? readProfile(stage.folder, fromUs, toUs) : undefined;
  process.stdout.write(`${renderReport(results, surroundings, profile)}\n`);
  return options.check && misses(results).length > 0 ? EXIT.missed : 0;
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
