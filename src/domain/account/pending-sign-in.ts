import type { TenantId, UserId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';

/**
 * What a browser is in the middle of, before it has proved anything. Its cookie is good for going on with just that, and
 * gives no right.
 */
export interface PendingSignIn {
  /** `federated`: away at the organization's sign-in. */
  readonly purpose: 'enrolment' | 'sign_in' | 'step_up' | 'federated';
  /** Who it is about, where that is known. */
  readonly userId: UserId | null;
  readonly state: JsonObject;
}

export interface PendingSignInStore {
  /** @param pending.hash SHA-256 of the browser's cookie */
  begin(
    tenantId: TenantId,
    pending: PendingSignIn & { readonly id: string; readonly hash: Buffer; readonly seconds: number },
  ): Promise<void>;
  /** Looks, and leaves it as it is. */
  find(
    tenantId: TenantId,
    hash: Buffer,
    purpose: PendingSignIn['purpose'],
  ): Promise<PendingSignIn | undefined>;
  /** Takes it, once: a challenge is answered by one try, whatever comes of it. */
  take(
    tenantId: TenantId,
    hash: Buffer,
    purpose: PendingSignIn['purpose'],
  ): Promise<PendingSignIn | undefined>;
}

/** How long a challenge waits for its answer, in seconds. */
export const CHALLENGE_SECONDS = 5 * 60;
