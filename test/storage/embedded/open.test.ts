import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals';
import { Deployments, isAlive, query, recordingLog, until } from './support/deployment.js';

// Many servers are made and stopped here, on machines that may be busy with other tests.
jest.setTimeout(120_000);

const deployments = new Deployments();
afterEach(() => deployments.clean());
afterAll(() => deployments.end());

describe('the embedded database', () => {
  test('is made at the first start, and is there again in no time at the next', async () => {
    const dataDir = join(await deployments.directory(), 'data');
    const log = recordingLog();
    const first = await deployments.open(dataDir, { log });
    await query(first.url, 'CREATE TABLE kept (n int)');
    await query(first.url, 'INSERT INTO kept VALUES (7)');
    await first.stop();
    const second = await deployments.open(dataDir, { log });
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    const [cold, warm] = log.lines.filter(({ event }) => event === 'database.started');
    expect(cold?.fields).toMatchObject({ first: true });
    expect(warm?.fields).toMatchObject({ first: false });
    expect(Number(warm?.fields['tookMs'])).toBeLessThan(Number(cold?.fields['tookMs']) / 2);
  });

  test('is durable, reached over loopback with a password only, UTF-8, in UTC', async () => {
    const database = await deployments.open(await deployments.served());
    const rows = await query(
      database.administratorUrl,
      `SELECT name, setting FROM pg_settings WHERE name IN
       ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'listen_addresses',
        'unix_socket_directories', 'max_connections', 'TimeZone', 'server_encoding', 'password_encryption')`,
    );
    expect(Object.fromEntries(rows.map((row) => [row['name'], row['setting']]))).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      data_checksums: 'on',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      TimeZone: 'UTC',
      server_encoding: 'UTF8',
      password_encryption: 'scram-sha-256',
    });
    const wrong = new URL(database.url);
    wrong.password = 'guessed';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    wrong.password = '';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password/);
  });

  test('compares bytes and folds case by Unicode, whatever the machine speaks', async () => {
    const { url } = await deployments.open(await deployments.served());
    const sql = `SELECT lower('ÄÖÉ Σ') AS lower,
                 array(SELECT x FROM unnest(array['b','a','B','Z','é']) x ORDER BY x) AS sorted`;
    expect(await query(url, sql)).toEqual([{ lower: 'äöé σ', sorted: ['B', 'Z', 'a', 'b', 'é'] }]);
  });

  test('gives the application a role that owns its database and is not a superuser', async () => {
    const database = await deployments.open(await deployments.served());
    const role = `SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
                  FROM pg_roles WHERE rolname = current_user`;
    const rights = { rolbypassrls: false, rolcreaterole: true, rolcreatedb: true, rolreplication: false };
    expect(await query(database.url, role)).toEqual([{ rolname: 'causeway', rolsuper: false, ...rights }]);
    expect(await query(database.administratorUrl, role)).toMatchObject([
      { rolname: 'postgres', rolsuper: true },
    ]);
    await expect(query(database.url, `COPY (SELECT 1) TO PROGRAM 'true'`)).rejects.toThrow(
      /permission denied/,
    );
    expect(new URL(database.url).password).not.toBe(new URL(database.administratorUrl).password);
    await query(database.url, 'CREATE TABLE mine (n int)');
  });

  test('keeps its secrets in files of their owner, and writes the major', async () => {
    const dataDir = await deployments.directory();
    const database = await deployments.open(dataDir);
    const password = await readFile(join(database.directory, 'password'), 'utf8');
    expect(new URL(database.administratorUrl).password).toBe(password.trim());
    expect(await readFile(join(dataDir, 'version'), 'utf8')).toBe('18\n');
    const modes = ['postgresql/password', 'postgresql/data', 'lock.1'].map(async (name) => {
      return (await stat(join(dataDir, name))).mode & 0o7777;
    });
    expect(await Promise.all(modes)).toEqual([0o600, 0o700, 0o600]);
  });

  test('writes no statement and no value into the log', async () => {
    const log = recordingLog();
    const { url } = await deployments.open(await deployments.served(), { log });
    await query(url, 'CREATE TABLE people (name text PRIMARY KEY)');
    await query(url, 'INSERT INTO people VALUES ($1)', ['ann@acme.example']);
    await expect(query(url, `INSERT INTO people VALUES ('ann@acme.example')`)).rejects.toThrow(/duplicate/);
    await expect(query(url, `SELECT 'ann@acme.example'::int`)).rejects.toThrow(/invalid input/);
    expect(JSON.stringify(log.lines)).not.toContain('ann@');
    expect(log.lines.some(({ event }) => event === 'database.log')).toBe(true);
  });

  test('stops once, however often it is asked', async () => {
    const database = await deployments.open(await deployments.served());
    await Promise.all([database.stop(), database.stop()]);
    await database.stop();
    expect(await isAlive(database.postmasterPid)).toBe(false);
  });

  test('tells when PostgreSQL ends by itself, once, with the reason', async () => {
    const reasons: string[] = [];
    const database = await deployments.open(await deployments.served(), {
      onExit: (reason) => reasons.push(reason),
    });
    process.kill(database.postmasterPid, 'SIGKILL');
    await until(async () => reasons.length > 0);
    await database.stop();
    expect(reasons).toEqual([expect.stringMatching(/PostgreSQL \(pid \d+\) ended: SIGKILL/)]);
  });

  test('stopping it is no unexpected end', async () => {
    const reasons: string[] = [];
    const dataDir = await deployments.served();
    const database = await deployments.open(dataDir, { onExit: (reason) => reasons.push(reason) });
    await database.stop();
    expect(reasons).toEqual([]);
  });
});

describe('DATA_DIR', () => {
  test('may have any name, from the first start on', async () => {
    const name = `it's "$HOME" \\ äöü 数据/${'long-name-'.repeat(12)}/${'deeper-'.repeat(12)}/`;
    const dataDir = `${await deployments.directory()}/${name}`;
    const database = await deployments.open(dataDir);
    expect(`${database.directory}/`).toBe(`${dataDir}postgresql/`);
    expect(await query(database.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test.each([['my data'], ['Daten-äöü-数据'], [`it's "$HOME"`], ['a'.repeat(200)], ['data/']])(
    '%j is a good name',
    async (name) => {
      const database = await deployments.open(await deployments.served(name));
      expect(await query(database.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    },
  );

  test('may be relative to the working directory', async () => {
    const dataDir = await deployments.served();
    const database = await deployments.open(relative(process.cwd(), dataDir));
    expect(database.directory).toBe(join(dataDir, 'postgresql'));
  });

  test('may hold other files, which stay', async () => {
    const dataDir = await deployments.directory();
    await writeFile(join(dataDir, 'keys'), 'a key');
    await deployments.open(dataDir);
    expect(await readFile(join(dataDir, 'keys'), 'utf8')).toBe('a key');
  });
});

describe('F-29 what cannot be served is refused with a reason', () => {
  test.each([
    ['version', '17\n', 'wrong_version', /was written by PostgreSQL 17, this Causeway brings 18/],
    ['postgresql/data/PG_VERSION', '19\n', 'wrong_version', /was written by PostgreSQL 19/],
    ['version', 'x', 'damaged', /names no PostgreSQL version/],
  ])('%s says %j', async (file, text, reason, message) => {
    const dataDir = await deployments.served();
    await writeFile(join(dataDir, file), text);
    await expect(deployments.open(dataDir)).rejects.toMatchObject({
      name: 'EmbeddedDatabaseError',
      reason,
      message: expect.stringMatching(message),
    });
  });

  test('files of a database that has served are gone: not replaced by an empty one', async () => {
    const dataDir = await deployments.served();
    await rm(join(dataDir, 'postgresql'), { recursive: true });
    await expect(deployments.open(dataDir)).rejects.toMatchObject({ reason: 'damaged' });
    await rm(join(dataDir, 'version'));
    await deployments.open(dataDir);
  });

  test('the password is gone', async () => {
    const dataDir = await deployments.served();
    await rm(join(dataDir, 'postgresql/password'));
    await expect(deployments.open(dataDir)).rejects.toMatchObject({ reason: 'damaged' });
  });

  test('a damaged store: PostgreSQL’s own words, and the way out', async () => {
    const dataDir = await deployments.served();
    await truncate(join(dataDir, 'postgresql/data/global/pg_control'), 100);
    await expect(deployments.open(dataDir)).rejects.toMatchObject({
      reason: 'start_failed',
      message: expect.stringMatching(/pg_control.*restore a backup/),
    });
  });

  test('a refused start leaves nothing behind that refuses the next', async () => {
    const dataDir = await deployments.served();
    await writeFile(join(dataDir, 'version'), '17\n');
    await expect(deployments.open(dataDir)).rejects.toMatchObject({ reason: 'wrong_version' });
    await writeFile(join(dataDir, 'version'), '18\n');
    await deployments.open(dataDir);
  });

  test('DATA_DIR is a file', async () => {
    const file = join(await deployments.directory(), 'file');
    await writeFile(file, '');
    await expect(deployments.open(file)).rejects.toMatchObject({
      reason: 'not_permitted',
      message: expect.stringContaining(file),
    });
  });
});
