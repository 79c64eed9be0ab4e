import type { UserId } from '../../core/ids.js';
import type { TenantId } from '../../core/ids.js';
import type { SealedPlace } from '../keys/vault.js';

/**
 * What an account without a connection is for: running the deployment or a tenant (D5), getting in while the tenant's
 * Okta is down or wrong (F5), or a person whom an admin has invited (F4).
 */
export const ACCOUNT_PURPOSES = ['operator', 'break-glass', 'person'] as const;
export type AccountPurpose = (typeof ACCOUNT_PURPOSES)[number];

/** A local account as proof of a person needs it. */
export interface LocalAccount {
  readonly userId: UserId;
  readonly userName: string;
  readonly purpose: AccountPurpose;
  readonly active: boolean;
  /** Argon2id; null: no password. */
  readonly passwordHash: string | null;
  /** The seed of one-time codes, sealed at `totpSeedPlace`; null: none. */
  readonly totpSealed: string | null;
}

/** A local account as those who run the tenant see it: how it signs in, never by what. */
export interface AccountFacts {
  readonly userId: UserId;
  readonly userName: string;
  readonly purpose: AccountPurpose;
  readonly active: boolean;
  readonly passkeys: number;
  /** A password, and one-time codes with it. */
  readonly password: boolean;
  /** Those that are left. */
  readonly recoveryCodes: number;
  /** Console roles given directly. */
  readonly roles: readonly string[];
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** Where the seed of an account's one-time codes is sealed. */
export function totpSeedPlace(tenantId: TenantId, userId: UserId): SealedPlace {
  return { tenantId, table: 'local_accounts', column: 'totp_sealed', row: userId };
}

const USER_NAME = /^[^\s\p{C}]{1,100}$/u;

/** Whether a local account may be called so: up to 100 characters without blanks and without what can't be seen. */
export function isUserName(text: string): boolean {
  return USER_NAME.test(text);
}
