import { DomainError } from '../core/errors.js';

/** Features that these pages never ask for; passkeys are the one exception, on the page that uses them. */
const NO_FEATURES = [
  'accelerometer',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
  'xr-spatial-tracking',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

const PASSKEYS = 'publickey-credentials-get=(self), publickey-credentials-create=(self)';

/**
 * The headers of every page for people besides its policy. Never cached, never framed, no
 * referrer.
 *
 * `Cross-Origin-Opener-Policy` isn't `same-origin` here: an application that signs in through a pop-up would
 * lose its opener for good when one of our pages appears in it, and could never finish. See
 * `soloPageHeaders`.
 */
export const pageHeaders: Readonly<Record<string, string>> = Object.freeze({
  'cache-control': 'no-store',
  'content-type': 'text/html; charset=utf-8',
  'cross-origin-opener-policy': 'unsafe-none',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': `${NO_FEATURES}, ${PASSKEYS}`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
});

/**
 * The headers of pages that no application opens: status, first run. They keep no tie to whoever opened them.
 */
export const soloPageHeaders: Readonly<Record<string, string>> = Object.freeze({
  ...pageHeaders,
  'cross-origin-opener-policy': 'same-origin',
});

/**
 * The `Content-Security-Policy` of every page for people: no script at all, one stylesheet, forms to this
 * origin. Browsers also hold redirects after a POST against `form-action`.
 * @param options.formActions origins that a form may post or be redirected to besides our own
 * @throws DomainError `invalid_argument` when one isn't an http(s) origin
 */
export function pagePolicy(options: { readonly formActions?: readonly string[] } = {}): string {
  const formActions = (options.formActions ?? []).map(originOf);
  return [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    ["form-action 'self'", ...new Set(formActions)].join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** The origin alone, from the URL parser: no `;` or `,` of a given text can open a directive of its own. */
function originOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new DomainError('invalid_argument', 'A form action of a page must be an http(s) address');
  }
  return url.origin;
}
