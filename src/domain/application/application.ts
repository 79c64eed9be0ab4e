import type { ApplicationId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';

/** A downstream OIDC client of a tenant. */
export interface Application {
  readonly id: ApplicationId;
  /** `client_id`: `[A-Za-z0-9._~-]{1,64}`, unique in the tenant, immutable. */
  readonly clientId: string;
  readonly name: string;
  readonly type: ApplicationType;
  /** Who made it, and changes it: an operator, or a machine that registered it (RFC 7591). */
  readonly source: 'operator' | 'registration';
  readonly settings: ApplicationSettings;
}

export type ApplicationType = 'web' | 'spa' | 'native' | 'service';
export type TokenEndpointAuthMethod =
  'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';
export type GrantType =
  'authorization_code' | 'refresh_token' | 'client_credentials' | 'device_code' | 'token_exchange';
export type ResponseType = 'code' | 'id_token' | 'code id_token';

/** What an operator sets and no query searches by. */
export interface ApplicationSettings {
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly backchannelLogoutUri: string | null;
  readonly frontchannelLogoutUri: string | null;
  readonly initiateLoginUri: string | null;
  /** Where it is told, signed, of each sign-in on a device (B8). */
  readonly deviceWebhookUri: string | null;
  /** Origins for CORS and silent renewal. */
  readonly allowedOrigins: readonly string[];
  readonly grantTypes: readonly GrantType[];
  readonly responseTypes: readonly ResponseType[];
  readonly tokenEndpointAuthMethod: TokenEndpointAuthMethod;
  readonly jwks: { readonly keys: readonly JsonObject[] } | null;
  readonly jwksUri: string | null;
  readonly idTokenAlg: 'RS256' | 'ES256' | 'EdDSA';
  readonly profile: 'default' | 'fapi2' | 'ipsie';
  /** Whether a code needs PKCE (RFC 7636). Only a web application that proves itself may do without. */
  readonly pkce: 'required' | 'optional';
  /** Whether every token must be bound to a key of the application's (RFC 9449); each may be. */
  readonly dpop: 'optional' | 'required';
  /** Whether authorization requests come by the pushed-request endpoint only (RFC 9126). */
  readonly requirePushedRequests: boolean;
  /** Whether authorization requests may, or must, be signed by the application's keys (RFC 9101). */
  readonly requestObjects: 'off' | 'optional' | 'required';
  /** Whether every authorization response is a signed JWT (JARM); else none is. */
  readonly signedResponses: boolean;
  readonly refresh: RefreshPolicy;
  /** Identifiers of APIs that it may ask for. */
  readonly apis: readonly string[];
  /** Scopes of APIs that it may get at most; null: whatever access policies give. */
  readonly scopes: readonly string[] | null;
  /** Whether people are asked before it gets their data: for third-party applications. */
  readonly consent: boolean;
  readonly audience: 'tenant' | 'tenant-and-customers';
  readonly assignment: Assignment;
  readonly claims: ClaimNames;
}

export interface RefreshPolicy {
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  /** How long the answer to a refresh is given again, for a response lost on the way: 0 to 60 seconds. */
  readonly leewaySeconds: number;
}

/** Who may sign in: everyone, or who is in one of the groups or has one of the roles. */
export type Assignment =
  'everyone' | { readonly groups: readonly string[]; readonly roles: readonly string[] };

export interface ClaimNames {
  /** The claim that holds the roles, or false for none. */
  readonly roles: string | false;
  /** false: none; true: all; or only names that begin with the prefix. */
  readonly groups: boolean | { readonly prefix: string };
}

/** A client secret as kept: only its hash. */
export interface ApplicationSecret {
  readonly id: string;
  readonly hash: Uint8Array;
}

/** A client secret of an application as it is stored (B15): two at most are good at a time. */
export interface StoredApplicationSecret extends ApplicationSecret {
  readonly slot: 'primary' | 'secondary';
  /** Refused from then on; null: it has no end. One that has an end was replaced by another. */
  readonly expiresAt: Date | null;
}

export const CLIENT_ID = /^[A-Za-z0-9._~-]{1,64}$/;

/** Whether a person with these groups and roles (of this application) may use it. */
export function isAssigned(
  assignment: Assignment,
  person: { readonly groups: readonly string[]; readonly roles: readonly string[] },
): boolean {
  if (assignment === 'everyone') return true;
  return (
    assignment.groups.some((group) => person.groups.includes(group)) ||
    assignment.roles.some((role) => person.roles.includes(role))
  );
}

/** The groups that the application is told, by its filter, sorted; undefined when it isn't told any. */
export function groupsFor(claims: ClaimNames, groups: readonly string[]): readonly string[] | undefined {
  const wanted = claims.groups;
  if (wanted === false) return undefined;
  const told = wanted === true ? groups : groups.filter((name) => name.startsWith(wanted.prefix));
  return told.toSorted();
}
