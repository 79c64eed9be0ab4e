import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { SignJWT } from 'jose';
import type { JWK } from 'jose';

export type Json = Record<string, unknown>;

/** One request as it came in. */
export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Takes over a path: does with the socket whatever a broken or malicious provider would. */
export type Behaviour = (request: SeenRequest, response: ServerResponse) => void;

export interface ProviderKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
}

/** A signing key; RSA of 2048 bits unless the algorithm says otherwise. */
export function makeKey(kid: string, alg = 'RS256', bits = 2048): ProviderKey {
  const { privateKey, publicKey } = pair(alg, bits);
  return {
    kid,
    alg,
    privateKey,
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' },
  };
}

function pair(alg: string, bits: number): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: bits });
}

/**
 * A small OpenID Provider that does right until told otherwise: every document, claim, key, header and byte can be
 * replaced. It keeps what it was asked.
 */
export class HostileProvider {
  readonly requests: SeenRequest[] = [];
  readonly behaviours = new Map<string, Behaviour>();
  /** Added to what the honest metadata says; null removes a member. */
  metadata: Json = {};
  /** What signs, and what is published. */
  signer: ProviderKey;
  published: JWK[];
  keysHeaders: Record<string, string> = {};
  clientId = '0oa1example';
  secrets = ['a-good-client-secret'];
  /** Codes that were redeemed; a second time is refused. */
  readonly spentCodes = new Set<string>();
  nonce = 'nonce-1';
  /** Added to the honest ID Token; undefined removes a claim. */
  claims: Json = {};
  header: Json = {};
  userinfo: Json = {};
  /** Added to the honest token answer; undefined removes a member. */
  tokenAnswer: Json = {};
  accessToken = 'opaque-access-token';
  /** Seconds by which its clock is ahead. */
  clockAhead = 0;
  readonly #server: Server;

  private constructor(server: Server, signer: ProviderKey) {
    this.#server = server;
    this.signer = signer;
    this.published = [signer.publicJwk];
  }

  static async start(signer: ProviderKey): Promise<HostileProvider> {
    const server = createServer();
    const provider = new HostileProvider(server, signer);
    server.on('request', (request, response) => void provider.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the provider does not listen');
    return address.port;
  }

  get issuer(): string {
    return this.origin;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Refuses connections on its port until the function that comes back is called. */
  async goAway(): Promise<() => Promise<void>> {
    const { port } = this;
    await this.close();
    return async () => {
      await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    };
  }

  on(path: string, behaviour: Behaviour): void {
    this.behaviours.set(path, behaviour);
  }

  /** How often a path was asked for, whatever its query. */
  count(path: string): number {
    return this.requests.filter((request) => request.path.split('?')[0] === path).length;
  }

  nowSeconds(): number {
    return Math.floor(Date.now() / 1_000) + this.clockAhead;
  }

  honestMetadata(): Json {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.origin}/authorize`,
      token_endpoint: `${this.origin}/token`,
      userinfo_endpoint: `${this.origin}/userinfo`,
      jwks_uri: `${this.origin}/keys`,
      end_session_endpoint: `${this.origin}/logout`,
      id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
    };
  }

  honestClaims(): Json {
    const now = this.nowSeconds();
    return {
      iss: this.issuer,
      aud: this.clientId,
      sub: '00u1subject',
      iat: now,
      exp: now + 3_600,
      auth_time: now,
      nonce: this.nonce,
      jti: `ID.${randomUUID()}`,
      name: 'Ann Other',
      preferred_username: 'ann@acme.example',
      email: 'ann@acme.example',
      email_verified: true,
      groups: ['Engineering'],
      amr: ['pwd'],
    };
  }

  /** A JWT signed by any key with any header: `undefined` removes a claim or header. */
  async sign(
    claims: Json,
    { key = this.signer, header = this.header }: { key?: ProviderKey; header?: Json } = {},
  ): Promise<string> {
    return new SignJWT(defined(claims))
      .setProtectedHeader({ alg: key.alg, ...defined({ kid: key.kid, ...header }) })
      .sign(key.privateKey);
  }

  idToken(): Promise<string> {
    return this.sign({ ...this.honestClaims(), ...this.claims });
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = incoming;
    const request = { method, path: url, headers, body: await text(incoming) };
    this.requests.push(request);
    const path = url.split('?')[0] ?? '/';
    response.setHeader('date', new Date(this.nowSeconds() * 1_000).toUTCString());
    const behaviour = this.behaviours.get(path);
    if (behaviour !== undefined) return behaviour(request, response);
    if (path.endsWith('/.well-known/openid-configuration'))
      return sendJson(response, 200, defined({ ...this.honestMetadata(), ...this.metadata }));
    if (path === '/keys') return sendJson(response, 200, { keys: this.published }, this.keysHeaders);
    if (path === '/token') return this.#token(request, response);
    if (path === '/userinfo')
      return sendJson(response, 200, {
        sub: '00u1subject',
        name: 'Ann Userinfo',
        email: 'ann@acme.example',
        ...this.userinfo,
      });
    return sendJson(response, 404, { errorCode: 'E0000022', errorSummary: 'The endpoint does not exist' });
  }

  async #token(request: SeenRequest, response: ServerResponse): Promise<void> {
    const body = new URLSearchParams(request.body);
    if (!this.#authenticated(request, body))
      return sendJson(response, 401, {
        error: 'invalid_client',
        error_description: 'The client secret supplied for a confidential client is invalid.',
      });
    const code = body.get('code') ?? '';
    if (this.spentCodes.has(code) || code.startsWith('probe-'))
      return sendJson(response, 400, {
        error: 'invalid_grant',
        error_description: 'The authorization code is invalid or has expired.',
      });
    this.spentCodes.add(code);
    const idToken = await this.idToken();
    sendJson(
      response,
      200,
      defined({
        token_type: 'Bearer',
        expires_in: 3_600,
        access_token: this.accessToken,
        id_token: idToken,
        ...this.tokenAnswer,
      }),
    );
  }

  #authenticated({ headers }: SeenRequest, body: URLSearchParams): boolean {
    if (body.has('client_assertion')) return true;
    const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1];
    const [id, secret] =
      basic === undefined
        ? [body.get('client_id'), body.get('client_secret')]
        : Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent);
    return id === this.clientId && this.secrets.includes(secret ?? '');
  }
}

/** The `at_hash` of an access token beside an ID Token signed with SHA-256. */
export function atHash(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Okta's own form of an error. */
export function oktaError(errorCode: string, errorSummary: string): Json {
  return { errorCode, errorSummary, errorLink: errorCode, errorId: 'oae1example', errorCauses: [] };
}

function defined(object: Json): Json {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined && value !== null),
  );
}
