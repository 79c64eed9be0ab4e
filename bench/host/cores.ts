import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const TASKSET = ['/usr/bin/taskset', '/bin/taskset'].find((path) => existsSync(path));

/** Which core serves, and which one loads; undefined where processes can't be pinned. */
export interface Layout {
  readonly server: number | undefined;
  readonly load: number | undefined;
  /** Where an embedded database runs: on a core of its own if there is one, else with the load. */
  readonly database: number | undefined;
}

/** The server is alone on its core, so that its throughput is its own; a database is another machine in production. */
export function layout(): Layout {
  const cores = availableParallelism();
  if (TASKSET === undefined || cores < 2) return { server: undefined, load: undefined, database: undefined };
  return { load: 0, server: 1, database: cores > 2 ? 2 : 0 };
}

/** A command that runs on one core. */
export function pinned(
  core: number | undefined,
  command: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  if (core === undefined || TASKSET === undefined) return [command, args];
  return [TASKSET, ['-c', String(core), command, ...args]];
}

/** Moves a running process, and its threads, to a core. */
export function pin(pid: number, core: number | undefined): void {
  if (core === undefined || TASKSET === undefined) return;
  execFileSync(TASKSET, ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' });
}
