import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { run } from '../../src/cli/run.js';
import { createTestDatabase } from '../support/database.js';

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A deployment that commands are run against. */
export interface CommandLine {
  readonly url: string;
  /** Its environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Runs a command in this process. */
  run(words: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Runs a command as a shell would, in a process of its own. */
  spawn(words: readonly string[], options?: RunOptions): Promise<Ended>;
  /** The answer of a command that must go well, as JSON. */
  json(words: readonly string[], input?: string): Promise<Record<string, never>>;
  drop(): Promise<void>;
}

/** An empty database with a configuration for it. */
export async function commandLine(): Promise<CommandLine> {
  const { url, drop } = await createTestDatabase();
  const base = {
    PATH: process.env['PATH'] ?? '',
    DATABASE_URL: url,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    PUBLIC_URL: 'https://sso.example.com',
    ALLOW_PRIVATE_UPSTREAMS: 'true',
  };
  const call: CommandLine['run'] = (words, options = {}) =>
    runHere(words, { ...base, ...options.env }, options.input);
  return {
    url,
    variables: base,
    run: call,
    spawn: (words, options = {}) => spawnCommand(words, { ...base, ...options.env }, options.input),
    drop,
    async json(words, input) {
      const ended = await call([...words, '--json'], input === undefined ? {} : { input });
      if (ended.code !== 0) throw new Error(`${words.join(' ')} ended with ${ended.code}: ${ended.stderr}`);
      return JSON.parse(ended.stdout);
    },
  };
}

/** Runs `causeway` in this process, its terminal being two texts. */
export async function runHere(
  words: readonly string[],
  variables: Readonly<Record<string, string>>,
  input = '',
): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  const terminal = {
    out: (line: string) => void (stdout += `${line}\n`),
    err: (line: string) => void (stderr += `${line}\n`),
    readInput: () => Promise.resolve(input),
  };
  const code = (await run(words, { terminal, variables })) ?? null;
  return { code, stdout, stderr };
}

/** Runs `causeway` from its source. */
export function spawnCommand(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', ...words], { env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(input);
  });
}
