import type { TenantId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { TenantScope } from '../../core/scope.js';
import type { DeliveryKind, DeliveryOutcome } from './delivery.js';

/** Where a delivery is: `waiting` for its next attempt or in the middle of one, or how it ended. */
export type DeliveryState = 'waiting' | DeliveryOutcome;

export const DELIVERY_STATES: readonly DeliveryState[] = [
  'waiting',
  'delivered',
  'dead',
  'no_endpoint',
  'obsolete',
];

/** A delivery as operators see it: never a token, nor the session's `sid`. */
export interface DeliveryFacts {
  readonly id: string;
  readonly createdAt: Date;
  /** What the application is told of. */
  readonly kind: DeliveryKind;
  /** clientId of the application that is told. */
  readonly application: string;
  /** Whom it is about: the `sub` of their tokens. */
  readonly subject: string;
  /** Why the session ended (an `EndReason`), or else what has happened. */
  readonly reason: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Why the last attempt failed: a reason of the outbound client, or `http_<status>`. */
  readonly lastError: string | null;
  /** When it is tried next; null: it has ended. */
  readonly dueAt: Date | null;
  /** When it ended; null: it waits. */
  readonly settledAt: Date | null;
}

/** Which deliveries. */
export interface DeliveryQuery {
  readonly id?: string | undefined;
  /** clientId. */
  readonly application?: string | undefined;
  readonly state?: DeliveryState | undefined;
  readonly limit: number;
}

export interface DeliveryListQuery extends PageRequest {
  /** clientId; also of an application that is gone. */
  readonly application?: string | undefined;
  readonly state?: DeliveryState | undefined;
  /** Whom it is about. */
  readonly subject?: string | undefined;
}

/** Which dead letters: one, those for an application, or all. */
export type DeadLetterTarget = { readonly id: string } | { readonly application: string } | 'all';

/** A dead letter that waits again. */
export interface Revived {
  readonly id: string;
  readonly application: string;
}

/** Deliveries for who looks into them, while they are kept: those that ended a week, dead letters a month. */
export interface DeliveryListStore {
  /** Newest first. */
  list(tenantId: TenantId, query: DeliveryQuery): Promise<readonly DeliveryFacts[]>;
  /** The same, page by page, whatever their number. */
  page(tenantId: TenantId, query: DeliveryListQuery): Promise<ListPage<DeliveryFacts>>;
  /** Puts dead letters back, the oldest first, where they stood among their person's, as if never tried. */
  revive(scope: TenantScope, target: DeadLetterTarget, max: number): Promise<readonly Revived[]>;
  /** Lets receivers that are left alone, and what was put off for them, be tried now. With the next flush. */
  hurry(scope: TenantScope, applications: readonly string[]): void;
}
