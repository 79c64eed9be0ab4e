import { createHash, randomBytes } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { parseRecord, recordsIn, type JsonRecord } from '../json.js';
import { WEB } from '../parties.js';
import type { Browser } from './browser.js';
import { jsonOf, UnexpectedAnswer, type Answer, type HttpClient } from './http.js';

/** Tokens of a person in the web application. */
export interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
}

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

type Endpoint = 'authorization' | 'token' | 'userinfo' | 'introspection';

const random = (bytes: number): string => randomBytes(bytes).toString('base64url');

/** One of the two servers that are compared, as an application sees it: everything is read from its metadata. */
export class Party {
  private constructor(
    readonly issuer: string,
    readonly http: HttpClient,
    readonly metadataUrl: URL,
    readonly keysUrl: URL,
    private readonly endpoints: Readonly<Record<Endpoint, URL>>,
    private readonly keys: JWTVerifyGetKey,
    /** Whether a refresh token that comes twice at the same time is answered twice. */
    readonly hasLeeway: boolean,
  ) {}

  static async discover(issuer: string, http: HttpClient, hasLeeway = true): Promise<Party> {
    const metadataUrl = new URL(`${issuer}/.well-known/openid-configuration`);
    const metadata = jsonOf(await http.call(metadataUrl, { method: 'GET' }), 'metadata');
    const url = (member: string): URL => new URL(String(metadata[member]));
    const keysUrl = url('jwks_uri');
    const endpoints = {
      authorization: url('authorization_endpoint'),
      token: url('token_endpoint'),
      userinfo: url('userinfo_endpoint'),
      introspection: url('introspection_endpoint'),
    };
    const { keys } = jsonOf(await http.call(keysUrl, { method: 'GET' }), 'keys');
    const keySet = createLocalJWKSet({ keys: [...recordsIn(keys)] });
    return new Party(issuer, http, metadataUrl, keysUrl, endpoints, keySet, hasLeeway);
  }

  /** The same applications at another tenant, which has its endpoints and keys alike. */
  at(issuer: string): Party {
    const moved = (url: URL): URL => new URL(`${issuer}${url.href.slice(this.issuer.length)}`);
    const { authorization, token, userinfo, introspection } = this.endpoints;
    const endpoints = {
      authorization: moved(authorization),
      token: moved(token),
      userinfo: moved(userinfo),
      introspection: moved(introspection),
    };
    return new Party(
      issuer,
      this.http,
      moved(this.metadataUrl),
      moved(this.keysUrl),
      endpoints,
      this.keys,
      this.hasLeeway,
    );
  }

  /**
   * Code flow with PKCE in a browser, then the code's redemption, then userinfo; each answer is checked, and that the
   * browser was sent to the upstream, or was not.
   */
  async signIn(browser: Browser, email: string, by: 'upstream' | 'session'): Promise<SignedIn> {
    const verifier = random(32);
    const state = random(16);
    const nonce = random(16);
    const url = new URL(this.endpoints.authorization);
    url.search = new URLSearchParams({
      client_id: WEB.clientId,
      response_type: 'code',
      redirect_uri: WEB.redirectUri,
      scope: WEB.scope,
      state,
      nonce,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      login_hint: email,
    }).toString();
    const { end, origins } = await browser.follow(url, WEB.redirectUri);
    if (origins.size > 1 !== (by === 'upstream'))
      throw new UnexpectedAnswer(`signed in by ${by}, but the browser saw ${[...origins].join(' ')}`);
    const { searchParams: answer } = end;
    const code = answer.get('code');
    if (code === null || answer.get('state') !== state || answer.get('iss') !== this.issuer)
      throw new UnexpectedAnswer(`authorization response: ${answer.toString()}`);
    const signedIn = await this.#tokens(nonce, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: WEB.redirectUri,
      code_verifier: verifier,
    });
    await this.#userinfo(signedIn, email);
    return signedIn;
  }

  /** Refreshes; the refresh token must be another one afterwards. */
  async refresh({ refreshToken }: SignedIn): Promise<SignedIn> {
    const signedIn = await this.#tokens(undefined, {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    });
    if (signedIn.refreshToken === refreshToken)
      throw new UnexpectedAnswer('the refresh token was not rotated');
    return signedIn;
  }

  /** Whether the tokens of a person are refused (RFC 6749 section 5.2). */
  async isOver({ refreshToken }: SignedIn): Promise<boolean> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const { status, text } = await this.#post('token', WEB, form);
    return status === 400 && parseRecord(text)['error'] === 'invalid_grant';
  }

  /** The access token of a service for an API. */
  async clientCredentials(client: Credentials, resource: string, scope: string): Promise<string> {
    const answer = await this.#post('token', client, { grant_type: 'client_credentials', resource, scope });
    const { access_token: token } = jsonOf(answer, 'client credentials');
    if (typeof token !== 'string' || token.length < 20) throw new UnexpectedAnswer('no access token came');
    return token;
  }

  /** Asks whether a token lives (RFC 7662). */
  async introspect(client: Credentials, token: string): Promise<boolean> {
    const answer = await this.#post('introspection', client, { token });
    return jsonOf(answer, 'introspection')['active'] === true;
  }

  get(url: URL): Promise<Answer> {
    return this.http.call(url, { method: 'GET' });
  }

  /** Verifies a token of this issuer by its published keys, outside of what is measured. */
  async verify(token: string, audience: string): Promise<void> {
    await jwtVerify(token, this.keys, { issuer: this.issuer, audience, algorithms: ['RS256'] });
  }

  async #tokens(nonce: string | undefined, form: Readonly<Record<string, string>>): Promise<SignedIn> {
    const body = jsonOf(await this.#post('token', WEB, form), `token of ${this.issuer}`);
    const { access_token: accessToken, refresh_token: refreshToken, id_token: idToken } = body;
    if (typeof accessToken !== 'string' || typeof refreshToken !== 'string' || typeof idToken !== 'string')
      throw new UnexpectedAnswer(`token: members are missing, got ${Object.keys(body).join(' ')}`);
    const claims = claimsOf(idToken);
    const sound =
      claims['iss'] === this.issuer &&
      claims['aud'] === WEB.clientId &&
      typeof claims['sub'] === 'string' &&
      Number(claims['exp']) > Date.now() / 1000 &&
      (nonce === undefined || claims['nonce'] === nonce);
    if (!sound) throw new UnexpectedAnswer(`ID Token: ${JSON.stringify(claims)}`);
    return { accessToken, refreshToken, idToken };
  }

  async #userinfo({ accessToken, idToken }: SignedIn, email: string): Promise<void> {
    const answer = await this.http.call(this.endpoints.userinfo, {
      method: 'GET',
      headers: { authorization: `Bearer ${accessToken}` },
    });
    const { sub, email: told } = jsonOf(answer, 'userinfo');
    if (sub !== claimsOf(idToken)['sub'] || told !== email)
      throw new UnexpectedAnswer(`userinfo speaks of ${String(told)}, not of ${email}`);
  }

  #post(endpoint: Endpoint, client: Credentials, form: Readonly<Record<string, string>>): Promise<Answer> {
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');
    return this.http.call(this.endpoints[endpoint], {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
  }
}

/** Claims of a JWT, unverified. */
function claimsOf(token: string): JsonRecord {
  const parts = token.split('.');
  if (parts.length !== 3) throw new UnexpectedAnswer('not a signed JWT');
  return parseRecord(Buffer.from(parts[1] ?? '', 'base64url').toString('utf8'));
}
