import type { Clock } from '../core/clock.js';

/** A longer wait isn't worth it while a person looks at a blank page (F-09). */
const RETRY_AFTER_MAX_MS = 2_000;

/** The answers that a second attempt can mend, when the server itself names a time for it. */
const PASSING: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Methods that may be sent twice. POST never is: a code is redeemed once (F-09). */
export function isRepeatable(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * How long to wait before asking again; undefined: don't. `Retry-After` as seconds or as a date (RFC 9110
 * section 10.2.3), judged by our clock.
 */
export function retryDelayMs(status: number, headers: Headers, clock: Clock): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '' || !PASSING.has(status)) return undefined;
  const waitMs = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - clock.now().getTime();
  if (Number.isNaN(waitMs) || waitMs > RETRY_AFTER_MAX_MS) return undefined;
  return Math.max(0, waitMs);
}
