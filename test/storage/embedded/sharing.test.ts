import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import { Deployments, isAlive, query, recordingLog, until } from './support/deployment.js';

// Many servers are made and stopped here, on machines that may be busy with other tests.
jest.setTimeout(120_000);

const deployments = new Deployments();
afterEach(() => deployments.clean());
afterAll(() => deployments.end());

describe('a second server', () => {
  test('F-29 is refused, told who is there, and harms nothing', async () => {
    const dataDir = await deployments.served();
    const first = await deployments.process(dataDir);
    const opened = await first.next('open');
    await expect(deployments.open(dataDir)).rejects.toMatchObject({
      reason: 'in_use',
      message:
        `another Causeway (pid ${first.pid}) works on ${dataDir} and is ready: ` +
        'stop it first, or use another DATA_DIR',
    });
    const second = await deployments.process(dataDir);
    expect(await second.next('open', 'refused')).toMatchObject({ event: 'refused', reason: 'in_use' });
    expect(await query(String(opened['url']), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('elsewhere on the same volume is told so', async () => {
    const dataDir = await deployments.served();
    await deployments.open(dataDir);
    const text = await readFile(`${dataDir}/lock.2`, 'utf8');
    await writeFile(`${dataDir}/lock.2`, text.replace(/"machine":"[^"]*"/, '"machine":"elsewhere"'));
    await expect(deployments.open(dataDir)).rejects.toMatchObject({
      reason: 'in_use',
      message: expect.stringContaining('on another machine or in another container'),
    });
  });

  test('is refused in the same process, too', async () => {
    const dataDir = await deployments.served();
    await deployments.open(dataDir);
    await expect(deployments.open(dataDir)).rejects.toMatchObject({ reason: 'in_use' });
  });

  test('of several that start at once on a new directory, one serves', async () => {
    const dataDir = await deployments.directory();
    const all = await Promise.all([1, 2, 3].map(() => deployments.process(dataDir)));
    const outcomes = await Promise.all(all.map((other) => other.next('open', 'refused')));
    expect(outcomes.map(({ event }) => event).toSorted()).toEqual(['open', 'refused', 'refused']);
  });

  test('waits for one that is stopping', async () => {
    const dataDir = await deployments.served();
    const first = await deployments.process(dataDir);
    await first.next('open');
    first.tell('stop');
    const second = await deployments.process(dataDir);
    expect(await second.next('open', 'refused')).toMatchObject({ event: 'open' });
  });
});

describe('a command', () => {
  test('joins the database of a server, and leaves it running', async () => {
    const dataDir = await deployments.served();
    const server = await deployments.process(dataDir);
    const opened = await server.next('open');
    const command = await deployments.open(dataDir, { mode: 'join' });
    const { joined, url, administratorUrl, postmasterPid, directory } = command;
    expect({ event: 'open', joined: false, url, administratorUrl, postmasterPid, directory }).toEqual(opened);
    expect(joined).toBe(true);
    await command.stop();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('waits for a server that is starting', async () => {
    const dataDir = await deployments.directory();
    const server = await deployments.process(dataDir);
    await until(async () => existsSync(`${dataDir}/lock.1`));
    const command = await deployments.open(dataDir, { mode: 'join' });
    expect(command.joined).toBe(true);
    expect(command.postmasterPid).toBe((await server.next('open'))['postmasterPid']);
  });

  test('without a server starts the database, and stops it when it is done', async () => {
    const dataDir = await deployments.directory();
    const command = await deployments.open(dataDir, { mode: 'join' });
    expect(command.joined).toBe(false);
    await command.stop();
    expect(await isAlive(command.postmasterPid)).toBe(false);
  });

  test('is told when the server that it joined stops', async () => {
    const dataDir = await deployments.served();
    const server = await deployments.open(dataDir);
    const reasons: string[] = [];
    await deployments.open(dataDir, { mode: 'join', onExit: (reason) => reasons.push(reason) });
    await server.stop();
    await until(async () => reasons.length > 0);
    expect(reasons).toEqual(['the Causeway that owns the database has stopped it']);
  });

  test('that started the database waits at its end for those that joined it', async () => {
    const dataDir = await deployments.served();
    const first = await deployments.process(dataDir, { mode: 'join' });
    await first.next('open');
    const second = await deployments.open(dataDir, { mode: 'join' });
    expect(second.joined).toBe(true);
    first.tell('stop');
    await sleep(500);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(first.reports.map(({ event }) => event)).toEqual(['open']);
    await second.stop();
    await first.next('stopped');
    expect(await isAlive(second.postmasterPid)).toBe(false);
  });

  test('that comes while another is ending gets a database all the same', async () => {
    const dataDir = await deployments.served();
    for (let round = 0; round < 5; round += 1) {
      const first = await deployments.open(dataDir, { mode: 'join' });
      const stopped = first.stop();
      const second = await deployments.open(dataDir, { mode: 'join' });
      expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await second.stop();
      await stopped;
    }
  });

  test('several at once on a new directory share one database', async () => {
    const dataDir = await deployments.directory();
    const all = await Promise.all([1, 2, 3].map(() => deployments.process(dataDir, { mode: 'join' })));
    const opened = await Promise.all(all.map((other) => other.next('open')));
    expect(new Set(opened.map(({ postmasterPid }) => postmasterPid)).size).toBe(1);
    expect(opened.filter(({ joined }) => joined === false)).toHaveLength(1);
    for (const other of all) other.tell('stop');
    await Promise.all(all.map((other) => other.next('stopped')));
    expect(await isAlive(Number(opened[0]?.['postmasterPid']))).toBe(false);
  });

  test('that holds the database makes a server wait until it is done, which says so', async () => {
    const dataDir = await deployments.served();
    const command = await deployments.process(dataDir, { mode: 'join' });
    await command.next('open');
    const log = recordingLog();
    const server = deployments.open(dataDir, { log });
    await until(async () => log.lines.some(({ event }) => event === 'database.waiting'));
    expect(log.lines.find(({ event }) => event === 'database.waiting')?.fields).toMatchObject({
      pid: command.pid,
      mode: 'join',
    });
    command.tell('stop');
    expect((await server).joined).toBe(false);
  });

  test('that is killed leaves the directory to the next', async () => {
    const dataDir = await deployments.served();
    const command = await deployments.process(dataDir, { mode: 'join' });
    await command.next('open');
    await command.kill();
    await deployments.open(dataDir);
  });
});
