import type { ConnectionId, TenantId, UserId } from '../../core/ids.js';
import type { TenantScope } from '../../core/scope.js';

/** Whose grant: one of an older version of the connection is none. */
export interface UpstreamGrantKey {
  readonly userId: UserId;
  readonly connectionId: ConnectionId;
  readonly connectionVersion: number;
}

/**
 * How the upstream's last word on a person stands. `fresh`: young enough. `busy`: somebody asks at this moment. `stale`:
 * too old, and nobody asks. `none`: there is nothing to ask by. Ages in seconds since the last confirmation, by the
 * database's clock.
 */
export type UpstreamGrantState =
  | { readonly kind: 'none' }
  | { readonly kind: 'fresh'; readonly ageSeconds: number }
  | { readonly kind: 'busy'; readonly ageSeconds: number }
  | { readonly kind: 'stale'; readonly ageSeconds: number };

/** `claimed`: the caller alone may ask now, until the claim runs out. */
export type UpstreamGrantClaim =
  | Exclude<UpstreamGrantState, { kind: 'stale' }>
  | {
      readonly kind: 'claimed';
      /** Names the claim in what the caller does with it. */
      readonly claim: string;
      readonly sealedRefreshToken: string;
      readonly ageSeconds: number;
    };

/**
 * The refresh tokens that upstreams gave for people, one per person, by which they are asked again (A19). A token is used
 * by one caller at a time: where it rotates, a second use at once would count as a theft.
 */
export interface UpstreamGrantStore {
  /** Puts a sign-in's token in the place of what was there; confirmed now. Written with the transaction's next flush. */
  keep(scope: TenantScope, grant: UpstreamGrantKey & { readonly sealedRefreshToken: string }): void;
  /** Claims what is older than so many seconds, by one compare-and-set. One flush. */
  claim(
    tenantId: TenantId,
    key: UpstreamGrantKey,
    limits: { readonly olderThanSeconds: number; readonly claimSeconds: number },
  ): Promise<UpstreamGrantClaim>;
  /** One flush. */
  look(tenantId: TenantId, key: UpstreamGrantKey, olderThanSeconds: number): Promise<UpstreamGrantState>;
  /**
   * Gives a claim back without an answer; the confirmation stays as old as it is. A rotated token takes the place of the
   * used one all the same. Nothing happens to a grant that isn't under this claim any more. One flush.
   */
  release(tenantId: TenantId, userId: UserId, claim: string, rotated: string | undefined): Promise<void>;
  /** Gives a claim back: confirmed now. As `release` otherwise; written with the transaction's next flush. */
  confirm(scope: TenantScope, userId: UserId, claim: string, rotated: string | undefined): void;
  /**
   * Locks the person, and tells whether the grant is still under this claim; with null: whether there still is none. A
   * sign-in in between has put another one there.
   */
  stands(scope: TenantScope, key: UpstreamGrantKey, claim: string | null): Promise<boolean>;
}
