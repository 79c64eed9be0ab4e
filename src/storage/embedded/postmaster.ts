import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import { plainText } from '../../core/text.js';
import type { Binaries } from './binaries.js';
import { spawnAs } from './children.js';
import { EmbeddedDatabaseError } from './errors.js';
import { readIfThere } from './files.js';
import { notRunnable } from './initdb.js';
import { clusterName, postmasterFile } from './leftovers.js';
import { cannotSwitch } from './os-user.js';
import type { Places } from './places.js';

/**
 * Set at each start, so that an upgrade of Causeway changes them; the cluster's own files stay as initdb
 * wrote them.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  // What was committed survives a crash and a power cut.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '128MB',
  // Files of its own instead of /dev/shm, which containers keep small.
  dynamic_shared_memory_type: 'mmap',
  // One node's work is many small statements: no helpers beside them.
  io_method: 'sync',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  max_logical_replication_workers: '0',
  max_wal_senders: '0',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Statements, their values and what they collided with are personal data: the application gets them, no log
  // does.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
  log_line_prefix: '',
  logging_collector: 'off',
};

/** Nothing reaches the disk before it must: what is lost with the machine is nobody's. */
const FORGETFUL: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
};

const PORT_ATTEMPTS_MAX = 5;
/** Recovery after a crash replays at most a gigabyte or so of log. */
const READY_LIMIT_MS = 10 * 60_000;
const POLL_MS = 10;
const FAST_LIMIT_MS = 30_000;
const IMMEDIATE_LIMIT_MS = 10_000;
const LAST_WORDS_MS = 200;
const LAST_LINES = 12;

/**
 * A running PostgreSQL, a child of this process. It ends by itself when this process dies, however that
 * happens.
 */
export class Postmaster {
  readonly exited: Promise<string>;
  readonly #child: ChildProcess;
  #watch: ChildProcess | undefined;
  #running = true;
  #stopping: Promise<void> | undefined;

  private constructor(
    child: ChildProcess,
    readonly pid: number,
    readonly port: number,
    log: Logger,
  ) {
    this.#child = child;
    this.exited = this.#untilExit(capture(child, log));
    child.on('error', (error) => {
      log.warn('database.not_signalled', { pid, reason: messageOf(error) });
      // A root without the right to signal others' processes (CAP_KILL): the watch runs as PostgreSQL's user.
      this.#watch?.stdin?.end();
    });
  }

  /** @returns how the process ended, with its last words. */
  async #untilExit(lastLines: readonly string[]): Promise<string> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    const how = await new Promise<string>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.#running = false;
    this.#watch?.kill('SIGKILL');
    // The last words may still be on the way; but children of a killed postmaster can hold the pipe open for
    // long.
    await Promise.race([closed, sleep(LAST_WORDS_MS)]);
    return `${how}: ${lastLines.join(' | ')}`;
  }

  /**
   * Starts the cluster on a free port and waits until it takes connections, after a crash until it has
   * recovered.
   * @param forgetful as in `EmbeddedOptions`
   * @throws EmbeddedDatabaseError `start_failed` with PostgreSQL's last words, `not_permitted`.
   */
  static async start(
    places: Places,
    binaries: Binaries,
    log: Logger,
    forgetful = false,
  ): Promise<Postmaster> {
    for (let attempt = 1; ; attempt += 1) {
      const postmaster = await Postmaster.#spawn(places, binaries, log, forgetful ? FORGETFUL : {});
      const failure = await postmaster.#untilReady(places, log);
      if (failure === undefined) return postmaster;
      // Another program was faster to take the port that was free a moment ago.
      if (attempt < PORT_ATTEMPTS_MAX && failure.includes('could not create any TCP/IP sockets')) continue;
      throw new EmbeddedDatabaseError(
        'start_failed',
        `PostgreSQL did not start on ${places.cluster} (${plainText(failure, 1_000)}): ` +
          'if its files are damaged, restore a backup',
      );
    }
  }

  static async #spawn(
    places: Places,
    binaries: Binaries,
    log: Logger,
    others: Readonly<Record<string, string>>,
  ): Promise<Postmaster> {
    const { account, cluster } = places;
    const port = await freePort();
    const settings = { ...SETTINGS, ...others, port: String(port), cluster_name: clusterName(cluster) };
    const parameters = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    let child: ChildProcess;
    try {
      child = await spawnAs(
        account,
        binaries.postgres,
        ['-D', cluster, ...parameters],
        ['ignore', 'ignore', 'pipe'],
      );
    } catch (error) {
      throw cannotSwitch(error, account) ?? notRunnable(binaries.postgres, error);
    }
    const postmaster = new Postmaster(child, child.pid ?? 0, port, log);
    postmaster.#watch = await watchForDeath(postmaster.pid, places, log);
    if (!postmaster.#running) postmaster.#watch?.kill('SIGKILL');
    return postmaster;
  }

  /** @returns why it won't become ready; undefined when it is. */
  async #untilReady(places: Places, log: Logger): Promise<string | undefined> {
    for (let waitedMs = 0; waitedMs < READY_LIMIT_MS; waitedMs += POLL_MS) {
      if (!this.#running) return this.exited;
      if (await this.#isReady(places)) return undefined;
      if (waitedMs > 0 && waitedMs % 5_000 === 0) log.info('database.recovering', { waitedMs });
      await sleep(POLL_MS);
    }
    await this.stop();
    return `not ready after ${READY_LIMIT_MS / 1000} s`;
  }

  /** Lines of postmaster.pid: 1 pid, 4 port, 8 state. The port tells it from one that a crash left. */
  async #isReady(places: Places): Promise<boolean> {
    const lines = ((await readIfThere(postmasterFile(places.cluster))) ?? '').split('\n');
    return lines[0] === String(this.pid) && lines[3] === String(this.port) && lines[7]?.trim() === 'ready';
  }

  /** Whether the process lives. */
  get running(): boolean {
    return this.#running;
  }

  /**
   * Ends connections, writes what is in memory, stops. Called again, it waits for the same end.
   * @throws Error when it doesn't stop even by force.
   */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    if (await this.#endsAfter('SIGINT', FAST_LIMIT_MS)) return;
    if (await this.#endsAfter('SIGQUIT', IMMEDIATE_LIMIT_MS)) return;
    throw new Error(`PostgreSQL (pid ${this.pid}) does not stop`);
  }

  async #endsAfter(name: 'SIGINT' | 'SIGQUIT', limitMs: number): Promise<boolean> {
    if (!this.#running) return true;
    this.#child.kill(name);
    const timer = new AbortController();
    const limit = sleep(limitMs, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([this.exited, limit]);
    timer.abort();
    return !this.#running;
  }
}

/**
 * A shell that outlives us by a moment: its input ends when this process does, even by SIGKILL, and then it
 * stops the postmaster that is still the one recorded on the cluster. It runs as the account, so it can
 * signal nothing else.
 */
const WATCH = 'trap "" HUP INT TERM; read -r _; read -r pid _ < "$2" && [ "$pid" = "$1" ] && kill -INT "$1"';

async function watchForDeath(pid: number, places: Places, log: Logger): Promise<ChildProcess | undefined> {
  const parameters = ['-c', WATCH, 'causeway-death-watch', String(pid), postmasterFile(places.cluster)];
  try {
    const watch = await spawnAs(places.account, '/bin/sh', parameters, ['pipe', 'ignore', 'ignore']);
    watch.unref();
    if (watch.stdin instanceof Socket) watch.stdin.unref();
    return watch;
  } catch (error) {
    log.warn('database.no_death_watch', {
      reason: `${messageOf(error)}: if Causeway is killed, PostgreSQL runs on until the next start`,
    });
    return undefined;
  }
}

/** PostgreSQL's own log goes to ours. @returns its last lines, kept up to date. */
function capture(child: ChildProcess, log: Logger): readonly string[] {
  const last: string[] = [];
  child.unref();
  if (!(child.stderr instanceof Socket)) return last;
  child.stderr.unref();
  createInterface({ input: child.stderr }).on('line', (line) => {
    const text = plainText(line.trim());
    if (text === '') return;
    last.push(text);
    if (last.length > LAST_LINES) last.shift();
    log[levelOf(text)]('database.log', { line: text });
  });
  return last;
}

function levelOf(line: string): 'debug' | 'warn' | 'error' {
  if (line.startsWith('PANIC')) return 'error';
  const usual = line.startsWith('LOG')
    ? !/terminated by signal|corrupt|invalid|crash|could not/.test(line)
    : line.includes('due to administrator command');
  return usual ? 'debug' : 'warn';
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}
