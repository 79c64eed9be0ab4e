import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { TenantId } from '../core/ids.js';
import type { ListRequest, ListResult, PageKey } from '../domain/provisioning/provisioning-store.js';
import type { PushScope } from '../domain/provisioning/pushed-resources.js';

/** Whose list it is. */
interface List {
  readonly tenantId: TenantId;
  readonly of: PushScope;
  readonly kind: 'user' | 'group';
}

/** Up to here the database skips what comes before a page; that costs little, and is exact whatever was written. */
const SKIPPED_MAX = 1_000;
/** Who pages through a list asks for the next page at once. */
const LIFETIME_MS = 60_000;
const REMEMBERED_MAX = 10_000;

/**
 * Where pages by index ended, on this node. PostgreSQL reaches the 100,000th row by walking over all before it, so a list
 * that is read page by page would cost the square of its length; from where the page before ended it is one step. Deep
 * pages of a list that is written meanwhile go on where the last one ended: nobody is missed, nobody comes twice.
 */
export class PageEnds {
  readonly #ends = new LRUCache<string, PageKey>({ max: REMEMBERED_MAX, ttl: LIFETIME_MS });

  /** The request with the end of the page before instead of an index, where that is known. */
  seek(list: List, request: ListRequest): ListRequest {
    const { page } = request;
    if (!('startIndex' in page) || page.startIndex <= SKIPPED_MAX) return request;
    const after = this.#ends.get(nameOf(list, request, page.startIndex));
    return after === undefined ? request : { ...request, page: { after, count: page.count } };
  }

  /** Remembers where the page that answers a request ended. `request`: as it was asked, by index. */
  remember(list: List, request: ListRequest, { resources, next }: ListResult<unknown>): void {
    if (!('startIndex' in request.page) || next === undefined) return;
    const follows = request.page.startIndex + resources.length;
    if (follows > SKIPPED_MAX) this.#ends.set(nameOf(list, request, follows), next);
  }
}

/** A hash, because a filter may be long. */
function nameOf({ tenantId, of, kind }: List, { filter, sort }: ListRequest, startIndex: number): string {
  const question = [tenantId, of.connectionId, of.connectionVersion, kind, filter, sort, startIndex];
  return createHash('sha256').update(JSON.stringify(question)).digest('base64url');
}
