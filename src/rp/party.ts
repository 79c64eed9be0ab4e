import type { TenantId } from '../core/ids.js';
import type { Connection, ConnectionSecrets } from '../domain/connection/connection.js';
import type { PrivateJwk } from '../keys/signing-keys.js';
import type { Lane } from '../outbound/outbound.js';
import type { Deadline } from './deadline.js';

/** One connection with what is needed to speak for it: opened secrets and keys. Lives as long as a request. */
export interface UpstreamParty {
  readonly tenantId: TenantId;
  readonly connection: Connection;
  readonly secrets: ConnectionSecrets;
  /** For `private_key_jwt`; the first signs. */
  readonly clientKeys: readonly PrivateJwk[];
  /** The connection's callback address, as registered at the upstream. */
  readonly redirectUri: string;
}

/** What names a connection's upstream, without anything secret: this may be kept. */
export type UpstreamAddress = Pick<UpstreamParty, 'tenantId' | 'connection'>;

/** Discovery and key sets are small documents; a token answer with a fat ID Token is smaller still. */
const BYTES_MAX = 256 * 1024;

/**
 * The lane of a connection's calls: its own breaker (A14), a budget that its tenant's connections share (F-08), and for
 * Okta no origin but the issuer's.
 * @param family of another name for tests: a draft that fails must not stop live sign-ins
 */
export function laneOf(upstream: UpstreamAddress, deadline: Deadline, family = 'connection'): Lane {
  const { tenantId, connection } = upstream;
  return {
    name: `${family}:${tenantId}:${connection.id}`,
    budget: `tenant:${tenantId}`,
    deadlineMs: deadline.remainingMs(),
    bytesMax: BYTES_MAX,
    ...(connection.type === 'okta' ? { sameOrigin: connection.issuer } : {}),
  };
}

/** Whether access tokens of this issuer are JWTs that we may verify; the org's own server signs its with secret keys. */
export function hasVerifiableAccessTokens({ type, issuer }: Connection): boolean {
  return type === 'oidc' || new URL(issuer).pathname.startsWith('/oauth2/');
}
