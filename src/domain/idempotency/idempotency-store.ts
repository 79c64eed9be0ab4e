import type { TenantId } from '../../core/ids.js';

/** One caller's key for one request (`Idempotency-Key`). */
export interface IdempotencyKey {
  /** The caller's tenant. */
  readonly tenantId: TenantId;
  readonly caller: string;
  /** SHA-256 of the key. */
  readonly keyHash: Uint8Array;
  /** SHA-256 of what was asked: method, address and body. */
  readonly requestHash: Uint8Array;
}

/** What a request under a key may do. */
export type IdempotencyState =
  /** It is the first: it is to be done. */
  | { readonly state: 'new' }
  /** It was done, with this answer, sealed. */
  | { readonly state: 'done'; readonly status: number; readonly answerSealed: string }
  /** The key was used for another request. */
  | { readonly state: 'mismatch' }
  /** The first one is being done, or whoever did it died on the way. */
  | { readonly state: 'unknown'; readonly secondsAgo: number };

/** Answers by the keys of their requests, kept for 24 hours. */
export interface IdempotencyStore {
  /** Takes the key, once for all nodes. */
  begin(key: IdempotencyKey): Promise<IdempotencyState>;
  finish(key: IdempotencyKey, answer: { readonly status: number; readonly sealed: string }): Promise<void>;
  /** Nothing was done: the key is free again. */
  abandon(key: IdempotencyKey): Promise<void>;
}
