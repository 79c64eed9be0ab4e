import { open, readdir, readFile, readlink, rm, stat, utimes } from 'node:fs/promises';
import { hostname, platform } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedDatabaseError, systemCode } from './errors.js';
import { exists, readIfThere, writeWhole } from './files.js';
import { processTable } from './processes.js';

/**
 * Who works on a data directory: `own` serves from it, `join` is a command that started the database for
 * itself.
 */
export interface Owner {
  readonly pid: number;
  /** When that process started (see `ProcessTable.startOf`). */
  readonly started: string;
  /** The boot and pid namespace that the pid counts in. */
  readonly machine: string;
  readonly mode: 'own' | 'join';
  readonly phase: 'starting' | 'ready' | 'stopping' | 'released';
  /** Of the database on 127.0.0.1, once `phase` is `ready`. */
  readonly port: number;
  readonly postmasterPid: number;
}

const BEAT_MS = 500;
/** How long an owner of another machine or container must be silent to count as dead. */
const SILENCE_MS = 3_000;
const ATTEMPTS_MAX = 50;

/**
 * The right to work on a data directory, held by one process of all that can see it.
 *
 * Each holder makes a file `lock.<n>` that must not exist before (O_EXCL), one higher than the last, whose
 * holder is dead or has released it. The highest file is never removed, so of any number of contenders for a
 * dead holder's place one gets the next number, and a contender that was slow finds a higher file than its
 * own and gives way.
 *
 * A holder is judged by pid and start of its process where both count in the same pid namespace. Elsewhere (a
 * volume that two containers share, a reboot) by whether it keeps touching its file. No live holder is ever
 * robbed.
 */
export class OwnerLock {
  /** Resolves when the lock was given up, or when its file vanished while it was held. */
  readonly ended: Promise<'released' | 'lost'>;

  private constructor(
    private readonly path: string,
    private owner: Owner,
  ) {
    this.ended = this.#keepTouching();
  }

  /**
   * Takes the directory, or tells who has it.
   * @throws EmbeddedDatabaseError `in_use` when contenders keep overtaking this one.
   */
  static async acquire(directory: string, mode: Owner['mode']): Promise<OwnerLock | Owner> {
    const owner = await thisProcess(mode);
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      const top = (await generations(directory)).at(-1) ?? 0;
      const holder = top === 0 ? undefined : await liveOwner(fileOf(directory, top));
      if (holder !== undefined) return holder;
      const path = fileOf(directory, top + 1);
      if (!(await create(path, owner))) continue;
      const all = await generations(directory);
      if (all.at(-1) === top + 1) {
        await removeBelow(directory, top + 1);
        return new OwnerLock(path, owner);
      }
      await rm(path, { force: true });
    }
    throw new EmbeddedDatabaseError('in_use', `too many processes want ${directory} at once: try again`);
  }

  /** Tells the directory's other readers how far the holder is. @throws when the lock was lost. */
  async update(change: Partial<Pick<Owner, 'phase' | 'port' | 'postmasterPid'>>): Promise<void> {
    if (!(await exists(this.path))) throw new Error(`the lock ${this.path} is gone`);
    this.owner = { ...this.owner, ...change };
    await writeWhole(this.path, text(this.owner), 0o600);
  }

  /** Gives the directory up. Doing it again, or after the lock was lost, changes nothing. */
  async release(): Promise<void> {
    if (this.owner.phase === 'released' || !(await exists(this.path))) return;
    await this.update({ phase: 'released' });
  }

  async #keepTouching(): Promise<'released' | 'lost'> {
    while (this.owner.phase !== 'released') {
      await sleep(BEAT_MS, undefined, { ref: false });
      if (!(await this.#touch())) return 'lost';
    }
    return 'released';
  }

  async #touch(): Promise<boolean> {
    const nowSeconds = (performance.timeOrigin + performance.now()) / 1000;
    try {
      await utimes(this.path, nowSeconds, nowSeconds);
    } catch (error) {
      // Any other failure (a broken disk) shows where it hurts; the lock is still ours.
      if (systemCode(error) === 'ENOENT') return this.owner.phase === 'released';
    }
    return true;
  }
}

/** The live owner of a data directory, if it has one. */
export async function findOwner(directory: string): Promise<Owner | undefined> {
  const top = (await generations(directory)).at(-1);
  return top === undefined ? undefined : liveOwner(fileOf(directory, top));
}

/** Whether the owner's pid counts on this machine, in this container. */
export async function isHere(owner: Owner): Promise<boolean> {
  return owner.machine === (await thisMachine());
}

const fileOf = (directory: string, generation: number): string => join(directory, `lock.${generation}`);
const text = (owner: Owner): string => `${JSON.stringify(owner)}\n`;

async function generations(directory: string): Promise<number[]> {
  const names = await readdir(directory);
  return names
    .flatMap((name) => /^lock\.(\d{1,9})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

async function removeBelow(directory: string, generation: number): Promise<void> {
  const old = (await readdir(directory)).filter((name) => {
    const number = /^lock\.(\d{1,9})(\.new)?$/.exec(name)?.[1];
    return number !== undefined && Number(number) < generation;
  });
  await Promise.all(old.map((name) => rm(join(directory, name), { force: true })));
}

async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text(owner));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function liveOwner(path: string): Promise<Owner | undefined> {
  const owner = await readOwner(path);
  if (owner === undefined || owner.phase === 'released') return undefined;
  const alive = (await isHere(owner)) ? await runsStill(owner) : await isTouchedStill(path);
  return alive ? owner : undefined;
}

/** A file without an owner in it is one being written at this moment, or one whose writer died. */
async function readOwner(path: string): Promise<Owner | undefined> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const json = await readIfThere(path);
    const owner = parseOwner(json ?? '');
    if (json === undefined || owner !== undefined) return owner;
    await sleep(100);
  }
  return undefined;
}

function parseOwner(json: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isOwner(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isOwner(value: unknown): value is Owner {
  if (typeof value !== 'object' || value === null) return false;
  const members = new Map<string, unknown>(Object.entries(value));
  return (
    ['pid', 'port', 'postmasterPid'].every((name) => Number.isSafeInteger(members.get(name))) &&
    ['started', 'machine', 'mode', 'phase'].every((name) => typeof members.get(name) === 'string')
  );
}

async function runsStill(owner: Owner): Promise<boolean> {
  const started = await processTable.startOf(owner.pid);
  // A start that is hidden from us proves nothing: then the pid alone decides, in its holder's favour.
  return started !== undefined && (started === '' || owner.started === '' || started === owner.started);
}

async function isTouchedStill(path: string): Promise<boolean> {
  const before = await touchedAt(path);
  if (before === undefined) return false;
  for (let waitedMs = 0; waitedMs < SILENCE_MS; waitedMs += BEAT_MS / 2) {
    await sleep(BEAT_MS / 2);
    const after = await touchedAt(path);
    if (after !== before) return after !== undefined;
  }
  return false;
}

async function touchedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function thisProcess(mode: Owner['mode']): Promise<Owner> {
  const started = (await processTable.startOf(process.pid)) ?? '';
  const machine = await thisMachine();
  return { pid: process.pid, started, machine, mode, phase: 'starting', port: 0, postmasterPid: 0 };
}

async function thisMachine(): Promise<string> {
  if (platform() !== 'linux') return hostname();
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    return `${boot} ${await readlink('/proc/self/ns/pid')}`;
  } catch (error) {
    // Some sandboxes have neither.
    if (['ENOENT', 'EACCES', 'EPERM'].includes(systemCode(error) ?? '')) return hostname();
    throw error;
  }
}
