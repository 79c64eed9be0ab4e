import type { TenantId } from '../../core/ids.js';
import type { Artifact } from '../artifact/artifact-store.js';
import type { LoginTransaction } from './login-transaction.js';

export interface LoginTransactionStore {
  /**
   * Takes the transaction once, if the browser is the one that started it; another browser's try leaves it, and
   * so does one that brings nothing (null). Brings the interaction that waits for it. One flush.
   */
  take(
    tenantId: TenantId,
    stateHash: Buffer,
    browserHash: Buffer | null,
  ): Promise<
    | {
        readonly taken: true;
        readonly transaction: LoginTransaction;
        /** How long the trip took, by the database's clock. */
        readonly ageSeconds: number;
        readonly interaction: Artifact | undefined;
      }
    | { readonly taken: false; readonly reason: 'unknown' | 'used' | 'expired' | 'other_browser' }
  >;
  /** Begins one outside of an authorization request: a click on the chooser. */
  begin(tenantId: TenantId, transaction: LoginTransaction): Promise<void>;
}
