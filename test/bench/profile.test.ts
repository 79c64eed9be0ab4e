import { expect, test } from '@jest/globals';
import { summarizeProfile, type CpuProfile } from '../../bench/profile.js';

const frame = (id: number, functionName: string, url: string) => ({
  id,
  callFrame: { functionName, url, lineNumber: 9 },
});

const profile: CpuProfile = {
  nodes: [
    frame(1, '(idle)', ''),
    frame(2, 'query', 'file:///app/node_modules/pg/lib/client.js'),
    frame(3, 'load', 'file:///app/dist/src/storage/artifact-store.js'),
    frame(4, 'sign', 'node:internal/crypto/sig'),
    frame(5, '(garbage collector)', ''),
    frame(6, '', 'file:///app/node_modules/@koa/router/index.js'),
  ],
  startTime: 1_000,
  samples: [2, 3, 1, 4, 5, 6, 2],
  timeDeltas: [10, 20, 500, 30, 20, 10, 10],
};

test('self time by package leaves out idle time and adds up to all of it', () => {
  const { packages } = summarizeProfile(profile);
  expect(packages.map(({ name, part }) => [name, Math.round(part * 100)])).toEqual([
    ['node:internal/crypto', 30],
    ['pg', 20],
    ['src/storage', 20],
    ['v8 (garbage collector)', 20],
    ['@koa/router', 10],
  ]);
});

test('functions are named with their place', () =>
  expect(summarizeProfile(profile).functions.map(({ name }) => name)).toContain(
    'query node_modules/pg/lib/client.js:10',
  ));

test('only the span that was asked for counts', () =>
  expect(summarizeProfile(profile, 1_000, 1_030).packages).toEqual([
    { name: 'src/storage', part: 20 / 30 },
    { name: 'pg', part: 10 / 30 },
  ]));
