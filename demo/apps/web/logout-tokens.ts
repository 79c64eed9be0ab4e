import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';

/** What is checked against: some of the issuer's metadata, and our own id there. */
export interface LogoutTrust {
  readonly issuer: string;
  readonly clientId: string;
  readonly jwksUri: string;
  /** Signature algorithms that the issuer uses. */
  readonly algorithms: readonly string[];
}

/** Whose sign-in has ended: the one of that `sid`, or without one all of that `sub`. */
export interface EndedSignIn {
  readonly sid: string | undefined;
  readonly sub: string | undefined;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** How far the issuer's clock and ours may be apart. */
const SKEW_SECONDS = 30;
const AGE_MAX_SECONDS = 300;
/** The issuer gives up after five seconds; the keys must come before that. */
const KEYS_TIMEOUT_MS = 3_000;

/** A token that says nothing to us. The message says why, and holds nothing of the token. */
export class LogoutTokenError extends Error {}

/** Logout tokens of the issuer (OpenID Connect Back-Channel Logout 1.0 section 2.6). jose checks the signature. */
export class LogoutTokens {
  /** When a `jti` may be forgotten, because its token is over by then: seconds since the epoch. */
  readonly #seen = new Map<string, number>();
  #keys: ReturnType<typeof createRemoteJWKSet> | undefined;

  constructor(
    private readonly trust: () => Promise<LogoutTrust>,
    private readonly now: () => number,
  ) {}

  /**
   * Takes a token, once.
   * @throws LogoutTokenError when it isn't one, is for somebody else, is over, or came before
   */
  async take(token: string): Promise<EndedSignIn> {
    const { jti, exp, sid, sub, events, nonce } = await this.#verify(token);
    // A nonce would make an ID token of it: one of those must never end a session.
    if (nonce !== undefined) throw new LogoutTokenError('it has a nonce');
    if (!isObject(events) || !isObject(events[EVENT])) throw new LogoutTokenError('it tells of no logout');
    if (sid !== undefined && typeof sid !== 'string') throw new LogoutTokenError('its sid is no text');
    if (sid === undefined && sub === undefined) throw new LogoutTokenError('it names nobody');
    this.#once(jti, exp);
    return { sid, sub };
  }

  async #verify(token: string): Promise<JWTPayload> {
    const { issuer, clientId, jwksUri, algorithms } = await this.trust();
    this.#keys ??= createRemoteJWKSet(new URL(jwksUri), { timeoutDuration: KEYS_TIMEOUT_MS });
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience: clientId,
        typ: 'logout+jwt',
        algorithms: [...algorithms],
        requiredClaims: ['jti', 'exp'],
        maxTokenAge: AGE_MAX_SECONDS,
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(this.now()),
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new LogoutTokenError(error.message, { cause: error });
      throw error;
    }
  }

  #once(jti: unknown, exp = 0): void {
    if (typeof jti !== 'string' || jti === '') throw new LogoutTokenError('its jti is no text');
    const now = this.now() / 1000;
    for (const [id, end] of this.#seen) if (end < now) this.#seen.delete(id);
    if (this.#seen.has(jti)) throw new LogoutTokenError('it came before');
    this.#seen.set(jti, exp + SKEW_SECONDS);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
