import type { Page } from './okta-sign-in.js';

/** The addresses that a page holds in frames, in order. */
export function framesOf(page: Page): string[] {
  return [...page.text.matchAll(/<iframe\b[^>]*\ssrc="([^"]*)"/g)].map(([, src = '']) =>
    src.replaceAll('&amp;', '&'),
  );
}
