import type { ApplicationId, ConnectionId, TenantId } from '../../core/ids.js';
import type { StoredApplicationSecret } from '../application/application.js';
import type { TenantConfiguration } from '../configuration/tenant-configuration.js';
import type { SigningKey } from '../keys/signing-key.js';

/** A connection's secrets as stored: sealed. */
export interface SealedConnectionSecrets {
  readonly connectionId: ConnectionId;
  readonly clientSecret: string | null;
  readonly secondarySecret: string | null;
}

/** A SCIM token as kept: by its hash. */
export interface StoredScimToken {
  readonly id: string;
  readonly connectionId: ConnectionId;
  /** SHA-256 of the whole token. */
  readonly hash: Uint8Array;
  readonly expiresAt: Date | null;
}

/** Everything that serving a tenant needs, secrets sealed: one consistent reading. */
export interface StoredTenant {
  readonly configuration: TenantConfiguration;
  /** The tenant's data key, sealed by a key of the deployment. */
  readonly wrappedDataKey: string;
  readonly signingKeys: readonly SigningKey[];
  readonly connectionSecrets: readonly SealedConnectionSecrets[];
  readonly applicationSecrets: ReadonlyMap<ApplicationId, readonly StoredApplicationSecret[]>;
  /** Secrets of webhooks, sealed, of the applications that have one. */
  readonly webhookSecrets: ReadonlyMap<ApplicationId, string>;
  readonly scimTokens: readonly StoredScimToken[];
}

export interface TenantVersion {
  readonly id: TenantId;
  readonly slug: string;
  readonly configVersion: number;
}

/** Tenants as they are served. */
export interface TenantStore {
  find(slug: string): Promise<StoredTenant | undefined>;
  /** Tenants whose configuration changed within the last `seconds`, by the database's clock. */
  changedWithin(seconds: number): Promise<readonly TenantVersion[]>;
}
