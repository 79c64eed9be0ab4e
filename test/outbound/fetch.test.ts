import { afterEach, describe, expect, test } from '@jest/globals';
import type { Configuration } from 'oidc-provider';
import { allowInsecureRequests, customFetch, discovery } from 'openid-client';
import type { CustomFetch } from 'openid-client';
import { DomainError } from '../../src/core/errors.js';
import { OutboundError } from '../../src/outbound/error.js';
import type { Lane } from '../../src/outbound/outbound.js';
import { aClient, closeClients } from './support/client.js';
import { closedPort, startHttp, stopServers } from './support/servers.js';

const lane: Lane = { name: 'connection:acme:okta', deadlineMs: 2_000 };

afterEach(async () => {
  await closeClients();
  await stopServers();
});

/** A server that says what it was sent. */
function startEcho() {
  return startHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      const { method, url, headers } = request;
      response.end(
        JSON.stringify({
          method,
          url,
          type: headers['content-type'],
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
  });
}

describe('a fetch', () => {
  test.each<[what: string, body: unknown, sent: string, type: string | undefined]>([
    [
      'a form',
      new URLSearchParams({ code: 'a b' }),
      'code=a+b',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
    ['text', '{"a":1}', '{"a":1}', undefined],
    ['bytes', new TextEncoder().encode('bytes'), 'bytes', undefined],
    ['a buffer', new TextEncoder().encode('buffer').buffer, 'buffer', undefined],
    ['nothing', null, '', undefined],
  ])('sends %s', async (_what, body, sent, type) => {
    const server = await startEcho();
    const fetched = await aClient().outbound.fetchFor(lane)(
      new URL(`http://127.0.0.1:${server.port}/token`),
      {
        method: 'post',
        body,
        headers: new Headers({ accept: 'application/json' }),
      },
    );
    expect(fetched).toBeInstanceOf(Response);
    expect(await fetched.json()).toEqual({
      method: 'POST',
      url: '/token',
      body: sent,
      ...(type ? { type } : {}),
    });
  });

  test('keeps a content type that is given', async () => {
    const server = await startEcho();
    const fetched = await aClient().outbound.fetchFor(lane)(`http://127.0.0.1:${server.port}/`, {
      method: 'POST',
      body: new URLSearchParams('a=1'),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect(await fetched.json()).toMatchObject({ type: 'application/x-www-form-urlencoded' });
  });

  test.each([204, 304])('answers %s without a body', async (status) => {
    const server = await startHttp((_request, response) => response.writeHead(status).end());
    const fetched = await aClient().outbound.fetchFor(lane)(`http://127.0.0.1:${server.port}/`);
    expect([fetched.status, fetched.body]).toEqual([status, null]);
  });

  test.each<[what: string, init: { method?: string; body?: unknown }]>([
    ['a stream', { method: 'POST', body: new ReadableStream() }],
    ['a method of another protocol', { method: 'PROPFIND' }],
    ['a tunnel', { method: 'CONNECT' }],
  ])('refuses %s', async (_what, init) => {
    await expect(aClient().outbound.fetchFor(lane)('http://127.0.0.1:1/', init)).rejects.toThrow(DomainError);
  });
});

test('a Request object is refused', async () => {
  const request = new Request('http://127.0.0.1:1/', { method: 'DELETE' });
  await expect(aClient().outbound.fetchFor(lane)(request)).rejects.toThrow(DomainError);
});

describe('the libraries', () => {
  test('openid-client and oidc-provider take it as it is', () => {
    const { outbound } = aClient();
    const upstream: CustomFetch = outbound.fetchFor(lane);
    const downstream: NonNullable<Configuration['fetch']> = outbound.fetchFor(lane);
    expect([typeof upstream, typeof downstream]).toEqual(['function', 'function']);
  });

  test('a dispatcher that oidc-provider hands over does not replace the guard', async () => {
    const { outbound } = aClient({ privateAddresses: 'refuse' });
    const init = { method: 'GET', dispatcher: { dispatch: () => true } };
    await expect(outbound.fetchFor(lane)('https://127.0.0.1/jwks', init)).rejects.toThrow(
      expect.objectContaining({ reason: 'address_refused' }),
    );
  });

  test('openid-client discovers through it, and hands its errors on as the cause', async () => {
    const server = await startHttp((request, response) => {
      const issuer = `http://acme-okta.localhost:${server.port}`;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys`, path: request.url }));
    });
    const { outbound } = aClient();
    const options = { [customFetch]: outbound.fetchFor(lane), execute: [allowInsecureRequests] };
    const found = await discovery(
      new URL(`http://acme-okta.localhost:${server.port}`),
      'client',
      undefined,
      undefined,
      options,
    );
    expect(found.serverMetadata()['path']).toBe('/.well-known/openid-configuration');

    const dead = new URL(`http://127.0.0.1:${await closedPort()}`);
    const refused = discovery(dead, 'client', undefined, undefined, options);
    await expect(refused).rejects.toThrow(expect.objectContaining({ cause: expect.any(OutboundError) }));
  });
});
