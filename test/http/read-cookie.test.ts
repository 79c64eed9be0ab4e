import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import Koa from 'koa';
import { readCookie } from '../../src/http/read-cookie.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const requestWith = (cookie: string | undefined): IncomingMessage => {
  const request = new IncomingMessage(new Socket());
  if (cookie !== undefined) request.headers.cookie = cookie;
  return request;
};

const byLibrary = (request: IncomingMessage, name: string): string | undefined =>
  new Koa().createContext(request, new ServerResponse(request)).cookies.get(name, { signed: false });

test('a cookie is read as the library reads it', () => {
  const names = fc.constantFrom('a', 'ab', 'b', 'cw_t_0');
  const value = fc.string({ unit: fc.constantFrom(...Array.from('ab=" %._-')), maxLength: 6 });
  const pair = fc.tuple(fc.constantFrom('', ' ', '  '), names, fc.constantFrom('=', '= ', ''), value);
  const header = fc.option(
    fc.array(pair, { maxLength: 5 }).map((pairs) => pairs.map((parts) => parts.join('')).join(';')),
    { nil: undefined },
  );
  fc.assert(
    fc.property(header, names, (cookie, name) => {
      const request = requestWith(cookie);
      expect(readCookie(request, name)).toBe(byLibrary(request, name));
    }),
    { numRuns: 500 },
  );
});

test('names that nobody will ask for again leave nothing in the memory', () => {
  const request = requestWith('cw_t_0=value');
  const bytesOf = (read: (from: IncomingMessage, name: string) => unknown): number => {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let count = 0; count < 20_000; count += 1) read(request, `cw_t_${count}`);
    collectGarbage();
    return process.memoryUsage().heapUsed - before;
  };
  expect(bytesOf(readCookie)).toBeLessThan(1_000_000);
  // Which is why it isn't asked for them.
  expect(bytesOf(byLibrary)).toBeGreaterThan(3_000_000);
});
