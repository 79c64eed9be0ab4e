/** Where a page of a list ended: the values that the list is sorted by, as text that is as exact as the database's. */
export type ListKey = readonly string[];

/** Which page of a list: what follows a place in its order. */
export interface PageRequest {
  /** Entries at most: 1 to 200. */
  readonly limit: number;
  /** Where the page before ended; undefined: the first page. */
  readonly after?: ListKey | undefined;
}

/** One page. Nothing is counted, and where a list ends only the page that has no `next` tells. */
export interface ListPage<T> {
  /** May be fewer than asked for, even none, while others follow: a request looks at so many rows and no more. */
  readonly items: readonly T[];
  /** undefined: nothing follows. */
  readonly next: ListKey | undefined;
}
