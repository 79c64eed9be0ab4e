import type { IncomingHttpHeaders } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { DomainError } from '../../src/core/errors.js';
import type { Lane } from '../../src/outbound/outbound.js';
import { aClient, closeClients, failureOf, nowhere, reasonOf } from './support/client.js';
import { closedPort, startHttp, stopServers } from './support/servers.js';

const lane: Lane = { name: 'connection:acme:okta', deadlineMs: 2_000 };

afterEach(async () => {
  await closeClients();
  await stopServers();
});

test('a call brings status, headers and the whole body', async () => {
  const server = await startHttp((request, response) => {
    response.writeHead(201, { 'x-path': request.url ?? '', 'set-cookie': ['a=1', 'b=2'] }).end('made');
  });
  const { outbound, outcomes } = aClient();
  const answer = await outbound.request({ lane, url: `http://127.0.0.1:${server.port}/a?b=c#d` });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('x-path')).toBe('/a?b=c');
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(answer.body.toString()).toBe('made');
  expect(outcomes).toEqual([[lane.name, '2xx']]);
  expect(outbound.lanes()).toEqual([]);
});

test('an encoded body is decoded, and its headers say so no more', async () => {
  const server = await startHttp((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'GZIP' }).end(gzipSync('plain'));
  });
  const { outbound } = aClient();
  const answer = await outbound.request({ lane, url: `http://127.0.0.1:${server.port}/` });
  expect(answer.body.toString()).toBe('plain');
  expect(['content-encoding', 'content-length'].map((name) => answer.headers.get(name))).toEqual([
    null,
    null,
  ]);
});

test.each<[what: string, status: number, headers: Record<string, string>, method: 'GET' | 'HEAD']>([
  ['204', 204, { 'content-encoding': 'gzip' }, 'GET'],
  ['304', 304, { 'content-encoding': 'gzip' }, 'GET'],
  ['HEAD', 200, { 'content-encoding': 'gzip', 'content-length': '50' }, 'HEAD'],
  ['a length of zero', 200, { 'content-encoding': 'gzip', 'content-length': '0' }, 'GET'],
])('what has no body is not decoded: %s', async (_what, status, headers, method) => {
  const server = await startHttp((_request, response) => response.writeHead(status, headers).end());
  const { outbound } = aClient();
  const answer = await outbound.request({ lane, url: `http://127.0.0.1:${server.port}/`, method });
  expect([answer.status, answer.body.length]).toEqual([status, 0]);
});

describe('headers', () => {
  test('go out as given', async () => {
    expect(await headersSeen({ Authorization: 'Bearer x', DPoP: 'y' })).toMatchObject({
      authorization: 'Bearer x',
      dpop: 'y',
      'content-length': '2',
    });
  });

  test('that HTTP itself sets are not the caller’s', async () => {
    const seen = await headersSeen({
      Host: 'evil.example',
      'Content-Length': '100',
      'Transfer-Encoding': 'chunked',
      Connection: 'close',
      'User-Agent': 'curl',
      'Accept-Encoding': 'br',
      Expect: '100-continue',
    });
    expect(seen).toEqual({
      host: seen.host,
      connection: 'keep-alive',
      'content-length': '2',
      'user-agent': 'Causeway',
      'accept-encoding': 'identity',
    });
  });

  test.each(['a\r\nhost: evil.example', 'a\nb', 'a\0b', 'schlüssel 🔑'])(
    '%j cannot be sent',
    async (value) => {
      const { outbound, outcomes } = aClient();
      const call = outbound.request({ lane, url: 'http://127.0.0.1:1/', headers: { x: value } });
      await expect(call).rejects.toThrow(DomainError);
      await expect(call).rejects.toThrow(expect.objectContaining({ code: 'invalid_argument' }));
      expect(outcomes).toEqual([[lane.name, 'aborted']]);
    },
  );
});

describe('names on loopback', () => {
  test('*.localhost is loopback without a question to anyone (RFC 6761)', async () => {
    const hosts: unknown[] = [];
    const server = await startHttp((request, response) => {
      hosts.push(request.headers.host);
      response.end();
    });
    const { outbound } = aClient({ resolve: nowhere });
    for (const host of ['localhost', 'acme-okta.localhost', 'a.b.localhost']) {
      expect((await outbound.request({ lane, url: `http://${host}:${server.port}/` })).status).toBe(200);
    }
    expect(hosts).toEqual(
      ['localhost', 'acme-okta.localhost', 'a.b.localhost'].map((host) => `${host}:${server.port}`),
    );
  });

  test('IPv6 loopback serves too', async () => {
    const server = await startHttp((_request, response) => response.end(), '::1');
    const { outbound } = aClient({ resolve: nowhere });
    for (const host of ['acme-okta.localhost', '[::1]']) {
      expect((await outbound.request({ lane, url: `http://${host}:${server.port}/` })).status).toBe(200);
    }
  });
});

describe('connections', () => {
  test('are kept for the next call, also for one that follows at once', async () => {
    const server = await startHttp((_request, response) => response.end('{}'));
    const { outbound } = aClient();
    const url = `http://127.0.0.1:${server.port}/`;
    for (let i = 0; i < 20; i += 1)
      await outbound.request({ lane, url, method: i % 2 === 0 ? 'GET' : 'POST' });
    expect(server.connections()).toBe(1);
  });

  test('are closed by close(), which waits for calls in flight and takes no more', async () => {
    let finish: (() => void) | undefined;
    const server = await startHttp((request, response) => {
      if (request.url === '/slow') finish = () => response.end('done');
      else response.end();
    });
    const { outbound } = aClient();
    const url = `http://127.0.0.1:${server.port}`;
    await outbound.request({ lane, url });
    const slow = outbound.request({ lane, url: `${url}/slow` });
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    const closed = outbound.close();
    expect(await reasonOf(outbound.request({ lane, url }))).toBe('busy');
    finish?.();
    expect((await slow).body.toString()).toBe('done');
    await closed;
  });

  test('that never come to stand do not hold close() up', async () => {
    const { outbound } = aClient({ resolve: () => new Promise(() => undefined) });
    expect(
      await reasonOf(outbound.request({ lane: { ...lane, deadlineMs: 50 }, url: 'https://a.example/' })),
    ).toBe('timeout');
    const startedAt = performance.now();
    await outbound.close();
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

describe('the caller’s signal', () => {
  test('ends the call with its reason, and says nothing about the upstream', async () => {
    const server = await startHttp(() => undefined);
    const { outbound, outcomes } = aClient();
    const url = `http://127.0.0.1:${server.port}/`;
    for (let i = 0; i < 6; i += 1) {
      const caller = new AbortController();
      const call = outbound.request({ lane, url, signal: caller.signal });
      setTimeout(() => caller.abort(new Error('gone')), 10);
      await expect(call).rejects.toThrow('gone');
    }
    expect(outcomes).toHaveLength(6);
    expect(outcomes.every(([, outcome]) => outcome === 'aborted')).toBe(true);
    expect(outbound.lanes()).toEqual([]);
  });

  test('that times out is a timeout of the upstream', async () => {
    const server = await startHttp(() => undefined);
    const { outbound } = aClient();
    const url = `http://127.0.0.1:${server.port}/`;
    expect(await reasonOf(outbound.request({ lane, url, signal: AbortSignal.timeout(50) }))).toBe('timeout');
    expect(outbound.lanes()).toMatchObject([{ lane: lane.name, failures: 1 }]);
  });

  test('that has aborted already sends nothing', async () => {
    const { outbound } = aClient();
    const call = outbound.request({
      lane,
      url: 'http://127.0.0.1:1/',
      signal: AbortSignal.abort(new Error('late')),
    });
    await expect(call).rejects.toThrow('late');
  });
});

describe('lanes', () => {
  test('that are well leave nothing behind; those that failed are forgotten when nobody calls', async () => {
    const server = await startHttp((_request, response) => response.end());
    const dead = `http://127.0.0.1:${await closedPort()}/`;
    const { outbound, clock } = aClient();
    for (let i = 0; i < 50; i += 1) {
      await outbound.request({ lane: { name: `well:${i}` }, url: `http://127.0.0.1:${server.port}/` });
    }
    expect(outbound.lanes()).toEqual([]);
    for (let i = 0; i < 3; i += 1)
      await reasonOf(outbound.request({ lane: { name: `dead:${i}` }, url: dead }));
    expect(outbound.lanes().map((state) => state.lane)).toEqual(['dead:0', 'dead:1', 'dead:2']);
    clock.advance(601);
    await reasonOf(outbound.request({ lane: { name: 'dead:3' }, url: dead }));
    expect(outbound.lanes().map((state) => state.lane)).toEqual(['dead:3']);
  });

  test('a full queue is busy, at once, and not the upstream’s fault', async () => {
    const server = await startHttp(() => undefined);
    const { outbound } = aClient();
    const url = `http://127.0.0.1:${server.port}/`;
    const narrow: Lane = { name: 'narrow', concurrencyMax: 1, queueMax: 1, deadlineMs: 200 };
    const calls = [1, 2, 3].map(() => failureOf(outbound.request({ lane: narrow, url })));
    const errors = await Promise.all(calls);
    expect(errors.map(({ reason }) => reason).toSorted()).toContain('busy');
    expect(errors[2]?.reason).toBe('busy');
    expect(errors[0]).toMatchObject({ code: 'upstream_unavailable', details: { reason: 'timeout' } });
  });
});

async function headersSeen(headers: Record<string, string>): Promise<IncomingHttpHeaders> {
  let seen: IncomingHttpHeaders = {};
  const server = await startHttp((request, response) => {
    seen = request.headers;
    response.end();
  });
  const { outbound } = aClient();
  const url = `http://127.0.0.1:${server.port}/`;
  await outbound.request({ lane, url, method: 'POST', body: 'ab', headers });
  expect(seen.host).toBe(`127.0.0.1:${server.port}`);
  return seen;
}
