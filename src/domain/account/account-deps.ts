import type { Clock } from '../../core/clock.js';
import type { Ids, TenantId } from '../../core/ids.js';
import type { Logger } from '../../core/logger.js';
import type { TryCounter } from '../artifact/try-counter.js';
import type { AuditStore } from '../audit/audit-store.js';
import type { Vault } from '../keys/vault.js';
import type { TenantTransactions } from '../tenant/transactions.js';
import type { AccountLinkStore } from './account-link.js';
import type { AccountStore } from './account-store.js';
import type { OneTimeCodes } from './one-time-codes.js';
import type { PasskeyCeremonies } from './passkey.js';
import type { PasswordHasher } from './password.js';
import type { PendingSignInStore } from './pending-sign-in.js';

/** What signing in locally, and making the way in, are made of. */
export interface SignInDeps {
  readonly transactions: TenantTransactions;
  readonly accounts: AccountStore;
  readonly links: AccountLinkStore;
  readonly pending: PendingSignInStore;
  readonly tries: TryCounter;
  readonly passwords: PasswordHasher;
  readonly codes: OneTimeCodes;
  readonly passkeys: PasskeyCeremonies;
  readonly audit: AuditStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The tenant whose account it is. */
export interface AccountTenant {
  readonly id: TenantId;
  readonly slug: string;
  readonly vault: Vault;
}
