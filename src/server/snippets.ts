import { readFile } from 'node:fs/promises';

/** The guide's programs lie above `src/` and above `dist/src/` alike. */
const PLACES = ['../../', '../../../'].map(
  (root) => new URL(`${root}docs/guides/applications/snippets/`, import.meta.url),
);

/**
 * The text of a program of the guides.
 * @throws Error when it isn't there: it is a part of what is installed
 */
export async function readSnippet(file: string): Promise<string> {
  for (const place of PLACES) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the second place only where the first has none
      return await readFile(new URL(file, place), 'utf8');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  throw new Error(`${file} is missing`);
}
