import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import type { HttpClient } from './driver/http.js';
import { Child } from './host/child.js';
import { pin, type Layout } from './host/cores.js';
import { childrenOf, findPostmaster } from './host/cpu.js';
import { createDatabase, type BenchDatabase } from './host/database.js';
import { freePort } from './host/ports.js';
import { parseRecord, recordsIn } from './json.js';
import { program } from './program.js';
import type { ScimTenant } from './scim/tenants.js';
import { seed, TENANT } from './seed.js';

/** A Causeway of one run, on a database that was made for it. */
export interface RunningCauseway {
  /** The process that serves now. */
  readonly child: Child;
  /** Of the tenant that is measured. */
  readonly issuer: string;
  /** Of all tenants, by slug. */
  readonly issuers: ReadonlyMap<string, string>;
  /** The database, as its owner or administrator. */
  readonly databaseUrl: string;
  readonly postmaster: number | undefined;
  /** As `ENCRYPTION_KEYS` has them. */
  readonly encryptionKeys: string;
  readonly database: string;
  /** What of the database's durability is off. */
  readonly missingDurability: readonly string[];
  /** Trips to the database since its start. */
  readonly flushes: () => Promise<number>;
  /** A token for the management API, of an owner of the deployment. */
  readonly apiToken: () => Promise<string>;
  /** Ends it and starts it again on the same data; gives the milliseconds until it was ready. */
  readonly restart: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export interface CausewayOptions {
  /** An empty folder for its data, its file and its log. */
  readonly folder: string;
  readonly upstream: string;
  readonly cores: Layout;
  readonly http: HttpClient;
  /** A server on which to make a database; undefined: the embedded one. */
  readonly databaseServer: string | undefined;
  /** Tenants that SCIM pushes to. */
  readonly scimTenants: readonly ScimTenant[];
  /** Arguments of Node, such as a profiler's. */
  readonly nodeArgs: readonly string[];
}

/** The first start makes a database cluster. */
const START_MS = 60_000;
const COMMAND_MS = 180_000;

/** Starts Causeway as an operator does, and gives it a tenant through `causeway apply`. */
export async function startCauseway(options: CausewayOptions): Promise<RunningCauseway> {
  const { folder, databaseServer, http } = options;
  const database = databaseServer === undefined ? undefined : await createDatabase(databaseServer);
  try {
    const [port, metricsPort] = [await freePort(), await freePort()];
    const env = environment(folder, port, metricsPort, database);
    let child = await launch(options, env);
    try {
      const settle = (): number | undefined =>
        database === undefined ? settleEmbedded(folder, options.cores) : database.postmaster;
      let postmaster = settle();
      const issuers = await applySeed(options, env);
      return {
        get child() {
          return child;
        },
        get postmaster() {
          return postmaster;
        },
        issuer: issuers.get(TENANT) ?? '',
        issuers,
        databaseUrl: database === undefined ? embeddedUrl(folder) : database.url,
        encryptionKeys: env['ENCRYPTION_KEYS'] ?? embeddedKeys(folder),
        database: database === undefined ? 'embedded PostgreSQL' : `PostgreSQL ${database.version}`,
        missingDurability: database?.missingDurability ?? [],
        flushes: () => countFlushes(http, metricsPort),
        apiToken: async () =>
          (
            await command(['token', 'create', '--system', '--role', 'console:owner', '--name', 'bench'], env)
          ).trim(),
        restart: async () => {
          await child.stop();
          const fromMs = performance.now();
          child = await launch(options, env);
          const tookMs = performance.now() - fromMs;
          postmaster = settle();
          return tookMs;
        },
        stop: async () => {
          await child.stop();
          await database?.drop();
        },
      };
    } catch (error) {
      await child.stop();
      throw error;
    }
  } catch (error) {
    await database?.drop();
    throw error;
  }
}

const launch = (
  { folder, cores, nodeArgs }: CausewayOptions,
  env: Readonly<Record<string, string>>,
): Promise<Child> =>
  Child.start({
    name: 'causeway',
    args: [...nodeArgs, ...program().args, 'start'],
    env,
    logFile: join(folder, 'causeway.log'),
    core: cores.server,
    ready: /^Causeway \S+ ready: (\S+)/,
    startMs: START_MS,
  });

function environment(
  folder: string,
  port: number,
  metricsPort: number,
  database: BenchDatabase | undefined,
): Readonly<Record<string, string>> {
  return {
    PORT: String(port),
    HOST: '127.0.0.1',
    PUBLIC_URL: `http://localhost:${port}`,
    METRICS_PORT: String(metricsPort),
    DATA_DIR: join(folder, 'data'),
    ...(database === undefined
      ? {}
      : { DATABASE_URL: database.url, ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}` }),
  };
}

/** An embedded database began on the server's core; it is moved to its own. */
function settleEmbedded(folder: string, cores: Layout): number | undefined {
  const postmaster = findPostmaster(folder);
  if (postmaster === undefined) return undefined;
  for (const pid of [postmaster, ...childrenOf(postmaster)]) pin(pid, cores.database);
  return postmaster;
}

const embeddedKeys = (folder: string): string =>
  readFileSync(join(folder, 'data', 'encryption-keys'), 'utf8').trim();

/** How to reach the embedded database as its superuser: its files say it. */
function embeddedUrl(folder: string): string {
  const home = join(folder, 'data', 'postgresql');
  const password = readFileSync(join(home, 'password'), 'utf8').trim();
  // The fourth line of the postmaster's file is its port.
  const port = readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8')
    .split('\n')[3]
    ?.trim();
  return `postgres://postgres:${password}@127.0.0.1:${port}/causeway?sslmode=disable`;
}

/** Runs a command of Causeway's beside the server; gives what it prints. */
async function command(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [...program().args, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    timeout: COMMAND_MS,
  });
  return stdout;
}

/** @returns issuers by the slugs of their tenants */
async function applySeed(
  { folder, upstream, scimTenants }: CausewayOptions,
  env: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const file = join(folder, 'bench.json');
  writeFileSync(file, JSON.stringify(seed(upstream, scimTenants)), { mode: 0o600 });
  const stdout = await command(['apply', '-f', file, '--json'], env);
  const issuers = new Map(
    recordsIn(parseRecord(stdout)['tenants']).map(({ slug, issuer }) => [String(slug), String(issuer)]),
  );
  for (const slug of [TENANT, ...scimTenants.map((tenant) => tenant.slug)])
    if (!issuers.has(slug)) throw new Error(`apply made no tenant ${slug}: ${stdout.slice(0, 500)}`);
  return issuers;
}

async function countFlushes(http: HttpClient, metricsPort: number): Promise<number> {
  const url = new URL(`http://127.0.0.1:${metricsPort}/metrics`);
  const { status, text } = await http.call(url, { method: 'GET' });
  const [, count] = /^causeway_database_flushes_total (\S+)$/m.exec(text) ?? [];
  if (status !== 200 || count === undefined)
    throw new Error(`no count of flushes in /metrics (status ${status})`);
  return Number(count);
}
