import { lchown, readdir, readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { EmbeddedDatabaseError, systemCode } from './errors.js';

/**
 * Whom PostgreSQL runs as: it refuses root. An ordinary user runs it as himself; under root it gets an
 * account of its own, which is a number without an entry in the user database: nothing else runs as it,
 * nobody can sign in as it, no tool of the system is needed to make it, and of the machine it reaches what
 * everybody does.
 */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  /** Whether children must be switched to it: Causeway runs as root. */
  readonly switched: boolean;
}

/** A range that distributions leave free (systemd's table of uids names 60578–60705 unused). */
const ACCOUNT_FIRST = 60617;
const ACCOUNT_LAST = 60705;

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
}

/**
 * The account for a cluster: the owner of its files where there are some.
 * @throws EmbeddedDatabaseError `not_permitted` when they belong to another user and Causeway isn't root.
 */
export async function chooseAccount(existing: { uid: number; gid: number } | undefined): Promise<Account> {
  const self = process.geteuid?.() ?? 0;
  if (self !== 0) {
    if (existing !== undefined && existing.uid !== self) {
      throw new EmbeddedDatabaseError(
        'not_permitted',
        `the database's files belong to the OS user with uid ${existing.uid}, this process has uid ${self}`,
      );
    }
    return { uid: self, gid: process.getegid?.() ?? self, switched: false };
  }
  if (existing !== undefined && existing.uid !== 0) return { ...existing, switched: true };
  const taken = new Set((await passwdEntries()).map((entry) => entry.uid));
  for (let uid = ACCOUNT_FIRST; uid <= ACCOUNT_LAST; uid += 1) {
    if (!taken.has(uid)) return { uid, gid: uid, switched: true };
  }
  throw new EmbeddedDatabaseError('not_permitted', `no free uid from ${ACCOUNT_FIRST} to ${ACCOUNT_LAST}`);
}

/**
 * The uid that `initdb` runs as. It wants to know its user's name, so a bare number won't do: under root it
 * borrows a powerless user's uid, with our own group, in a directory that only this group can enter; the
 * files are then handed to the account.
 * @throws EmbeddedDatabaseError `not_permitted` when there is no named user to run as.
 */
export async function accountForInitdb(account: Account): Promise<Account> {
  if (!account.switched) {
    requireName(account.uid);
    return account;
  }
  const entries = await passwdEntries();
  const entry =
    entries.find(({ uid }) => uid === account.uid) ??
    entries.find(({ name }) => name === 'nobody') ??
    entries.find(({ uid }) => uid !== 0);
  if (entry === undefined) {
    throw new EmbeddedDatabaseError(
      'not_permitted',
      '/etc/passwd names no user but root, and PostgreSQL refuses to run as root: set DATABASE_URL',
    );
  }
  return { ...account, uid: entry.uid };
}

function requireName(uid: number): void {
  try {
    userInfo();
  } catch (error) {
    throw new EmbeddedDatabaseError(
      'not_permitted',
      `uid ${uid} has no entry in the user database, which initdb needs: ` +
        'run as a named user, or set DATABASE_URL',
      { cause: error },
    );
  }
}

async function passwdEntries(): Promise<readonly PasswdEntry[]> {
  const text = await readFile('/etc/passwd', 'utf8');
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid = ''] = line.split(':');
    return /^\d+$/.test(uid) ? [{ name, uid: Number(uid) }] : [];
  });
}

/** Whether the account can walk to this directory: it may pass each one from the root to it. */
export async function canReach(directory: string, account: Account): Promise<boolean> {
  if (!account.switched) return true;
  const parent = dirname(directory);
  if (parent !== directory && !(await canReach(parent, account))) return false;
  return mayPass(await stat(directory), account);
}

/** Whether the mode bits let the account pass a directory. */
export function mayPass(node: { uid: number; gid: number; mode: number }, account: Account): boolean {
  if (node.uid === account.uid) return (node.mode & 0o100) !== 0;
  if (node.gid === account.gid) return (node.mode & 0o010) !== 0;
  return (node.mode & 0o001) !== 0;
}

/** Gives a directory and all below it to the account, links themselves and not what they point to. */
export async function handOver(directory: string, account: Account): Promise<void> {
  await lchown(directory, account.uid, account.gid);
  const entries = await readdir(directory, { withFileTypes: true });
  await Promise.all(
    entries.map((entry) => {
      const path = join(directory, entry.name);
      return entry.isDirectory() ? handOver(path, account) : lchown(path, account.uid, account.gid);
    }),
  );
}

/** Says what a failed switch of user means. @returns the error to throw. */
export function cannotSwitch(error: unknown, account: Account): EmbeddedDatabaseError | undefined {
  const code = systemCode(error);
  if (!account.switched || (code !== 'EPERM' && code !== 'EINVAL')) return undefined;
  return new EmbeddedDatabaseError(
    'not_permitted',
    `PostgreSQL refuses to run as root, and this root may not become uid ${account.uid} (${code}): ` +
      'run Causeway as an ordinary user, or set DATABASE_URL',
    { cause: error },
  );
}
