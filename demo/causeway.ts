import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { CAUSEWAY_COMMAND, ROOT } from './root.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** What configures Causeway: the demo's own comes through, nothing that happens to be set around it. */
const CONFIGURATION = [
  'PUBLIC_URL',
  'PORT',
  'HOST',
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
  'DATA_DIR',
  'ENCRYPTION_KEYS',
  'ENCRYPTION_KEYS_FILE',
  'TRUST_PROXY',
  'CLIENT_CERT_HEADER',
  'WORKERS',
  'CONSOLE_URL',
  'ALLOW_PRIVATE_UPSTREAMS',
  'METRICS_PORT',
  'MIGRATE',
  'SMTP_URL',
  'SMTP_FROM',
  'LOG_LEVEL',
  'CAUSEWAY_URL',
  'CAUSEWAY_TOKEN',
];

const READY_SECONDS_MAX = 180;
const STOP_SECONDS_MAX = 25;

export interface CausewayOptions {
  readonly port: number;
  /** Its database, key file and log lie there. */
  readonly dataDir: string;
  /** What the demo was started with; `configuration` is laid over it. */
  readonly environment: Variables;
  /** Variables of Causeway beside `PORT` and `DATA_DIR`, such as `DATABASE_URL`. */
  readonly configuration?: Variables;
}

/** Causeway as a process of its own. */
export interface RunningCauseway {
  readonly url: string;
  readonly logFile: string;
  /** The one-time link that it printed, while it has no operator. */
  readonly firstRunLink: string | undefined;
  /** What the `causeway` command needs in its environment to work on this deployment. */
  readonly configuration: Readonly<Record<string, string>>;
  /** Rejects when the process ends by itself. */
  readonly failed: Promise<never>;
  /** Runs the `causeway` command beside it; gives its stdout. @throws Error with its stderr when it fails */
  command(args: readonly string[], input?: string, secrets?: Variables): Promise<string>;
  stop(): Promise<void>;
}

/** Starts Causeway and waits until it says that it is ready. @throws Error with the end of its log when it isn't */
export async function startCauseway(options: CausewayOptions): Promise<RunningCauseway> {
  const { port, dataDir } = options;
  const url = `http://localhost:${port}`;
  const configuration = definedOnes({
    ...options.configuration,
    PORT: String(port),
    PUBLIC_URL: url,
    DATA_DIR: dataDir,
  });
  const env = { ...without(options.environment, CONFIGURATION), ...configuration };
  mkdirSync(dataDir, { recursive: true });
  const logFile = join(dataDir, 'causeway.log');
  const child = spawnCauseway(['start'], env, true);
  const log = createWriteStream(logFile);
  child.stderr?.pipe(log, { end: false });
  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
  }).then(async (why) => {
    log.end();
    await finished(log);
    return why;
  });
  const failed = ended.then((why) => {
    if (stopping) return new Promise<never>(() => undefined);
    throw new Error(`Causeway is not running: ${why}\n${endOf(logFile)}`);
  });
  const stop = async (): Promise<void> => {
    stopping = true;
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS_MAX * 1000);
    await ended;
    clearTimeout(patience);
  };
  const printed = { text: '' };
  try {
    await Promise.race([readyLine(child, printed, logFile), failed]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    logFile,
    get firstRunLink() {
      return /^First-run link [^:]*: (\S+)$/m.exec(printed.text)?.[1];
    },
    configuration,
    failed,
    command: (args, input, secrets = {}) => runCommand(args, { ...env, ...secrets }, input),
    stop,
  };
}

/** A group of its own: a Ctrl-C in the terminal reaches the demo, which then stops everything in order. */
function spawnCauseway(args: readonly string[], env: Variables, detached: boolean): ChildProcess {
  return spawn(process.execPath, [...CAUSEWAY_COMMAND, ...args], { cwd: ROOT, env, detached });
}

function readyLine(child: ChildProcess, printed: { text: string }, logFile: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const tooLong = setTimeout(
      () => reject(new Error(`Causeway isn't ready after ${READY_SECONDS_MAX} s\n${endOf(logFile)}`)),
      READY_SECONDS_MAX * 1000,
    );
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed.text += text;
      if (!/^Causeway \S+ ready: /m.test(printed.text)) return;
      clearTimeout(tooLong);
      resolve();
    });
    child.once('close', () => clearTimeout(tooLong));
  });
}

async function runCommand(args: readonly string[], env: Variables, input = ''): Promise<string> {
  const child = spawnCauseway(args, env, false);
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  child.stdin?.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`causeway ${args.join(' ')}: exit code ${code}\n${(await err).trim()}`);
  return out;
}

async function collect(stream: ChildProcess['stdout']): Promise<string> {
  if (stream === null) return '';
  let text = '';
  stream.setEncoding('utf8').on('data', (part: string) => (text += part));
  await finished(stream);
  return text;
}

function endOf(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
}

function without(variables: Variables, names: readonly string[]): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)));
}

function definedOnes(variables: Variables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
