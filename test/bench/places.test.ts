import { describe, expect, test } from '@jest/globals';
import type { Measured, Targets } from '../../bench/places/place.js';
import type { ScimFlow } from '../../bench/scim/scim-flow.js';
import { renderPlaces } from '../../bench/places/table.js';
import { allTenants, scimWorld } from '../../bench/scim/tenants.js';
import { judgePlace, placeMisses, placeResults, type PlaceResult } from '../../bench/places/verdict.js';
import type { Window } from '../../bench/statistics.js';

const aWindow = (part: Partial<Window> = {}): Window => ({
  operations: 100,
  seconds: 1,
  latenciesMs: [4, 4, 4],
  serverCpuUs: 100_000,
  databaseCpuUs: 100_000,
  driverBusy: 0.5,
  foreignCpu: 0,
  flushes: 200,
  ...part,
});

const TARGETS: Targets = { flushesMax: 2, ratioMax: 1.5, p99MaxMs: undefined };

function resultsOf(
  places: readonly Measured[],
  targets: Partial<Targets> = {},
): readonly [PlaceResult, ...PlaceResult[]] {
  const flow: ScimFlow = {
    name: 'scim create user',
    targets: { ...TARGETS, ...targets },
    needsUsers: true,
    isSteady: true,
    measure: () => Promise.resolve({ places }),
  };
  const [first, ...others] = placeResults(flow, places);
  if (first === undefined) throw new Error('no place');
  return [first, ...others];
}

const place = (name: string, ...parts: readonly Partial<Window>[]): Measured => ({
  place: name,
  windows: parts.map(aWindow),
});

describe('growth', () => {
  test('is that of rounds that lay beside each other, of p50 and of CPU with the database', () => {
    const [first, second] = resultsOf([
      place('small', {}, { latenciesMs: [8], serverCpuUs: 300_000 }),
      place(
        'large',
        { latenciesMs: [6] },
        { latenciesMs: [8], serverCpuUs: 500_000, databaseCpuUs: 300_000 },
      ),
    ]);
    expect(first.growth).toBeUndefined();
    expect(second?.growth).toEqual({
      p50: { median: 1.25, min: 1, max: 1.5 },
      cpu: { median: 1.5, min: 1, max: 2 },
    });
  });

  test('is told of one operation, however many were done', () => {
    const [, second] = resultsOf([place('small', {}), place('large', { operations: 50 })]);
    expect(second?.growth?.cpu?.median).toBe(2);
  });

  test('is not told where CPU is unknown, nor of what can not be compared', () => {
    const unknown = { serverCpuUs: undefined };
    const [, second, third] = resultsOf([
      place('small', unknown),
      place('large', unknown),
      { ...place('another thing', {}), alone: true },
    ]);
    expect(second?.growth?.cpu).toBeUndefined();
    expect(third?.growth).toBeUndefined();
  });
});

describe('verdicts', () => {
  const slow = { latenciesMs: [6.1] };
  const costly = { databaseCpuUs: 300_000 };
  test.each<[string, Partial<Window>, Partial<Targets>, string, readonly string[]]>([
    ['alike', {}, {}, 'met', []],
    ['slower', slow, {}, 'missed', ['p50 grew 1.52 times, 1.5 is the target']],
    ['slower, without a target', slow, { ratioMax: undefined }, 'met', []],
    ['more CPU', costly, {}, 'missed', ['CPU grew 2.00 times, 1.5 is the target']],
    ['more trips', { flushes: 230 }, {}, 'missed', ['2.3 trips to the database, 2 is the budget']],
    ['trips within the tolerance', { flushes: 208 }, {}, 'met', []],
    ['late', {}, { p99MaxMs: 4 }, 'missed', ['p99 4 ms, under 4 ms is the target']],
    ['in time', {}, { p99MaxMs: 5 }, 'met', []],
    ['nothing wanted', slow, { ratioMax: undefined, flushesMax: undefined }, 'not judged', []],
  ])('%s', (_name, part, targets, verdict, faults) => {
    const [first, second] = resultsOf([place('small', {}), place('large', part)], targets);
    if (second === undefined) throw new Error('no second place');
    expect(judgePlace(second)).toBe(verdict);
    expect(placeMisses([second])).toEqual(faults.map((fault) => `scim create user, large: ${fault}`));
    expect(first.place).toBe('small');
  });

  test('no answers at all are not in time', () => {
    const [only] = resultsOf([place('nobody', { latenciesMs: [] })], { p99MaxMs: 1_000 });
    expect(judgePlace(only)).toBe('missed');
  });
});

test('the table has a line for each place, with what it is judged by', () => {
  const text = renderPlaces(resultsOf([place('small', {}), place('large', { latenciesMs: [8] })]), [
    'A note.',
  ]);
  expect(text).toMatch(
    /^scim create user\s+small\s+100\s+4\.00\s+4\.00\s+1000\s+1000\s+2\.0\s+-\s+-\s+2 trips\s+met$/m,
  );
  expect(text).toMatch(/^scim create user\s+large .* 2\.00 \(2\.00-2\.00\) .* 2 trips, x1\.5\s+MISSED$/m);
  expect(text.endsWith('\nA note.')).toBe(true);
});

describe('the world that is pushed to', () => {
  test('every tenant has a name and tokens of its own', () => {
    const tenants = allTenants(scimWorld(false));
    const tokens = tenants.flatMap((tenant) => tenant.tokens);
    expect(new Set(tenants.map(({ slug }) => slug)).size).toBe(tenants.length);
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  test('sizes of tenants and of groups lie a hundred times apart', () => {
    const { sizes } = scimWorld(false);
    expect(sizes.map(({ users }) => users)).toEqual([1_000, 10_000, 100_000]);
    expect(sizes.at(-1)?.groupSizes).toEqual([500, 5_000, 50_000]);
  });

  test('half of the users are outside of each group', () => {
    for (const quick of [true, false]) {
      const { sizes } = scimWorld(quick);
      for (const { users, groupSizes } of sizes)
        for (const size of groupSizes) expect(size).toBeLessThanOrEqual(users / 2);
    }
  });
});
