import type { Context } from 'koa';
import type { Actor } from '../domain/audit/audit-event.js';
import type { Connection } from '../domain/connection/connection.js';
import type { TokenFault } from '../domain/provisioning/scim-request.js';
import { bearerAccessToken } from '../http/bearer-access-token.js';
import type { TenantContext } from '../http/tenant-context.js';
import { sha256 } from '../keys/hash.js';
import { readToken } from '../keys/tokens.js';
import { ScimError } from './errors.js';

/** Whose token a request brings: it sees what was pushed on its connection, and nothing else (C15). */
export interface ScimClient {
  readonly connection: Connection;
  /** Null: the client brought an access token. */
  readonly tokenId: string | null;
  readonly actor: Actor;
}

export interface AuthenticateDeps {
  readonly now: () => Date;
  /** Whether an access token of the tenant's issuer has not been revoked. */
  readonly accessTokenLives: (tenant: TenantContext, jti: string) => Promise<boolean>;
}

const UNKNOWN =
  'The token is missing, unknown, expired or of another tenant. Copy a token of this connection into Authorization.';

/** What a token that was refused tells of itself: never the token. */
export interface RefusedToken {
  readonly fault: TokenFault;
  /** The id that it names; null: none, or its checksum is wrong. */
  readonly tokenId: string | null;
}

/** A request that brings no token that is good for it. */
export class UnauthorizedError extends ScimError {
  /** What is asked for, as `WWW-Authenticate` says it (RFC 6750 section 3). */
  readonly challenge: string;

  constructor(
    status: 401 | 403,
    detail: string,
    error?: 'invalid_token' | 'insufficient_scope',
    /** Undefined: the token itself is good. */
    readonly refused?: RefusedToken,
  ) {
    super(status, detail);
    const scope = error === 'insufficient_scope' ? ', scope="scim"' : '';
    this.challenge = `Bearer realm="scim"${error === undefined ? '' : `, error="${error}"${scope}`}`;
  }
}

const unauthenticated = (token: string, fault?: TokenFault): UnauthorizedError =>
  new UnauthorizedError(401, UNKNOWN, token === '' ? undefined : 'invalid_token', refusedToken(token, fault));

/** Form, checksum and id tell what became of a token on its way, for the admin who pasted it. */
function refusedToken(token: string, fault?: TokenFault): RefusedToken {
  if (token === '') return { fault: 'missing', tokenId: null };
  const named = readToken(token);
  if (named?.kind === 'scim') return { fault: fault ?? 'unknown', tokenId: named.id };
  if (named !== undefined) return { fault: 'other_kind', tokenId: null };
  if (fault !== undefined || token.split('.').length === 3)
    return { fault: fault ?? 'unknown', tokenId: null };
  return { fault: /^cw_|_scim_/.test(token) ? 'mistyped' : 'not_ours', tokenId: null };
}

/**
 * The client of a request: by a SCIM token, with or without `Bearer` before it (Okta sends either, C12), or by an access token
 * of the tenant's own issuer for `{issuer}/scim/v2` with scope `scim`. Throws ScimError 401; 403 without the scope.
 */
export async function authenticate(
  ctx: Context,
  tenant: TenantContext,
  deps: AuthenticateDeps,
): Promise<ScimClient> {
  const token = ctx
    .get('authorization')
    .replace(/^bearer +/i, '')
    .trim();
  if (token === '' || token.length > 16_384) throw unauthenticated(token);
  const known = tenant.scimToken(sha256(token));
  if (known !== undefined) {
    const connection = tenant.connectionById(known.connectionId);
    const expired = known.expiresAt !== null && known.expiresAt <= deps.now();
    if (connection === undefined || expired) throw unauthenticated(token, expired ? 'expired' : 'unknown');
    return { connection, tokenId: known.id, actor: { type: 'scim', id: known.id } };
  }
  return byAccessToken(token, tenant, deps);
}

async function byAccessToken(
  token: string,
  tenant: TenantContext,
  deps: AuthenticateDeps,
): Promise<ScimClient> {
  if (token.split('.').length !== 3) throw unauthenticated(token);
  const audience = `${tenant.issuer}/scim/v2`;
  const claims = await bearerAccessToken(token, tenant, { audience, now: deps.now() });
  if (claims === undefined) throw unauthenticated(token);
  const { jti, client_id: clientId, scope } = claims;
  if (typeof jti !== 'string' || typeof clientId !== 'string' || !(await deps.accessTokenLives(tenant, jti)))
    throw unauthenticated(token);
  if (typeof scope !== 'string' || !scope.split(' ').includes('scim'))
    throw new UnauthorizedError(403, 'The access token lacks the scope scim.', 'insufficient_scope');
  const [connection, ...others] = tenant.configuration.connections;
  if (connection === undefined || others.length > 0)
    throw new ScimError(
      403,
      'With several connections only a SCIM token says which one is meant: use one of those.',
    );
  return { connection, tokenId: null, actor: { type: 'scim', id: clientId } };
}
