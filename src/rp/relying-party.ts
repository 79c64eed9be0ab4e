import { LRUCache } from 'lru-cache';
import { buildAuthorizationUrl, buildEndSessionUrl } from 'openid-client';
import { DomainError } from '../core/errors.js';
import { plainText } from '../core/text.js';
import { keepsRefreshTokens } from '../domain/connection/connection.js';
import { keyThumbprint } from '../domain/connection/key-thumbprint.js';
import type { UpstreamIdentity } from '../domain/sign-in/upstream-identity.js';
import { sha256 } from '../keys/hash.js';
import { classesToAsk } from './assurance.js';
import { checkCallback } from './callback.js';
import { UpstreamError } from './causes.js';
import { accessTokenClaims, gatherClaims } from './claim-sources.js';
import type { GatheredClaims, SignInNote } from './claim-sources.js';
import { authenticate, credentialMark, credentialsOf, noCredential } from './client-auth.js';
import type { Credential } from './client-auth.js';
import { exchangeCode } from './code-exchange.js';
import type { CodeExchanged } from './code-exchange.js';
import { Deadline, SIGN_IN_MS } from './deadline.js';
import type { RelyingPartyDeps } from './deps.js';
import { getJson } from './get-json.js';
import { verifySignedIdToken } from './id-token.js';
import type { TokenSource } from './id-token.js';
import { configure } from './library.js';
import { verifyLogoutToken } from './logout-token.js';
import type { UpstreamLogout } from './logout-token.js';
import type { UpstreamMetadata } from './metadata.js';
import { laneOf } from './party.js';
import type { UpstreamParty } from './party.js';
import { identifier, readMethods, readSeconds } from './profile.js';
import type { Claims } from './profile.js';
import { isRecord } from './record.js';
import { refreshUpstream } from './refresh-exchange.js';
import { SomeoneElseError, verifyRefreshed } from './revalidation.js';
import type { Revalidation, RevalidationRequest } from './revalidation.js';
import type { TokenRequest, Tokens } from './token-request.js';
import { DocumentLibrary } from './upstream-documents.js';
import { toPerson } from './upstream-person.js';

/** What a sign-in is bound to; kept in the login transaction. */
export interface SignInSecrets {
  /** `[A-Za-z0-9,._-]` only: Okta refuses everything else. */
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636: 43 to 128 characters. */
  readonly codeVerifier: string;
}

export interface SignInRequest extends SignInSecrets {
  readonly loginHint?: string;
  readonly prompt?: string;
  readonly maxAgeSeconds?: number;
  /** The application's demand, besides the connection's own. */
  readonly acrValues?: readonly string[];
  /** One of the connection's scopes that isn't asked for. */
  readonly withoutScope?: string;
}

export interface ExpectedSignIn extends SignInSecrets {
  readonly maxAgeSeconds?: number;
  readonly acrValues?: readonly string[];
}

export interface CompletedSignIn {
  readonly identity: UpstreamIdentity;
  /** undefined: none came, or the connection has no use for it and it was dropped. */
  readonly refreshToken: string | undefined;
  readonly notes: readonly SignInNote[];
  readonly seen: SignInSeen;
}

/** What a sign-in was made of, without what it said: for a test of the connection. */
export interface SignInSeen {
  /** Names of the claims in the ID Token. */
  readonly idToken: readonly string[];
  /** Names of the claims that only userinfo had; empty when it wasn't asked. */
  readonly userinfo: readonly string[];
  /** Seconds by which the upstream's clock is ahead; undefined when it didn't say. */
  readonly clockDifferenceSeconds: number | undefined;
  /** The key that signed the ID Token, by its thumbprint (RFC 7638). */
  readonly signingKey: string | undefined;
}

/** Causeway as a client of one upstream OpenID Provider (OpenID Connect Core 1.0), code flow with PKCE only. */
export interface RelyingParty {
  /**
   * Where to send the browser.
   * @throws UpstreamError when the upstream's metadata can't be had
   */
  authorizationUrl(party: UpstreamParty, request: SignInRequest): Promise<URL>;
  /**
   * Turns the callback's parameters (of the query, or of a form post) into a person, after every check. The caller has
   * already matched `state` to its transaction and taken that; here no session is made and nothing is stored.
   * @throws UpstreamError with the cause; the code may be spent, so a retry is a new sign-in
   */
  completeSignIn(
    party: UpstreamParty,
    parameters: URLSearchParams,
    expected: ExpectedSignIn,
  ): Promise<CompletedSignIn>;
  /**
   * Asks the upstream whether a person still may, and for their groups, by the refresh token of their sign-in (OpenID
   * Connect Core 12). An ID Token that comes back is verified as at a sign-in, but for the nonce and the demands of that
   * sign-in; without one userinfo must name the same subject. Never throws for a fault of the upstream or the settings.
   */
  revalidate(party: UpstreamParty, request: RevalidationRequest): Promise<Revalidation>;
  /**
   * Where to send the browser to end the upstream's session (OpenID Connect RP-Initiated Logout 1.0): `none` when the
   * upstream has no such address, `unreachable` when it can't be asked. Never throws for either, since our own sign-out
   * must not hang on it.
   */
  logoutUrl(party: UpstreamParty, request: LogoutRequest): Promise<URL | 'none' | 'unreachable'>;
  /**
   * Reads what an upstream says of a session that ended there (OpenID Connect Back-Channel Logout 1.0 section 2.6), after
   * every check but that for its second use, which is the caller's.
   * @throws UpstreamError when it is refused, or the upstream's keys can't be had
   */
  readLogoutToken(party: UpstreamParty, token: string): Promise<UpstreamLogout>;
}

export interface LogoutRequest {
  /** Okta demands it as `id_token_hint`. */
  readonly idToken: string;
  readonly postLogoutRedirectUri: string;
  readonly state?: string;
}

export function createRelyingParty(deps: RelyingPartyDeps): RelyingParty {
  return new OpenIdRelyingParty(deps);
}

const STATE = /^[A-Za-z0-9,._-]{1,512}$/;
/** Connections whose last good credential is remembered. */
const REMEMBERED_MAX = 10_000;

class OpenIdRelyingParty implements RelyingParty {
  readonly #deps: RelyingPartyDeps;
  readonly #documents: DocumentLibrary;
  /** Connection → mark of the credential that was last accepted, tried first next time. */
  readonly #accepted = new LRUCache<string, string>({ max: REMEMBERED_MAX });

  constructor(deps: RelyingPartyDeps) {
    this.#deps = deps;
    this.#documents = new DocumentLibrary(deps);
  }

  async authorizationUrl(party: UpstreamParty, request: SignInRequest): Promise<URL> {
    if (!STATE.test(request.state))
      throw new DomainError('invalid_argument', 'A state may hold only letters, digits and ,._-');
    const metadata = await this.#documents.of(party).metadata(new Deadline(SIGN_IN_MS));
    const { clientId, scopes, acrValues } = party.connection.settings;
    const classes = classesToAsk(request.acrValues ?? [], acrValues);
    // Okta's Classic engine reads max_age=0 as no demand; prompt=login means the same to all (Core 3.1.2.1).
    const prompt = request.prompt ?? (request.maxAgeSeconds === 0 ? 'login' : undefined);
    return buildAuthorizationUrl(configure(metadata, clientId), {
      redirect_uri: party.redirectUri,
      response_type: 'code',
      scope: [...new Set(['openid', ...scopes])].filter((one) => one !== request.withoutScope).join(' '),
      state: request.state,
      nonce: request.nonce,
      // RFC 7636 section 4.2. The library's own hands a microsecond's work to another thread, which costs a hundred.
      code_challenge: sha256(request.codeVerifier).toString('base64url'),
      code_challenge_method: 'S256',
      ...(request.loginHint === undefined ? {} : { login_hint: request.loginHint }),
      ...(prompt === undefined ? {} : { prompt }),
      ...(request.maxAgeSeconds === undefined ? {} : { max_age: String(request.maxAgeSeconds) }),
      ...(classes.length === 0 ? {} : { acr_values: classes.join(' ') }),
    });
  }

  async completeSignIn(
    party: UpstreamParty,
    parameters: URLSearchParams,
    expected: ExpectedSignIn,
  ): Promise<CompletedSignIn> {
    const { connection } = party;
    const deadline = new Deadline(SIGN_IN_MS);
    const metadata = await this.#documents.of(party).metadata(deadline);
    checkCallback(parameters, expected.state, metadata);
    const tokens = await this.#redeem(party, metadata, parameters, expected, deadline);
    const source = this.#sourceOf(party, metadata, tokens, deadline);
    const { claims, key } = await verifySignedIdToken(
      tokens.idToken,
      {
        nonce: expected.nonce,
        accessToken: tokens.accessToken,
        maxAgeSeconds: expected.maxAgeSeconds,
        acrDemands: [expected.acrValues ?? [], connection.settings.acrValues],
      },
      source,
    );
    if (tokens.objection !== undefined) throw tokens.objection;
    const subject = String(claims['sub']);
    const gathered = await gatherClaims(connection.settings, {
      idToken: claims,
      userinfo: () => this.#userinfo(party, metadata, tokens.accessToken, subject, deadline),
      accessToken: () => accessTokenClaims(tokens.accessToken, subject, source),
    });
    return {
      identity: toIdentity(party, subject, gathered, tokens.idToken),
      refreshToken: keepsRefreshTokens(connection.settings) ? tokens.refreshToken : undefined,
      notes: gathered.notes,
      seen: {
        idToken: claimNames(gathered.idToken),
        userinfo: claimNames(gathered.userinfo).filter((name) => !Object.hasOwn(gathered.idToken, name)),
        clockDifferenceSeconds: tokens.clockDifferenceSeconds,
        signingKey: keyThumbprint(key),
      },
    };
  }

  async revalidate(party: UpstreamParty, request: RevalidationRequest): Promise<Revalidation> {
    let refreshToken: string | undefined;
    try {
      const deadline = new Deadline(SIGN_IN_MS);
      const metadata = await this.#documents.of(party).metadata(deadline);
      const refreshed = await this.#authenticated(party, metadata, deadline, (call) =>
        refreshUpstream({ ...call, hidden: [...call.hidden, request.refreshToken] }, request.refreshToken),
      );
      if (refreshed.kind === 'refused') return { ...refreshed, refreshToken };
      // From here on the old one may be worthless, whatever else goes wrong.
      refreshToken = refreshed.refreshToken;
      const verified = await verifyRefreshed(refreshed, request.subject, {
        source: this.#sourceOf(party, metadata, refreshed, deadline),
        askUserinfo: () => this.#askUserinfo(party, metadata, refreshed.accessToken, deadline),
      });
      return { kind: 'confirmed', ...verified, refreshToken };
    } catch (error) {
      if (error instanceof SomeoneElseError)
        return { kind: 'someone_else', error: error.refused, refreshToken };
      if (error instanceof UpstreamError) return { kind: 'unknown', error, refreshToken };
      throw error;
    }
  }

  async logoutUrl(party: UpstreamParty, request: LogoutRequest): Promise<URL | 'none' | 'unreachable'> {
    const { connection, tenantId } = party;
    try {
      const metadata = await this.#documents.of(party).metadata(new Deadline(SIGN_IN_MS));
      if (metadata.end_session_endpoint === undefined) return 'none';
      return buildEndSessionUrl(configure(metadata, connection.settings.clientId), {
        id_token_hint: request.idToken,
        post_logout_redirect_uri: request.postLogoutRedirectUri,
        ...(request.state === undefined ? {} : { state: request.state }),
      });
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      const { reason, message } = error;
      this.#deps.log.warn('upstream.logout_skipped', {
        tenant: tenantId,
        connection: connection.id,
        reason,
        message,
      });
      return 'unreachable';
    }
  }

  async readLogoutToken(party: UpstreamParty, token: string): Promise<UpstreamLogout> {
    const deadline = new Deadline(SIGN_IN_MS);
    const metadata = await this.#documents.of(party).metadata(deadline);
    const unknownTime = { clockDifferenceSeconds: undefined };
    return verifyLogoutToken(token, this.#sourceOf(party, metadata, unknownTime, deadline));
  }

  #sourceOf(
    party: UpstreamParty,
    metadata: UpstreamMetadata,
    { clockDifferenceSeconds }: Pick<Tokens, 'clockDifferenceSeconds'>,
    deadline: Deadline,
  ): TokenSource {
    return {
      connection: party.connection,
      metadata,
      keySets: () => this.#documents.of(party).keySets(deadline),
      clock: this.#deps.clock,
      clockDifferenceSeconds,
    };
  }

  #redeem(
    party: UpstreamParty,
    metadata: UpstreamMetadata,
    parameters: URLSearchParams,
    expected: ExpectedSignIn,
    deadline: Deadline,
  ): Promise<CodeExchanged> {
    const secret = [expected.codeVerifier, expected.nonce, parameters.get('code') ?? ''];
    return this.#authenticated(party, metadata, deadline, (call) =>
      exchangeCode({
        ...call,
        redirectUri: party.redirectUri,
        parameters,
        expected,
        hidden: [...call.hidden, ...secret],
      }),
    );
  }

  /**
   * Makes a token request with each credential in turn. A second request with the same code or refresh token is right
   * only here: client authentication is judged before it (RFC 6749 3.2.1), so `invalid_client` leaves it unspent.
   */
  async #authenticated<T>(
    party: UpstreamParty,
    metadata: UpstreamMetadata,
    deadline: Deadline,
    send: (request: TokenRequest) => Promise<T>,
  ): Promise<T> {
    const key = `${party.tenantId} ${party.connection.id}`;
    const [first, second] = acceptedFirst(credentialsOf(party), this.#accepted.get(key));
    if (first === undefined) throw noCredential(party);
    const sendWith = async (credential: Credential): Promise<T> => {
      const answered = await send({
        outbound: this.#deps.outbound,
        clock: this.#deps.clock,
        lane: laneOf(party, deadline, this.#deps.lane),
        metadata,
        clientId: party.connection.settings.clientId,
        auth: await authenticate(party, credential, metadata.token_endpoint, this.#deps),
        hidden: hiddenIn(party),
      });
      const mark = credentialMark(credential);
      this.#accepted.set(key, mark);
      if (credential.kind === 'secret')
        this.#deps.secretUses?.note(
          party.tenantId,
          `connection ${party.connection.id} ${credential.member} ${mark}`,
        );
      return answered;
    };
    try {
      return await sendWith(first);
    } catch (error) {
      if (second === undefined || !isCredentialRefused(error)) throw error;
      const { tenantId: tenant, connection } = party;
      this.#deps.log.warn('upstream.secret_refused', { tenant, connection: connection.id });
      return sendWith(second);
    }
  }

  async #userinfo(
    party: UpstreamParty,
    metadata: UpstreamMetadata,
    accessToken: string | undefined,
    subject: string,
    deadline: Deadline,
  ): Promise<Claims> {
    const told = await this.#askUserinfo(party, metadata, accessToken, deadline);
    if (told !== undefined && told['sub'] !== subject) throw mismatch();
    return told ?? {};
  }

  /** What userinfo says, whoever that is about; undefined when it can't be asked. */
  async #askUserinfo(
    party: UpstreamParty,
    { userinfo_endpoint: url }: UpstreamMetadata,
    accessToken: string | undefined,
    deadline: Deadline,
  ): Promise<Claims | undefined> {
    if (url === undefined || accessToken === undefined) return undefined;
    const { outbound, clock } = this.#deps;
    const lane = laneOf(party, deadline, this.#deps.lane);
    const { json } = await getJson(url, { outbound, clock, lane, step: 'userinfo', bearer: accessToken });
    if (!isRecord(json)) throw mismatch();
    return json;
  }
}

const CLAIMS_MAX = 200;

const claimNames = (claims: Claims): readonly string[] =>
  Object.keys(claims)
    .slice(0, CLAIMS_MAX)
    .map((name) => plainText(name, 100));

function mismatch(): UpstreamError {
  return new UpstreamError(
    'userinfo_mismatch',
    'userinfo',
    'Userinfo speaks of another person than the ID Token',
  );
}

/** The credential that was last accepted, and the other one. */
function acceptedFirst(credentials: readonly Credential[], mark: string | undefined): readonly Credential[] {
  return credentials.toSorted(
    (a, b) => Number(credentialMark(b) === mark) - Number(credentialMark(a) === mark),
  );
}

function isCredentialRefused(error: unknown): boolean {
  return (
    error instanceof UpstreamError &&
    (error.reason === 'bad_secret' || error.reason === 'auth_method_mismatch') &&
    error.facts.upstreamError === 'invalid_client'
  );
}

function hiddenIn({ secrets }: UpstreamParty): readonly string[] {
  return [secrets.clientSecret, secrets.secondarySecret].filter((secret) => secret !== undefined);
}

function toIdentity(
  party: UpstreamParty,
  subject: string,
  gathered: GatheredClaims,
  token: string,
): UpstreamIdentity {
  const { idToken } = gathered;
  return {
    ...toPerson(party.connection, subject, gathered),
    acr: identifier(idToken['acr']),
    amr: readMethods(idToken['amr']),
    authTime: readSeconds(idToken['auth_time']),
    sessionReference: identifier(idToken['sid']) ?? identifier(idToken['jti']),
    idp: identifier(idToken['idp']),
    sessionExpiry: readSeconds(idToken['session_expiry']),
    idToken: token,
  };
}
