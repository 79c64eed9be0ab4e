import type { TenantId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';

/** What may be told of a secret. */
export interface SecretState {
  readonly set: boolean;
  readonly updatedAt: Date | null;
  readonly lastUsedAt: Date | null;
  /** null: until it is replaced. */
  readonly expiresAt: Date | null;
}

export const NO_SECRET: SecretState = { set: false, updatedAt: null, lastUsedAt: null, expiresAt: null };

/** What may be told of a tenant's secrets, by `<entry's key> <member>`. */
export interface SecretStates {
  readonly connections: ReadonlyMap<string, SecretState>;
  readonly applications: ReadonlyMap<string, SecretState>;
  /** By name. */
  readonly scimTokens: ReadonlyMap<string, SecretState>;
}

export interface SecretStateStore {
  /** One flush. */
  read(tenantId: TenantId): Promise<SecretStates>;
  /** As they are in this transaction. */
  readHere(scope: TenantScope): Promise<SecretStates>;
}
