import { readdirSync, readFileSync } from 'node:fs';

/** Kernel's clock ticks: 100 a second on every Linux that Node supports. */
const TICK_US = 10_000;

interface Stat {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  /** Of the process itself. */
  readonly ownUs: number;
  /** Of its children that have ended and were waited for. */
  readonly endedChildrenUs: number;
}

/** `/proc/<pid>/stat`; undefined when there is no such process, or no such file system. */
function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // It has ended meanwhile, or this is no Linux: there is nothing to count either way.
  }
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const ticks = (index: number): number => Number(fields[index] ?? 0) * TICK_US;
  return {
    pid,
    name: text.slice(text.indexOf('(') + 1, end),
    parent: Number(fields[1]),
    ownUs: ticks(11) + ticks(12),
    endedChildrenUs: ticks(13) + ticks(14),
  };
}

function allProcesses(): readonly Stat[] {
  let names: readonly string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return []; // No Linux.
  }
  return names.flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
}

/** CPU of all threads of a process to the nanosecond; undefined where the kernel doesn't keep it. */
function threadsUs(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .map(
        (thread) =>
          Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1000,
      )
      .reduce((sum, us) => sum + us, 0);
  } catch {
    return undefined; // Without schedstat the ticks must do.
  }
}

/** User and system time of a process, microseconds since its start; undefined where it can't be known. */
export function processUs(pid: number): number | undefined {
  return threadsUs(pid) ?? readStat(pid)?.ownUs;
}

/** Busy time of all cores since the machine's start, that which a hypervisor gave to others included; microseconds. */
export function machineUs(): number | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/stat', 'utf8');
  } catch {
    return undefined; // No Linux.
  }
  const [user, nice, system, _idle, _wait, irq, softIrq, steal] = text.split(/\s+/, 9).slice(1).map(Number);
  return [user, nice, system, irq, softIrq, steal].reduce(
    (sum: number, ticks) => sum + (ticks ?? 0) * TICK_US,
    0,
  );
}

/** User and system time of PostgreSQL: the postmaster, its living and its ended processes. */
export function postgresUs(postmaster: number | undefined): number | undefined {
  const main = postmaster === undefined ? undefined : readStat(postmaster);
  if (main === undefined) return undefined;
  return allProcesses()
    .filter((process) => process.parent === main.pid)
    .reduce((sum, process) => sum + process.ownUs, main.ownUs + main.endedChildrenUs);
}

export function parentOf(pid: number): number | undefined {
  return readStat(pid)?.parent;
}

export function childrenOf(pid: number): readonly number[] {
  return allProcesses()
    .filter((process) => process.parent === pid)
    .map((process) => process.pid);
}

/** The postmaster whose data directory is below a folder. */
export function findPostmaster(folder: string): number | undefined {
  const isPostmaster = ({ pid, name }: Stat): boolean => {
    if (name !== 'postgres') return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        .split('\0')
        .some((part) => part.includes(folder));
    } catch {
      return false; // It has ended meanwhile.
    }
  };
  return allProcesses().find(isPostmaster)?.pid;
}
