import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);

function packageRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`no package.json above ${here}`);
  return packageRoot(parent);
}

/** The repository's folder, whether this runs from the sources or from a build, which holds compiled files only. */
export const ROOT = packageRoot(dirname(here));

/** How Node runs the `causeway` command in the form that this file itself has: source by tsx, or compiled. */
export const CAUSEWAY_COMMAND: readonly string[] =
  extname(here) === '.ts'
    ? ['--import', 'tsx', join(ROOT, 'src/main.ts')]
    : [join(dirname(here), '../src/main.js')];
