import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { accentFrom, contrast, DEFAULT_ACCENT, SURFACES } from '../../src/pages/accent.js';
import { findAsset, icon, stylesheet, stylesheetFor } from '../../src/pages/assets.js';

const anyColour = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value) => `#${value.toString(16).padStart(6, '0')}`);

function expectReadable(accent: typeof DEFAULT_ACCENT): void {
  for (const scheme of ['light', 'dark'] as const) {
    const shade = accent[scheme];
    expect(contrast(shade.accent, SURFACES[scheme].surface)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(shade.onAccent, shade.accent)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(shade.onAccent, shade.hover)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(shade.hover, SURFACES[scheme].surface)).toBeGreaterThanOrEqual(4.5);
  }
}

describe('the accent', () => {
  test('contrast is that of WCAG', () => {
    expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
  });

  test("Causeway's own can be read in both schemes", () => {
    expectReadable(DEFAULT_ACCENT);
  });

  test("any tenant's colour that is taken can be read in both schemes", () => {
    fc.assert(
      fc.property(anyColour, (colour) => {
        const accent = accentFrom(colour);
        if (accent === undefined) expect(contrast(colour, SURFACES.light.page)).toBeLessThan(4.5);
        else expectReadable(accent);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['#ff0'],
    ['#ffffff'],
    ['#3fa9f5'],
    ['red'],
    ['#12345'],
    ['#000;}*{display:none'],
    ['var(--x)'],
    [''],
  ])('A-76 %j leaves the common stylesheet', (colour) => {
    expect(stylesheetFor(colour)).toBe(stylesheet);
  });
});

describe('files of the pages', () => {
  test('each is found by its name, which holds the hash of its content', () => {
    const branded = stylesheetFor('#7A1F5C');
    expect(branded.path).toMatch(/^pages-[0-9a-f]{12}-7a1f5c\.css$/u);
    expect(branded.body).toContain('--accent:#7a1f5c');
    for (const asset of [stylesheet, icon, branded]) expect(findAsset(asset.path)).toEqual(asset);
    expect(stylesheetFor('#123')).toEqual(stylesheetFor('#112233'));
  });

  test.each([
    ['pages-000000000000.css'],
    ['pages-000000000000-7a1f5c.css'],
    [stylesheet.path.replace('.css', '-7a1f5c.css')],
    [stylesheetFor('#7a1f5c').path.replace('7a1f5c', '7a1f5d')],
    [stylesheetFor('#7a1f5c').path.replace('7a1f5c', 'ffff00')],
    [`../${stylesheet.path}`],
    [`${stylesheet.path}\n`],
    [''],
  ])('%j is no file of ours', (path) => {
    expect(findAsset(path)).toBeUndefined();
  });

  test('A-76 the stylesheet fetches nothing', () => {
    expect(stylesheet.body).not.toMatch(/url\(|@import|@font-face|expression/u);
    expect(icon.body).not.toMatch(/<script|href|on\w+=/u);
  });
});
