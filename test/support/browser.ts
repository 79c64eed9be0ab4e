import { existsSync } from 'node:fs';

import { type Browser, chromium } from 'playwright-core';

/** Why browser suites are left out on this machine, for `describe.skip` to say. */
export const NO_BROWSER = 'left out: no Chromium here (set CHROMIUM_PATH to run it)';

/** The one without windows first: the same engine, for less than half of the work. Its command is a script: this is itself. */
const USUAL_PATHS = [
  '/usr/lib/chromium/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * The Chromium to use: `CHROMIUM_PATH` if set, else the first of the usual places; undefined where there is
 * none.
 */
export function browserPath(): string | undefined {
  const given = process.env['CHROMIUM_PATH'];
  const candidates = given === undefined || given === '' ? USUAL_PATHS : [given];
  return candidates.find((path) => existsSync(path));
}

/** Starts a headless Chromium that calls nobody by itself, or gives undefined where the machine has none. */
export async function launchBrowser(): Promise<Browser | undefined> {
  const executablePath = browserPath();
  if (executablePath === undefined) return undefined;
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
