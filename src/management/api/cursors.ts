import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../core/json.js';
import type { TenantContext } from '../../http/tenant-context.js';
import { Problem } from './problems.js';

const LIFETIME_SECONDS = 3600;

const placeOf = (tenant: TenantContext) => ({
  tenantId: tenant.id,
  table: 'management',
  column: 'cursor',
  row: 'list',
});

/** One page of a list, as stores give it: at most `limit + 1` entries are asked for, the last of them tells of more. */
export interface Page<T> {
  readonly items: readonly T[];
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

  /**
   * A page of what a store gave.
   * @param found up to `limit + 1` entries
   */
  page<T>(question: Json, limit: number, found: readonly T[], keyOf: (entry: T) => Json): Page<T> {
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const isMore = found.length > limit && last !== undefined;
    return { items, next: isMore ? this.write(question, keyOf(last)) : null };
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
