import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { displayName, fill, fillPieces, formatDuration, formatInstant } from '../../src/pages/text.js';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 400 }));

describe('names from outside', () => {
  test.each<[why: string, given: string, shown: string]>([
    ['line breaks become spaces', 'Acme\r\n  Inc.', 'Acme Inc.'],
    ['an override can not turn the line around', 'a\u202eb\u2066c', 'a b c'],
    ['half a character is dropped', 'a\ud83dz', 'az'],
    ['whole ones stay', '🏢 Acme', '🏢 Acme'],
    ['only control characters: nothing', '\u0000\u0007\u202e', ''],
    ['the longest that stays', 'x'.repeat(60), 'x'.repeat(60)],
    ['longer ends in an ellipsis', '🏢'.repeat(61), `${'🏢'.repeat(59)}…`],
  ])('%s', (_why, given, shown) => {
    expect(displayName(given)).toBe(shown);
  });

  test('A-35 A-104 whatever comes in, one bounded line without control characters comes out', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 300 }), (text, max) => {
        const shown = displayName(text, max);
        expect(Array.from(shown).length).toBeLessThanOrEqual(max);
        expect(shown).not.toMatch(/[\p{Cc}\p{Surrogate}\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/u);
        expect(displayName(shown, max)).toBe(shown);
      }),
    );
  });
});

describe('templates', () => {
  test.each<[template: string, names: Record<string, string | undefined>, filled: string]>([
    ['Sign in to {application}', { application: 'Grafana' }, 'Sign in to Grafana'],
    ['Sign in to {application}', {}, 'Sign in to this application'],
    ["{connection} isn't answering", {}, "Your organization's sign-in isn't answering"],
    ['It ended. {tenant} did it.', {}, 'It ended. Your organization did it.'],
    [
      'Ask {tenant}, then {application}',
      { tenant: '', application: '\u202e' },
      'Ask your organization, then this application',
    ],
    ['Ask {tenant}. Then wait.', { tenant: 'Acme Inc.' }, 'Ask Acme Inc. Then wait.'],
    ['Ask {tenant}.', { tenant: 'Acme Inc.' }, 'Ask Acme Inc.'],
    ['{application}', { application: '{tenant}', tenant: 'Acme' }, '{tenant}'],
  ])('%s', (template, names, filled) => {
    expect(fill(template, names)).toBe(filled);
  });

  test('names stand apart from our own words', () => {
    expect(fillPieces('Back to {application}', { application: 'Grafana' })).toEqual([
      { text: 'Back to ', name: false },
      { text: 'Grafana', name: true },
    ]);
  });

  test('a placeholder without value or phrase is a fault of ours', () => {
    expect(() => fill('Wait {wait}')).toThrow(TypeError);
  });
});

test.each<[iso: string, shown: string]>([
  ['2026-11-22T10:04:31.000Z', '22 Nov 2026, 10:04 UTC'],
  ['2027-01-02T00:00:00.000Z', '2 Jan 2027, 00:00 UTC'],
])('the instant %s is written %s', (iso, shown) => {
  expect(formatInstant(new Date(iso))).toBe(shown);
});

test.each<[seconds: number, shown: string]>([
  [-1, '0 seconds'],
  [0.9, '0 seconds'],
  [1, '1 second'],
  [30, '30 seconds'],
  [90, '1 minute 30 seconds'],
  [3_600, '1 hour'],
  [3_601, '1 hour'],
  [273_845, '3 days 4 hours'],
])('%d seconds are %s', (seconds, shown) => {
  expect(formatDuration(seconds)).toBe(shown);
});
