import { realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../core/errors.js';
import { findBinaries, prepareBinaries, type BinariesPackage } from './binaries.js';
import { addressesOf, provision } from './credentials.js';
import type { EmbeddedDatabase, EmbeddedOptions } from './embedded-database.js';
import { EmbeddedDatabaseError, systemCode } from './errors.js';
import { readIfThere } from './files.js';
import { initialise } from './initdb.js';
import { joinOwner } from './join.js';
import { stopLeftovers } from './leftovers.js';
import { isHere, OwnerLock, type Owner } from './lock.js';
import { OwnedDatabase } from './owned.js';
import { makeDataDir, preparePlaces, versionFile, type Places } from './places.js';
import { Postmaster } from './postmaster.js';

const POLL_MS = 100;
/** How long a server waits for a command, or for a server that is stopping. */
const OWN_WAIT_MS = 30_000;
/** How long a command waits for an owner that is starting or stopping. */
const JOIN_WAIT_MS = 120_000;
/** How long an owner that says `ready` may refuse a command, whose connection raced with its end. */
const REFUSED_MS = 10_000;

/**
 * Opens the embedded database of `DATA_DIR`: makes it at the first start, stops what a killed Causeway left,
 * starts PostgreSQL under the supervision of this process, or joins the one that runs.
 * @throws EmbeddedDatabaseError one line for the person who starts it.
 */
export async function openEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const asked = resolve(options.dataDir);
  try {
    const binaries = await findBinaries();
    await makeDataDir(asked);
    const dataDir = await realpath(asked);
    const taken = await take(dataDir, options);
    return taken instanceof OwnerLock ? await own(dataDir, taken, binaries, options) : taken;
  } catch (error) {
    throw inWords(error, asked);
  }
}

/** The lock, once nobody else has it; for a command also the database of who has it. */
async function take(dataDir: string, options: EmbeddedOptions): Promise<OwnerLock | EmbeddedDatabase> {
  let refusedMs = 0;
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    const holder = await OwnerLock.acquire(dataDir, options.mode);
    if (holder instanceof OwnerLock) return holder;
    if (options.mode === 'join' && holder.phase === 'ready') {
      const outcome = await joinOwner(dataDir, holder, options);
      if (typeof outcome !== 'string') return outcome;
      refusedMs += POLL_MS;
      if (refusedMs > REFUSED_MS) throw unreachable(dataDir, holder, outcome);
    }
    if (!isWorthWaiting(options.mode, holder, waitedMs)) throw await inUse(dataDir, holder);
    if (waitedMs === 0) {
      const { pid, mode, phase } = holder;
      options.log.info('database.waiting', { dataDir, pid, mode, phase });
    }
    await sleep(POLL_MS);
  }
}

/** A server waits for a command, or for a server that is stopping; beside one that serves it has no place. */
function isWorthWaiting(mode: EmbeddedOptions['mode'], holder: Owner, waitedMs: number): boolean {
  if (mode === 'join') return waitedMs < JOIN_WAIT_MS;
  return (holder.mode === 'join' || holder.phase === 'stopping') && waitedMs < OWN_WAIT_MS;
}

async function own(
  dataDir: string,
  lock: OwnerLock,
  found: BinariesPackage,
  options: EmbeddedOptions,
): Promise<EmbeddedDatabase> {
  const { log, ids } = options;
  const beganMs = performance.now();
  try {
    const places = await preparePlaces(dataDir, log);
    const { home, account } = places;
    const binaries = await prepareBinaries(found, account, home);
    await checkVersion(places, binaries.major);
    if (!places.initialised) await initialise(places, binaries, ids, log);
    await stopLeftovers(places, log);
    const postmaster = await Postmaster.start(places, binaries, log, options.forgetful);
    try {
      const { pid, port } = postmaster;
      const addresses = await addressesOf(home, port);
      await provision(places, addresses, binaries.major);
      await lock.update({ phase: 'ready', port, postmasterPid: pid });
      const tookMs = Math.round(performance.now() - beganMs);
      log.info('database.started', { home, pid, port, uid: account.uid, first: !places.initialised, tookMs });
      return new OwnedDatabase({ lock, postmaster, addresses, home, ...options });
    } catch (error) {
      await postmaster.stop();
      throw error;
    }
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Another major can't read the files; which major wrote them is said twice, by us and by PostgreSQL. */
async function checkVersion(places: Places, major: number): Promise<void> {
  const ours = versionFile(places.dataDir);
  const files = places.initialised ? [ours, join(places.cluster, 'PG_VERSION')] : [ours];
  for (const file of files) {
    const text = await readIfThere(file);
    if (text === undefined && file === ours) continue; // The first start was cut off before its end.
    const recorded = Number.parseInt(text ?? '', 10);
    if (Number.isNaN(recorded)) {
      throw new EmbeddedDatabaseError('damaged', `${file} names no PostgreSQL version: restore a backup`);
    }
    if (recorded === major) continue;
    throw new EmbeddedDatabaseError(
      'wrong_version',
      `${places.dataDir} was written by PostgreSQL ${recorded}, this Causeway brings ${major}: ` +
        'back it up with the Causeway that wrote it, and restore that into a new DATA_DIR',
    );
  }
}

async function inUse(dataDir: string, owner: Owner): Promise<EmbeddedDatabaseError> {
  const who = owner.mode === 'own' ? 'another Causeway' : 'a causeway command';
  const where = (await isHere(owner)) ? '' : ' on another machine or in another container';
  return new EmbeddedDatabaseError(
    'in_use',
    `${who} (pid ${owner.pid}${where}) works on ${dataDir} and is ${owner.phase}: ` +
      'stop it first, or use another DATA_DIR',
  );
}

function unreachable(dataDir: string, owner: Owner, why: string): EmbeddedDatabaseError {
  return new EmbeddedDatabaseError(
    'unreachable',
    `the Causeway that works on ${dataDir} (pid ${owner.pid}) can't be reached on ` +
      `127.0.0.1:${owner.port} (${why}): ` +
      'run this where it runs, in its container if it has one',
  );
}

/** Errors of the file system, as one line that names `DATA_DIR`. */
function inWords(error: unknown, dataDir: string): unknown {
  const code = systemCode(error) ?? '';
  if (!['EACCES', 'EPERM', 'EINVAL', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOSPC'].includes(code)) return error;
  const self = process.geteuid?.();
  // Root of a user namespace that knows no other user, or of a file system that lets nobody give files away.
  const advice = self === 0 ? '; run Causeway as an ordinary user, or set DATABASE_URL' : '';
  return new EmbeddedDatabaseError(
    'not_permitted',
    `the embedded database in ${dataDir} can't be opened by this OS user (uid ${self}): ` +
      `${messageOf(error)}${advice}`,
    { cause: error },
  );
}
