import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createIds } from '../../src/core/ids.js';
import { newRecoveryCodes, recoveryCodeHash } from '../../src/domain/account/recovery-codes.js';
import { oneTimeCodes } from '../../src/keys/one-time-codes.js';

/** RFC 6238 appendix B: the seed `12345678901234567890`, the last six of its eight digits. */
const SEED = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

test.each([
  [1234567890, '005924', 41152263],
  [1111111109, '081804', 37037036],
  [20000000000, '353130', 666666666],
])('RFC 6238 at %i s the code is %s, of step %i', (seconds, code, step) => {
  const at = (offset: number): Date => new Date((seconds + offset) * 1000);
  expect(oneTimeCodes.stepOf(SEED, code, at(0))).toBe(step);
  expect(oneTimeCodes.stepOf(SEED, code, at(30))).toBe(step);
  expect(oneTimeCodes.stepOf(SEED, code, at(-30))).toBe(step);
  expect(oneTimeCodes.stepOf(SEED, code, at(60))).toBeUndefined();
  expect(oneTimeCodes.stepOf(SEED, code, at(-60))).toBeUndefined();
});

test.each(['', '28708', '2870822', '28708a', '２８７０８２', ' 287082'])('%j is no code', (code) => {
  expect(oneTimeCodes.stepOf(SEED, code, new Date(1_111_111_109_000))).toBeUndefined();
});

test('a seed has 160 bits, and its address says whose it is', () => {
  const seed = oneTimeCodes.newSeed();
  expect(seed).toMatch(/^[A-Z2-7]{32}$/);
  const address = new URL(oneTimeCodes.address(seed, 'ada', 'Causeway'));
  expect([address.protocol, address.host]).toEqual(['otpauth:', 'totp']);
  expect(address.searchParams.get('secret')).toBe(seed);
});

test('A-120 recovery codes: ten of 80 bits, read whatever way they are typed', () => {
  const ids = createIds(randomBytes, () => 0);
  const codes = newRecoveryCodes(ids);
  expect(codes).toHaveLength(10);
  for (const code of codes) {
    expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    const typed = code.toLowerCase().replaceAll('-', '').replaceAll('0', 'o').replaceAll('1', 'i');
    expect(recoveryCodeHash(typed)).toEqual(recoveryCodeHash(code));
  }
  expect(new Set(codes.map((code) => recoveryCodeHash(code)?.toString('hex'))).size).toBe(10);
  for (const text of ['', '123456', 'x'.repeat(10_000), 'ABCD-EFGH-JKMN-PQRU'])
    expect(recoveryCodeHash(text)).toBeUndefined();
});
