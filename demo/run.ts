/* oxlint-disable no-console -- the entry of a command-line program */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { startDemo, type Demo } from './demo.js';
import { describeForMachines, describeForPeople } from './description.js';
import { readOffset } from './ports.js';
import { ROOT } from './root.js';

const USAGE = `npm run demo [-- --json]

Causeway with two simulated Okta orgs, an MSP with two customers, and sample applications of every kind.

  --json             print addresses and credentials as one JSON object, and nothing else on stdout

  DEMO_PORT_OFFSET   added to every port: with 100, Causeway is at 3100 and the first application at 5101
  DEMO_DATA_DIR      where the database and the logs lie (default: data/demo)
`;

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs until a signal comes, or Causeway ends. */
async function run(asJson: boolean): Promise<number> {
  const dataDir = resolve(process.env['DEMO_DATA_DIR'] ?? join(ROOT, 'data/demo'));
  mkdirSync(dataDir, { recursive: true });
  const stopped = new Promise<'stopped'>((tell) => {
    const stop = (): void => {
      console.error('\nStopping…');
      tell('stopped');
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  });
  const demo = await startDemo({
    offset: readOffset(process.env['DEMO_PORT_OFFSET']),
    dataDir,
    environment: process.env,
    onProgress: (line) => console.error(line),
    onError: (error) => appendFileSync(join(dataDir, 'demo.log'), `${inspect(error)}\n`),
  });
  console.log(asJson ? JSON.stringify(describeForMachines(demo)) : describeForPeople(demo));
  return untilStopped(demo, stopped);
}

async function untilStopped(demo: Demo, stopped: Promise<'stopped'>): Promise<number> {
  const end = await Promise.race([stopped, demo.causeway.failed.catch((error: unknown) => error)]);
  if (end !== 'stopped') console.error(message(end));
  await demo.stop();
  return end === 'stopped' ? 0 : 1;
}

const args = process.argv.slice(2);
const unknown = args.filter((arg) => arg !== '--json' && arg !== '--help');
if (unknown.length > 0) {
  console.error(`Unknown: ${unknown.join(' ')}\n\n${USAGE}`);
  process.exitCode = 64;
} else if (args.includes('--help')) {
  console.log(USAGE);
} else {
  run(args.includes('--json')).then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(message(error));
      process.exit(1);
    },
  );
}
