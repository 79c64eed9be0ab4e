import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createIds, isUuid } from '../../src/core/ids.js';

describe('ids', () => {
  test('a UUIDv7 begins with its time, so that later ids sort later', () => {
    let nowMs = Date.parse('2026-11-22T00:00:00Z');
    const ids = createIds(randomBytes, () => nowMs);
    const made = Array.from({ length: 50 }, () => {
      nowMs += 1;
      return ids.uuid();
    });
    expect(made.every(isUuid)).toBe(true);
    expect(made.every((id) => id[14] === '7' && '89ab'.includes(id[19] ?? ''))).toBe(true);
    expect(made).toEqual(made.toSorted());
    expect(Number.parseInt(`${made[0]?.slice(0, 8)}${made[0]?.slice(9, 13)}`, 16)).toBe(
      Date.parse('2026-11-22T00:00:00.001Z'),
    );
  });

  test('ids of one millisecond are in the order of their making, also thousands of them and when the clock goes back', () => {
    let nowMs = 1_000_000;
    const ids = createIds(randomBytes, () => nowMs);
    const made = Array.from({ length: 10_000 }, (_unused, index) => {
      if (index === 5_000) nowMs -= 500;
      return ids.uuid();
    });
    expect(made).toEqual(made.toSorted());
    expect(new Set(made).size).toBe(10_000);
    expect(made.every(isUuid)).toBe(true);
  });

  test('a reference can be read out loud', () => {
    const ids = createIds(randomBytes, () => 0);
    for (let i = 0; i < 100; i += 1)
      expect(ids.reference()).toMatch(/^cw-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  });

  test('a secret has the bytes that were asked for, base64url without padding', () => {
    const ids = createIds(randomBytes, () => 0);
    expect(Buffer.from(ids.secret(32), 'base64url')).toHaveLength(32);
    expect(ids.secret(32)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
