import type { IncomingHttpHeaders } from 'node:http';
import type { AdapterPayload, Provider } from 'oidc-provider';
import { systemClock } from '../core/clock.js';
import type { ArtifactHash } from '../domain/artifact/artifact-store.js';
import { claimedAudience, JwtError, verifyJwt, type VerifiedJwt } from '../keys/verify-jwt.js';
import { moveNameOfPublicClient } from './okta-public-client.js';
import { artifactHash } from './artifact-names.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * Introspection and revocation of JWT access tokens, which the library refuses (it answers 400 to a structured token).
 * A JWT travels through it under a handle, `jwt:<token>`, that it takes for an opaque one; the adapter turns the handle
 * back into what the token says, if its signature, record and grant hold.
 */
const PREFIX = 'jwt:';
/** Opaque tokens have no dots; what has some is a JWT, or an attempt at one, and is judged as such. */
const STRUCTURED = /\./;
const ROUTES = new Set(['introspection', 'revocation']);

/** By which the tenant's keys sign. */
export const JWT_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const;

export const jwtHandle = (token: string): string => `${PREFIX}${token}`;
export const isJwtHandle = (id: string): boolean => id.startsWith(PREFIX);

/** The name under which a JWT's record is kept. */
export const recordHash = (jti: string): Buffer => artifactHash('JwtAccessToken', jti);

/** What the library knows of a request while it assembles its parameters. */
interface Assembling {
  readonly route?: string;
  readonly ctx: { readonly headers: IncomingHttpHeaders };
}

/** Puts JWTs under handles as the library assembles the parameters of the two routes. */
export function acceptJwts(provider: Provider): void {
  const assembled = new WeakMap<object, { token?: unknown }>();
  Object.defineProperty(provider.OIDCContext.prototype, 'params', {
    configurable: true,
    get(this: object) {
      return assembled.get(this);
    },
    set(this: Assembling, params: { token?: unknown; client_id?: string }) {
      const { token } = params;
      const isAboutToken = ROUTES.has(this.route ?? '');
      if (isAboutToken) moveNameOfPublicClient(this.ctx.headers, params);
      if (isAboutToken && typeof token === 'string' && STRUCTURED.test(token))
        params.token = `${PREFIX}${token}`;
      assembled.set(this, params);
    },
  });
}

async function verified(token: string): Promise<VerifiedJwt | undefined> {
  const { tenant } = UnitOfWork.current;
  const audience = claimedAudience(token);
  if (!tenant.configuration.apis.some((api) => api.identifier === audience)) return undefined;
  try {
    return await verifyJwt(token, {
      purpose: 'access_token',
      keys: tenant.publicKeys(null),
      algorithms: JWT_ALGORITHMS,
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

/** A JWT access token of the tenant's that is good now: by signature, record, and the grant that it hangs on. */
interface LiveJwt {
  readonly claims: VerifiedJwt['claims'];
  readonly jti: string;
  readonly clientId: string;
  /** null: an application speaks for itself. */
  readonly grantHash: ArtifactHash | null;
}

/** What a JWT access token says; undefined when it is dead, or none of the tenant's. */
export async function liveJwt(token: string): Promise<LiveJwt | undefined> {
  const claims = (await verified(token))?.claims;
  if (claims === undefined) return undefined;
  const { jti, client_id: clientId } = claims;
  if (typeof jti !== 'string' || typeof clientId !== 'string') return undefined;
  const { store, tenant } = UnitOfWork.current;
  const record = await store.tokenRecord(tenant.id, recordHash(jti));
  return record === undefined ? undefined : { claims, jti, clientId, grantHash: record.grantHash };
}

/** What a JWT's handle stands for, as the library keeps opaque tokens; undefined when it is dead. */
export async function findJwt(handle: string): Promise<AdapterPayload | undefined> {
  const jwt = await liveJwt(handle.slice(PREFIX.length));
  if (jwt === undefined) return undefined;
  const { jti, clientId, grantHash } = jwt;
  const { sub, scope, aud, iat, exp, sid, cnf, iss: _iss, jti: _jti, client_id: _id, ...extra } = jwt.claims;
  const isPersons = grantHash !== null && sub !== undefined;
  return {
    kind: 'AccessToken',
    jti,
    clientId,
    ...(isPersons ? { accountId: sub } : {}),
    ...(typeof scope === 'string' ? { scope } : {}),
    ...(aud === undefined ? {} : { aud }),
    ...(iat === undefined ? {} : { iat }),
    ...(exp === undefined ? {} : { exp }),
    ...(typeof sid === 'string' ? { sid } : {}),
    ...boundTo(cnf),
    // An application's own has no account; where it is about another one (RFC 8693), the library learns it from here.
    extra: isPersons || sub === clientId ? extra : { ...extra, sub },
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
