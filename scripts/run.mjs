// The door of every npm script that must work in a fresh clone on a bare machine: installs what is missing, builds what
// is stale, then runs. Plain JavaScript on Node's own modules, because nothing else is there yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [command = 'help', ...rest] = process.argv.slice(2);
const path = (...parts) => join(root, ...parts);

/** Runs a program; what it prints goes to stderr, because stdout belongs to the command itself. */
function run(program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: root, stdio: ['inherit', 2, 2], ...options });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
}

function newest(entry) {
  const stat = statSync(entry, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(entry).reduce((latest, name) => Math.max(latest, newest(join(entry, name))), 0);
}

/** npm leaves its own copy of the lockfile in node_modules: an older one, or none, means that something is missing. */
function install() {
  if (newest(path('node_modules', '.package-lock.json')) >= newest(path('package-lock.json'))) return;
  process.stderr.write('Installing packages…\n');
  // Not `npm ci`: it refuses a lockfile that lacks other platforms' optional binaries, which not every registry has.
  // What is installed is what the lockfile names all the same, and it isn't written.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    shell: process.platform === 'win32',
  });
  const now = new Date();
  utimesSync(path('node_modules', '.package-lock.json'), now, now);
}

const STAMP = path('dist', '.built');

function build() {
  const sources = ['src', 'migrations', 'demo', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
  if (existsSync(STAMP) && newest(STAMP) >= Math.max(...sources.map((source) => newest(path(source)))))
    return;
  process.stderr.write('Building…\n');
  run(process.execPath, [path('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  writeFileSync(STAMP, '');
}

/** Goes on in this very process, so that signals and exit codes are the command's own. */
async function become(file, args) {
  process.argv = [process.argv[0], path(file), ...args];
  await import(pathToFileURL(path(file)).href);
}

const COMMANDS = {
  build: async () => build(),
  start: async () => {
    build();
    await become('dist/src/main.js', ['start', ...rest]);
  },
  cli: async () => {
    build();
    await become('dist/src/main.js', rest);
  },
  demo: async () => {
    build();
    await become('dist/demo/run.js', rest);
  },
  bench: async () => {
    build();
    run(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...rest], { stdio: 'inherit' });
  },
  dev: async () => {
    run(
      process.execPath,
      [
        path('node_modules', 'tsx', 'dist', 'cli.mjs'),
        'watch',
        '--clear-screen=false',
        'src/main.ts',
        'start',
        ...rest,
      ],
      {
        stdio: 'inherit',
        env: { NODE_ENV: 'development', ...process.env },
      },
    );
  },
  test: async () => {
    await become('scripts/test.mjs', rest);
  },
  lint: async () => {
    await become('scripts/lint.mjs', rest);
  },
};

const chosen = COMMANDS[command];
if (chosen === undefined) {
  process.stderr.write(`Unknown: ${command}. Known: ${Object.keys(COMMANDS).join(', ')}\n`);
  process.exit(64);
}
install();
await chosen();
