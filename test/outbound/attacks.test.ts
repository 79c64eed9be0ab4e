import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { constants, createBrotliCompress, createDeflate, createGzip, gzipSync } from 'node:zlib';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Transform } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { BYTES_MAX } from '../../src/outbound/outbound.js';
import type { Lane } from '../../src/outbound/outbound.js';
import { aClient, closeClients, failureOf, nowhere, reasonOf, resolverOf } from './support/client.js';
import { startHttp, startRaw, startTcp, stopServers } from './support/servers.js';

const lane: Lane = { name: 'connection:acme:okta', deadlineMs: 2_000 };

afterEach(async () => {
  await closeClients();
  await stopServers();
});

describe('A-40 addresses', () => {
  const inside = [
    ['loopback', '127.0.0.1'],
    ['metadata', '169.254.169.254'],
    ['RFC 1918', '10.0.0.5'],
    ['shared', '100.64.0.1'],
    ['unique local', 'fd00::1'],
    ['NAT64', '64:ff9b::a00:1'],
    ['mapped', '::ffff:10.0.0.1'],
  ];

  test.each(inside)('a public name that leads to %s (%s) is refused', async (_what, address) => {
    const { outbound, log } = aClient({ privateAddresses: 'refuse', resolve: resolverOf([address]) });
    const error = await failureOf(outbound.request({ lane, url: 'https://rebound.nip.example/' }));
    expect(error.reason).toBe('address_refused');
    expect(error.message).not.toContain(address);
    const line = log.lines.find(({ event }) => event === 'outbound.address_refused');
    expect(line?.fields).toMatchObject({ host: 'rebound.nip.example', addresses: [address] });
  });

  test('one private address among public ones refuses them all', async () => {
    const resolve = resolverOf(['93.184.216.34', '127.0.0.1']);
    const { outbound } = aClient({ privateAddresses: 'refuse', resolve });
    expect(await reasonOf(outbound.request({ lane, url: 'https://mixed.example/' }))).toBe('address_refused');
  });

  test('a name may lead to a range that the operator listed, and to no other', async () => {
    const server = await startHttp((_request, response) => response.end('inside'));
    const allowed = { privateAddresses: ['127.0.0.1/32'], allowHttpLoopback: true } as const;
    const { outbound } = aClient({ ...allowed, resolve: nowhere });
    const answer = await outbound.request({ lane, url: `http://localhost:${server.port}/` });
    expect(answer.body.toString()).toBe('inside');
    const other = aClient({ ...allowed, resolve: resolverOf(['127.0.0.2']) });
    const url = `https://inside.example:${server.port}/`;
    expect(await reasonOf(other.outbound.request({ lane, url }))).toBe('address_refused');
  });

  test('a name server that says nonsense is refused', async () => {
    const { outbound } = aClient({ privateAddresses: 'refuse', resolve: resolverOf(['not an address']) });
    expect(await reasonOf(outbound.request({ lane, url: 'https://odd.example/' }))).toBe('address_refused');
  });

  test('what is refused by its text asks no name server and counts against nobody', async () => {
    const { outbound, outcomes } = aClient({ privateAddresses: 'refuse', resolve: nowhere });
    for (let i = 0; i < 10; i += 1) {
      expect(await reasonOf(outbound.request({ lane, url: 'https://169.254.169.254/' }))).toBe(
        'address_refused',
      );
    }
    expect(outbound.lanes()).toEqual([]);
    expect(outcomes).toHaveLength(10);
  });
});

describe('A-41 DNS rebinding', () => {
  test('the name is resolved once per connection, and the connection goes to what was judged', async () => {
    const good = await startHttp((_request, response) => {
      response.setHeader('connection', 'close');
      response.end('good');
    });
    // 127.0.0.1 stands for a permitted address, 127.0.0.2 for the one that the second answer smuggles in.
    const resolve = resolverOf(['127.0.0.1'], ['127.0.0.2']);
    const { outbound } = aClient({ privateAddresses: ['127.0.0.1/32'], allowHttpLoopback: true, resolve });
    const call = () => outbound.request({ lane, url: `https://rebind.example:${good.port}/` });
    expect(await reasonOf(call())).toBe('tls');
    expect([resolve.asked(), good.connections()]).toEqual([1, 1]);
    expect(await reasonOf(call())).toBe('address_refused');
    expect([resolve.asked(), good.connections()]).toEqual([2, 1]);
  });

  test('an answer that flips between check and use never reaches the second address', async () => {
    let reached = 0;
    const internal = await startHttp((_request, response) => {
      reached += 1;
      response.end();
    }, '127.0.0.2');
    const resolve = resolverOf(['127.0.0.1'], ['127.0.0.2']);
    const { outbound } = aClient({ privateAddresses: ['127.0.0.1/32'], resolve });
    // Nobody listens at 127.0.0.1 on that port: a client that resolved again to connect would reach
    // 127.0.0.2.
    const url = `https://rebind.example:${internal.port}/`;
    expect(await reasonOf(outbound.request({ lane, url }))).toBe('connect');
    expect([resolve.asked(), internal.connections(), reached]).toEqual([1, 0, 0]);
  });
});

describe('A-42 redirects', () => {
  test.each([301, 302, 303, 307, 308])('%s is an answer; nobody goes where it points', async (status) => {
    let visits = 0;
    const target = await startHttp((_request, response) => {
      visits += 1;
      response.end();
    });
    const server = await startHttp((_request, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${target.port}/metadata` }).end();
    });
    const { outbound } = aClient();
    const answer = await outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` });
    expect(answer.status).toBe(status);
    const fetched = await outbound.fetchFor(lane)(`http://127.0.0.1:${server.port}/`);
    expect([fetched.status, fetched.redirected]).toEqual([status, false]);
    expect(visits).toBe(0);
  });
});

test('A-43 an endpoint at a foreign origin is refused before its name is asked for', async () => {
  const { outbound, outcomes } = aClient({ resolve: nowhere });
  const bound: Lane = { ...lane, sameOrigin: 'https://acme.okta.com/oauth2/default' };
  const url = 'https://evil.example/token';
  expect(
    await reasonOf(outbound.request({ lane: bound, url, method: 'POST', body: 'client_secret=x' })),
  ).toBe('foreign_origin');
  expect(outcomes).toEqual([[lane.name, 'foreign_origin']]);
});

test('A-44 an error says neither what the upstream wrote nor where it lives', async () => {
  const server = await startRaw('SSH-2.0-OpenSSH_9.2 internal-banner\r\n');
  const { outbound, log } = aClient();
  const url = `http://db.localhost:${server.port}/private-path?token=private-query`;
  const error = await failureOf(
    outbound.request({ lane, url, headers: { authorization: 'private-header' } }),
  );
  expect(error.reason).toBe('bad_response');
  expect(error.message).not.toMatch(/SSH|banner|127\.0\.0\.1/);
  expect(JSON.stringify(log.lines)).not.toMatch(/banner|private/);
});

test('A-45 a webhook or logout token to an internal address is refused like a discovery', async () => {
  const { outbound } = aClient({ privateAddresses: 'refuse', resolve: resolverOf(['192.168.0.10']) });
  const send = outbound.request({ lane, url: 'https://hook.example/', method: 'POST', body: '{}' });
  expect(await reasonOf(send)).toBe('address_refused');
});

test('A-46 a key set of a client is cut off at the limit of its lane', async () => {
  const server = await startHttp((_request, response) => response.end('x'.repeat(65_537)));
  const { outbound } = aClient();
  const keys: Lane = { ...lane, bytesMax: 64 * 1024 };
  expect(await reasonOf(outbound.fetchFor(keys)(`http://127.0.0.1:${server.port}/`))).toBe('too_large');
});

describe('A-47 hostile bodies', () => {
  const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
  test.each<[encoding: string, compressor: () => Transform]>([
    ['gzip', () => createGzip()],
    ['br', () => createBrotliCompress(fast)],
    ['deflate', () => createDeflate()],
  ])('a %s bomb of 100 MB costs 256 KiB, and nobody waits for it', async (encoding, compressor) => {
    const server = await startHttp((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding });
      void pour(compressor(), response, 100);
    });
    const { outbound } = aClient();
    const lag = monitorEventLoopDelay({ resolution: 5 });
    const before = process.memoryUsage.rss();
    lag.enable();
    const error = await failureOf(
      outbound.request({ lane: { ...lane, deadlineMs: 5_000 }, url: `http://127.0.0.1:${server.port}/` }),
    );
    lag.disable();
    expect(error.reason).toBe('too_large');
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1024 * 1024);
    expect(lag.max / 1e6).toBeLessThan(1_000);
  });

  test('a small bomb that is all there at once is stopped as well', async () => {
    const member = gzipSync(Buffer.alloc(1024 * 1024));
    const bomb = Buffer.concat(Array.from({ length: 100 }, () => member));
    const server = await startHttp((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    const { outbound } = aClient();
    const before = process.memoryUsage.rss();
    expect(await reasonOf(outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` }))).toBe(
      'too_large',
    );
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1024 * 1024);
  });

  test('compressed members without content are counted too', async () => {
    const empty = Buffer.concat(Array.from({ length: 50_000 }, () => gzipSync('')));
    const server = await startHttp((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(empty);
    });
    const { outbound } = aClient();
    expect(empty.length).toBeGreaterThan(BYTES_MAX);
    expect(await reasonOf(outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` }))).toBe(
      'too_large',
    );
  });

  test('200 MB are cut off at the limit', async () => {
    let sent = 0;
    const server = await startHttp((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (sent < 200 * 1024 * 1024 && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) break;
        }
      };
      response.on('drain', more);
      more();
    });
    const { outbound } = aClient();
    const before = process.memoryUsage.rss();
    expect(await reasonOf(outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` }))).toBe(
      'too_large',
    );
    expect(sent).toBeLessThan(50 * 1024 * 1024);
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * 1024 * 1024);
  });

  test.each([
    ['exactly the limit', BYTES_MAX, '2xx'],
    ['one byte more', BYTES_MAX + 1, 'too_large'],
  ])('%s', async (_what, length, outcome) => {
    const server = await startHttp((_request, response) => response.end(Buffer.alloc(length)));
    const { outbound, outcomes } = aClient();
    await outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` }).catch(() => undefined);
    expect(outcomes).toEqual([[lane.name, outcome]]);
  });

  test.each([
    ['a byte every 20 ms', '.', 20],
    ['an endless chunked body of empty lines', '\r\n', 5],
  ])('%s ends with the deadline', async (_what, text, everyMs) => {
    const server = await startHttp((_request, response) => {
      const timer = setInterval(() => response.write(text), everyMs);
      response.on('close', () => clearInterval(timer));
    });
    const { outbound } = aClient();
    const startedAt = performance.now();
    const call = outbound.request({
      lane: { ...lane, deadlineMs: 300 },
      url: `http://127.0.0.1:${server.port}/`,
    });
    expect(await reasonOf(call)).toBe('timeout');
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  const drips: [what: string, start: string, drip: string, everyMs: number, reason: string][] = [
    ['headers, a byte at a time', 'HTTP/1.1 200 OK\r\nx: ', 'y', 20, 'timeout'],
    ['headers without end', 'HTTP/1.1 200 OK\r\n', `x-${'y'.repeat(900)}: z\r\n`, 1, 'too_large'],
    ['interim answers without end', '', 'HTTP/1.1 103 Early Hints\r\n\r\n', 1, 'timeout'],
    [
      'trailers without end',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n',
      `x-${'y'.repeat(900)}: z\r\n`,
      1,
      'bad_response',
    ],
    [
      'a chunk extension without end',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;',
      'y'.repeat(900),
      1,
      'timeout',
    ],
    ['nothing at all', '', '', 1_000, 'timeout'],
  ];
  test.each(drips)('%s', async (_what, start, drip, everyMs, reason) => {
    const server = await startTcp((socket) => {
      socket.once('data', () => {
        socket.write(start);
        const timer = setInterval(() => socket.write(drip), everyMs);
        socket.on('close', () => clearInterval(timer));
      });
    });
    const { outbound } = aClient();
    const call = outbound.request({
      lane: { ...lane, deadlineMs: 500 },
      url: `http://127.0.0.1:${server.port}/`,
    });
    expect(await reasonOf(call)).toBe(reason);
  });

  test.each(['zstd', 'gzip, gzip', 'compress', 'gzip;q=1', 'constructor'])(
    'an encoding that was not asked for (%s) is refused',
    async (encoding) => {
      const server = await startHttp((_request, response) => {
        response.writeHead(200, { 'content-encoding': encoding }).end('x');
      });
      const { outbound } = aClient();
      expect(await reasonOf(outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` }))).toBe(
        'bad_response',
      );
    },
  );
});

/** Compresses zeros without ever holding them. */
async function pour(compressor: Transform, response: ServerResponse, mebibytes: number): Promise<void> {
  compressor.on('error', () => undefined).pipe(response);
  const zeros = Buffer.alloc(1024 * 1024);
  response.once('close', () => compressor.destroy());
  for (let i = 0; i < mebibytes && !compressor.destroyed; i += 1) {
    if (!compressor.write(zeros)) await once(compressor, 'drain').catch(() => undefined);
  }
  compressor.end();
}
