import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';

import { SURFACES } from './accent.js';
import { besideStylesheet, icon, stylesheetFor } from './assets.js';
import { displayName, fill } from './text.js';

/** What stays the same from page to page of one tenant. */
export interface Frame {
  readonly brand: {
    readonly tenantName: string;
    /** `#rrggbb`; used only where it can be read (WCAG 1.4.3). */
    readonly colour?: string | undefined;
  };
  readonly lang: 'en';
  /** Address of `stylesheet`; the icon and a tenant's colour are found beside it by `findAsset`. */
  readonly stylesheetHref: string;
  readonly applicationName?: string | undefined;
}

/** What a page brings to its frame. */
export interface PageParts {
  /** What the page is, in words; the window's title adds application and tenant. */
  readonly title: string;
  /** Whether the page tells of something that went wrong: its title then says so first. */
  readonly error?: boolean;
  /** Where the browser goes at once by itself. Checked by `requireHref` before. */
  readonly refreshTo?: string | undefined;
  /** After how long instead: for what the page must have done before. */
  readonly refreshSeconds?: number;
  /** Address of the one script that a page of passkeys has. */
  readonly scriptHref?: string | undefined;
  /** More room, for pages that hold commands and checks. */
  readonly wide?: boolean;
  readonly content: ReactNode;
}

/** The whole document of a page: no style of its own, one stylesheet, and no script but that of passkeys. */
export function renderDocument(frame: Frame, page: PageParts): string {
  return `<!DOCTYPE html>${renderToStaticMarkup(<Document frame={frame} page={page} />)}`;
}

/** "Error: Page - Application - Tenant" (WCAG 2.4.2). */
export function titleOf(frame: Frame, page: Pick<PageParts, 'title' | 'error'>): string {
  const application = displayName(frame.applicationName ?? '');
  const parts = [page.title, application, tenantOf(frame)].filter((part) => part !== '');
  return `${page.error === true ? 'Error: ' : ''}${[...new Set(parts)].join(' - ')}`;
}

function tenantOf(frame: Frame): string {
  return fill('{tenant}', { tenant: frame.brand.tenantName });
}

function Document({ frame, page }: { readonly frame: Frame; readonly page: PageParts }): ReactNode {
  const branded = besideStylesheet(frame.stylesheetHref, stylesheetFor(frame.brand.colour));
  const iconHref = besideStylesheet(frame.stylesheetHref, icon);
  return (
    <html lang={frame.lang}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" content={SURFACES.light.page} media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content={SURFACES.dark.page} media="(prefers-color-scheme: dark)" />
        <meta name="robots" content="noindex" />
        {page.refreshTo === undefined ? null : (
          <meta httpEquiv="refresh" content={`${page.refreshSeconds ?? 0};url=${page.refreshTo}`} />
        )}
        <title>{titleOf(frame, page)}</title>
        <link rel="stylesheet" href={branded ?? frame.stylesheetHref} />
        {iconHref === undefined ? null : <link rel="icon" href={iconHref} type={icon.contentType} />}
        {page.scriptHref === undefined ? null : <script src={page.scriptHref} defer />}
      </head>
      <body className={page.wide === true ? 'wide' : undefined}>
        <header>
          <span className="mark" aria-hidden="true">
            {monogram(tenantOf(frame))}
          </span>
          <bdi>{tenantOf(frame)}</bdi>
        </header>
        <main>{page.content}</main>
      </body>
    </html>
  );
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The first letter of a name, as its mark; a letter of many parts stays whole. */
function monogram(name: string): string {
  for (const { segment } of segmenter.segment(name)) return segment.toUpperCase();
  return '';
}
