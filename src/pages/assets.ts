import { createHash } from 'node:crypto';

import { accentFrom, DEFAULT_ACCENT } from './accent.js';
import { cssOf } from './css.js';
import { PASSKEY_SCRIPT } from './operators/passkey-script.js';

/** A file of the pages and the name that its content gives it: what stands behind a name never changes. */
export interface Asset {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

/** The stylesheet of all pages, in Causeway's own colour. */
export const stylesheet: Asset = css(cssOf(DEFAULT_ACCENT), '');

/** The sign in the browser's tab: a road over water. */
export const icon: Asset = named('', '.svg', 'image/svg+xml', iconOf(DEFAULT_ACCENT.light.accent));

/** The one script: it speaks with the browser's passkeys. */
export const passkeyScript: Asset = named(
  '-passkey',
  '.js',
  'text/javascript; charset=utf-8',
  PASSKEY_SCRIPT,
);

/**
 * The stylesheet in a tenant's colour (`#rrggbb`), or the common one where that colour can't be read
 * (WCAG 2.2, 1.4.3).
 */
export function stylesheetFor(colour: string | undefined): Asset {
  const accent = colour === undefined ? undefined : accentFrom(colour);
  return accent === undefined ? stylesheet : css(cssOf(accent), `-${accent.light.accent.slice(1)}`);
}

/**
 * The file behind a name, or undefined. A tenant's stylesheet is made from the colour in its name: nothing is
 * stored, and a page in a tenant's colour needs no style of its own, which its policy forbids.
 */
export function findAsset(path: string): Asset | undefined {
  if (path === icon.path) return icon;
  if (path === passkeyScript.path) return passkeyScript;
  const digits = /^pages-[0-9a-f]{12}(?:-([0-9a-f]{6}))?\.css$/u.exec(path)?.[1];
  const found = stylesheetFor(digits === undefined ? undefined : `#${digits}`);
  return found.path === path ? found : undefined;
}

/** The address of another file beside the stylesheet's; undefined where the stylesheet isn't ours. */
export function besideStylesheet(stylesheetHref: string, asset: Asset): string | undefined {
  if (!stylesheetHref.endsWith(stylesheet.path)) return undefined;
  return stylesheetHref.slice(0, -stylesheet.path.length) + asset.path;
}

function css(body: string, suffix: string): Asset {
  return named(suffix, '.css', 'text/css; charset=utf-8', body);
}

function named(suffix: string, extension: string, contentType: string, body: string): Asset {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  return Object.freeze({ path: `pages-${hash}${suffix}${extension}`, contentType, body });
}

function iconOf(colour: string): string {
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">' +
    `<rect width="32" height="32" rx="8" fill="${colour}"/>` +
    '<path d="M5 11.5h22M7 22a4.5 4.5 0 0 1 9 0 4.5 4.5 0 0 1 9 0" fill="none" stroke="#fff" ' +
    'stroke-width="2.5" stroke-linecap="round"/></svg>'
  );
}
