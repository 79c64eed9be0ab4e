import { DomainError } from '../core/errors.js';

/**
 * What browsers drop from an address before they read it, and the slash that isn't one: `/\t/evil`, `/\evil`.
 */
// oxlint-disable-next-line no-control-regex -- finding control characters is what it is for
const MISREAD = /[\u0000-\u0020\u007f\\]/u;

/**
 * The address as a link of ours may carry it, or undefined: a path or query on this origin, http(s), or an
 * installed application's own scheme, which has a dot in its name (RFC 8252 section 7.1). `javascript:`,
 * `data:` and their like have none, and `//host` is no path.
 */
export function safeHref(href: string): string | undefined {
  if (MISREAD.test(href)) return undefined;
  if (/^(?:\/(?!\/)|\?)/u.test(href)) return href;
  if (!URL.canParse(href)) return undefined;
  const url = new URL(href);
  const known = url.protocol === 'https:' || url.protocol === 'http:' || url.protocol.includes('.');
  return known ? url.href : undefined;
}

/**
 * The same where the page is of no use without the address: a form's action, the way on.
 * @throws DomainError `invalid_argument` when it isn't one that a page may carry
 */
export function requireHref(href: string): string {
  const safe = safeHref(href);
  if (safe === undefined)
    throw new DomainError('invalid_argument', 'A page was given an address that it may not carry');
  return safe;
}
