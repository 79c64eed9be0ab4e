import { execFile } from 'node:child_process';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Lane } from '../../src/outbound/outbound.js';
import { Authority, selfSigned } from './support/certificates.js';
import type { Certificate } from './support/certificates.js';
import { aClient, closeClients, failureOf, resolverOf } from './support/client.js';
import { closedPort, startHttps, startRaw, startTcp, stopServers } from './support/servers.js';

const lane: Lane = { name: 'connection:acme:okta', deadlineMs: 2_000 };
const resolve = resolverOf(['127.0.0.1']);
let authority: Authority;

beforeAll(() => {
  authority = new Authority('Test root');
});

afterEach(async () => {
  await closeClients();
  await stopServers();
});

test('A-41 the connection goes to the judged address; SNI, Host and certificate are the name’s', async () => {
  const seen: unknown[] = [];
  const server = await startHttps(authority.issue(['okta.example']), (request, response) => {
    seen.push(serverNameOf(request.socket), request.headers.host);
    response.end();
  });
  const { outbound } = aClient({ resolve, ca: authority.certificate });
  const answer = await outbound.request({ lane, url: `https://okta.example:${server.port}/` });
  expect(answer.status).toBe(200);
  expect(seen).toEqual(['okta.example', `okta.example:${server.port}`]);
});

test('an address is verified as an address, and sends no SNI', async () => {
  const seen: unknown[] = [];
  const server = await startHttps(authority.issue(['127.0.0.1']), (request, response) => {
    seen.push(serverNameOf(request.socket));
    response.end();
  });
  const { outbound } = aClient({ ca: authority.certificate });
  expect((await outbound.request({ lane, url: `https://127.0.0.1:${server.port}/` })).status).toBe(200);
  expect(seen).toEqual([false]);
});

describe('F-27 a certificate that is wrong is refused with the reason', () => {
  test.each<[what: string, certificate: () => Certificate, says: RegExp]>([
    ['self-signed', () => selfSigned(['okta.example']), /is self-signed/],
    ['of another root', () => new Authority('Other').issue(['okta.example']), /root is not trusted here/],
    ['for another name', () => authority.issue(['evil.example']), /is for another name/],
    ['for the address only', () => authority.issue(['127.0.0.1']), /is for another name/],
    ['for a name below', () => authority.issue(['*.okta.example']), /is for another name/],
    ['expired', () => authority.issue(['okta.example'], 0.5), /has expired/],
  ])('%s', async (_what, certificate, says) => {
    let reached = 0;
    const server = await startHttps(certificate(), (_request, response) => {
      reached += 1;
      response.end();
    });
    const { outbound } = aClient({ resolve, ca: authority.certificate });
    const error = await failureOf(outbound.request({ lane, url: `https://okta.example:${server.port}/` }));
    expect(error.reason).toBe('tls');
    expect(error.message).toMatch(says);
    expect(error.message).not.toContain('evil');
    expect(reached).toBe(0);
  });

  test('without the operator’s root, a private one is not trusted', async () => {
    const server = await startHttps(authority.issue(['okta.example']), (_request, response) =>
      response.end(),
    );
    const { outbound } = aClient({ resolve });
    const error = await failureOf(outbound.request({ lane, url: `https://okta.example:${server.port}/` }));
    expect(error.reason).toBe('tls');
  });

  test('NODE_TLS_REJECT_UNAUTHORIZED does not switch it off', async () => {
    const server = await startHttps(selfSigned(['localhost']), (_request, response) => response.end());
    const script = new URL('support/call.ts', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', script, `https://localhost:${server.port}/`],
      { env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: '' } },
    );
    expect(stdout).toBe('tls');
  });

  test('a server that speaks no TLS, or hangs up, is a tls failure', async () => {
    const plain = await startRaw('HTTP/1.1 400 Bad Request\r\n\r\n');
    const rude = await startTcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const { outbound } = aClient({ resolve });
    for (const { port } of [plain, rude]) {
      const error = await failureOf(outbound.request({ lane, url: `https://okta.example:${port}/` }));
      expect(error.reason).toBe('tls');
    }
  });
});

test('the next address is tried when the first refuses the connection', async () => {
  const server = await startHttps(authority.issue(['okta.example']), (_request, response) => response.end());
  const both = resolverOf(['127.0.0.9', '127.0.0.1']);
  const { outbound } = aClient({ resolve: both, ca: authority.certificate });
  expect((await outbound.request({ lane, url: `https://okta.example:${server.port}/` })).status).toBe(200);
});

test('a POST over TLS to a closed port is refused, not repeated', async () => {
  const { outbound, outcomes } = aClient({ resolve, ca: authority.certificate });
  const url = `https://okta.example:${await closedPort()}/token`;
  const error = await failureOf(outbound.request({ lane, url, method: 'POST', body: 'code=x' }));
  expect(error.message).toBe('okta.example refused the connection');
  expect(outcomes).toEqual([[lane.name, 'connect']]);
});

/** The name that the client asked for in the handshake; false: none. */
function serverNameOf(socket: Socket): unknown {
  return 'servername' in socket ? socket.servername : undefined;
}
