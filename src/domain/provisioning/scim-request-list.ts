import type { ConnectionId, TenantId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { ScimRequestRecord } from './scim-request.js';

export interface ScimRequestListQuery extends PageRequest {
  readonly connectionId?: ConnectionId | undefined;
  readonly tokenId?: string | undefined;
  readonly state?: 'ok' | 'failed' | undefined;
  readonly method?: string | undefined;
  /** Id of a person or a group that the request was about, or changed. */
  readonly resource?: string | undefined;
  /** Id of a request: only those that came after it. */
  readonly since?: string | undefined;
  /** Newest first, if absent; the oldest first for who follows what comes. */
  readonly order?: 'newest' | 'oldest' | undefined;
}

/** Lists the flight recorder's requests (C13). */
export interface ScimRequestListStore {
  list(tenantId: TenantId, query: ScimRequestListQuery): Promise<ListPage<ScimRequestRecord>>;
}
