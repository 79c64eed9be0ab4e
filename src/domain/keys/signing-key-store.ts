import type { TenantId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';
import type { KeyFacts } from './key-schedule.js';
import type { SigningKey, SigningKeyState } from './signing-key.js';

/** A tenant's keys, and what time it is where they are kept. */
export interface KeysNow {
  /** All of the tenant's keys, oldest first; retired ones too. */
  readonly keys: readonly KeyFacts[];
  /** The database's clock. */
  readonly now: Date;
}

export interface DueTenant {
  readonly id: TenantId;
  readonly slug: string;
}

export interface ClaimKeys {
  /** After how many seconds a key that signs is due. */
  readonly currentSeconds: number;
  /** For how long others leave what is claimed alone. */
  readonly leaseSeconds: number;
  /** Keys at most. */
  readonly keysMax: number;
}

/** Signing keys as their rotation sees them. Times are the database's. */
export interface SigningKeyStore {
  /**
   * Tenants that have keys which are due and that nobody else has claimed. Costs what is due, whatever the number of
   * tenants. A claim only saves work: what is done is decided under the tenant's lock.
   */
  claimDue(claim: ClaimKeys): Promise<readonly DueTenant[]>;
  read(tenantId: TenantId): Promise<KeysNow>;
  /** The same inside a transaction. */
  readHere(scope: TenantScope): Promise<KeysNow>;
  /** Adds a key in its state. @param dueSeconds when its next step is due; null: it isn't known yet */
  add(scope: TenantScope, key: SigningKey, dueSeconds: number | null): void;
  /** Gives keys another state; who becomes `retired` loses the private half. */
  move(scope: TenantScope, ids: readonly string[], state: SigningKeyState, dueSeconds: number | null): void;
  /** Lets a `next` key sign as soon as it has been published for so many seconds. */
  hasten(scope: TenantScope, id: string, publishedSeconds: number): void;
}
