import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { median, percentile, ratios, spread, summarize, type Window } from '../../bench/statistics.js';

const aWindow = (part: Partial<Window> = {}): Window => ({
  operations: 100,
  seconds: 2,
  latenciesMs: [1, 2, 3],
  serverCpuUs: 50_000,
  databaseCpuUs: 20_000,
  driverBusy: 0.5,
  foreignCpu: 0.01,
  flushes: 300,
  ...part,
});

describe('percentile', () => {
  test.each([
    [[5], 0.5, 5],
    [[5], 0.99, 5],
    [[4, 1, 3, 2], 0.5, 2],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.99, 10],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9, 9],
    [[3, 1, 2], 0, 1],
    [[10, 9, 100], 1, 100],
  ])('of %j at %d is %d', (values, p, expected) => expect(percentile(values, p)).toBe(expected));

  test('of nothing is no number', () => expect(percentile([], 0.5)).toBeNaN());

  test('is one of the values, and as many lie below it as it says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, p) => {
          const value = percentile(values, p);
          expect(values).toContain(value);
          expect(values.filter((other) => other <= value).length).toBeGreaterThanOrEqual(p * values.length);
        },
      ),
    );
  });
});

test.each([
  [[2], 2],
  [[1, 3], 2],
  [[9, 1, 5], 5],
  [[4, 1, 2, 3], 2.5],
])('median of %j is %d', (values, expected) => expect(median(values)).toBe(expected));

test('median of nothing is no number', () => expect(median([])).toBeNaN());

test('a spread has the middle and both ends', () =>
  expect(spread([0.4, 0.6, 0.5])).toEqual({ median: 0.5, min: 0.4, max: 0.6 }));

test('figures are those of one operation, and the middle of the rounds', () => {
  const windows = [aWindow(), aWindow({ operations: 200, serverCpuUs: 80_000 }), aWindow({ flushes: 900 })];
  expect(summarize(windows)).toEqual({
    perSecond: 50,
    p50Ms: 2,
    p99Ms: 3,
    operations: 400,
    serverCpuUs: 500,
    databaseCpuUs: 200,
    flushes: 3,
    driverBusy: 0.5,
    foreignCpu: 0.01,
  });
});

test('what nobody counts stays unknown', () => {
  const figures = summarize([
    aWindow({ databaseCpuUs: undefined, flushes: undefined, foreignCpu: undefined }),
  ]);
  expect(figures.databaseCpuUs).toBeUndefined();
  expect(figures.flushes).toBeUndefined();
  expect(figures.foreignCpu).toBeUndefined();
});

test('a window without a finished operation tells nothing of the cost of one', () =>
  expect(summarize([aWindow({ operations: 0, latenciesMs: [] })]).serverCpuUs).toBeUndefined());

test('rounds that lay beside each other are compared', () => {
  const floor = [aWindow({ operations: 100 }), aWindow({ operations: 1_000 })];
  const causeway = [aWindow({ operations: 50 }), aWindow({ operations: 600 })];
  expect(ratios(floor, causeway)).toEqual({ median: 0.55, min: 0.5, max: 0.6 });
});
