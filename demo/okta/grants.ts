import type { OrgClock } from './clock.js';
import { ExpiringMap } from './expiring-map.js';
import { randomText } from './ids.js';

/** Okta's fixed lifetimes at the org authorization server, in seconds. */
const CODE_SECONDS = 300;
export const ID_TOKEN_SECONDS = 3600;
export const ACCESS_TOKEN_SECONDS = 3600;
export const REFRESH_TOKEN_SECONDS = 90 * 24 * 3600;
export const PAR_SECONDS = 3600;
/** A client assertion may not live longer, so its `jti` needn't be remembered longer. */
export const ASSERTION_SECONDS_MAX = 3600;

/**
 * What a person's sign-in gave a client: carried from the code into tokens, and from a refresh token into
 * fresh ones.
 */
export interface UserGrant {
  readonly clientId: string;
  readonly serverBase: string;
  readonly issuer: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly scopes: readonly string[];
  readonly authTime: number;
  readonly amr: readonly string[];
  readonly acr: string | undefined;
  readonly idp: string;
  readonly nonce: string | undefined;
}

export interface CodeGrant extends UserGrant {
  readonly redirectUri: string;
  readonly codeChallenge: string | undefined;
}

export interface AccessToken {
  readonly clientId: string;
  readonly serverBase: string;
  readonly scopes: readonly string[];
  /** Nothing for client_credentials. */
  readonly user: UserGrant | undefined;
  /** Thumbprint of the DPoP key that the token is bound to. */
  readonly jkt: string | undefined;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface RefreshToken extends UserGrant {
  readonly jkt: string | undefined;
  readonly issuedAt: number;
}

/** Everything that is handed out and redeemed: codes, tokens, pushed requests, and what may be used once. */
export class GrantStore {
  readonly codes: ExpiringMap<CodeGrant>;
  readonly accessTokens: ExpiringMap<AccessToken>;
  readonly refreshTokens: ExpiringMap<RefreshToken>;
  readonly pushedRequests: ExpiringMap<{ readonly clientId: string; readonly params: URLSearchParams }>;
  readonly #usedJtis: ExpiringMap<true>;
  /** Without use for so long a refresh token dies: 7 days at a custom server of Okta's by default; undefined: never. */
  refreshIdleSeconds: number | undefined;
  /** A rotated refresh token works for so long beside its successor, for who lost the answer: 60 at most at Okta. */
  rotationGraceSeconds = 0;
  /** `userId clientId scopes` that said yes on a consent page. */
  readonly consents = new Set<string>();

  readonly #clock: OrgClock;
  readonly #retired = new WeakSet<RefreshToken>();

  constructor(clock: OrgClock) {
    this.#clock = clock;
    this.codes = new ExpiringMap(clock);
    this.accessTokens = new ExpiringMap(clock);
    this.refreshTokens = new ExpiringMap(clock);
    this.pushedRequests = new ExpiringMap(clock);
    this.#usedJtis = new ExpiringMap(clock);
  }

  issueCode(grant: CodeGrant): string {
    const code = randomText(32);
    this.codes.set(code, grant, CODE_SECONDS);
    return code;
  }

  issueRefreshToken(token: RefreshToken): string {
    const value = randomText(32);
    this.refreshTokens.set(value, token, this.#lifeOf(token));
    return value;
  }

  /** A refresh token was used and stays; its idle time begins anew. */
  keepRefreshToken(value: string, token: RefreshToken): void {
    this.refreshTokens.touch(value, this.#lifeOf(token));
  }

  /** A refresh token was used and has a successor; its grace begins with the first one. */
  retireRefreshToken(value: string, token: RefreshToken): void {
    if (this.rotationGraceSeconds === 0) this.refreshTokens.delete(value);
    else if (!this.#retired.has(token)) this.refreshTokens.touch(value, this.rotationGraceSeconds);
    this.#retired.add(token);
  }

  #lifeOf({ issuedAt }: RefreshToken): number {
    const left = issuedAt + REFRESH_TOKEN_SECONDS - this.#clock.now();
    return Math.min(left, this.refreshIdleSeconds ?? left);
  }

  /** Remembers a `jti`; false when it was seen before. */
  useJti(owner: string, jti: string): boolean {
    const key = `${owner} ${jti}`;
    if (this.#usedJtis.get(key) !== undefined) return false;
    this.#usedJtis.set(key, true, ASSERTION_SECONDS_MAX);
    return true;
  }

  /** Ends all that one person, one client, or one of both together holds. */
  revoke(owner: { readonly userId?: string; readonly clientId?: string }): void {
    const matches = (grant: { readonly userId?: string; readonly clientId: string }): boolean =>
      (owner.userId === undefined || grant.userId === owner.userId) &&
      (owner.clientId === undefined || grant.clientId === owner.clientId);
    this.codes.deleteWhere(matches);
    this.refreshTokens.deleteWhere(matches);
    this.accessTokens.deleteWhere(({ user, clientId }) => matches(user ?? { clientId }));
  }
}
