import { describe, expect, test } from '@jest/globals';
import { passwordFault } from '../../src/domain/account/password.js';
import { Argon2Hasher } from '../../src/keys/password-hasher.js';

const PASSWORD = 'correct horse battery';

describe('passwords', () => {
  test('A-123 are hashed by Argon2id with 64 MiB, three passes, a salt of their own, and whole', async () => {
    const hasher = new Argon2Hasher();
    const long = 'é'.repeat(1_000);
    const [one, other, ofLong] = await Promise.all(
      [PASSWORD, PASSWORD, long].map((text) => hasher.hash(text)),
    );
    expect(one).toMatch(/^\$argon2id\$v=19\$m=65536,t=3,p=1\$/);
    expect(one).not.toBe(other);
    expect(await hasher.verify(one ?? '', PASSWORD)).toBe(true);
    expect(await hasher.verify(one ?? '', PASSWORD.toUpperCase())).toBe(false);
    expect(await hasher.verify(ofLong ?? '', long)).toBe(true);
    expect(await hasher.verify(ofLong ?? '', `${long.slice(0, -1)}e`)).toBe(false);
    expect(await hasher.verify(ofLong ?? '', `${long}x`.repeat(10))).toBe(false);
    expect(await hasher.verify(one ?? '', `${PASSWORD}\u0000`)).toBe(false);
  });

  test('A-110 nobody’s are compared, too: it takes a place like any other', async () => {
    const hasher = new Argon2Hasher({ running: 1, waiting: 0 });
    const first = hasher.verify(null, '');
    await expect(hasher.verify(null, PASSWORD)).rejects.toMatchObject({
      code: 'limit_exceeded',
      details: { retryAfterSeconds: '2' },
    });
    expect(await first).toBe(false);
  });

  test('A-124 few are hashed at once, some wait in their order, and places are given back', async () => {
    const hasher = new Argon2Hasher({ running: 1, waiting: 2 });
    const done: number[] = [];
    const tries = Array.from({ length: 5 }, async (_, index) => {
      await hasher.verify(null, PASSWORD);
      done.push(index);
    });
    const ended = await Promise.allSettled(tries);
    expect(ended.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(done).toEqual([0, 1, 2]);
    expect(await hasher.verify(null, PASSWORD)).toBe(false);
  });

  test.each([
    ['12 characters', 'abcdefghijkl', undefined],
    ['11 characters', 'abcdefghijk', 'too_short'],
    ['11 characters of two code units', '👍'.repeat(11), 'too_short'],
    ['1,000 characters of two code units', '👍'.repeat(1_000), undefined],
    ['1,001 characters', 'x'.repeat(1_001), 'too_long'],
    ['a NUL', 'abcdefgh\u0000ijklmn', 'unreadable'],
    ['the user name', 'ADA@acme.EXAMPLE', 'is_user_name'],
    ['blanks at both ends', '  abcdefgh  ', undefined],
  ])('%s', (_what, password, fault) => {
    expect(passwordFault(password, 'ada@acme.example')).toBe(fault);
  });
});
