import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { openSync } from 'node:fs';
import { pinned } from './cores.js';

export interface ChildOptions {
  readonly name: string;
  /** Arguments of this very Node. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The child's stderr goes here. */
  readonly logFile: string;
  /** The core that it may use; undefined: all. */
  readonly core?: number | undefined;
  /** The line of stdout that says that it listens, with the address as first group. */
  readonly ready: RegExp;
  readonly startMs: number;
}

const STOP_MS = 25_000;

/** A process that the benchmark has started, and ends. */
export class Child {
  private constructor(
    readonly name: string,
    readonly address: string,
    private readonly process: ChildProcess,
  ) {}

  /** Starts a process and waits until it says that it listens. @throws Error when it ends or says nothing in time */
  static async start(options: ChildOptions): Promise<Child> {
    const { name, logFile } = options;
    const [command, args] = pinned(options.core, process.execPath, options.args);
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', openSync(logFile, 'a')],
      env: { ...inherited(), NODE_ENV: 'production', ...options.env },
    });
    try {
      return new Child(name, await readyLine(child, options), child);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Asks it to end; ends it when it doesn't in time. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const ended = new Promise((resolve) => {
      this.process.once('exit', resolve);
    });
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

/** Nothing of the surroundings may configure what is measured. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'USER'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function readyLine(child: ChildProcess, { name, ready, startMs, logFile }: ChildOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`${name} ${what}; its log: ${logFile}`));
    const timer = setTimeout(() => fail(`did not start within ${startMs} ms`), startMs);
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => fail(`ended at once (${code ?? signal})`));
    if (child.stdout === null) return fail('has no stdout');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = ready.exec(line);
      if (match === null) return;
      clearTimeout(timer);
      resolve(match[1] ?? '');
    });
  });
}
