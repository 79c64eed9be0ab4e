import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import { clusterName } from '../../../src/storage/embedded/leftovers.js';
import { processTable } from '../../../src/storage/embedded/processes.js';
import { Deployments, isAlive, isLinux, isRoot, query, recordingLog, until } from './support/deployment.js';

// Many servers are made and stopped here, on machines that may be busy with other tests.
jest.setTimeout(120_000);

const deployments = new Deployments();
afterEach(() => deployments.clean());
afterAll(() => deployments.end());

/** What only `/proc` can show. */
const onLinux = isLinux ? test : test.skip;
const asRoot = isRoot ? test : test.skip;

const recordOf = (dataDir: string): string => join(dataDir, 'postgresql/data/postmaster.pid');
const recordedPid = async (dataDir: string): Promise<number> =>
  Number.parseInt(await readFile(recordOf(dataDir), 'utf8'), 10);

/** Every row that PostgreSQL said was committed must be there; one more may be, whose word didn't arrive. */
async function expectRows(url: string, told: number): Promise<void> {
  const [row] = await query(url, 'SELECT count(*)::int AS n, max(n) AS last FROM written');
  expect([told, told + 1]).toContain(row?.['n']);
  expect(row?.['n']).toBe(row?.['last']);
}

describe('F-29 Causeway is killed', () => {
  test('PostgreSQL stops by itself, in order', async () => {
    const dataDir = await deployments.served();
    const other = await deployments.process(dataDir);
    const { postmasterPid } = await other.next('open');
    await other.kill();
    await until(async () => !(await isAlive(Number(postmasterPid))));
    expect(await readdir(join(dataDir, 'postgresql/data'))).not.toContain('postmaster.pid');
  });

  test('while it writes: nothing that was committed is lost, and it starts again at once', async () => {
    const dataDir = await deployments.served();
    const other = await deployments.process(dataDir);
    await other.next('open');
    other.tell('write');
    await until(async () => other.reports.length > 200);
    await other.kill();
    const database = await deployments.open(dataDir);
    await expectRows(database.url, other.reports.filter(({ event }) => event === 'row').length);
  });

  onLinux(
    'and so is what watches for that: the next start stops the orphan, and nothing is lost',
    async () => {
      const dataDir = await deployments.served();
      const other = await deployments.process(dataDir);
      const { postmasterPid } = await other.next('open');
      other.tell('write');
      await until(async () => other.reports.length > 50);
      await other.kill({ alsoWatch: true });
      expect(await isAlive(Number(postmasterPid))).toBe(true);
      const log = recordingLog();
      const database = await deployments.open(dataDir, { log });
      expect(log.lines.map(({ event }) => event)).toContain('database.leftover_stopped');
      expect(await isAlive(Number(postmasterPid))).toBe(false);
      expect(database.postmasterPid).not.toBe(postmasterPid);
      await expectRows(database.url, other.reports.filter(({ event }) => event === 'row').length);
    },
  );

  test('in the first initdb, at any moment of it: the next start begins anew', async () => {
    for (const delayMs of [30, 150, 300, 500]) {
      const dataDir = await deployments.directory();
      const other = await deployments.process(dataDir);
      await until(async () => {
        const names = await readdir(join(dataDir, 'postgresql')).catch(() => []);
        return names.some((name) => name.startsWith('data.new-'));
      });
      await new Promise((wake) => setTimeout(wake, delayMs));
      await other.kill();
      const database = await deployments.open(dataDir);
      expect(await query(database.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await database.stop();
      expect((await readdir(join(dataDir, 'postgresql'))).toSorted()).toEqual(['data', 'password']);
    }
  });

  test('between initdb and the first connection: role and database are made at the next start', async () => {
    const dataDir = await deployments.served();
    const first = await deployments.open(dataDir);
    await query(first.administratorUrl, 'DROP DATABASE causeway');
    await first.stop();
    await rm(join(dataDir, 'version'));
    const database = await deployments.open(dataDir);
    expect(await query(database.url, 'SELECT current_user AS me')).toEqual([{ me: 'causeway' }]);
    expect(await readFile(join(dataDir, 'version'), 'utf8')).toBe('18\n');
  });
});

describe('PostgreSQL and what watches over it', () => {
  onLinux('are out of reach of a Ctrl-C in the terminal, and of Causeway’s environment', async () => {
    const dataDir = await deployments.served();
    const { postmasterPid } = await deployments.open(dataDir);
    const fields = (await readFile(`/proc/${postmasterPid}/stat`, 'utf8')).split(') ')[1]?.split(' ');
    expect({ group: fields?.[2], session: fields?.[3] }).toEqual({
      group: String(postmasterPid),
      session: String(postmasterPid),
    });
    const environment = (await readFile(`/proc/${postmasterPid}/environ`, 'utf8'))
      .split('\0')
      .filter(Boolean);
    const names = environment.map((variable) => variable.split('=')[0]);
    expect(new Set(names)).toEqual(new Set(['LC_ALL', 'PATH', 'TZ']));
  });

  test('leave no process behind when they are stopped', async () => {
    const dataDir = await deployments.served();
    const database = await deployments.open(dataDir);
    const ours = async (): Promise<number> =>
      (await processTable.list()).filter(({ command }) => command.includes(dataDir)).length;
    expect(await ours()).toBe(2);
    await database.stop();
    await until(async () => (await ours()) === 0);
  });
});

describe('F-29 PostgreSQL is killed', () => {
  test('in write and in CHECKPOINT: it recovers, nothing that was committed is lost', async () => {
    const dataDir = await deployments.served();
    let told = 0;
    for (let round = 0; round < 3; round += 1) {
      const other = await deployments.process(dataDir);
      const opened = await other.next('open');
      if (told > 0) await query(String(opened['url']), 'TRUNCATE written');
      other.tell('write');
      await until(async () => other.reports.length > 60);
      const checkpoint = query(String(opened['administratorUrl']), 'CHECKPOINT').catch(() => 'cut off');
      await new Promise((wake) => setTimeout(wake, round * 10));
      process.kill(Number(opened['postmasterPid']), 'SIGKILL');
      await other.next('ended');
      await checkpoint;
      await other.kill();
      told = other.reports.filter(({ event }) => event === 'row').length;
      const database = await deployments.open(dataDir);
      await expectRows(database.url, told);
      await database.stop();
    }
  });

  test('and a backend of it works on: that is ended before the next start', async () => {
    const dataDir = await deployments.served();
    const first = await deployments.open(dataDir);
    const busy = query(first.url, 'SELECT count(*) FROM generate_series(1, 1e12)').catch(() => 'cut off');
    await until(async () => {
      const sql = `SELECT FROM pg_stat_activity
                   WHERE state = 'active' AND query LIKE '%1e12%' AND pid <> pg_backend_pid()`;
      return (await query(first.url, sql)).length > 0;
    });
    process.kill(first.postmasterPid, 'SIGKILL');
    await until(async () => !(await isAlive(first.postmasterPid)));
    await first.stop();
    const second = await deployments.open(dataDir);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await busy).toBe('cut off');
  });
});

/** As a power cut leaves it: the server is gone, and its record names a pid. */
async function leaveRecord(dataDir: string, pid: number): Promise<void> {
  const cluster = join(dataDir, 'postgresql/data');
  const lines = [pid, cluster, 1_700_000_000, 5432, '', '127.0.0.1', '1 1', 'ready', ''];
  await writeFile(recordOf(dataDir), lines.join('\n'), { mode: 0o600 });
  const { uid, gid } = await stat(cluster);
  await chown(recordOf(dataDir), uid, gid);
}

/** A process that lives for the rest of the test. */
async function bystander(
  parameters: readonly string[],
  user: { uid?: number; gid?: number },
): Promise<number> {
  const child = spawn('sh', ['-c', 'sleep 60; :', ...parameters], {
    stdio: 'ignore',
    detached: true,
    ...user,
  });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  deployments.later(async () => void process.kill(-pid));
  return pid;
}

async function ownerOf(dataDir: string): Promise<{ uid?: number; gid?: number }> {
  const { uid, gid } = await stat(join(dataDir, 'postgresql/data'));
  return isRoot ? { uid, gid } : {};
}

describe('F-29 a record of a server that does not run', () => {
  test('that names no process is passed over', async () => {
    const dataDir = await deployments.served();
    await leaveRecord(dataDir, 4_194_303);
    await deployments.open(dataDir);
  });

  test('whose pid another program of the same user has now: that one lives, the record goes', async () => {
    const dataDir = await deployments.served();
    const pid = await bystander(['a program'], await ownerOf(dataDir));
    await leaveRecord(dataDir, pid);
    const database = await deployments.open(dataDir);
    expect(await isAlive(pid)).toBe(true);
    expect(await recordedPid(dataDir)).toBe(database.postmasterPid);
  });

  test('whose pid is a PostgreSQL that Causeway did not start: refused, and left alone', async () => {
    const dataDir = await deployments.served();
    const pid = await bystander(['/usr/bin/postgres', '-D', '/elsewhere'], await ownerOf(dataDir));
    await leaveRecord(dataDir, pid);
    await expect(deployments.open(dataDir)).rejects.toMatchObject({
      reason: 'in_use',
      message: expect.stringContaining(`pid ${pid}`),
    });
    expect(await isAlive(pid)).toBe(true);
  });

  asRoot('of a process that looks like ours and runs as another user is not believed', async () => {
    const dataDir = await deployments.served();
    const cluster = join(dataDir, 'postgresql/data');
    const looks = ['/x/postgres', '-D', cluster, '-c', `cluster_name=${clusterName(cluster)}`];
    const pid = await bystander(looks, {});
    await leaveRecord(dataDir, pid);
    await deployments.open(dataDir);
    expect(await isAlive(pid)).toBe(true);
  });
});
