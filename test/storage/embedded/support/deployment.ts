import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Client, type QueryResultRow } from 'pg';
import { createIds } from '../../../../src/core/ids.js';
import { silentLogger, type LogFields, type Logger } from '../../../../src/core/logger.js';
import type {
  EmbeddedDatabase,
  EmbeddedOptions,
} from '../../../../src/storage/embedded/embedded-database.js';
import { openEmbeddedDatabase } from '../../../../src/storage/embedded/open.js';
import { processTable, procTable } from '../../../../src/storage/embedded/processes.js';

export const ids = createIds(randomBytes, Date.now);
export const isRoot = process.geteuid?.() === 0;
export const isLinux = platform() === 'linux';

export interface LogLine {
  readonly event: string;
  readonly fields: LogFields;
}

/** A logger that keeps what it is told. */
export function recordingLog(): Logger & { readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const keep = (event: string, fields: LogFields = {}): void => void lines.push({ event, fields });
  const log = { lines, debug: keep, info: keep, warn: keep, error: keep, child: (): Logger => log };
  return log;
}

const run = promisify(execFile);

/** Directories, databases and processes of one test file; `clean` ends and removes those of one test. */
export class Deployments {
  readonly #cleanups: (() => Promise<void>)[] = [];
  readonly #atTheEnd: (() => Promise<void>)[] = [];
  #template: Promise<string> | undefined;

  /** A new directory that every OS user can pass. */
  async directory(prefix = join(tmpdir(), 'causeway-test-')): Promise<string> {
    const path = await realpath(await mkdtemp(prefix));
    await chmod(path, 0o755);
    this.later(() => rm(path, { recursive: true, force: true, maxRetries: 20 }));
    return path;
  }

  /** A new DATA_DIR whose database has served and was stopped in order. `initdb` runs once per test file. */
  async served(name = 'data'): Promise<string> {
    this.#template ??= this.#makeTemplate();
    const dataDir = join(await this.directory(), name);
    await mkdir(dirname(dataDir), { recursive: true });
    await run('cp', ['-a', await this.#template, dataDir]);
    return dataDir;
  }

  async #makeTemplate(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'causeway-test-'));
    this.#atTheEnd.push(() => rm(path, { recursive: true, force: true }));
    const database = await openEmbeddedDatabase({ dataDir: path, log: silentLogger, ids, mode: 'own' });
    await query(database.url, 'CREATE TABLE written (n int)');
    await database.stop();
    return path;
  }

  async open(
    dataDir: string,
    options: Partial<Omit<EmbeddedOptions, 'dataDir'>> = {},
  ): Promise<EmbeddedDatabase> {
    const database = await openEmbeddedDatabase({
      dataDir,
      log: recordingLog(),
      ids,
      mode: 'own',
      ...options,
    });
    this.later(() => database.stop());
    return database;
  }

  /** Another Causeway in a process of its own. */
  async process(dataDir: string, options: ProcessOptions = {}): Promise<OtherProcess> {
    const other = new OtherProcess(dataDir, options);
    this.later(async () => {
      await other.kill();
      const server = Number(other.reports.find(({ event }) => event === 'open')?.['postmasterPid'] ?? 0);
      await until(async () => server === 0 || other.joined || !(await isAlive(server)));
    });
    return other;
  }

  later(cleanup: () => Promise<void>): void {
    this.#cleanups.push(cleanup);
  }

  async clean(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).toReversed()) await cleanup();
  }

  async end(): Promise<void> {
    for (const cleanup of this.#atTheEnd.splice(0)) await cleanup();
  }
}

export interface ProcessOptions {
  readonly mode?: 'own' | 'join';
  readonly uid?: number;
  /** A command that runs the rest of its line. */
  readonly under?: readonly string[];
}

export interface Report {
  readonly event: 'open' | 'refused' | 'ended' | 'stopped' | 'row' | 'cut off';
  readonly [field: string]: unknown;
}

const isReport = (value: unknown): value is Report =>
  typeof value === 'object' && value !== null && 'event' in value;

const SCRIPT = resolve('test/storage/embedded/support/other-process.ts');

/** Runs `other-process.ts`, which reports in JSON lines. */
export class OtherProcess {
  readonly reports: Report[] = [];
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #news: (() => void) | undefined;

  constructor(dataDir: string, { mode = 'own', uid, under = [] }: ProcessOptions) {
    const [program, ...parameters] = [...under, process.execPath, '--import', 'tsx', SCRIPT, dataDir, mode];
    this.#child = spawn(program, parameters, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'] },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    this.#exit = once(this.#child, 'exit').then(() => this.#news?.());
    const lines = createInterface({ input: this.#child.stdout ?? process.stdin });
    lines.on('line', (line) => {
      const report: unknown = JSON.parse(line);
      if (isReport(report)) this.reports.push(report);
      this.#news?.();
    });
  }

  /** Whether the database that it reported is another's. */
  get joined(): boolean {
    return this.reports.some(({ event, joined }) => event === 'open' && joined === true);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits for the next report of one of these kinds. */
  async next(...events: Report['event'][]): Promise<Report> {
    for (;;) {
      const report = this.reports.find(({ event }) => events.includes(event));
      if (report !== undefined) return report;
      if (this.#child.exitCode !== null)
        throw new Error(`ended with ${this.#child.exitCode} before ${events.join()}`);
      await new Promise<void>((resolveNews) => {
        this.#news = resolveNews;
      });
    }
  }

  tell(command: 'stop' | 'write'): void {
    this.#child.stdin?.write(`${command}\n`);
  }

  /** SIGKILL, and with it, if asked, to the shell that watches for this death. */
  async kill({ alsoWatch = false } = {}): Promise<void> {
    const watch = alsoWatch ? await deathWatchOf(this.pid) : undefined;
    if (watch !== undefined) process.kill(watch, 'SIGKILL');
    this.#child.kill('SIGKILL');
    await this.#exit;
  }
}

async function deathWatchOf(pid: number): Promise<number> {
  const all = await procTable.list();
  const watches = all.filter(({ command }) => command.includes(' causeway-death-watch '));
  for (const watch of watches) {
    const status = await readFile(`/proc/${watch.pid}/status`, 'utf8');
    if (status.includes(`\nPPid:\t${pid}\n`)) return watch.pid;
  }
  throw new Error(`process ${pid} has no death watch`);
}

/** One statement on a connection of its own. */
export async function query(url: string, text: string, values: unknown[] = []): Promise<QueryResultRow[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Waits until something holds. @throws after `limitMs`. */
export async function until(holds: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`still not so after ${limitMs} ms: ${String(holds)}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

export const isAlive = async (pid: number): Promise<boolean> =>
  (await processTable.startOf(pid)) !== undefined;
