import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** How Causeway is run: by its build when that is as new as the sources, else from the sources. */
export interface Program {
  readonly kind: 'build' | 'sources';
  /** Arguments of Node before the command's own. */
  readonly args: readonly string[];
}

const BUILT = join('dist', 'src', 'main.js');
/** Left by `npm run build` when it is done. */
const STAMP = join('dist', '.built');

function newestMs(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((newest, entry) => Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
}

/** Run from the repository's root. */
export function program(): Program {
  const isBuilt =
    existsSync(BUILT) &&
    existsSync(STAMP) &&
    statSync(STAMP).mtimeMs >= Math.max(newestMs('src'), newestMs('migrations'));
  return isBuilt
    ? { kind: 'build', args: [BUILT] }
    : { kind: 'sources', args: ['--import', 'tsx', join('src', 'main.ts')] };
}
