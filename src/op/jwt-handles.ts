import type { AdapterPayload, Provider } from 'oidc-provider';
import { systemClock } from '../core/clock.js';
import { claimedAudience, JwtError, verifyJwt, type VerifiedJwt } from '../keys/verify-jwt.js';
import { artifactHash, UnitOfWork } from './unit-of-work.js';

/**
 * Introspection and revocation of JWT access tokens, which the library refuses (it answers 400 to a structured token).
 * A JWT travels through it under a handle, `jwt:<token>`, that it takes for an opaque one; the adapter turns the handle
 * back into what the token says, if its signature, record and grant hold.
 */
const PREFIX = 'jwt:';
/** Opaque tokens have no dots; what has some is a JWT, or an attempt at one, and is judged as such. */
const STRUCTURED = /\./;
const ROUTES = new Set(['introspection', 'revocation']);

export const isJwtHandle = (id: string): boolean => id.startsWith(PREFIX);

/** The name under which a JWT's record is kept. */
export const recordHash = (jti: string): Buffer => artifactHash('JwtAccessToken', jti);

/** Puts JWTs under handles as the library assembles the parameters of the two routes. */
export function acceptJwts(provider: Provider): void {
  const assembled = new WeakMap<object, { token?: unknown }>();
  Object.defineProperty(provider.OIDCContext.prototype, 'params', {
    configurable: true,
    get(this: object) {
      return assembled.get(this);
    },
    set(this: { readonly route?: string }, params: { token?: unknown }) {
      const { token } = params;
      if (ROUTES.has(this.route ?? '') && typeof token === 'string' && STRUCTURED.test(token))
        params.token = `${PREFIX}${token}`;
      assembled.set(this, params);
    },
  });
}

async function verified(handle: string): Promise<VerifiedJwt | undefined> {
  const { tenant } = UnitOfWork.current;
  const token = handle.slice(PREFIX.length);
  const audience = claimedAudience(token);
  if (!tenant.configuration.apis.some((api) => api.identifier === audience)) return undefined;
  try {
    return await verifyJwt(token, {
      purpose: 'access_token',
      keys: tenant.publicKeys(null),
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      issuer: tenant.issuer,
      audience: audience ?? '',
      now: systemClock.now(),
      clockToleranceSeconds: 0,
    });
  } catch (error) {
    if (error instanceof JwtError) return undefined;
    throw error;
  }
}

/** The key that a token is bound to, by the library's names: without it a bound token would pass for a bearer's. */
function boundTo(cnf: unknown): AdapterPayload {
  const { jkt } = (cnf ?? {}) as { readonly jkt?: unknown };
  return typeof jkt === 'string' ? { jkt } : {};
}

/** What a JWT's handle stands for, as the library keeps opaque tokens; undefined when it is dead. */
export async function findJwt(handle: string): Promise<AdapterPayload | undefined> {
  const jwt = await verified(handle);
  if (jwt === undefined) return undefined;
  const { jti, sub, client_id: clientId, scope, aud, iat, exp, sid, iss: _iss, cnf, ...extra } = jwt.claims;
  if (typeof jti !== 'string' || typeof clientId !== 'string') return undefined;
  const unit = UnitOfWork.current;
  if (!(await unit.store.tokenRecordLives(unit.tenant.id, recordHash(jti)))) return undefined;
  return {
    kind: 'AccessToken',
    jti,
    clientId,
    ...(typeof sub === 'string' && sub !== clientId ? { accountId: sub } : {}),
    ...(typeof scope === 'string' ? { scope } : {}),
    ...(aud === undefined ? {} : { aud }),
    ...(iat === undefined ? {} : { iat }),
    ...(exp === undefined ? {} : { exp }),
    ...(typeof sid === 'string' ? { sid } : {}),
    ...boundTo(cnf),
    extra,
  };
}

/**
 * Deletes a JWT's record: from now on it introspects as inactive (RFC 7009 section 2.1). Its grant ends with it, as it
 * does with an opaque token.
 */
export async function revokeJwt(jti: string): Promise<void> {
  const unit = UnitOfWork.current;
  const grantHash = await unit.store.deleteTokenRecord(unit.tenant.id, recordHash(jti));
  if (grantHash !== null) unit.revokeGrantHash(grantHash);
}
