import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { program } from '../../bench/program.js';
import { silentLogger } from '../../src/core/logger.js';
import { openEmbeddedDatabase } from '../../src/storage/embedded/open.js';
import { createTestDatabase } from './database.js';
import { testIds } from './deployment.js';
import { prepareTemplate, serverUrl } from './prepare-database.js';
import type { Ask } from './soundness.js';

const START_MS = 90_000;

/** Causeway as an operator starts it: a process of its own, which may be killed and started again. */
export class CausewayProcess {
  #child: ChildProcess | undefined;
  #stderr = '';

  private constructor(
    readonly url: string,
    private readonly env: Readonly<Record<string, string>>,
    private readonly dataDir: string,
    private readonly dropDatabase: () => Promise<void>,
  ) {}

  /** On a database of its own: the tests' server's, or the embedded one. Not started yet. */
  static async prepare(database: 'external' | 'embedded'): Promise<CausewayProcess> {
    const dataDir = await mkdtemp(join(tmpdir(), 'causeway-test-'));
    await chmod(dataDir, 0o755);
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const common = {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      PORT: String(port),
      PUBLIC_URL: url,
      DATA_DIR: join(dataDir, 'data'),
      LOG_LEVEL: 'error',
    };
    if (database === 'embedded') return new CausewayProcess(url, common, dataDir, () => Promise.resolve());
    const own = await createTestDatabase(await prepareTemplate());
    const key = `k1:${randomBytes(32).toString('base64')}`;
    return new CausewayProcess(
      url,
      { ...common, DATABASE_URL: own.url, ENCRYPTION_KEYS: key },
      dataDir,
      own.drop,
    );
  }

  /** Resolves when it says that it is ready. @throws Error with its log when it ends before */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [...program().args, 'start'], { env: this.env });
    this.#child = child;
    child.stderr.on('data', (data: Buffer) => (this.#stderr += data.toString()));
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string): void => reject(new Error(`Causeway ${what}\n${this.#stderr}`));
      const timer = setTimeout(() => fail('does not become ready'), START_MS);
      child.once('error', reject);
      child.once('exit', (code) => fail(`ended with ${String(code)}`));
      let printed = '';
      child.stdout.on('data', (data: Buffer) => {
        printed += data.toString();
        if (!/^Causeway \S+ ready: /m.test(printed)) return;
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** SIGKILL: no time to finish anything. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Errors that it has logged. */
  get errors(): readonly string[] {
    return this.#stderr.split('\n').filter((line) => /^\{"level":[56]0,/.test(line));
  }

  /** Runs the `causeway` command on the same deployment; gives its stdout. @throws Error with what it said when it fails */
  async command(words: readonly string[], input = ''): Promise<string> {
    const child = spawn(process.execPath, [...program().args, ...words], { env: this.env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.stdin.end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${String(code)}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Lets the database be asked past row-level security; while Causeway runs. */
  async asking<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const administrator = await this.#administrator();
    const pool = new Pool({ connectionString: administrator.url, max: 2 });
    // An embedded database ends with its owner: that is no news to an idle connection.
    pool.on('error', () => undefined);
    try {
      return await work(async <R extends object>(text: string) => (await pool.query<R>(text)).rows);
    } finally {
      await pool.end();
      await administrator.release();
    }
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await this.dropDatabase();
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 20 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async #administrator(): Promise<{ readonly url: string; release(): Promise<void> }> {
    const external = this.env['DATABASE_URL'];
    const address = new URL(serverUrl());
    if (external !== undefined) {
      address.pathname = new URL(external).pathname;
      return { url: address.href, release: () => Promise.resolve() };
    }
    const dataDir = this.env['DATA_DIR'] ?? '';
    const joined = await openEmbeddedDatabase({ dataDir, ids: testIds, log: silentLogger, mode: 'join' });
    const url = new URL(joined.administratorUrl);
    url.pathname = new URL(joined.url).pathname;
    return { url: url.href, release: () => joined.stop() };
  }
}

/** A loopback port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
