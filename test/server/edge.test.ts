import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../src/server/logger.js';
import { startAcme, type Acme } from '../support/acme.js';
import { authorizationRequest } from '../support/application.js';
import { startTestNode, type TestNode } from '../support/node.js';
import { send } from '../op/support/http.js';

let acme: Acme;
/** As behind a proxy: the public address is another than the socket's, and has a path. */
let proxied: TestNode;
/** What `proxied` logs. */
const lines: string[] = [];

beforeAll(async () => {
  acme = await startAcme();
  const log = createLogger('info', { write: (line) => void lines.push(line) });
  proxied = await startTestNode({ log, settings: { publicUrl: 'https://login.example/auth' } });
  await proxied.apply([{ slug: 'acme', name: 'Acme Inc.', applications: [] }]);
});
afterAll(async () => {
  await proxied.stop();
  await acme.stop();
});

const FORGED = {
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'http',
  'x-forwarded-port': '666',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-uri': '/evil',
  'x-original-url': '/evil',
  'x-rewrite-url': '/evil',
  'x-host': 'evil.example',
  forwarded: 'host=evil.example;proto=http',
};

describe('A-77: what a header says of the host', () => {
  test.each(['evil.example', 'localhost', 'localhost:1', 'evil.example:80', 'LOCALHOST.evil.example', ''])(
    'is no reason to answer: Host %j gets 421 without a word of it',
    async (host) => {
      for (const path of [
        '/t/acme/.well-known/openid-configuration',
        '/t/acme/oauth2/v1/token',
        '/',
        '/console/',
      ]) {
        const { status, text, headers } = await send(`${acme.causeway.url}${path}`, { headers: { host } });
        expect(status).toBe(421);
        expect(headers['cache-control']).toBe('no-store');
        expect(text).not.toContain('evil');
      }
    },
  );

  test.each(['/healthz', '/readyz'])('does not matter to %s', async (path) => {
    const { status } = await send(`${acme.causeway.url}${path}`, { headers: { host: '10.0.0.7:8080' } });
    expect(status).toBe(200);
  });

  test.each([
    '/t/acme/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server/t/acme',
    '/t/acme/oauth2/v1/keys',
    '/t/acme/oauth2/v1/logout',
    '/t/acme/oauth2/v1/authorize?client_id=nobody',
    '/t/acme/nothing-here',
    '/',
    '/console',
  ])('never reaches an answer: %s', async (path) => {
    const plain = await send(`${acme.causeway.url}${path}`);
    const forged = await send(`${acme.causeway.url}${path}`, { headers: FORGED });
    expect([forged.status, forged.location]).toEqual([plain.status, plain.location]);
    expect(JSON.stringify([forged.text, forged.headers, forged.cookies])).not.toMatch(/evil|:666/);
  });

  test('never reaches where a sign-in goes, nor a cookie', async () => {
    const { url } = authorizationRequest(acme.app);
    const answer = await send(url.href, { headers: FORGED });
    expect(answer.status).toBe(303);
    expect(answer.location?.searchParams.get('redirect_uri')).toBe(`${acme.app.issuer}/callback/okta`);
    expect(answer.cookies.length).toBeGreaterThan(0);
    expect(JSON.stringify([answer.headers, answer.cookies])).not.toMatch(/evil|:666|secure/i);
  });

  test('is ignored behind a proxy too: addresses come from PUBLIC_URL', async () => {
    const issuer = 'https://login.example/auth/t/acme';
    for (const address of [
      `${issuer}/.well-known/openid-configuration`,
      'https://login.example/.well-known/oauth-authorization-server/auth/t/acme',
    ]) {
      const { status, json } = await send(address, { through: proxied.url, headers: FORGED });
      expect(status).toBe(200);
      expect(json).toMatchObject({
        issuer,
        token_endpoint: `${issuer}/oauth2/v1/token`,
        jwks_uri: `${issuer}/oauth2/v1/keys`,
      });
      expect(JSON.stringify(json)).not.toMatch(/evil|http:/);
    }
  });

  test.each([
    'https://login.example/t/acme/.well-known/openid-configuration',
    'https://login.example/authentic/t/acme/.well-known/openid-configuration',
    'https://login.example/.well-known/oauth-authorization-server/t/acme',
    'https://login.example/.well-known/oauth-authorization-server/auth',
    'https://login.example/.well-known/oauth-authorization-server/auth/t/acme/oauth2/v1/keys',
  ])('nothing is served beside the public path: %s', async (address) => {
    expect((await send(address, { through: proxied.url })).status).toBe(404);
  });
});

describe('A-75: a tenant has one spelling', () => {
  test.each([
    '/t/Acme',
    '/t/ACME',
    '/t/acm',
    '/t/acmee',
    '/t/acme.',
    '/t/acme;x=1',
    '/t/acme%20',
    '/t/%61cme',
    '/T/acme',
    '//t/acme',
    '/t//acme',
    '/t/./acme',
    '/t/x/../acme',
    '/t/globex%2f..%2facme',
    '/t/acme/../acme',
    '/t/acme%00',
    '/t/-acme',
    '/t/system;acme',
  ])('%s is nobody: 404, no redirect', async (prefix) => {
    const { status, headers } = await send(`${acme.causeway.url}${prefix}/.well-known/openid-configuration`);
    expect([status, headers['location']]).toEqual([404, undefined]);
  });
});

describe('methods', () => {
  test.each([
    ['/.well-known/openid-configuration', 'POST', 'GET, HEAD, OPTIONS'],
    ['/oauth2/v1/keys', 'DELETE', 'GET, HEAD, OPTIONS'],
    ['/oauth2/v1/authorize', 'DELETE', 'GET, POST'],
    ['/oauth2/v1/authorize', 'HEAD', 'GET, POST'],
    ['/oauth2/v1/authorize', 'OPTIONS', 'GET, POST'],
    ['/oauth2/v1/authorize/abc', 'POST', 'GET'],
    ['/oauth2/v1/token', 'GET', 'POST, OPTIONS'],
    ['/oauth2/v1/token', 'PUT', 'POST, OPTIONS'],
    ['/oauth2/v1/userinfo', 'DELETE', 'GET, POST, OPTIONS'],
    ['/oauth2/v1/introspect', 'GET', 'POST, OPTIONS'],
    ['/oauth2/v1/revoke', 'GET', 'POST, OPTIONS'],
    ['/oauth2/v1/par', 'GET', 'POST, OPTIONS'],
    ['/oauth2/v1/logout', 'PATCH', 'GET, POST'],
    ['/oauth2/v1/logout/confirm', 'GET', 'POST'],
    ['/oauth2/v1/logout/success', 'POST', 'GET'],
  ])('%s does not take %s: 405', async (path, method, allow) => {
    const answer = await send(`${acme.app.issuer}${path}`, { method });
    expect([answer.status, answer.headers['allow']]).toEqual([405, allow]);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('HEAD of metadata has GET’s headers', async () => {
    const { status, headers, text } = await send(`${acme.app.issuer}/.well-known/openid-configuration`, {
      method: 'HEAD',
    });
    expect([status, headers['cache-control'], text]).toEqual([200, 'public, max-age=300', '']);
  });
});

const ALLOWED = 'http://localhost:5998';
const preflight = (path: string, origin: string) =>
  send(`${acme.app.issuer}${path}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    },
  });

describe('CORS', () => {
  test.each(['token', 'userinfo', 'introspect', 'revoke', 'par'])(
    'lets an application’s own origin ask %s',
    async (endpoint) => {
      const { status, headers } = await preflight(`/oauth2/v1/${endpoint}`, ALLOWED);
      expect(status).toBe(204);
      expect(headers).toMatchObject({
        'access-control-allow-origin': ALLOWED,
        'access-control-allow-headers': 'authorization',
        vary: 'Origin',
      });
      expect(headers['access-control-allow-methods']).toContain('POST');
      expect(headers['access-control-allow-credentials']).toBeUndefined();
    },
  );

  test.each([
    'https://evil.example',
    'null',
    'http://localhost:5998.evil.example',
    'http://localhost:59980',
    'http://localhost',
    'HTTP://LOCALHOST:5998',
    'http://localhost:5999',
    'http://localhost:5998/',
    'http://localhost:5998, https://evil.example',
  ])('lets nobody else: %s', async (origin) => {
    for (const endpoint of ['token', 'userinfo', 'introspect', 'revoke', 'par']) {
      const asked = await preflight(`/oauth2/v1/${endpoint}`, origin);
      const answered = await send(`${acme.app.issuer}/oauth2/v1/${endpoint}`, {
        form: { client_id: 'spa', grant_type: 'refresh_token', refresh_token: 'x', token: 'x' },
        headers: { origin },
      });
      for (const { status, headers } of [asked, answered]) {
        expect(status).toBe(400);
        expect(headers['access-control-allow-origin']).toBeUndefined();
      }
    }
  });

  test('holds an origin to the application that allows it', async () => {
    const answer = await send(`${acme.app.issuer}/oauth2/v1/token`, {
      form: {
        client_id: acme.app.clientId,
        client_secret: acme.app.clientSecret ?? '',
        grant_type: 'refresh_token',
        refresh_token: 'x',
      },
      headers: { origin: ALLOWED },
    });
    expect(answer.status).toBe(400);
    expect(answer.json['error']).toBe('invalid_request');
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  test.each(['/oauth2/v1/authorize', '/oauth2/v1/logout', '/sign-in/abcdefghijk', '/callback/okta'])(
    'RFC 9700 4.12: there is none at %s',
    async (path) => {
      const asked = await preflight(path, ALLOWED);
      const got = await send(`${acme.app.issuer}${path}`, { headers: { origin: ALLOWED } });
      for (const { headers } of [asked, got])
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    },
  );
});

describe('the straight way to a provider', () => {
  const form = { client_id: 'nobody', token: 'x', grant_type: 'refresh_token', refresh_token: 'x' };

  test.each<[path: string, init: Parameters<typeof send>[1]]>([
    ['/.well-known/openid-configuration', {}],
    ['/.well-known/openid-configuration', { method: 'HEAD', headers: { origin: 'https://evil.example' } }],
    ['/oauth2/v1/keys?a=b', { headers: { origin: ALLOWED } }],
    ['/v1/keys?', {}],
    ['/oauth2/v1/authorize?client_id=nobody', {}],
    ['/oauth2/v1/authorize?client_id=nobody', { form }],
    ['/oauth2/v1/authorize/abc', {}],
    ['/oauth2/v1/token', { form, headers: { origin: ALLOWED } }],
    ['/oauth2/v1/token', { form, headers: { origin: 'https://evil.example' } }],
    ['/oauth2/v1/token', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } }],
    ['/oauth2/v1/userinfo', {}],
    ['/oauth2/v1/introspect', { form }],
    ['/oauth2/v1/logout?state=x', {}],
    ['/device', {}],
  ])('gives the answer that the app gives: %s %j', async (path, init = {}) => {
    const answers = [];
    const { host } = new URL(acme.app.issuer);
    // The app takes what follows a user's name for the host; the straight way leaves such a request to it.
    for (const way of [{ host: `anybody@${host}` }, { host }]) {
      const answer = await send(`${acme.app.issuer}${path}`, {
        ...init,
        headers: { ...init.headers, ...way },
      });
      const { 'x-request-id': id, date: _date, 'content-length': _length, ...headers } = answer.headers;
      expect(id).toMatch(/^[0-9a-f-]{36}$/);
      answers.push([answer.status, answer.location?.href, headers, answer.text.length]);
    }
    expect(answers[1]).toEqual(answers[0]);
  });

  test('leaves one line in the log, and counts once, as every request', async () => {
    const issuer = 'https://login.example/auth/t/acme';
    const ask = async (path: string) => send(`${issuer}${path}`, { through: proxied.url });
    const answers = [];
    for (const path of ['/oauth2/v1/keys', '/oauth2/v1/keys', '/oauth2/v1/authorize/secret?x=1', '/none'])
      answers.push(await ask(path));
    const ids = answers.map(({ headers }) => headers['x-request-id']);
    const linesOfRequests = () =>
      lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ msg, requestId }) => msg === 'http.request' && ids.includes(String(requestId)));
    while (linesOfRequests().length < ids.length) await sleep(5);
    const ended = linesOfRequests();
    expect(ended.map(({ requestId }) => requestId)).toEqual(ids);
    expect(ended.map(({ method, path, status, route }) => [method, path, status, route])).toEqual([
      ['GET', '/auth/t/acme/oauth2/v1/keys', 200, 'keys'],
      ['GET', '/auth/t/acme/oauth2/v1/keys', 200, 'keys'],
      ['GET', '/auth/t/acme/oauth2/v1/authorize/…', 400, 'resume'],
      ['GET', '/auth/t/acme/none', 404, 'none'],
    ]);
    const counted = await proxied.node.metrics.registry.getSingleMetricAsString(
      'causeway_http_request_seconds',
    );
    expect(counted).toContain('seconds_count{route="keys",method="GET",status="200"} 2');
  });

  test('tells the log of a connection that breaks', async () => {
    const { port } = new URL(proxied.url);
    const head = [
      'POST /auth/t/acme/oauth2/v1/token HTTP/1.1',
      'Host: login.example',
      'Content-Type: application/x-www-form-urlencoded',
      'Content-Length: 99',
    ];
    const broken = /ECONNRESET.*"msg":"http.error"|"syscall":"read".*"msg":"http.error"/;
    while (!lines.some((line) => broken.test(line))) {
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      socket.write([...head, '', 'grant_type='].join('\r\n'));
      await sleep(50);
      socket.resetAndDestroy();
      await sleep(50);
    }
    expect(lines.filter((line) => line.includes('"level":50')).every((line) => broken.test(line))).toBe(true);
  });
});
