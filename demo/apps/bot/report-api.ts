import type { RouterContext } from '@koa/router';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';

export interface ReportApiOptions {
  readonly issuer: string;
  /** The API's identifier: tokens for any other are refused. */
  readonly identifier: string;
  /** The scope that filing a report needs. */
  readonly scope: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const KEYS_TIMEOUT_MS = 5_000;
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

/**
 * A small API that takes reports from whoever has a token for it. It trusts the issuer's published keys, checks the
 * token by itself (RFC 9068 section 4), and never asks the issuer who somebody is.
 */
export class ReportApi {
  #filed = 0;
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;

  constructor(private readonly options: ReportApiOptions) {
    const address = new URL(`${options.issuer}/oauth2/v1/keys`);
    this.#keys = createRemoteJWKSet(address, { timeoutDuration: KEYS_TIMEOUT_MS });
  }

  /** Files a report; 401 without a good token, 403 without the scope (RFC 6750 section 3.1). */
  async file(ctx: RouterContext): Promise<void> {
    const { scope } = this.options;
    const token = await this.#tokenOf(ctx.get('Authorization'));
    if (token === undefined) {
      refuse(ctx, 401, 'Bearer error="invalid_token"');
    } else if (!scopesOf(token).includes(scope)) {
      refuse(ctx, 403, `Bearer error="insufficient_scope", scope="${scope}"`);
    } else {
      this.#filed += 1;
      ctx.status = 201;
      ctx.body = { report: this.#filed, filedBy: token['client_id'], at: new Date(this.options.now()) };
    }
  }

  /** What a good token says. @throws Error when the issuer's keys can't be had */
  async #tokenOf(authorization: string): Promise<JWTPayload | undefined> {
    const [scheme = '', token = ''] = authorization.split(' ');
    if (scheme.toLowerCase() !== 'bearer') return undefined;
    const { issuer, identifier, now } = this.options;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience: identifier,
        // An ID token is no access token, whatever else it says.
        typ: 'at+jwt',
        algorithms: ALGORITHMS,
        requiredClaims: ['sub', 'client_id', 'exp'],
        currentDate: new Date(now()),
      });
      // One that is bound to a key is worth nothing without a proof of that key (RFC 9449), which is not asked for here.
      return payload['cnf'] === undefined ? payload : undefined;
    } catch (error) {
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw error;
      return undefined;
    }
  }
}

function scopesOf({ scope }: JWTPayload): readonly string[] {
  return typeof scope === 'string' ? scope.split(' ') : [];
}

function refuse(ctx: RouterContext, status: number, challenge: string): void {
  ctx.status = status;
  ctx.set('WWW-Authenticate', challenge);
  ctx.body = '';
}
