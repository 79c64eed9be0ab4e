// Runs every test that this machine can run, and says what it left out. Without a PostgreSQL server all of them run on the
// embedded database. With one (TEST_DATABASE_URL) it is shared out: what is about the database itself runs on both, what only
// stands on it runs on one of the two. With arguments: only those, once.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const results = mkdtempSync(join(tmpdir(), 'causeway-test-'));
const given = process.argv.slice(2);
const url = process.env.TEST_DATABASE_URL;

function jest(name, args, database) {
  const outputFile = join(results, `${name}.json`);
  const env = { ...process.env };
  if (database === undefined) delete env.TEST_DATABASE_URL;
  else env.TEST_DATABASE_URL = database;
  const { status } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--json',
      `--outputFile=${outputFile}`,
      ...args,
    ],
    { env, stdio: ['inherit', 'ignore', 'inherit'] },
  );
  try {
    return { name, status, ...JSON.parse(readFileSync(outputFile, 'utf8')) };
  } catch {
    return {
      name,
      status,
      numPassedTests: 0,
      numFailedTests: 1,
      numPendingTests: 0,
      numFailedTestSuites: 1,
      testResults: [],
    };
  }
}

/** Folders of tests whose subject is what the database does. */
const BOTH = ['storage'];
/** Folders of tests that speak to nodes, whichever database is behind them: on the server, where there is one. */
const SERVER = ['op', 'broker', 'clients', 'conformance', 'isolation', 'races', 'journal'];

const folders = (names) => `/test/(?:${names.join('|')})/`;

const runs = [];
if (given.length > 0) {
  runs.push(jest('chosen', given, url));
} else {
  process.stderr.write('Tests on the embedded database\n');
  const elsewhere = url === undefined ? [] : [`--testPathIgnorePatterns=${folders(SERVER)}`];
  runs.push(jest('embedded', elsewhere, undefined));
  if (url === undefined)
    process.stderr.write('Left out: tests on a PostgreSQL server, because TEST_DATABASE_URL is not set.\n');
  else {
    process.stderr.write('Tests on the PostgreSQL server\n');
    const there = [
      `--testPathPatterns=${folders([...BOTH, ...SERVER])}`,
      '--testPathIgnorePatterns=/test/storage/embedded/',
    ];
    runs.push(jest('server', there, url));
  }
}
rmSync(results, { recursive: true, force: true });

const sum = (member) => runs.reduce((total, run) => total + run[member], 0);
for (const run of runs)
  for (const { assertionResults } of run.testResults)
    for (const { status, fullName } of assertionResults)
      if (status === 'pending') process.stderr.write(`Left out (${run.name}): ${fullName}\n`);

const skipped = sum('numPendingTests');
// A suite that could not even be read has no test that failed, and is a failure all the same.
const broken = runs.reduce(
  (total, run) => total + (run.numFailedTests === 0 ? run.numFailedTestSuites : 0),
  0,
);
const failed = sum('numFailedTests') + broken;
process.stdout.write(
  `${sum('numPassedTests')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
);
process.exitCode = failed > 0 || runs.some((run) => run.status !== 0) ? 1 : 0;
