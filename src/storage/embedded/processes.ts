import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemCode } from './errors.js';

/** A process of this machine: what it runs, with its arguments joined by blanks, and as which OS user. */
export interface ProcessEntry {
  readonly pid: number;
  readonly uid: number;
  readonly command: string;
}

/**
 * What the operating system tells about its processes. Both ways need no privilege, also for others'
 * processes.
 */
export interface ProcessTable {
  /**
   * When the process started, in the platform's own form: with the pid it names a process for good, also
   * after the pid was given to another. `''` when the process lives and its start is hidden; undefined when
   * it doesn't live.
   */
  startOf(pid: number): Promise<string | undefined>;
  list(): Promise<readonly ProcessEntry[]>;
}

/** Linux: `/proc`. */
export const procTable: ProcessTable = {
  async startOf(pid) {
    const stat = await readProc(`/proc/${pid}/stat`);
    if (stat === undefined) return answersSignals(pid) ? '' : undefined;
    // The name in parentheses may hold anything; after it, fields 3 (state) and 22 (start, in ticks since
    // boot).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return isDead(fields[0]) ? undefined : fields[19];
  },
  async list() {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const entries = await Promise.all(pids.map(procEntry));
    return entries.filter((entry) => entry !== undefined);
  },
};

async function procEntry(pid: string): Promise<ProcessEntry | undefined> {
  const [command, status] = await Promise.all([
    readProc(`/proc/${pid}/cmdline`),
    readProc(`/proc/${pid}/status`),
  ]);
  const uid = /^Uid:\t\d+\t(\d+)/m.exec(status ?? '')?.[1];
  const state = /^State:\t(\S)/m.exec(status ?? '')?.[1];
  if (command === undefined || uid === undefined || isDead(state)) return undefined;
  return { pid: Number(pid), uid: Number(uid), command: command.replaceAll('\0', ' ').trimEnd() };
}

/** A file of `/proc`, or undefined when its process is gone or hidden from us. */
async function readProc(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

const run = promisify(execFile);
const PS_ENV = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' };

/** Elsewhere (macOS): `ps`. */
export const psTable: ProcessTable = {
  async startOf(pid) {
    const [line] = await ps(['-p', String(pid), '-o', 'state=', '-o', 'lstart=']);
    const [, state, start] = /^(\S+)\s+(.+)$/.exec(line ?? '') ?? [];
    return isDead(state?.[0]) ? undefined : start;
  },
  async list() {
    const lines = await ps(['-axww', '-o', 'pid=', '-o', 'uid=', '-o', 'state=', '-o', 'command=']);
    return lines.flatMap((line) => {
      const [, pid, uid, state, command] = /^(\d+)\s+(\d+)\s+(\S+)\s+(.+)$/.exec(line) ?? [];
      if (command === undefined || isDead(state?.[0])) return [];
      return [{ pid: Number(pid), uid: Number(uid), command }];
    });
  },
};

async function ps(parameters: readonly string[]): Promise<readonly string[]> {
  try {
    const { stdout } = await run('ps', [...parameters], { env: PS_ENV, maxBuffer: 64 * 1024 * 1024 });
    return stdout
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } catch (error) {
    // Exit code 1: no such process.
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 1) return [];
    throw error;
  }
}

/**
 * A zombie answers signals and is dead all the same: nobody waited for it (a container's first process often
 * doesn't).
 */
function isDead(state: string | undefined): boolean {
  return state === 'Z' || state === 'X';
}

/** Whether the pid is anything's: a process, hidden or not, or a zombie. */
export function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** The process table of this platform. */
export const processTable: ProcessTable = platform() === 'linux' ? procTable : psTable;

/** Waits until none of the processes lives. @returns false when some still do after `limitMs`. */
export async function waitUntilGone(pids: readonly number[], limitMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs <= limitMs; waitedMs += 10) {
    const starts = await Promise.all(pids.map((pid) => processTable.startOf(pid)));
    if (starts.every((start) => start === undefined)) return true;
    await sleep(10);
  }
  return false;
}

/** Sends a signal. @returns false when the process is gone already. */
export function signal(pid: number, name: 'SIGINT' | 'SIGQUIT'): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    throw error;
  }
}
