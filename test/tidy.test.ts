import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** Rules of the house that a script can check and no linter does. */
const filesBelow = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => join(folder, file));

const SOURCE = /\.(?:ts|tsx|mjs|js)$/;
const sources = filesBelow('src', SOURCE);
const everything = ['src', 'migrations', 'demo', 'bench', 'scripts', 'test'].flatMap((folder) =>
  filesBelow(folder, SOURCE),
);
const linesOf = (file: string): { readonly at: string; readonly line: string }[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line, index) => ({ at: `${file}:${index + 1}`, line }));
const found = (files: readonly string[], pattern: RegExp): string[] =>
  files
    .flatMap(linesOf)
    .flatMap(({ at, line }) => (pattern.test(line) ? [`${at}: ${line.trim().slice(0, 100)}`] : []));
const outside = (...folders: string[]): string[] =>
  sources.filter((file) => !folders.some((folder) => file.startsWith(`src/${folder}/`)));

describe('the house', () => {
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory());

  test.each([...folders.map((entry) => `src/${entry.name}`), 'demo', 'bench', 'deploy', 'docs/decisions'])(
    '%s opens with a README',
    (folder) => {
      expect(existsSync(join(folder, 'README.md'))).toBe(true);
    },
  );

  test('time and randomness are handed in', () => {
    const clock = /\bDate\.now\(|\bnew Date\(\)/;
    expect(found(outside('core', 'server', 'cli'), clock)).toEqual([]);
    const random = /\b(?:randomUUID|Math\.random)\(/;
    expect(found(outside('core', 'server', 'cli', 'keys'), random)).toEqual([]);
  });

  test('only server and cli read the environment', () => {
    const allowed = outside('server', 'cli').filter((file) => file !== 'src/main.ts');
    expect(found(allowed, /\bprocess\.(?:env|argv)\b/)).toEqual([]);
  });

  test('invariant 1: only storage opens a scope', () => {
    const users = found(outside('storage', 'core'), /\bopenTenantScope\b/);
    expect(users).toEqual([]);
  });

  test('SQL never holds a value: nothing is interpolated into a statement but names of our own', () => {
    const statements = found(
      outside('storage'),
      /\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM) [a-z_]+\b.*\bWHERE\b/,
    );
    expect(statements).toEqual([]);
  });

  test('every suppression has its reason', () => {
    const suppressions = everything
      .flatMap(linesOf)
      .filter(({ line }) => /(?:oxlint|eslint)-disable|@ts-(?:ignore|expect-error|nocheck)/.test(line));
    const bare = suppressions.filter(
      ({ at, line }) => !/ -- \S/.test(line) && !at.startsWith('test/tidy.test.ts'),
    );
    expect(bare.map(({ at }) => at)).toEqual([]);
  });

  test('nothing is left for later, switched off, or focused', () => {
    const others = everything.filter((file) => file !== 'test/tidy.test.ts');
    expect(found(others, /\b(?:TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
    expect(found(others, /\b(?:describe|test|it)\.(?:only|todo)\b|\bf(?:describe|it)\(/)).toEqual([]);
  });

  test('no machine’s paths and no registry’s hosts', () => {
    const texts = [
      ...everything,
      'package-lock.json',
      'package.json',
      '.npmrc',
      'README.md',
      '.ci/run',
    ].filter((file) => file !== 'test/tidy.test.ts');
    expect(found(texts, /\/(?:work|home|Users)\/[a-z]+\/|"resolved":|registry\.[a-z]+\.[a-z]+/)).toEqual([]);
  });
});
