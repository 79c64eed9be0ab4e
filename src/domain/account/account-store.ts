import type { TenantId, UserId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { TenantScope } from '../../core/scope.js';
import type { ConsoleRole } from '../operator/console-role.js';
import type { AccountFacts, AccountPurpose, LocalAccount } from './local-account.js';
import type { ListedPasskey, NewPasskey, Passkey } from './passkey.js';

/** What stands beside a password: a code of an app, by its time step, or one of the codes that were written down. */
export type SecondFactor =
  { readonly kind: 'code'; readonly step: number } | { readonly kind: 'recovery'; readonly hash: Buffer };

export interface NewAccount {
  readonly userId: UserId;
  readonly userName: string;
  readonly purpose: AccountPurpose;
}

/** Local accounts and what they sign in by. Whatever counts once is taken by one compare-and-set. */
export interface AccountStore {
  /** @throws DomainError `already_exists` when another local account of the tenant has the name; case doesn't count */
  create(scope: TenantScope, account: NewAccount): Promise<void>;
  /** Gives a console role, as an operator does. @returns false: the tenant has no such role */
  giveRole(scope: TenantScope, userId: UserId, role: ConsoleRole): Promise<boolean>;
  findByName(tenantId: TenantId, userName: string): Promise<LocalAccount | undefined>;
  findPasskey(
    tenantId: TenantId,
    credentialId: string,
  ): Promise<{ readonly account: LocalAccount; readonly passkey: Passkey } | undefined>;
  /** Credential ids of an account. */
  credentialsOf(tenantId: TenantId, userId: UserId): Promise<readonly string[]>;
  /** In the order in which they were made. */
  list(tenantId: TenantId, page: PageRequest): Promise<ListPage<AccountFacts>>;
  facts(tenantId: TenantId, userId: UserId): Promise<AccountFacts | undefined>;
  /** Locks an account and its person, as every change of a person does; undefined: there is none. */
  lock(scope: TenantScope, userId: UserId): Promise<AccountFacts | undefined>;
  /**
   * Uses up the second factor of an active account that still has this password, or still has none. Locks
   * the person.
   * @returns whether this call was the one
   */
  takeSecondFactor(
    scope: TenantScope,
    account: { readonly userId: UserId; readonly passwordHash: string | null },
    factor: SecondFactor,
  ): Promise<boolean>;
  /** Counts a use of an active account's passkey; locks the person. @returns false: another use has counted as far */
  takePasskey(scope: TenantScope, passkey: Pick<Passkey, 'id' | 'userId'>, counter: number): Promise<boolean>;
  setPassword(
    scope: TenantScope,
    userId: UserId,
    password: { readonly hash: string; readonly totpSealed: string; readonly totpStep: number },
  ): Promise<void>;
  addPasskey(
    scope: TenantScope,
    userId: UserId,
    passkey: NewPasskey & { readonly id: string; readonly name: string },
  ): Promise<void>;
  /** The oldest first. Of who is no local account, none. */
  passkeysOf(tenantId: TenantId, userId: UserId): Promise<readonly ListedPasskey[]>;
  /** @returns false: the account has no such passkey */
  removePasskey(scope: TenantScope, userId: UserId, passkeyId: string): Promise<boolean>;
  /** Puts these codes in the place of all that there were. @param hashes SHA-256 of each */
  replaceRecoveryCodes(scope: TenantScope, userId: UserId, hashes: readonly Buffer[]): Promise<void>;
  /** Takes away all that the account signs in by. */
  clearCredentials(scope: TenantScope, userId: UserId): Promise<void>;
  setActive(scope: TenantScope, userId: UserId, active: boolean): Promise<void>;
  delete(scope: TenantScope, userId: UserId): Promise<void>;
  /**
   * Who, of the tenant's people, can come in as its owner by a role given directly: federated, or with a way to sign in.
   * Whoever changes that waits until this transaction is over.
   */
  lockOwners(scope: TenantScope): Promise<readonly UserId[]>;
}
