import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { returnPath } from '../../src/http/return-path.js';

const URLS = ['https://sso.example.com', 'https://example.com/causeway', 'http://localhost:3000'];

test.each([
  ['//evil.example'],
  ['/\\evil.example'],
  ['\\\\evil.example'],
  ['https:evil.example'],
  ['https://sso.example.com/console/'],
  ['javascript:alert(1)'],
  ['/\t/evil.example'],
  ['/\n/evil.example'],
  ['/.//evil.example'],
  ['/..//evil.example'],
  [' /console/'],
  ['console/'],
  [''],
  [`/${'x'.repeat(3_000)}`],
])('A-105 %j is nowhere', (text) => {
  expect(returnPath('https://sso.example.com', text)).toBeUndefined();
});

test('A-105 whatever is given, a browser stays on our origin, below our path', () => {
  const nasty = fc.string({
    unit: fc.constantFrom(...Array.from('/\\.:@#?%0aAde \t\nevilhtps[]&;')),
    maxLength: 30,
  });
  fc.assert(
    fc.property(fc.constantFrom(...URLS), fc.oneof(nasty, fc.webPath(), fc.string()), (publicUrl, rest) => {
      const path = returnPath(publicUrl, `/${rest}`);
      if (path === undefined) return;
      expect(path).toMatch(/^\/(?!\/)/);
      const { origin, pathname } = new URL(publicUrl);
      const landed = new URL(path, `${publicUrl}/console/sign-in`);
      expect(landed.origin).toBe(origin);
      expect(`${landed.pathname}/`.startsWith(pathname.replace(/\/?$/, '/'))).toBe(true);
      // It is its own normal form.
      expect(returnPath(publicUrl, path)).toBe(path);
    }),
    { numRuns: 500 },
  );
});

test.each(['http://[', 'http://%zz', '/%zz', '/[', 'https://a b', '\u0000'])(
  'A-106 what no URL can be made of, as %j, throws nothing',
  (text) => {
    for (const base of URLS) expect(returnPath(base, text) ?? '/').toMatch(/^\/(?!\/)/);
  },
);

test('a path of ours is kept with its query', () => {
  expect(returnPath('https://example.com/causeway', '/causeway/console/a?b=c&d=%2F#e')).toBe(
    '/causeway/console/a?b=c&d=%2F#e',
  );
  expect(returnPath('https://example.com/causeway', '/causeway-evil/')).toBeUndefined();
});
