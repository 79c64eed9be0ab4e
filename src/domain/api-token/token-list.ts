import type { TenantId, UserId } from '../../core/ids.js';
import type { JsonObject } from '../../core/json.js';
import type { ListPage, PageRequest } from '../../core/page.js';

/** What lists show of a token: never its value, nor the hash of it. */
interface TokenFacts {
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  /** null: until it is deleted. */
  readonly expiresAt: Date | null;
  /** Within a minute; null: never yet. */
  readonly lastUsedAt: Date | null;
}

/** A token for the management API. */
export interface ApiTokenFacts extends TokenFacts {
  /** Key of the console's role that it has. */
  readonly role: string;
  /** What it may do of that; null: all of it. */
  readonly scopes: readonly string[] | null;
  /** Whose it is; null: nobody's own. */
  readonly ownerId: UserId | null;
  readonly createdBy: string;
}

/** A token by which applications are registered (RFC 7591 section 3). */
export interface InitialAccessFacts extends TokenFacts {
  /** What those applications may have at most. */
  readonly bounds: JsonObject;
}

/** A connection's token for SCIM. */
export interface ScimTokenFacts extends TokenFacts {
  /** Key of the connection. */
  readonly connection: string;
}

/** Lists of a tenant's tokens, in the order in which they were made. */
export interface TokenListStore {
  apiTokens(tenantId: TenantId, page: PageRequest): Promise<ListPage<ApiTokenFacts>>;
  initialAccessTokens(tenantId: TenantId, page: PageRequest): Promise<ListPage<InitialAccessFacts>>;
  scimTokens(tenantId: TenantId, page: PageRequest): Promise<ListPage<ScimTokenFacts>>;
}
