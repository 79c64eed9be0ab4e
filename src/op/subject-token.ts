import type { KoaContextWithOIDC, AccessToken, ClientCredentials } from 'oidc-provider';
import { systemClock } from '../core/clock.js';
import { isUuid } from '../core/ids.js';
import type { JsonObject } from '../core/json.js';
import type { ArtifactHash } from '../domain/artifact/artifact-store.js';
import { JwtError, verifyJwt } from '../keys/verify-jwt.js';
import { JWT_ALGORITHMS, liveJwt } from './jwt-handles.js';
import { artifactHash } from './artifact-names.js';
import { UnitOfWork } from './unit-of-work.js';

/** Kinds of tokens that an exchange takes (RFC 8693 section 3). */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
export const ID_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:id_token';

/** A token that is good now, by all that introspection would ask: whom it is about, whose it is, what it hangs on. */
export interface LiveToken {
  /** A person's id, or the clientId of an application that speaks for itself. */
  readonly sub: string;
  /** The grant that a person's token hangs on; null: an application speaks for itself. */
  readonly grantHash: ArtifactHash | null;
  /** The application that it was issued to. */
  readonly clientId: string;
  readonly audience: string | undefined;
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
  /** Thumbprint of the key that it is bound to (RFC 9449). */
  readonly boundTo: string | undefined;
  /** How and when the person signed in: `acr`, `amr`, `auth_time`. */
  readonly signIn: Readonly<Record<string, unknown>>;
  /** Who has acted for its subject. */
  readonly act: JsonObject | undefined;
}

/**
 * The live token behind a value of a type; undefined when it is dead, another issuer's or of another type: each
 * type is looked for in its own place and nowhere else.
 */
export function liveToken(
  ctx: KoaContextWithOIDC,
  value: string,
  type: typeof ACCESS_TOKEN_TYPE | typeof ID_TOKEN_TYPE,
): Promise<LiveToken | undefined> {
  if (type === ID_TOKEN_TYPE) return liveIdToken(ctx, value);
  return value.includes('.') ? liveJwtToken(value) : liveOpaqueToken(ctx, value);
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const scopesOf = (scope: unknown): readonly string[] =>
  typeof scope === 'string' ? scope.split(' ').filter((name) => name !== '') : [];

/** What a token keeps of the sign-in, and of those who acted. */
function carried(claims: Readonly<Record<string, unknown>>): Pick<LiveToken, 'signIn' | 'act'> {
  const { acr, amr, auth_time: authTime, act } = claims;
  return {
    signIn: { acr, amr, auth_time: authTime },
    act: typeof act === 'object' && act !== null ? (act as JsonObject) : undefined,
  };
}

async function liveJwtToken(value: string): Promise<LiveToken | undefined> {
  const jwt = await liveJwt(value);
  if (jwt === undefined) return undefined;
  const { claims, clientId, grantHash } = jwt;
  const { jkt } = (claims['cnf'] ?? {}) as { readonly jkt?: unknown };
  return {
    sub: claims.sub ?? clientId,
    grantHash,
    clientId,
    audience: text(claims.aud),
    scopes: scopesOf(claims['scope']),
    expiresAt: claims.exp ?? 0,
    boundTo: text(jkt),
    ...carried(claims),
  };
}

async function liveOpaqueToken({ oidc }: KoaContextWithOIDC, value: string): Promise<LiveToken | undefined> {
  const { AccessToken: ofPerson, ClientCredentials: ofMachine } = oidc.provider;
  // In this order: the library knows of machines' tokens only where an application may have them.
  const token: AccessToken | ClientCredentials | undefined =
    (await ofPerson.find(value)) ?? (await ofMachine.find(value));
  if (token?.isValid !== true || token.clientId === undefined) return undefined;
  // As it is stored: the library's look-up shows a token for userinfo less of some (okta-userinfo.ts).
  const { aud, scope } = (await UnitOfWork.current.loaded(token.kind, value))?.payload ?? {};
  const extra = token.extra ?? {};
  const isPersons = token.kind === 'AccessToken';
  return {
    sub: isPersons ? token.accountId : (text(extra['sub']) ?? token.clientId),
    grantHash: isPersons ? artifactHash('Grant', token.grantId) : null,
    clientId: token.clientId,
    audience: text(aud),
    scopes: scopesOf(scope),
    expiresAt: token.exp ?? 0,
    boundTo: token.jkt,
    ...carried(extra),
  };
}

/**
 * An ID token of the application that asks. It says who somebody is, so nothing keeps a record of it: it counts while the
 * session in which it was issued lives there, and with it the application's grant.
 */
async function liveIdToken({ oidc }: KoaContextWithOIDC, value: string): Promise<LiveToken | undefined> {
  const { tenant, store } = UnitOfWork.current;
  const clientId = oidc.client?.clientId ?? '';
  try {
    const { claims } = await verifyJwt(value, {
      purpose: 'id_token',
      keys: tenant.publicKeys(null),
      algorithms: JWT_ALGORITHMS,
      issuer: tenant.issuer,
      audience: clientId,
      now: systemClock.now(),
      clockToleranceSeconds: 0,
    });
    const { sub, sid } = claims;
    // Responses that are signed for an application have its audience, too; none tells of a person and their session.
    if (typeof sid !== 'string' || sub === undefined || !isUuid(sub) || Object.hasOwn(claims, 'events'))
      return undefined;
    const grantHash = await store.grantOfSession(tenant.id, { userId: sub, clientId, sid });
    if (grantHash === undefined) return undefined;
    const issued = { clientId, audience: undefined, scopes: [], expiresAt: claims.exp ?? 0 };
    return { sub, grantHash, ...issued, boundTo: undefined, ...carried(claims) };
  } catch (error) {
    if (error instanceof JwtError) return undefined;
    throw error;
  }
}
