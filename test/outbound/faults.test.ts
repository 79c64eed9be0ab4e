import { monitorEventLoopDelay } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Lane } from '../../src/outbound/outbound.js';
import { aClient, closeClients, reasonOf, resolverOf } from './support/client.js';
import { closedPort, startHttp, startRaw, startTcp, stopServers } from './support/servers.js';

const lane: Lane = { name: 'connection:acme:okta', deadlineMs: 2_000 };
const other: Lane = { name: 'connection:globex:okta', deadlineMs: 2_000 };

afterEach(async () => {
  await closeClients();
  await stopServers();
});

describe('F-07 the upstream is down', () => {
  test('a refused connection is said at once', async () => {
    const { outbound } = aClient();
    expect(await reasonOf(outbound.request({ lane, url: `http://127.0.0.1:${await closedPort()}/` }))).toBe(
      'connect',
    );
  });

  test.each([
    ['a name server that fails', () => Promise.reject(new Error('SERVFAIL'))],
    ['a name without addresses', resolverOf([])],
  ])('%s is a dns failure', async (_what, resolve) => {
    const { outbound } = aClient({ resolve });
    expect(await reasonOf(outbound.request({ lane, url: 'https://okta.example/' }))).toBe('dns');
  });

  test('a name server that hangs ends with the deadline', async () => {
    const { outbound } = aClient({ resolve: () => new Promise(() => undefined) });
    const startedAt = performance.now();
    const call = outbound.request({ lane: { ...lane, deadlineMs: 200 }, url: 'https://okta.example/' });
    expect(await reasonOf(call)).toBe('timeout');
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });

  test('a host that accepts and says nothing during the handshake ends with the deadline', async () => {
    const server = await startTcp(() => undefined);
    const { outbound } = aClient({ resolve: resolverOf(['127.0.0.1']) });
    const call = outbound.request({
      lane: { ...lane, deadlineMs: 200 },
      url: `https://okta.example:${server.port}/`,
    });
    expect(await reasonOf(call)).toBe('timeout');
  });

  test('five failures open the circuit of that lane alone; it answers at once', async () => {
    const dead = `http://127.0.0.1:${await closedPort()}/`;
    const well = await startHttp((_request, response) => response.end('well'));
    const { outbound, log } = aClient();
    for (let i = 0; i < 5; i += 1)
      expect(await reasonOf(outbound.request({ lane, url: dead }))).toBe('connect');

    const startedAt = performance.now();
    expect(await reasonOf(outbound.request({ lane, url: dead }))).toBe('circuit_open');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(outbound.lanes()).toEqual([
      {
        lane: lane.name,
        circuit: 'open',
        failures: 5,
        active: 0,
        openedAt: new Date('2026-11-22T10:00:00Z'),
      },
    ]);
    expect(log.lines.filter(({ event }) => event === 'outbound.circuit_opened')).toHaveLength(1);
    expect((await outbound.request({ lane: other, url: `http://127.0.0.1:${well.port}/` })).status).toBe(200);
  });

  test('when it is well again, the next call after 10 s closes the circuit', async () => {
    let status = 500;
    const server = await startHttp((_request, response) => response.writeHead(status).end());
    const { outbound, clock, log } = aClient();
    const call = () => outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` });
    for (let i = 0; i < 5; i += 1) expect((await call()).status).toBe(500);
    expect(await reasonOf(call())).toBe('circuit_open');

    clock.advance(10);
    expect((await call()).status).toBe(500);
    expect(await reasonOf(call())).toBe('circuit_open');

    status = 200;
    clock.advance(10);
    expect((await call()).status).toBe(200);
    expect(outbound.lanes()).toEqual([]);
    expect(log.lines.map(({ event }) => event)).toContain('outbound.circuit_closed');
  });

  test('while the probe is out others are refused; an aborted probe lets the next one through', async () => {
    const held: (() => void)[] = [];
    const server = await startHttp((_request, response) => {
      held.push(() => response.end());
    });
    const dead = `http://127.0.0.1:${await closedPort()}/`;
    const { outbound, clock } = aClient();
    for (let i = 0; i < 5; i += 1) await reasonOf(outbound.request({ lane, url: dead }));
    clock.advance(10);

    const url = `http://127.0.0.1:${server.port}/`;
    const caller = new AbortController();
    const probe = outbound.request({ lane, url, signal: caller.signal });
    await until(() => held.length === 1);
    expect(await reasonOf(outbound.request({ lane, url }))).toBe('circuit_open');
    caller.abort(new Error('the browser went away'));
    await expect(probe).rejects.toThrow('the browser went away');

    const next = outbound.request({ lane, url });
    await until(() => held.length === 2);
    held[1]?.();
    expect((await next).status).toBe(200);
  });

  test.each([400, 401, 404, 429])('%s is an answer and never opens the circuit', async (status) => {
    const server = await startHttp((_request, response) =>
      response.writeHead(status, { 'retry-after': '60' }).end(),
    );
    const { outbound } = aClient();
    for (let i = 0; i < 8; i += 1) {
      expect((await outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` })).status).toBe(status);
    }
    expect(outbound.lanes()).toEqual([]);
  });
});

describe('F-08 the upstream is slow', () => {
  test('20 calls at once, 100 wait, more are turned away; all end in time; nobody else waits', async () => {
    let active = 0;
    let most = 0;
    const slow = await startHttp((request, response) => {
      active += 1;
      most = Math.max(most, active);
      const timer = setInterval(() => response.write('.'), 50);
      request.socket.once('close', () => {
        active -= 1;
        clearInterval(timer);
      });
    });
    const fast = await startHttp((_request, response) => response.end());
    const { outbound } = aClient();
    const lag = monitorEventLoopDelay({ resolution: 5 });
    lag.enable();
    const slowUrl = `http://127.0.0.1:${slow.port}/`;
    const calls = Array.from({ length: 130 }, () =>
      reasonOf(outbound.request({ lane: { ...lane, deadlineMs: 1_000 }, url: slowUrl })),
    );
    await until(() => active === 20);
    const startedAt = performance.now();
    await outbound.request({ lane: other, url: `http://127.0.0.1:${fast.port}/` });
    expect(performance.now() - startedAt).toBeLessThan(300);

    const reasons = await Promise.all(calls);
    lag.disable();
    expect(most).toBe(20);
    // Five time-outs open the circuit; until then a place that falls free goes to the next in the queue.
    const timeouts = reasons.filter((reason) => reason === 'timeout').length;
    expect(timeouts).toBeGreaterThanOrEqual(20);
    expect(timeouts).toBeLessThan(25);
    expect(reasons.filter((reason) => reason === 'busy' || reason === 'circuit_open')).toHaveLength(
      130 - timeouts,
    );
    expect(lag.max / 1e6).toBeLessThan(250);
  });

  test('lanes of one budget share the limit', async () => {
    let active = 0;
    const held: (() => void)[] = [];
    const server = await startHttp((_request, response) => {
      active += 1;
      held.push(() => response.end());
    });
    const { outbound } = aClient();
    const url = `http://127.0.0.1:${server.port}/`;
    const calls = ['a', 'b', 'c'].map((name) =>
      outbound.request({ lane: { name, budget: 'tenant:acme', concurrencyMax: 2 }, url }),
    );
    await until(() => active === 2);
    expect(outbound.lanes().map((state) => state.lane)).toEqual(['a', 'b']);
    held[0]?.();
    await until(() => active === 3);
    for (const release of held) release();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe('F-09 the upstream asks for patience', () => {
  test.each<
    [what: string, method: 'GET' | 'POST', status: number, retryAfter: string | undefined, visits: number]
  >([
    ['GET, now', 'GET', 503, '0', 2],
    ['GET, 429 in a second', 'GET', 429, '1', 2],
    ['GET, too late', 'GET', 503, '60', 1],
    ['GET, no time named', 'GET', 503, undefined, 1],
    ['POST, now', 'POST', 503, '0', 1],
    ['POST, 429 in a second', 'POST', 429, '1', 1],
  ])('%s', async (_what, method, status, retryAfter, visits) => {
    let seen = 0;
    const server = await startHttp((_request, response) => {
      seen += 1;
      response.writeHead(
        seen === 1 ? status : 200,
        retryAfter === undefined ? {} : { 'retry-after': retryAfter },
      );
      response.end();
    });
    const { outbound } = aClient();
    const answer = await outbound.request({ lane, url: `http://127.0.0.1:${server.port}/`, method });
    expect([seen, answer.status]).toEqual([visits, visits === 2 ? 200 : status]);
  });

  test('one retry, not two', async () => {
    let seen = 0;
    const server = await startHttp((_request, response) => {
      seen += 1;
      response.writeHead(503, { 'retry-after': '0' }).end();
    });
    const { outbound } = aClient();
    expect((await outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` })).status).toBe(503);
    expect(seen).toBe(2);
  });

  test('a wait past the deadline is not begun', async () => {
    const server = await startHttp((_request, response) =>
      response.writeHead(503, { 'retry-after': '1' }).end(),
    );
    const { outbound } = aClient();
    const startedAt = performance.now();
    const url = `http://127.0.0.1:${server.port}/`;
    expect((await outbound.request({ lane: { ...lane, deadlineMs: 900 }, url })).status).toBe(503);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  test.each<[method: 'GET' | 'POST' | 'PUT' | 'DELETE', connections: number, outcome: string]>([
    ['GET', 2, '2xx'],
    ['POST', 1, 'connect'],
    ['PUT', 1, 'connect'],
    ['DELETE', 1, 'connect'],
  ])('%s on a connection that is cut is sent %s times', async (method, connections, outcome) => {
    let seen = 0;
    const server = await startTcp((socket) => {
      seen += 1;
      const first = seen === 1;
      socket.once('data', () => {
        if (first) socket.resetAndDestroy();
        else socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    });
    const { outbound, outcomes } = aClient();
    const body = method === 'GET' ? {} : { body: 'code=once' };
    await outbound
      .request({ lane, url: `http://127.0.0.1:${server.port}/`, method, ...body })
      .catch(() => undefined);
    expect([seen, outcomes]).toEqual([connections, [[lane.name, outcome]]]);
  });

  test('a GET on a keep-alive connection that the server closes under it is sent again', async () => {
    let seen = 0;
    const server = await startTcp((socket) => {
      let onThisSocket = 0;
      socket.on('data', () => {
        seen += 1;
        onThisSocket += 1;
        if (onThisSocket === 2) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    });
    const { outbound } = aClient();
    const url = `http://127.0.0.1:${server.port}/`;
    await outbound.request({ lane, url });
    await outbound.request({ lane, url });
    expect([seen, server.connections()]).toEqual([3, 2]);
  });
});

describe('F-10 the upstream sends garbage', () => {
  const json = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
  test.each<[what: string, answer: string | Buffer, outcome: string]>([
    ['not HTTP', 'hello\r\n\r\n', 'bad_response'],
    ['a body shorter than announced', `${json}content-length: 100\r\n\r\n{`, 'bad_response'],
    ['a chunk that breaks off', `${json}transfer-encoding: chunked\r\n\r\n10\r\n{`, 'bad_response'],
    ['a chunk size that is none', `${json}transfer-encoding: chunked\r\n\r\nzz\r\n`, 'bad_response'],
    ['two lengths', `${json}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 'bad_response'],
    ['an unknown status', 'HTTP/1.1 700 Odd\r\ncontent-length: 0\r\n\r\n', 'bad_response'],
    ['gzip that is none', 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nplain', 'bad_response'],
    ['gzip that breaks off', truncatedGzip(), 'bad_response'],
    ['JSON in Latin-1', Buffer.from(`${json}content-length: 3\r\n\r\n"\u00e9"`, 'latin1'), 'bad_response'],
    ['text in Latin-1', Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n"\u00e9"', 'latin1'), '2xx'],
    ['HTML', 'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 3\r\n\r\n<p>', '2xx'],
    ['an end before any answer', '', 'connect'],
  ])('%s: %s', async (_what, answer, outcome) => {
    const server = await startRaw(answer);
    const { outbound, outcomes } = aClient();
    await outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` }).catch(() => undefined);
    expect(outcomes).toEqual([[lane.name, outcome]]);
  });
});

function truncatedGzip(): Buffer {
  const head = Buffer.from('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n');
  return Buffer.concat([head, gzipSync('{"keys":[]}').subarray(0, 15)]);
}

async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error('it did not come to pass');
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
