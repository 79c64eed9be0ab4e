import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readApplyFile } from '../../src/management/apply-file/read-apply-file.js';
import { SNIPPETS } from './support/program.js';

/** What the guides show is what tests run, and what they point at is there. */
const PAGES = dirname(resolve(SNIPPETS));
const GUIDES = dirname(PAGES);
const ROOT = resolve(GUIDES, '../..');

/** Shown by a link, because a page tells of parts of them only. */
const SHOWN_BY_LINK = new Set(['device.mjs', 'service-bot.mjs', 'web-high-security.mjs']);

const guides = readdirSync(GUIDES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => join(GUIDES, name));
const pages = [join(ROOT, 'README.md'), ...guides];
const read = (file: string): string => readFileSync(file, 'utf8');

/** Code blocks of a page, as they stand there. */
const blocksOf = (text: string): readonly string[] =>
  [...text.matchAll(/^```[a-z]*\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);

/** The names of a page's headings, as links spell them. */
const anchorsOf = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );

/** What a page links to in this repository, where it isn't there. */
function brokenLinks(page: string): readonly string[] {
  const text = read(page).replace(/^```[\s\S]*?^```$/gm, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? page : resolve(dirname(page), path);
    if (!existsSync(file)) return true;
    return anchor !== undefined && file.endsWith('.md') && !anchorsOf(read(file)).has(anchor);
  });
}

/** A part of a tenant, or a whole file, as a file that can be applied. */
function fileOf(block: string): string {
  if (block.startsWith('tenants:')) return block;
  const tenant = block.startsWith('slug:') ? block : `slug: acme\n${block}`;
  return `tenants:\n  - ${tenant.trimEnd().replaceAll('\n', '\n    ')}\n`;
}

const ofApplications = guides.filter((page) => page.startsWith(`${PAGES}/`));
const examples = ofApplications.flatMap((page) =>
  [...read(page).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
    ([, block = ''], index) => [`${page.slice(GUIDES.length + 1)}, ${index + 1}`, block] as const,
  ),
);

describe('the guides', () => {
  test.each(readdirSync(SNIPPETS))('show %s as it runs', (name) => {
    const program = read(join(SNIPPETS, name));
    const linking = guides.filter((page) => read(page).includes(`(snippets/${name})`));
    expect(linking.length).toBeGreaterThan(0);
    if (SHOWN_BY_LINK.has(name)) return;
    const showing = linking.filter((page) => blocksOf(read(page)).includes(program));
    expect(showing).toHaveLength(1);
  });

  test.each(pages.map((page) => page.slice(ROOT.length + 1)))('%s leads nowhere that isn’t there', (page) => {
    expect(brokenLinks(join(ROOT, page))).toEqual([]);
  });

  test.each(examples)('show configuration that is read: %s', (_where, block) => {
    const { faults } = readApplyFile(fileOf(block), () => 'a-secret-of-the-environment');
    expect(faults).toBeUndefined();
  });
});
