import { describe, expect, test } from '@jest/globals';
import type { Figures } from '../../bench/statistics.js';
import { renderCost, renderSpeed, renderTable } from '../../bench/table.js';
import { cpuRatio, isLoadBound, judgeFlushes, judgeSpeed, misses, type Result } from '../../bench/verdict.js';

const figures = (part: Partial<Figures> = {}): Figures => ({
  perSecond: 200,
  p50Ms: 4.25,
  p99Ms: 12.5,
  operations: 400,
  serverCpuUs: 1_000,
  databaseCpuUs: undefined,
  flushes: undefined,
  driverBusy: 0.3,
  foreignCpu: 0,
  ...part,
});

const result = (part: Partial<Result> = {}): Result => ({
  flow: 'refresh',
  concurrency: 16,
  floor: figures(),
  causeway: figures({ perSecond: 110, serverCpuUs: 1_500, databaseCpuUs: 500, flushes: 2.03 }),
  ratio: { median: 0.55, min: 0.5, max: 0.6 },
  ratioMin: 0.5,
  flushesMax: 2,
  ...part,
});

test('a table aligns its columns and leaves no space at the ends of lines', () => {
  expect(
    renderTable(
      ['flow', 'n', ''],
      [
        ['login', '7', ''],
        ['sso', '1000', 'met'],
      ],
    ),
  ).toBe('flow      n\n-----  ----  ---\nlogin     7\nsso    1000  met');
});

describe('verdicts', () => {
  const slow = { median: 0.49, min: 0.4, max: 0.6 };
  test.each<[string, Partial<Result>, string]>([
    ['as fast as wanted', {}, 'met'],
    ['exactly as fast as wanted', { ratio: { median: 0.5, min: 0.4, max: 0.6 } }, 'met'],
    ['slower', { ratio: slow }, 'missed'],
    ['without a target', { ratio: slow, ratioMin: undefined }, 'not judged'],
    ['one at a time', { ratio: slow, concurrency: 1 }, 'not judged'],
  ])('speed: %s', (_name, part, verdict) => expect(judgeSpeed(result(part))).toBe(verdict));

  test.each<[number | undefined, string]>([
    [1.9, 'met'],
    [2.08, 'met'],
    [2.2, 'missed'],
    [undefined, 'not judged'],
  ])('%p trips of a budget of 2: %s', (flushes, verdict) =>
    expect(judgeFlushes(result({ causeway: figures({ flushes }) }))).toBe(verdict),
  );

  test('what was missed is said in words', () => {
    expect(misses([result()])).toEqual([]);
    expect(misses([result({ ratio: slow, causeway: figures({ flushes: 3 }) })])).toEqual([
      'refresh at 16: 0.49 of the floor, 0.50 is the target',
      'refresh at 16: 3.0 trips to the database, 2 is the budget',
    ]);
  });

  test('the CPU ratio counts the database; without CPU there is none', () => {
    expect(cpuRatio(result())).toBe(0.5);
    expect(cpuRatio(result({ floor: figures({ serverCpuUs: undefined }) }))).toBeUndefined();
  });

  test('a busy driver is told', () => {
    expect(isLoadBound(result())).toBe(false);
    expect(isLoadBound(result({ floor: figures({ driverBusy: 0.99 }) }))).toBe(true);
  });
});

test('the table of speed has both servers, the ratio with its rounds, and the verdict', () => {
  const text = renderSpeed([result()]);
  expect(text).toMatch(
    /^refresh\s+16\s+200\s+110\s+0\.55\s+\(0\.50-0\.60\)\s+4\.25\s+4\.25\s+12\.5\s+12\.5\s+0\.50\s+met$/m,
  );
  expect(text).not.toContain('*');
  expect(renderSpeed([result({ ratio: { median: 0.3, min: 0.3, max: 0.3 } })])).toContain('MISSED');
  expect(renderSpeed([result({ floor: figures({ driverBusy: 1 }) })])).toContain('110*');
});

test('the table of costs has CPU, trips and the budget', () => {
  expect(renderCost([result()])).toMatch(/^refresh\s+16\s+1000\s+1500\s+500\s+0\.50\s+2\.0\s+2\s+met$/m);
  const unknown = figures({ serverCpuUs: undefined });
  expect(renderCost([result({ floor: unknown, causeway: unknown })])).toMatch(
    /^refresh\s+16(\s+n\/a){5}\s+2\s+-$/m,
  );
});
