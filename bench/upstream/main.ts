import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { portOf } from '../host/ports.js';
import { UPSTREAM_CLIENT } from '../parties.js';
import { idToken, isVerifierOf, keySet, type Authorized } from './issue.js';

/**
 * A mock upstream OpenID Provider in Okta's shape that signs everybody in at once. It checks what a provider must
 * (client, redirect URI, PKCE, code once) and does nothing else, so that it costs the measurement little.
 */

/** Codes that nobody redeemed are forgotten, oldest first. */
const CODES_MAX = 10_000;
const BODY_LENGTH_MAX = 64 * 1024;

const codes = new Map<string, Authorized>();
const calls: Record<string, number> = {};

function json(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

function metadata(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth2/v1/authorize`,
    token_endpoint: `${issuer}/oauth2/v1/token`,
    jwks_uri: `${issuer}/oauth2/v1/keys`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email', 'groups'],
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    code_challenge_methods_supported: ['S256'],
  };
}

function authorize(query: URLSearchParams, response: ServerResponse): void {
  const get = (name: string): string => query.get(name) ?? '';
  const redirectUri = get('redirect_uri');
  const wrong =
    get('client_id') !== UPSTREAM_CLIENT.clientId ||
    get('response_type') !== 'code' ||
    get('code_challenge_method') !== 'S256' ||
    !/^http:\/\/localhost:\d+\//.test(redirectUri) ||
    [get('state'), get('nonce'), get('code_challenge')].includes('');
  if (wrong) return json(response, 400, { error: 'invalid_request', query: query.toString() });
  const code = randomBytes(24).toString('base64url');
  if (codes.size >= CODES_MAX) codes.delete(codes.keys().next().value ?? '');
  codes.set(code, {
    clientId: UPSTREAM_CLIENT.clientId,
    redirectUri,
    nonce: get('nonce'),
    codeChallenge: get('code_challenge'),
    email: query.get('login_hint') ?? 'nobody@bench.example',
    scope: get('scope'),
  });
  response.writeHead(302, {
    location: `${redirectUri}?code=${code}&state=${encodeURIComponent(get('state'))}`,
    'content-length': 0,
  });
  response.end();
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > BODY_LENGTH_MAX) throw new Error('the body is too large');
  }
  return new URLSearchParams(text);
}

/** Both ways of Okta: in the form, or by HTTP Basic (RFC 6749 section 2.3.1). */
function isClient(form: URLSearchParams, authorization: string): boolean {
  const [, basic] = /^Basic (\S+)$/i.exec(authorization) ?? [];
  const [id, secret] =
    basic === undefined
      ? [form.get('client_id'), form.get('client_secret')]
      : Buffer.from(basic, 'base64').toString('utf8').split(':').map(decodeURIComponent);
  return id === UPSTREAM_CLIENT.clientId && secret === UPSTREAM_CLIENT.clientSecret;
}

async function redeem(request: IncomingMessage, response: ServerResponse, issuer: string): Promise<void> {
  const form = await readForm(request);
  if (!isClient(form, request.headers.authorization ?? ''))
    return json(response, 401, { error: 'invalid_client' });
  const code = form.get('code') ?? '';
  const authorized = codes.get(code);
  codes.delete(code);
  const good =
    authorized !== undefined &&
    form.get('grant_type') === 'authorization_code' &&
    form.get('redirect_uri') === authorized.redirectUri &&
    isVerifierOf(authorized.codeChallenge, form.get('code_verifier') ?? '');
  if (!good) return json(response, 400, { error: 'invalid_grant' });
  const accessToken = randomBytes(32).toString('base64url');
  json(response, 200, {
    token_type: 'Bearer',
    expires_in: 3600,
    scope: authorized.scope,
    access_token: accessToken,
    id_token: idToken(issuer, authorized, accessToken),
  });
}

async function handle(request: IncomingMessage, response: ServerResponse, issuer: string): Promise<void> {
  const url = new URL(request.url ?? '/', issuer);
  const route = `${request.method ?? 'GET'} ${url.pathname}`;
  calls[route] = (calls[route] ?? 0) + 1;
  if (route === 'GET /oauth2/v1/authorize') return authorize(url.searchParams, response);
  if (route === 'POST /oauth2/v1/token') return redeem(request, response, issuer);
  if (route === 'GET /oauth2/v1/keys') return json(response, 200, keySet);
  if (route === 'GET /.well-known/openid-configuration') return json(response, 200, metadata(issuer));
  if (route === 'POST /logout') return json(response, 200, {});
  if (route === 'GET /healthz') return json(response, 200, { status: 'ok' });
  if (route === 'GET /calls') return json(response, 200, calls);
  json(response, 404, { error: 'not_found' });
}

const server = createServer((request, response) => {
  handle(request, response, `http://localhost:${portOf(server)}`).catch((error: unknown) => {
    json(response, 500, { error: 'server_error', error_description: String(error) });
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening http://localhost:${portOf(server)}\n`);
});
process.once('SIGTERM', () => process.exit(0));
