import type { TenantId, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';

/** A link that lets somebody make the way in by which they sign in from then on. */
export interface AccountLink {
  readonly tenantId: TenantId;
  readonly tenantSlug: string;
  /** `first_run`: whoever opens it becomes the deployment's first owner. */
  readonly kind: 'first_run' | 'enrolment';
  /** Whose it is; null for a first run. */
  readonly userId: UserId | null;
  readonly userName: string | null;
  readonly state: LinkState;
}

export type LinkState = 'valid' | 'used' | 'late' | 'unknown';

/** How long an enrolment link counts, in seconds. */
export const ENROLMENT_SECONDS = 30 * 60;

/** One-time links, found by the hash of their token. */
export interface AccountLinkStore {
  /** The link behind a token, whatever became of it. Looking uses nothing up. */
  find(hash: Buffer): Promise<AccountLink | undefined>;
  /** Makes an enrolment link of a person; those that they had before count no more. */
  make(
    scope: TenantScope,
    link: { readonly id: string; readonly hash: Buffer; readonly userId: UserId; readonly createdBy: string },
  ): Promise<{ readonly expiresAt: Date }>;
  /** Uses a live link up. @returns false: somebody else did, or it was too late */
  take(scope: TenantScope, kind: AccountLink['kind'], hash: Buffer): Promise<boolean>;
}
