import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, readlink, realpath, stat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '../../core/logger.js';
import { EmbeddedDatabaseError, systemCode } from './errors.js';
import { readIfThere } from './files.js';
import { canReach, chooseAccount, handOver, mayPass, type Account } from './os-user.js';

/** Where a deployment's embedded database lives. */
export interface Places {
  /** `DATA_DIR`, absolute. */
  readonly dataDir: string;
  /**
   * Ours alone: the cluster, its password, copied binaries. `DATA_DIR/postgresql` is it or is a link to it.
   */
  readonly home: string;
  /** PostgreSQL's own directory (PGDATA). */
  readonly cluster: string;
  /** Whether the cluster is there: it appears whole, when `initdb` has finished. */
  readonly initialised: boolean;
  readonly account: Account;
}

const ELSEWHERE = '/var/lib';

/** The name under which `DATA_DIR` leads to the database. */
export const homeLink = (dataDir: string): string => join(dataDir, 'postgresql');
/** Names the PostgreSQL major; written once the database has served. */
export const versionFile = (dataDir: string): string => join(dataDir, 'version');
/** The superuser's password, from which the application's is derived. */
export const passwordFile = (home: string): string => join(home, 'password');

/**
 * Makes `DATA_DIR`. Directories that root makes can be passed through by everybody, not listed: PostgreSQL,
 * which doesn't run as root, must get to its own.
 */
export async function makeDataDir(dataDir: string): Promise<void> {
  const first = await mkdir(dataDir, { recursive: true, mode: 0o700 });
  if (first === undefined || process.geteuid?.() !== 0) return;
  for (let path = dataDir; path.length >= first.length; path = dirname(path)) await chmod(path, 0o711);
}

/**
 * Decides where the database is and as whom it runs, and makes its directory. Where PostgreSQL's account
 * can't get to `DATA_DIR` (below `/root`), that is a directory of its own below `/var/lib`, with a link to it
 * in `DATA_DIR`.
 * @throws EmbeddedDatabaseError `not_permitted`, `damaged`.
 */
export async function preparePlaces(dataDir: string, log: Logger): Promise<Places> {
  const found = await findHome(dataDir);
  const owner = found === undefined ? undefined : await clusterOwner(found);
  if (owner === undefined) await refuseIfServed(dataDir);
  const account = await chooseAccount(owner);
  const home = found ?? (await makeHome(dataDir, account, log));
  if (dirname(home) === dataDir) await admit(dataDir, account, log);
  await secureHome(home, account);
  if (!(await canReach(home, account))) {
    throw new EmbeddedDatabaseError(
      'not_permitted',
      `PostgreSQL runs with uid ${account.uid} and can't get to ${home}: let others pass (chmod o+x) ` +
        'the directories above it, or move DATA_DIR',
    );
  }
  const cluster = join(home, 'data');
  if (owner?.uid === 0) {
    log.info('database.files_handed_over', { cluster, uid: account.uid });
    await handOver(cluster, account);
  }
  return { dataDir, home, cluster, initialised: owner !== undefined, account };
}

/** The directory that `DATA_DIR/postgresql` is or leads to. */
export async function findHome(dataDir: string): Promise<string | undefined> {
  const link = homeLink(dataDir);
  try {
    return await realpath(link);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  const target = await linkTarget(link);
  if (target === undefined) return undefined;
  throw new EmbeddedDatabaseError(
    'damaged',
    `${link} leads to ${target}, which is gone: restore the database from a backup`,
  );
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function clusterOwner(home: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const { uid, gid } = await stat(join(home, 'data'));
    return { uid, gid };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function makeHome(dataDir: string, account: Account, log: Logger): Promise<string> {
  const link = homeLink(dataDir);
  const above = await realpath(dirname(dataDir));
  if (await canReach(above, account)) {
    await mkdir(link, { mode: 0o700 });
    return realpath(link);
  }
  const home = await makeElsewhere(await realpath(dataDir), log);
  await symlink(home, link);
  log.warn('database.moved', {
    dataDir,
    home,
    reason: `PostgreSQL doesn't run as root and can't pass ${above}: its files are in ${home}`,
  });
  return home;
}

/** A database that has served and is gone is not replaced by an empty one without a word. */
async function refuseIfServed(dataDir: string): Promise<void> {
  if ((await readIfThere(versionFile(dataDir))) === undefined) return;
  throw new EmbeddedDatabaseError(
    'damaged',
    `${dataDir} has held a database, and its files in ${homeLink(dataDir)} are gone: ` +
      `restore them from a backup, or remove ${versionFile(dataDir)} to begin with an empty one`,
  );
}

/**
 * Named after `DATA_DIR`, so that a person finds it; what a removed `DATA_DIR` left there is not taken up.
 */
async function makeElsewhere(dataDir: string, log: Logger): Promise<string> {
  const name = join(ELSEWHERE, `causeway-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`);
  await mkdir(ELSEWHERE, { recursive: true });
  for (let number = 1; ; number += 1) {
    const path = number === 1 ? name : `${name}-${number}`;
    try {
      await mkdir(path, { mode: 0o700 });
      return path;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
      log.warn('database.left_behind', { home: path, reason: 'the database of a DATA_DIR that was removed' });
    }
  }
}

/** Under root, `DATA_DIR` itself must let PostgreSQL's account pass to the database in it. */
async function admit(dataDir: string, account: Account, log: Logger): Promise<void> {
  const node = await stat(dataDir);
  if (!account.switched || mayPass(node, account)) return;
  await chmod(dataDir, (node.mode & 0o7777) | 0o001);
  log.info('database.data_dir_opened', {
    dataDir,
    reason: 'PostgreSQL passes through it; others can not list it',
  });
}

/** Under root: root's, and of the account's group, so that no other user gets near the files below. */
async function secureHome(home: string, account: Account): Promise<void> {
  const node = await stat(home);
  if (!account.switched || node.uid === account.uid) return;
  if (node.gid !== account.gid) await chown(home, 0, account.gid);
  if ((node.mode & 0o7777) !== 0o710) await chmod(home, 0o710);
}
