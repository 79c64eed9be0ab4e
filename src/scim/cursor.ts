import { createHash } from 'node:crypto';
import type { Json } from '../core/json.js';
import type { PageKey } from '../domain/provisioning/provisioning-store.js';
import type { TenantContext } from '../http/tenant-context.js';
import { badRequest } from './errors.js';
import { isObject } from './resource/check-json.js';
import type { SearchRequest } from './search-request.js';

const LIFETIME_SECONDS = 3600;

/** What a cursor is good for: the same question, of the same connection, on. */
function questionOf(resourceType: string, connectionId: string, search: SearchRequest): string {
  const { filter = null, sortBy = null, descending } = search;
  return createHash('sha256')
    .update(JSON.stringify([resourceType, connectionId, filter, sortBy, descending]))
    .digest('base64url');
}

const placeOf = (tenant: TenantContext) => ({
  tenantId: tenant.id,
  table: 'scim',
  column: 'cursor',
  row: 'list',
});

/**
 * Cursors (RFC 9865): sealed, so that nobody reads or makes one, and bound to the tenant and to the question. They hold where
 * the page ended, so nothing is kept on the server, and nobody is missed while the set changes.
 */
export class Cursors {
  constructor(
    private readonly tenant: TenantContext,
    private readonly connectionId: string,
    private readonly now: () => Date,
  ) {}

  /** Good for an hour. */
  write(resourceType: string, search: SearchRequest, key: PageKey): string {
    const expires = Math.floor(this.now().getTime() / 1000) + LIFETIME_SECONDS;
    const question = questionOf(resourceType, this.connectionId, search);
    const content = JSON.stringify([expires, question, key.id, key.sortedBy]);
    return this.tenant.vault.seal(placeOf(this.tenant), content);
  }

  /** Throws ScimError 400 invalidCursor or expiredCursor. */
  read(resourceType: string, search: SearchRequest, cursor: string): PageKey {
    const content = this.#open(cursor);
    const [expires, question, id, sortedBy] = Array.isArray(content) ? content : [];
    if (typeof expires !== 'number' || typeof id !== 'string') throw invalid();
    if (question !== questionOf(resourceType, this.connectionId, search))
      throw badRequest('invalidCursor', 'The cursor belongs to another query: begin anew with an empty one.');
    if (expires * 1000 < this.now().getTime())
      throw badRequest('expiredCursor', 'The cursor is over an hour old: begin anew with an empty one.');
    return { id, sortedBy: typeof sortedBy === 'string' ? sortedBy : null };
  }

  #open(cursor: string): Json {
    try {
      const content: Json = JSON.parse(this.tenant.vault.open(placeOf(this.tenant), cursor));
      return isObject(content) ? {} : content;
    } catch {
      // Sealed by another, altered, or no cursor at all: which of them isn't told.
      throw invalid();
    }
  }
}

const invalid = () => badRequest('invalidCursor', 'This is no cursor of ours: begin anew with an empty one.');
