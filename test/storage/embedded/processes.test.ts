import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  procTable,
  psTable,
  waitUntilGone,
  type ProcessTable,
} from '../../../src/storage/embedded/processes.js';
import { isLinux, until } from './support/deployment.js';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function start(
  program: string,
  parameters: readonly string[],
): Promise<ChildProcess & { pid: number }> {
  const child = spawn(program, parameters, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  await once(child, 'spawn');
  return Object.assign(child, { pid: child.pid ?? 0 });
}

const tables: readonly (readonly [string, ProcessTable])[] = [
  ['ps', psTable],
  ...(isLinux ? [['/proc', procTable] as const] : []),
];

const onLinux = isLinux ? test : test.skip;

describe.each(tables)('%s', (_, table) => {
  test('lists a process with its user and its command line', async () => {
    const child = await start('sleep', ['61.25']);
    const entry = (await table.list()).find(({ pid }) => pid === child.pid);
    expect(entry).toEqual({ pid: child.pid, uid: process.geteuid?.(), command: 'sleep 61.25' });
  });

  test('knows a process by its start', async () => {
    const child = await start('sleep', ['60']);
    const started = await table.startOf(child.pid);
    expect(started).toMatch(/\S/);
    expect(await table.startOf(child.pid)).toBe(started);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await table.startOf(child.pid)).toBeUndefined();
  });

  onLinux('counts a zombie as dead', async () => {
    // The shell's child ends, and the sleep that the shell becomes never asks for it.
    const parent = await start('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60']);
    const [line] = parent.stdout === null ? [] : await once(parent.stdout, 'data');
    const zombie = Number(String(line));
    expect(zombie).toBeGreaterThan(1);
    await until(async () => (await table.startOf(zombie)) === undefined);
    expect(process.kill(zombie, 0)).toBe(true);
    expect((await table.list()).some(({ pid }) => pid === zombie)).toBe(false);
    expect(await table.startOf(parent.pid)).toMatch(/\S/);
  });
});

test('waiting for processes ends with the last of them, or gives up', async () => {
  const child = await start('sleep', ['60']);
  expect(await waitUntilGone([child.pid], 50)).toBe(false);
  child.kill('SIGKILL');
  expect(await waitUntilGone([child.pid], 5_000)).toBe(true);
});
