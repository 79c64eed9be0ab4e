import type { TenantScope } from '../../core/scope.js';
import type { Batch, DeliveryOutcome, Receiver } from './delivery.js';

export interface ClaimRequest {
  /** Names the claim: a UUID, used once. */
  readonly lease: string;
  readonly leaseSeconds: number;
  /** Receivers at most. */
  readonly receiversMax: number;
  /** Deliveries of one receiver at most. */
  readonly deliveriesMax: number;
}

/** A delivery that the lease still holds. */
export interface HeldDelivery {
  readonly id: string;
  /** Older than `DELIVERY_SECONDS_MAX`, counted from when it was last sent again, if it was. */
  readonly overdue: boolean;
}

/** A delivery that ends here. */
export type Settlement = { readonly id: string } & (
  | { readonly outcome: Exclude<DeliveryOutcome, 'dead'>; readonly error: null }
  | { readonly outcome: 'dead'; readonly error: string }
);

/** A delivery that is tried again, this many seconds from now. */
export interface Postponement {
  readonly id: string;
  readonly error: string;
  readonly seconds: number;
}

/** A receiver that is left alone for a while. */
export interface Rest {
  readonly receiver: Receiver;
  readonly error: string;
  readonly seconds: number;
  /** Attempts so far: the next rest is longer. */
  readonly attempts: number;
}

/**
 * What waits to be told. A receiver is served by one claim at a time over all nodes: while a delivery of it holds a lease
 * in force, nobody gets another, and a claim takes the oldest first. So each person's deliveries stay in order, and what
 * a dead receiver costs doesn't grow with what waits for it. A lease that nobody ends is over by itself.
 */
export interface OutboxStore {
  /** Over all tenants. Receivers that failed last come after the others. */
  claim(request: ClaimRequest): Promise<readonly Batch[]>;
  /** Locks what the batch's lease still holds; the methods below take only ids that it gave. */
  hold(scope: TenantScope, batch: Batch): Promise<readonly HeldDelivery[]>;
  settle(scope: TenantScope, settlements: readonly Settlement[]): void;
  postpone(scope: TenantScope, postponements: readonly Postponement[]): void;
  /** Gives back what was not tried. */
  release(scope: TenantScope, ids: readonly string[]): void;
  /**
   * Leaves the receiver alone, all that waits for it and all that comes meanwhile, and gives up what is overdue; call it
   * last.
   * @returns ids of what was given up
   */
  rest(scope: TenantScope, rest: Rest): Promise<readonly string[]>;
}
