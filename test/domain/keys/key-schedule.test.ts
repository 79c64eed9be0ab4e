import { describe, expect, test } from '@jest/globals';
import {
  currentSeconds,
  dueSteps,
  KEY_SCHEDULE,
  KEY_SET_MAX_AGE_SECONDS,
  lingerSeconds,
  SIGNED_SECONDS,
  type KeyFacts,
} from '../../../src/domain/keys/key-schedule.js';
import { ID_TOKEN_SECONDS, SESSION_ABSOLUTE_SECONDS } from '../../../src/op/lifetimes.js';

const BEGIN = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number): Date => new Date(BEGIN + seconds * 1000);

const key = (id: string, state: KeyFacts['state'], facts: Partial<KeyFacts> = {}): KeyFacts => ({
  id,
  alg: 'RS256',
  connectionId: null,
  state,
  createdAt: at(0),
  stateChangedAt: at(0),
  dueAt: null,
  ...facts,
});

const told = (keys: readonly KeyFacts[], seconds: number): readonly string[] =>
  dueSteps(keys, at(seconds), KEY_SCHEDULE).map((step) =>
    step.step === 'publish' ? `publish ${step.owner.alg}` : `${step.step} ${step.key.id}`,
  );

describe('the steps of a key', () => {
  const DUE = currentSeconds(KEY_SCHEDULE);

  test('a successor is published a day before ninety days are over, once', () => {
    const current = key('a', 'current');
    expect(told([current], DUE - 1)).toEqual([]);
    expect(told([current], DUE)).toEqual(['publish RS256']);
    expect(told([current, key('b', 'next', { dueAt: at(DUE + 600) })], DUE + 1)).toEqual([]);
  });

  test('it signs when its time has come, not before', () => {
    const keys = [key('a', 'current'), key('b', 'next', { dueAt: at(600) })];
    expect(told(keys, 599)).toEqual([]);
    expect(told(keys, 600)).toEqual(['promote b']);
  });

  test('its predecessor stays until the last token has expired', () => {
    const keys = [key('a', 'retiring', { dueAt: at(90_000) }), key('b', 'current')];
    expect(told(keys, 89_999)).toEqual([]);
    expect(told(keys, 90_000)).toEqual(['retire a']);
  });

  test("algorithms and connections don't wait for each other, and retired keys for nothing", () => {
    const keys = [
      key('a', 'current'),
      key('b', 'next', { dueAt: at(5) }),
      key('c', 'current', { alg: 'ES256' }),
      key('d', 'current', { connectionId: 'okta' }),
      key('e', 'next', { connectionId: 'okta', dueAt: at(DUE * 2) }),
      key('f', 'retired'),
    ];
    expect(told(keys, DUE)).toEqual(['promote b', 'publish ES256']);
  });
});

const apis = (accessTokenSeconds: number) => ({
  apis: [
    {
      id: '1',
      identifier: 'urn:a',
      scopes: [],
      tokenFormat: 'jwt' as const,
      isDefault: false,
      accessTokenSeconds,
      profile: 'rfc9068' as const,
    },
  ],
});

describe('times', () => {
  test('F-16 a key is published for twice as long as a key set may be kept before it signs, on schedule for a day', () => {
    expect(KEY_SCHEDULE.publishedSeconds).toBeGreaterThanOrEqual(KEY_SET_MAX_AGE_SECONDS + 300);
    expect(KEY_SCHEDULE.aheadSeconds).toBeGreaterThanOrEqual(86_400 + KEY_SET_MAX_AGE_SECONDS);
  });

  test('F-16 a key stays published for longer than anything that it signed', () => {
    const issuer = { connectionId: null, alg: 'RS256' } as const;
    expect(SIGNED_SECONDS).toBeGreaterThanOrEqual(Math.max(ID_TOKEN_SECONDS, SESSION_ABSOLUTE_SECONDS));
    expect(lingerSeconds(issuer, { apis: [] })).toBeGreaterThan(SIGNED_SECONDS);
    expect(lingerSeconds(issuer, apis(60))).toBeGreaterThan(SIGNED_SECONDS);
    expect(lingerSeconds(issuer, apis(500_000))).toBeGreaterThan(500_000);
    expect(lingerSeconds({ ...issuer, connectionId: 'okta' }, { apis: [] })).toBeGreaterThan(600);
  });
});
