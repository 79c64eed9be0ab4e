import type { RoleId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';

/** A token for the management API as it is kept: never its value. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly role: RoleId;
  /** SHA-256 of the token. */
  readonly hash: Uint8Array;
  /** null: until it is deleted. */
  readonly expiresAt: Date | null;
}

/** Tokens for the management API. */
export interface ApiTokenStore {
  create(scope: TenantScope, token: ApiToken): Promise<void>;
  /** Id of the tenant's role with the key. */
  findRole(scope: TenantScope, key: string): Promise<RoleId | undefined>;
}
