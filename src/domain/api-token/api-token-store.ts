import type { RoleId, TenantId, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { PersonOfTenant } from '../operator/person-of-tenant.js';
import type { ApiTokenFacts } from './token-list.js';

/** A token for the management API as it is kept: never its value. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly role: RoleId;
  /** SHA-256 of the token. */
  readonly hash: Uint8Array;
  /** null: until it is deleted. */
  readonly expiresAt: Date | null;
  /** What it may of that role, as scopes; null: all. */
  readonly scopes: readonly string[] | null;
  /** It goes with this person of the tenant; null: nobody's there. */
  readonly ownerId: UserId | null;
  /** It goes with this person of a tenant above; null: nobody's there. */
  readonly ownerElsewhere: PersonOfTenant | null;
  readonly createdBy: string;
}

/** Tokens for the management API. */
export interface ApiTokenStore {
  create(scope: TenantScope, token: ApiToken): Promise<void>;
  /** Id of the tenant's role with the key. */
  findRole(scope: TenantScope, key: string): Promise<RoleId | undefined>;
  find(tenantId: TenantId, id: string): Promise<ApiTokenFacts | undefined>;
  /** @returns its name; undefined: there was none */
  delete(scope: TenantScope, id: string): Promise<string | undefined>;
}
