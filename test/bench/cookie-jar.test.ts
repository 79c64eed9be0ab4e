import { expect, test } from '@jest/globals';
import { CookieJar } from '../../bench/driver/cookie-jar.js';

function jarWith(...lines: readonly string[]): CookieJar {
  const jar = new CookieJar();
  jar.store(lines, '/t/acme/oauth2/v1/authorize');
  return jar;
}

test.each([
  ['a=1; Path=/t/acme', '/t/acme/oauth2', 'a=1'],
  ['a=1; Path=/t/acme', '/t/acme', 'a=1'],
  ['a=1; Path=/t/acme', '/t/acme2', undefined],
  ['a=1; path=/', '/callback', 'a=1'],
  ['a=1', '/t/acme/oauth2/v1/token', 'a=1'],
  ['a=1', '/t/acme/oauth2', undefined],
  ['a=b=c; HttpOnly; Path=/', '/', 'a=b=c'],
  ['a=1; Max-Age=0; Path=/', '/', undefined],
  ['a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/', '/', undefined],
  ['a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/', '/', 'a=1'],
  ['nonsense', '/', undefined],
])('%s is sent to %s as %s', (line, path, header) => expect(jarWith(line).header(path)).toBe(header));

test('the same name and path is replaced, another path is another cookie, the longer path goes first', () => {
  const jar = jarWith('a=1; Path=/', 'a=2; Path=/', 'a=3; Path=/x');
  expect(jar.header('/x/y')).toBe('a=3; a=2');
});

test('a deleted cookie is gone', () => {
  const jar = jarWith('a=1; Path=/', 'b=1; Path=/');
  jar.store('a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/', '/');
  expect(jar.header('/')).toBe('b=1');
});

test('an answer without cookies changes nothing', () => {
  const jar = jarWith('a=1; Path=/');
  jar.store(undefined, '/');
  expect(jar.header('/')).toBe('a=1');
});
