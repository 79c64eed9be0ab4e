import { rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '../../core/logger.js';
import { EmbeddedDatabaseError } from './errors.js';
import { readIfThere } from './files.js';
import type { Places } from './places.js';
import { answersSignals, processTable, signal, waitUntilGone, type ProcessEntry } from './processes.js';

const FAST_LIMIT_MS = 20_000;
const IMMEDIATE_LIMIT_MS = 5_000;

/** Shown in the titles of all processes of a cluster, so that those whose postmaster is dead can be told. */
export function clusterName(cluster: string): string {
  return `causeway-${createHash('sha256').update(cluster).digest('hex').slice(0, 12)}`;
}

/** PostgreSQL's record of the server that runs on a cluster: its pid comes first. */
export const postmasterFile = (cluster: string): string => join(cluster, 'postmaster.pid');

/**
 * Stops what a killed Causeway left running on the cluster, so that it can be started again. To be called by
 * the holder of the lock only. Only processes are touched that run as the cluster's owner, on this very
 * directory, started by a Causeway; nothing is lost, PostgreSQL itself sees to that.
 * @throws EmbeddedDatabaseError `in_use` when a PostgreSQL works there that no Causeway started, or won't
 * stop.
 */
export async function stopLeftovers(places: Places, log: Logger): Promise<void> {
  const file = postmasterFile(places.cluster);
  const recorded = await readIfThere(file);
  if (recorded === undefined) return;
  const recordedPid = Number.parseInt(recorded, 10);
  await stopOurs(places, log);
  // PostgreSQL itself ignores a record whose pid is nobody's or another user's. It does not know zombies for
  // dead, nor
  // another program of its own user for what it is.
  const holder = (await processTable.list()).find(({ pid }) => pid === recordedPid);
  if (holder === undefined) {
    if (answersSignals(recordedPid)) await removeRecord(file, recordedPid);
    return;
  }
  if (holder.uid !== places.account.uid) return;
  if (/(^|\/)(postgres|postmaster)(:| |$)/.test(holder.command)) {
    throw new EmbeddedDatabaseError(
      'in_use',
      `${file} names pid ${recordedPid}, a PostgreSQL that Causeway did not start: stop it, ` +
        'or remove the file if it works elsewhere',
    );
  }
  log.info('database.stale_pid', { pid: recordedPid, reason: 'the pid belongs to another program now' });
  await removeRecord(file, recordedPid);
}

/**
 * All processes of the cluster are gone by now. If the record changed since, it is another server's and
 * stays.
 */
async function removeRecord(file: string, pid: number): Promise<void> {
  const recorded = await readIfThere(file);
  if (recorded !== undefined && Number.parseInt(recorded, 10) === pid) await rm(file, { force: true });
}

async function stopOurs(places: Places, log: Logger): Promise<void> {
  const ours = await processesOf(places);
  if (ours.length === 0) return;
  const pids = ours.map(({ pid }) => pid);
  log.warn('database.leftover_stopped', { pids, reason: 'the Causeway that had started it is gone' });
  const postmasters = ours.filter(({ command }) => runsOn(command, places.cluster));
  for (const { pid } of postmasters) signal(pid, 'SIGINT');
  // Without their postmaster, the others have nobody to end them in order.
  if (postmasters.length === 0) for (const pid of pids) signal(pid, 'SIGQUIT');
  if (await waitUntilGone(pids, FAST_LIMIT_MS)) return;
  const rest = (await processesOf(places)).map(({ pid }) => pid);
  for (const pid of rest) signal(pid, 'SIGQUIT');
  if (await waitUntilGone(rest, IMMEDIATE_LIMIT_MS)) return;
  throw new EmbeddedDatabaseError(
    'in_use',
    `the PostgreSQL of an earlier Causeway on ${places.cluster} does not stop (pids ${rest.join(', ')})`,
  );
}

async function processesOf(places: Places): Promise<readonly ProcessEntry[]> {
  const name = clusterName(places.cluster);
  return (await processTable.list()).filter(
    ({ uid, command }) =>
      uid === places.account.uid &&
      (command.startsWith(`postgres: ${name}: `) ||
        (runsOn(command, places.cluster) && `${command} `.includes(` cluster_name=${name} `))),
  );
}

const runsOn = (command: string, cluster: string): boolean => command.includes(`/postgres -D ${cluster} -c `);
