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

/** What a page may do besides: only with addresses that were checked before. */
export interface PagePolicyOptions {
  readonly formActions?: readonly string[];
  readonly frames?: readonly string[];
  /** The page uses passkeys: scripts of our own origin, which make no markup (Trusted Types). */
  readonly passkeys?: boolean;
}

/**
 * The headers of an answer that only another site's frame shows: of that site, and of nobody else. It shows nothing.
 * @param ancestor an address of the site
 * @param frames addresses whose origins it may hold in frames of its own
 * @throws DomainError `invalid_argument` when one isn't an http(s) address
 */
export function framedPageHeaders(
  ancestor: string,
  frames: readonly string[],
): Readonly<Record<string, string>> {
  const { 'x-frame-options': _deny, ...headers } = pageHeaders;
  const policy = [
    "default-src 'none'",
    ...(frames.length === 0 ? [] : [['frame-src', ...new Set(frames.map(originOf))].join(' ')]),
    "form-action 'none'",
    "base-uri 'none'",
    `frame-ancestors ${originOf(ancestor)}`,
  ];
  // Shown in a page of another site, which `same-origin` would forbid.
  return {
    ...headers,
    'cross-origin-resource-policy': 'cross-origin',
    'content-security-policy': policy.join('; '),
  };
}

/**
 * The `Content-Security-Policy` of every page for people: no script (but that of passkeys), one stylesheet, forms to this
 * origin. Browsers also hold redirects after a POST against `form-action`.
 * @param options.formActions origins that a form may post or be redirected to besides our own
 * @param options.frames addresses whose origins the page may hold in frames: applications that are told of a sign-out
 * @throws DomainError `invalid_argument` when one isn't an http(s) origin
 */
export function pagePolicy(options: PagePolicyOptions = {}): string {
  const formActions = (options.formActions ?? []).map(originOf);
  const frames = (options.frames ?? []).map(originOf);
  return [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    ["form-action 'self'", ...new Set(formActions)].join(' '),
    ...(frames.length === 0 ? [] : [['frame-src', ...new Set(frames)].join(' ')]),
    ...(options.passkeys === true
      ? ["script-src 'self'", "require-trusted-types-for 'script'", "trusted-types 'none'"]
      : []),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** The origin alone, from the URL parser: no `;` or `,` of a given text can open a directive of its own. */
function originOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new DomainError('invalid_argument', 'A form action or frame of a page must be an http(s) address');
  }
  return url.origin;
}
