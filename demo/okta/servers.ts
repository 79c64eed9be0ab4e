import type { KeyObject } from 'node:crypto';
import type { GroupsClaim } from './groups-claim.js';
import { oktaId } from './ids.js';
import { KeyRing } from './keys.js';

/** Scopes that every Okta authorization server knows. */
export const OIDC_SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'] as const;

interface ServerScope {
  readonly name: string;
  /** Shown in `scopes_supported`. */
  readonly published: boolean;
}

/** A claim of a custom authorization server. */
interface ServerClaim {
  readonly groups: GroupsClaim;
  readonly token: 'ID' | 'ACCESS';
  /** "Always include in token"; otherwise an ID token claim comes from userinfo only. */
  readonly always: boolean;
  /** Only with one of these scopes; empty: with any. */
  readonly scopes: readonly string[];
}

interface ServerParts {
  /** `/oauth2`, or `/oauth2/{id}` for a custom one: what its endpoints begin with. */
  readonly base: string;
  /** What follows the origin in its issuer: nothing for the org's own. */
  readonly issuerPath: string;
  readonly keys: KeyRing;
}

/** The org's own authorization server: single sign-on to Okta's apps. */
export interface OrgServer extends ServerParts {
  readonly kind: 'org';
}

/** A custom authorization server, such as `default`. */
export interface CustomServer extends ServerParts {
  readonly kind: 'custom';
  readonly id: string;
  name: string;
  audience: string;
  scopes: ServerScope[];
  claims: ServerClaim[];
  /** Client ids that an access policy lets in; `all`, or none at all as in a new org. */
  policy: 'all' | string[];
  accessTokenSeconds: number;
}

export type AuthorizationServer = OrgServer | CustomServer;

export interface ServerSeed {
  readonly id?: string;
  readonly name?: string;
  readonly audience?: string;
  /** Scopes beyond the standard ones. */
  readonly scopes?: readonly ServerScope[];
  readonly claims?: readonly ServerClaim[];
  readonly policy?: 'all' | readonly string[];
  readonly accessTokenSeconds?: number;
}

export function createOrgServer(signingKeys: readonly KeyObject[]): OrgServer {
  return { kind: 'org', base: '/oauth2', issuerPath: '', keys: new KeyRing(2, signingKeys) };
}

export function createCustomServer(seed: ServerSeed): CustomServer {
  const id = seed.id ?? oktaId('aus');
  return {
    kind: 'custom',
    id,
    base: `/oauth2/${id}`,
    issuerPath: `/oauth2/${id}`,
    keys: new KeyRing(),
    name: seed.name ?? id,
    audience: seed.audience ?? `api://${id}`,
    scopes: [...OIDC_SCOPES.map((name) => ({ name, published: true })), ...(seed.scopes ?? [])],
    claims: [...(seed.claims ?? [])],
    policy: seed.policy === undefined || seed.policy === 'all' ? 'all' : [...seed.policy],
    accessTokenSeconds: seed.accessTokenSeconds ?? 3600,
  };
}
