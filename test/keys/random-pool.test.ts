import { expect, test } from '@jest/globals';
import { poolRandom } from '../../src/keys/random-pool.js';

/** Fills with 1, 2, 3, …, and keeps what it was given to fill. */
function counting() {
  let next = 0;
  const filled: Uint8Array[] = [];
  const fill = (bytes: Uint8Array): void => {
    filled.push(bytes);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = next = (next + 1) % 251;
  };
  return { fill, filled };
}

test('gives the bytes of its source in order, none twice, whatever is done with those given before', () => {
  const source = counting();
  const random = poolRandom(source.fill);
  const first = random(3);
  expect([...first]).toEqual([1, 2, 3]);
  first.fill(0);
  expect([...random(2)]).toEqual([4, 5]);
  const all = Array.from({ length: 1000 }, () => random(16));
  expect(all.every((bytes) => bytes.length === 16 && bytes.some((byte) => byte !== 0))).toBe(true);
  expect(source.filled.length).toBeLessThan(6);
});

test('keeps nothing of what it gave', () => {
  const source = counting();
  const random = poolRandom(source.fill);
  random(16);
  expect([...(source.filled[0]?.subarray(0, 16) ?? [])]).toEqual(Array.from({ length: 16 }, () => 0));
});

test('asks its source at once for more than it holds', () => {
  const random = poolRandom(counting().fill);
  expect(random(10_000)).toHaveLength(10_000);
  expect(random(10_000)[9_999]).not.toBe(0);
});
