import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../core/json.js';
import type { ListKey, ListPage } from '../../core/page.js';
import type { TenantContext } from '../../http/tenant-context.js';
import { Problem } from './problems.js';

const LIFETIME_SECONDS = 3600;

const placeOf = (tenant: TenantContext) => ({
  tenantId: tenant.id,
  table: 'management',
  column: 'cursor',
  row: 'list',
});

/** A page of a list as it is answered. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The next page's `cursor`; null: nothing follows. */
  readonly next: string | null;
}

/**
 * Where a page of a list ended: sealed with the tenant's key, so that nobody reads or makes one, and bound to the tenant
 * and to the question. Nothing is kept on the server.
 */
export class Cursors {
  constructor(
    private readonly tenant: TenantContext,
    private readonly now: () => Date,
  ) {}

  /**
   * Good for an hour.
   * @param question what the list was asked: its name, filters and order
   */
  write(question: Json, key: Json): string {
    const expires = Math.floor(this.now().getTime() / 1000) + LIFETIME_SECONDS;
    return this.tenant.vault.seal(placeOf(this.tenant), JSON.stringify([expires, hashOf(question), key]));
  }

  /** The key that a cursor holds; undefined: there is no cursor. @throws Problem `invalid_request` */
  read(question: Json, cursor: string | undefined): Json | undefined {
    if (cursor === undefined) return undefined;
    const [expires, hash, key] = this.#open(cursor);
    if (typeof expires !== 'number' || key === undefined) throw invalid();
    if (hash !== hashOf(question))
      throw new Problem('invalid_request', 'The cursor belongs to another list: begin anew without one.');
    if (expires * 1000 < this.now().getTime())
      throw new Problem('invalid_request', 'The cursor is over an hour old: begin anew without one.');
    return key;
  }

  /** Where a list goes on, as stores take it. @throws Problem `invalid_request` */
  after(question: Json, cursor: string | undefined): ListKey | undefined {
    const key = this.read(question, cursor);
    if (key === undefined) return undefined;
    if (!Array.isArray(key)) throw invalid();
    return key.map(String);
  }

  /** What a store gave, with a cursor for what follows. */
  page<T, S>(question: Json, { items, next }: ListPage<T>, show: (entry: T) => S): Page<S> {
    return {
      items: items.map(show),
      next: next === undefined ? null : this.write(question, [...next]),
    };
  }

  #open(cursor: string): readonly Json[] {
    try {
      const content: Json = JSON.parse(this.tenant.vault.open(placeOf(this.tenant), cursor));
      return Array.isArray(content) ? content : [];
    } catch {
      // Sealed by another, altered, or no cursor at all: which of them isn't told.
      throw invalid();
    }
  }
}

const hashOf = (question: Json): string =>
  createHash('sha256').update(canonicalJson(question)).digest('base64url');

const invalid = (): Problem =>
  new Problem('invalid_request', 'This is no cursor of this list: begin anew without one.');
