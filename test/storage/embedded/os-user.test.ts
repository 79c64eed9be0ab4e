import { execFile } from 'node:child_process';
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import { accountForInitdb, chooseAccount, mayPass } from '../../../src/storage/embedded/os-user.js';
import { processTable } from '../../../src/storage/embedded/processes.js';
import { Deployments, isAlive, isLinux, isRoot, query, recordingLog } from './support/deployment.js';

// Many servers are made and stopped here, on machines that may be busy with other tests.
jest.setTimeout(120_000);

const run = promisify(execFile);
const deployments = new Deployments();
afterEach(() => deployments.clean());
afterAll(() => deployments.end());

const asRoot = isRoot && isLinux ? test : test.skip;
const NOBODY = 65_534;
const NAMELESS = 54_321;

async function uidOf(pid: number): Promise<number | undefined> {
  return (await processTable.list()).find((entry) => entry.pid === pid)?.uid;
}

describe('under root', () => {
  asRoot('PostgreSQL runs as a user of its own, who needs no entry in the user database', async () => {
    const dataDir = await deployments.directory();
    const database = await deployments.open(dataDir);
    const uid = await uidOf(database.postmasterPid);
    expect(uid).toBe(60_617);
    await expect(run('getent', ['passwd', String(uid)])).rejects.toThrow();
    expect(await readFile(`/proc/${database.postmasterPid}/status`, 'utf8')).toContain(
      '\nUid:\t60617\t60617\t60617\t60617\n',
    );
    const groups = /^Groups:\t(.*)$/m.exec(await readFile(`/proc/${database.postmasterPid}/status`, 'utf8'));
    expect(groups?.[1]?.trim()).toBe('');
    expect(await stat(join(dataDir, 'postgresql/data'))).toMatchObject({ uid, gid: uid });
  });

  asRoot('no other user gets near the files, not even the one that initdb ran as', async () => {
    const dataDir = await deployments.directory();
    await deployments.open(dataDir);
    const look = (path: string): Promise<unknown> =>
      run('ls', [join(dataDir, path)], { uid: NOBODY, gid: NOBODY });
    await look('version');
    await expect(look('postgresql/')).rejects.toThrow(/Permission denied/);
    await expect(look('postgresql/data')).rejects.toThrow(/Permission denied/);
    await expect(
      run('cat', [join(dataDir, 'postgresql/password')], { uid: 60_617, gid: 60_617 }),
    ).rejects.toThrow(/Permission denied/);
  });

  asRoot('a DATA_DIR that is closed to others is opened for passing, and no further', async () => {
    const dataDir = await deployments.directory();
    await chmod(dataDir, 0o700);
    await deployments.open(dataDir);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o701);
  });

  asRoot('below a directory that others can not pass, the files go elsewhere, which is said', async () => {
    const home = await mkdtemp('/root/causeway-test-');
    deployments.later(() => rm(home, { recursive: true, force: true }));
    const dataDir = join(home, 'data');
    const log = recordingLog();
    const database = await deployments.open(dataDir, { log });
    deployments.later(() => rm(database.directory, { recursive: true, force: true }));
    expect(database.directory).toMatch(/^\/var\/lib\/causeway-[0-9a-f]{12}$/);
    expect(await readlink(join(dataDir, 'postgresql'))).toBe(database.directory);
    expect(log.lines.find(({ event }) => event === 'database.moved')?.fields).toMatchObject({
      dataDir,
      home: database.directory,
    });
    await query(database.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await database.stop();
    const again = await deployments.open(dataDir);
    expect(again.directory).toBe(database.directory);
    expect(await query(again.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await again.stop();

    // Who removes DATA_DIR begins anew; nobody else's files are taken up.
    await rm(dataDir, { recursive: true });
    const fresh = await deployments.open(dataDir);
    deployments.later(() => rm(fresh.directory, { recursive: true, force: true }));
    expect(fresh.directory).toBe(`${database.directory}-2`);
    await fresh.stop();
    await rm(fresh.directory, { recursive: true });
    await expect(deployments.open(dataDir)).rejects.toMatchObject({
      reason: 'damaged',
      message: expect.stringContaining(fresh.directory),
    });
  });

  asRoot('a cluster of an ordinary user runs as that user', async () => {
    const dataDir = await deployments.served();
    await run('chown', ['-R', `${NOBODY}:${NOBODY}`, dataDir]);
    const database = await deployments.open(dataDir);
    expect(await uidOf(database.postmasterPid)).toBe(NOBODY);
  });

  asRoot('a cluster that was copied by root is handed over again', async () => {
    const dataDir = await deployments.served();
    await run('chown', ['-R', 'root:root', dataDir]);
    const database = await deployments.open(dataDir);
    expect(await uidOf(database.postmasterPid)).toBe(60_617);
  });

  asRoot('handing over follows no link', async () => {
    const dataDir = await deployments.served();
    const outside = join(await deployments.directory(), 'outside');
    await mkdir(outside);
    await symlink(outside, join(dataDir, 'postgresql/data/pg_tblspc/link'));
    await run('chown', ['-R', 'root:root', dataDir]);
    await deployments.open(dataDir);
    expect((await lstat(outside)).uid).toBe(0);
  });

  asRoot('files that PostgreSQL can not get to are named', async () => {
    const dataDir = await deployments.served();
    const above = join(dataDir, '..');
    await chmod(above, 0o700);
    await expect(deployments.open(dataDir)).rejects.toMatchObject({
      reason: 'not_permitted',
      message: expect.stringContaining(join(dataDir, 'postgresql')),
    });
  });
});

describe('a root with less than its usual rights', () => {
  asRoot('that may not signal other users’ processes stops PostgreSQL all the same', async () => {
    const other = await deployments.process(await deployments.served(), {
      under: ['setpriv', '--bounding-set=-kill'],
    });
    const opened = await other.next('open', 'refused');
    expect(opened).toMatchObject({ event: 'open' });
    other.tell('stop');
    await other.next('stopped');
    expect(await isAlive(Number(opened['postmasterPid']))).toBe(false);
  });

  asRoot('that may not become another user is told what to do', async () => {
    const dataDir = await deployments.directory();
    const other = await deployments.process(dataDir, { under: ['setpriv', '--bounding-set=-setuid'] });
    expect(await other.next('open', 'refused')).toMatchObject({
      reason: 'not_permitted',
      message: expect.stringMatching(
        /may not become uid .*run Causeway as an ordinary user, or set DATABASE_URL/,
      ),
    });
  });
});

describe('without root', () => {
  /** Another process without root, under root as `nobody`. */
  const uid = isRoot ? { uid: NOBODY } : {};

  test('PostgreSQL runs as the user who starts it', async () => {
    const above = await deployments.directory();
    if (isRoot) await chown(above, NOBODY, NOBODY);
    const other = await deployments.process(join(above, 'data'), uid);
    const opened = await other.next('open', 'refused');
    expect(opened).toMatchObject({ event: 'open' });
    expect(await uidOf(Number(opened['postmasterPid']))).toBe(isRoot ? NOBODY : process.geteuid?.());
    expect((await stat(join(above, 'data'))).mode & 0o777).toBe(0o700);
    other.tell('stop');
    await other.next('stopped');
    const again = await deployments.process(join(above, 'data'), uid);
    expect(await again.next('open', 'refused')).toMatchObject({ event: 'open' });
  });

  asRoot('a directory of another user is refused with his number', async () => {
    const dataDir = await deployments.served();
    const other = await deployments.process(dataDir, uid);
    expect(await other.next('open', 'refused')).toMatchObject({
      reason: 'not_permitted',
      message: expect.stringMatching(new RegExp(`${dataDir}.*uid ${NOBODY}`)),
    });
  });

  asRoot('a directory that can not be written is refused', async () => {
    const other = await deployments.process(join(await deployments.directory(), 'data'), uid);
    expect(await other.next('open', 'refused')).toMatchObject({ reason: 'not_permitted' });
  });

  asRoot('a user without a name can not make a database, and is told so', async () => {
    const above = await deployments.directory();
    await chown(above, NAMELESS, NAMELESS);
    const other = await deployments.process(join(above, 'data'), { uid: NAMELESS });
    expect(await other.next('open', 'refused')).toMatchObject({
      reason: 'not_permitted',
      message: expect.stringMatching(/uid 54321 has no entry.*DATABASE_URL/),
    });
  });

  asRoot('a user without a name can serve a database that is there', async () => {
    const dataDir = await deployments.served();
    await run('chown', ['-R', `${NAMELESS}:${NAMELESS}`, dataDir]);
    const other = await deployments.process(dataDir, { uid: NAMELESS });
    expect(await other.next('open', 'refused')).toMatchObject({ event: 'open' });
  });
});

describe('accounts', () => {
  asRoot('initdb borrows a named user’s number, with our own group', async () => {
    const account = await chooseAccount(undefined);
    expect(account).toEqual({ uid: 60_617, gid: 60_617, switched: true });
    expect(await accountForInitdb(account)).toEqual({ uid: NOBODY, gid: 60_617, switched: true });
  });

  test.each([
    [{ uid: 5, gid: 9, mode: 0o100 }, true],
    [{ uid: 5, gid: 9, mode: 0o011 }, false],
    [{ uid: 1, gid: 6, mode: 0o010 }, true],
    [{ uid: 1, gid: 6, mode: 0o101 }, false],
    [{ uid: 1, gid: 1, mode: 0o001 }, true],
    [{ uid: 1, gid: 1, mode: 0o770 }, false],
  ])('%j lets uid 5 of group 6 pass: %s', (node, expected) => {
    expect(mayPass(node, { uid: 5, gid: 6, switched: true })).toBe(expected);
  });
});
