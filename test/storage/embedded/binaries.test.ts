import { execFile } from 'node:child_process';
import { chmod, cp, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  findBinaries,
  prepareBinaries,
  type BinariesPackage,
} from '../../../src/storage/embedded/binaries.js';
import type { Account } from '../../../src/storage/embedded/os-user.js';
import { Deployments, isRoot } from './support/deployment.js';

// Many servers are made and stopped here, on machines that may be busy with other tests.
jest.setTimeout(120_000);

const run = promisify(execFile);
const deployments = new Deployments();
afterEach(() => deployments.clean());

const self: Account = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, switched: false };
const other: Account = { uid: 60617, gid: 60617, switched: true };
const asRoot = isRoot ? test : test.skip;
const versionBy = async (program: string, account?: Account): Promise<string> => {
  const who = account === undefined ? {} : { uid: account.uid, gid: account.gid };
  return (await run(program, ['--version'], { cwd: '/', env: {}, ...who })).stdout;
};

describe('the PostgreSQL binaries', () => {
  let copies: string;
  let found: BinariesPackage;
  beforeEach(async () => {
    copies = await deployments.directory();
    found = { root: join(await deployments.directory(), 'package'), version: (await findBinaries()).version };
    await cp((await findBinaries()).root, found.root, { recursive: true, verbatimSymlinks: true });
  });

  /** As npm leaves the package where install scripts are off. */
  async function removeLinks(): Promise<void> {
    const lib = join(found.root, 'native/lib');
    for (const name of await readdir(lib)) {
      if ((await lstat(join(lib, name))).isSymbolicLink()) await rm(join(lib, name));
    }
    await expect(versionBy(join(found.root, 'native/bin/initdb'))).rejects.toThrow(/libpq|shared/);
  }

  test('are found for this platform, without running their package', async () => {
    const binaries = await findBinaries();
    expect(binaries.version).toMatch(/^18\./);
    expect(await stat(join(binaries.root, 'native/bin/postgres'))).toMatchObject({ uid: expect.any(Number) });
  });

  test('are not there for every platform, and the error says what to do instead', async () => {
    await expect(findBinaries('plan9-mips')).rejects.toMatchObject({
      reason: 'unsupported_platform',
      message: expect.stringMatching(/plan9-mips.*DATABASE_URL/),
    });
  });

  test('run where npm put them; links and mode bits that it did not make are made', async () => {
    await removeLinks();
    await chmod(join(found.root, 'native/bin/postgres'), 0o644);
    const binaries = await prepareBinaries(found, self, copies);
    expect(binaries).toMatchObject({
      copied: false,
      major: 18,
      initdb: join(found.root, 'native/bin/initdb'),
    });
    expect(await versionBy(binaries.initdb)).toMatch(/^initdb \(PostgreSQL\) 18/);
    expect(await versionBy(binaries.postgres)).toMatch(/^postgres \(PostgreSQL\) 18/);
  });

  asRoot('are copied where the account can not reach them, once', async () => {
    await chmod(join(found.root, '..'), 0o700);
    await removeLinks();
    await mkdir(join(copies, 'binaries-17.1'));
    const binaries = await prepareBinaries(found, other, copies);
    expect(binaries).toMatchObject({ copied: true, major: 18 });
    expect(await versionBy(binaries.postgres, other)).toMatch(/^postgres/);
    expect(await versionBy(binaries.initdb, other)).toMatch(/^initdb/);
    expect(await readdir(copies)).toEqual([`binaries-${found.version}`]);
    const { mtimeMs } = await stat(binaries.postgres);
    expect(await prepareBinaries(found, other, copies)).toEqual(binaries);
    expect((await stat(binaries.postgres)).mtimeMs).toBe(mtimeMs);
  });

  test('an interrupted copy is begun anew', async () => {
    await mkdir(join(copies, `binaries-${found.version}.new-abcdef`, 'native'), { recursive: true });
    await chmod(join(found.root, 'native/bin'), 0o755);
    const unreachable = isRoot ? other : self;
    if (isRoot) await chmod(join(found.root, '..'), 0o700);
    await prepareBinaries(found, unreachable, copies);
    if (isRoot) expect(await readdir(copies)).toEqual([`binaries-${found.version}`]);
  });
});
