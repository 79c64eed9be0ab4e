import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { findOwner, OwnerLock, type Owner } from '../../../src/storage/embedded/lock.js';
import { Deployments } from './support/deployment.js';

const deployments = new Deployments();
afterEach(() => deployments.clean());

async function take(directory: string): Promise<OwnerLock> {
  const taken = await OwnerLock.acquire(directory, 'own');
  if (!(taken instanceof OwnerLock)) throw new Error(`held by ${JSON.stringify(taken)}`);
  deployments.later(() => taken.release());
  return taken;
}

/** A lock that some other process seems to hold. */
async function leave(directory: string, change: Partial<Owner>): Promise<void> {
  const probe = await deployments.directory();
  const lock = await take(probe);
  const owner = await findOwner(probe);
  await lock.release();
  await writeFile(join(directory, 'lock.7'), JSON.stringify({ ...owner, ...change }));
}

describe('the lock of a data directory', () => {
  test('is for one holder, who can be seen with what he tells', async () => {
    const directory = await deployments.directory();
    const lock = await take(directory);
    expect(await OwnerLock.acquire(directory, 'own')).toMatchObject({ pid: process.pid, phase: 'starting' });
    await lock.update({ phase: 'ready', port: 4711, postmasterPid: 12 });
    expect(await findOwner(directory)).toMatchObject({
      phase: 'ready',
      port: 4711,
      postmasterPid: 12,
      mode: 'own',
    });
    await lock.release();
    await lock.release();
    expect(await lock.ended).toBe('released');
    expect(await findOwner(directory)).toBeUndefined();
    await take(directory);
  });

  test('of a dead holder goes to one of any number of contenders', async () => {
    for (let round = 0; round < 10; round += 1) {
      const directory = await deployments.directory();
      await leave(directory, { pid: 4_194_303 });
      const taken = await Promise.all(Array.from({ length: 20 }, () => OwnerLock.acquire(directory, 'own')));
      const locks = taken.filter((outcome) => outcome instanceof OwnerLock);
      expect(locks).toHaveLength(1);
      expect(await readdir(directory)).toEqual(['lock.8']);
      await locks[0]?.release();
    }
  });

  test('passes from one to the next of many without ever having two', async () => {
    const directory = await deployments.directory();
    let holding = 0;
    let held = 0;
    const worker = async (): Promise<void> => {
      while (held < 60) {
        const lock = await OwnerLock.acquire(directory, 'own');
        if (!(lock instanceof OwnerLock)) continue;
        holding += 1;
        held += 1;
        expect(holding).toBe(1);
        await new Promise((wake) => setTimeout(wake, 1));
        holding -= 1;
        await lock.release();
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  });

  test('a process that only has the pid of the holder is not taken for him', async () => {
    const directory = await deployments.directory();
    const reused = spawn('sleep', ['60'], { stdio: 'ignore' });
    deployments.later(async () => void reused.kill());
    await once(reused, 'spawn');
    await leave(directory, { pid: reused.pid ?? 0, started: '1' });
    await take(directory);
  });

  test('is never taken from a live process, whose start may even be hidden', async () => {
    const directory = await deployments.directory();
    const alive = spawn('sleep', ['60'], { stdio: 'ignore' });
    deployments.later(async () => void alive.kill());
    await once(alive, 'spawn');
    await leave(directory, { pid: alive.pid ?? 0, started: '' });
    expect(await OwnerLock.acquire(directory, 'own')).toMatchObject({ pid: alive.pid });
  });

  test('of a holder in another container, or before a reboot, is judged by his heartbeat', async () => {
    const directory = await deployments.directory();
    await leave(directory, { machine: 'elsewhere' });
    const file = join(directory, 'lock.7');
    let second = 1_000;
    const heart = setInterval(() => void utimes(file, (second += 1), second), 400);
    expect(await OwnerLock.acquire(directory, 'own')).toMatchObject({ machine: 'elsewhere' });
    clearInterval(heart);
    await take(directory);
  });

  test.each(['', '{', 'null', '{"pid":1}', '[]'])('a file that says %j had no holder', async (text) => {
    const directory = await deployments.directory();
    await writeFile(join(directory, 'lock.3'), text);
    await take(directory);
    expect(await readdir(directory)).toEqual(['lock.4']);
  });

  test('tells its holder when its file vanishes', async () => {
    const directory = await deployments.directory();
    const lock = await take(directory);
    await rm(join(directory, 'lock.1'));
    expect(await lock.ended).toBe('lost');
    await expect(lock.update({ phase: 'ready' })).rejects.toThrow(/is gone/);
    await lock.release();
    expect(await readdir(directory)).toEqual([]);
  });

  test('beats while it is held', async () => {
    const directory = await deployments.directory();
    await take(directory);
    const file = join(directory, 'lock.1');
    const before = (await stat(file)).mtimeMs;
    await new Promise((wake) => setTimeout(wake, 1_200));
    expect((await stat(file)).mtimeMs).toBeGreaterThan(before);
    expect(Math.abs((await stat(file)).mtimeMs - Date.now())).toBeLessThan(5_000);
  });
});
