import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoffSeconds, isRefusal } from '../../../src/domain/delivery/delivery.js';

test('the pause before the next attempt doubles from 1 s to 15 min', () => {
  const pauses = [1, 2, 3, 4, 10, 11, 50, 100_000].map((attempts) => backoffSeconds(attempts, 0.5));
  expect(pauses).toEqual([1, 2, 4, 8, 512, 900, 900, 900]);
});

test('chance makes it 20 % shorter or longer, never more', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), random, (attempts, chance) => {
      const middle = backoffSeconds(attempts, 0.5);
      const pause = backoffSeconds(attempts, chance);
      expect(pause).toBeGreaterThanOrEqual(middle * 0.8 - 1e-9);
      expect(pause).toBeLessThanOrEqual(middle * 1.2);
      expect(pause).toBeLessThanOrEqual(backoffSeconds(attempts + 1, chance));
    }),
  );
});

test.each([
  [true, ['http_400', 'http_401', 'http_403', 'http_405', 'http_410', 'http_422', 'http_202']],
  [
    false,
    ['http_404', 'http_408', 'http_425', 'http_429', 'http_307', 'http_500', 'http_503', 'timeout', 'tls'],
  ],
])('an error speaks of one delivery alone: %s', (expected, errors) => {
  for (const error of errors) expect([error, isRefusal(error)]).toEqual([error, expected]);
});
