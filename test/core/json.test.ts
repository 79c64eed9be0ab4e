import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, type Json } from '../../src/core/json.js';
import { plainText } from '../../src/core/text.js';

test('equal values have equal bytes, whatever the order of their keys', () => {
  expect(canonicalJson({ b: 1, a: [true, null, { d: 'x', c: 2 }] })).toBe(
    '{"a":[true,null,{"c":2,"d":"x"}],"b":1}',
  );
});

test('canonical JSON reads back as the value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value as Json))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test.each([
  ['a\nb\u001b[31mc', 'a b [31mc'],
  ['\u202egnp.exe\u2066', ' gnp.exe '],
  ['a\ud800b', 'ab'],
])('A-127 control characters of %j do not survive', (text, plain) => {
  expect(plainText(text)).toBe(plain);
});

test('plain text is cut to its limit and never in the middle of a character', () => {
  expect(plainText('x'.repeat(400))).toHaveLength(300);
  expect(plainText(`${'x'.repeat(299)}😀`)).toBe('x'.repeat(299));
});
