import type { TenantId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { Application, ApplicationType, GrantType } from './application.js';

/** What applications that register by an initial access token may be at most. They keep it for later changes. */
export interface RegistrationBounds {
  readonly types: readonly ApplicationType[];
  readonly grants: readonly GrantType[];
  /** Identifiers of APIs that they may ask for, besides the tenant's default one. */
  readonly apis: readonly string[];
  /** Scopes of APIs that they may get; null: whatever access policies give. */
  readonly scopes: readonly string[] | null;
}

/** What an operator who says nothing more allows: services that speak for themselves, without an API of their own. */
export const SERVICES_ONLY: RegistrationBounds = {
  types: ['service'],
  grants: ['client_credentials'],
  apis: [],
  scopes: null,
};

/** How a registered application changes itself (RFC 7592), and how far. */
export interface Registration {
  /** SHA-256 of its registration access token. */
  readonly tokenHash: Uint8Array;
  readonly bounds: RegistrationBounds;
}

/** A token that lets a machine register applications, as operators see it: never its value (RFC 7591 section 3). */
export interface InitialAccessToken {
  readonly id: string;
  readonly name: string;
  readonly bounds: RegistrationBounds;
  readonly createdAt: Date;
  /** null: until it is revoked. */
  readonly expiresAt: Date | null;
  /** When something was last asked for by it, granted or not. */
  readonly lastUsedAt: Date | null;
}

/** An application that a machine registered. */
export interface RegisteredApplication extends Registration {
  readonly application: Application;
  readonly issuedAt: Date;
}

/** Initial access tokens and what was registered by them. */
export interface RegistrationStore {
  /** The token in force with this hash, outside of any transaction: to tell strangers apart cheaply. */
  findToken(tenantId: TenantId, hash: Uint8Array): Promise<InitialAccessToken | undefined>;
  /** The same, noted as used, inside the transaction of what is done by it. */
  useToken(scope: TenantScope, hash: Uint8Array): Promise<InitialAccessToken | undefined>;
  createToken(
    scope: TenantScope,
    token: Pick<InitialAccessToken, 'id' | 'name' | 'bounds' | 'expiresAt'> & { readonly hash: Uint8Array },
  ): Promise<void>;
  /** By time of creation. */
  listTokens(tenantId: TenantId): Promise<readonly InitialAccessToken[]>;
  /** @returns the name of what was deleted; undefined when there was none */
  deleteToken(scope: TenantScope, id: string): Promise<string | undefined>;
  /** What is registered under a client_id; undefined when there is none or it is an operator's. */
  findApplication(tenantId: TenantId, clientId: string): Promise<RegisteredApplication | undefined>;
  /** The same, inside the transaction of its change. */
  readApplication(scope: TenantScope, clientId: string): Promise<RegisteredApplication | undefined>;
}
