import { expect, test } from '@jest/globals';
import { FixedClock } from '../../src/core/clock.js';
import { isRepeatable, retryDelayMs } from '../../src/outbound/retry.js';

const clock = new FixedClock('2026-11-22T10:00:00Z');

test.each<[status: number, retryAfter: string | undefined, waitMs: number | undefined]>([
  [503, '0', 0],
  [503, '2', 2_000],
  [429, '1', 1_000],
  [500, '1', 1_000],
  [502, ' 1 ', 1_000],
  [504, '1', 1_000],
  [503, '3', undefined],
  [503, undefined, undefined],
  [503, '', undefined],
  [503, '-1', 0],
  [503, '1e9', undefined],
  [503, '99999999999999999999', undefined],
  [503, 'soon', undefined],
  [503, 'Sun, 22 Nov 2026 10:00:02 GMT', 2_000],
  [503, 'Sun, 22 Nov 2026 09:00:00 GMT', 0],
  [503, 'Sun, 22 Nov 2026 10:00:03 GMT', undefined],
  [200, '1', undefined],
  [301, '1', undefined],
  [404, '1', undefined],
  [501, '1', undefined],
])('F-09 status %s with Retry-After %s: %s', (status, retryAfter, waitMs) => {
  const headers = new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter });
  expect(retryDelayMs(status, headers, clock)).toBe(waitMs);
});

test('F-09 only GET and HEAD may be sent twice', () => {
  expect(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].filter(isRepeatable)).toEqual(['GET', 'HEAD']);
});
