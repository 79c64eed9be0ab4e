import type { ConnectionId } from '../../core/ids.js';

/** Link from a tenant to an upstream OpenID Provider. */
export interface Connection {
  readonly id: ConnectionId;
  /** Unique in the tenant; part of its callback address. Immutable. */
  readonly key: string;
  readonly type: ConnectionType;
  readonly name: string;
  /** The issuer as the upstream writes it: compared byte for byte (OpenID Connect Core 3.1.3.7). */
  readonly issuer: string;
  /** Grows when the issuer changes: identities of an older version don't match any more. */
  readonly version: number;
  readonly status: ConnectionStatus;
  readonly settings: ConnectionSettings;
  /** Somebody has said that its upstream is out of order (A18). */
  readonly outage?: DeclaredOutage;
}

/** An outage that an operator has declared: the upstream's last word on people counts on, until it is over. */
export interface DeclaredOutage {
  readonly reason: string;
  /** RFC 3339. */
  readonly since: string;
  readonly until: string;
}

/** Whether an outage that was declared goes on. */
export function isInOutage({ outage }: Pick<Connection, 'outage'>, now: Date): boolean {
  return outage !== undefined && new Date(outage.until) > now;
}

export type ConnectionType = 'okta' | 'oidc';
export type ConnectionStatus = 'draft' | 'enabled' | 'enforced' | 'disabled';
export type UpstreamClientAuth = 'client_secret_post' | 'client_secret_basic' | 'private_key_jwt';
export type GroupsFrom = 'id_token' | 'userinfo' | 'access_token';
export type GroupSource = 'auto' | 'token' | 'scim';
export type ProvisioningPolicy = 'off' | 'create' | 'create-and-update';

/** What an operator sets and no query searches by. */
export interface ConnectionSettings {
  readonly clientId: string;
  readonly clientAuth: UpstreamClientAuth;
  readonly scopes: readonly string[];
  readonly groupsClaim: string;
  /** Where groups may be read, in order; the first source that has the claim wins. */
  readonly groupsFrom: readonly GroupsFrom[];
  readonly groupSource: GroupSource;
  /** How a sign-in meets a SCIM user: the claim's value equals the user's attribute. */
  readonly join: { readonly claim: string; readonly attribute: 'externalId' };
  /** Asked of the upstream at every sign-in; one of them must come back. */
  readonly acrValues: readonly string[];
  readonly federationBrokerMode: boolean;
  readonly provisioning: ProvisioningPolicy;
  /**
   * How old the upstream's word on a person may be, in seconds, when one of their refresh tokens is used (A19); null: the
   * upstream is asked at sign-ins alone.
   */
  readonly revalidateSeconds: number | null;
  /** How old it may get, in seconds since the last confirmation, while the upstream doesn't answer. */
  readonly revalidateGraceSeconds: number;
  /** Whether who signs out here is sent on to sign out at the upstream too (A13). */
  readonly forwardLogout: boolean;
}

/** The connection's secrets, opened. Write-only everywhere else. */
export interface ConnectionSecrets {
  readonly clientSecret?: string;
  /** Tried when the upstream refuses the first (rotation with two secrets). */
  readonly secondarySecret?: string;
}

/** Without this scope an upstream gives no refresh token (OpenID Connect Core 11), and so can't be asked again. */
export const OFFLINE_ACCESS = 'offline_access';

/** Whether a sign-in's refresh token has a use here (A19). Where it has none it isn't kept. */
export function keepsRefreshTokens({ revalidateSeconds, scopes }: ConnectionSettings): boolean {
  return revalidateSeconds !== null && scopes.includes(OFFLINE_ACCESS);
}

/** Whether people may sign in through it now. A draft is only for the operator's own test. */
export function admitsSignIn(connection: Pick<Connection, 'status'>): boolean {
  return connection.status === 'enabled' || connection.status === 'enforced';
}
