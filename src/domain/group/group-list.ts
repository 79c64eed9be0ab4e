import type { ConnectionId, GroupId, TenantId, UserId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { UserSource } from '../user/account.js';

/** Who brought a group: a push, or the tokens of people who signed in. */
export type GroupOrigin = 'scim' | 'token';

/** Members of one group are counted so far: what takes longer isn't worth the wait. */
export const MEMBERS_COUNTED_MAX = 100_000;

/** A group as lists show it. Its members aren't counted: a list of them goes on to the end. */
export interface GroupFacts {
  readonly id: GroupId;
  readonly name: string;
  /** Key of its connection. */
  readonly connection: string;
  readonly origin: GroupOrigin;
  readonly externalId: string | null;
  /** The upstream's own id, where a token told it. */
  readonly upstreamId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly version: number;
}

export interface GroupQuery extends PageRequest {
  readonly connectionId?: ConnectionId | undefined;
  readonly origin?: GroupOrigin | undefined;
  /** What the name begins with, whatever the case. */
  readonly name?: string | undefined;
}

/** A member, by one who said so: who is in a group by a push and by a token comes twice. */
export interface MemberFacts {
  readonly userId: UserId;
  readonly userName: string;
  readonly active: boolean;
  readonly userSource: UserSource;
  readonly source: GroupOrigin;
  readonly since: Date;
}

/** Lists a tenant's groups. */
export interface GroupListStore {
  /** By name. */
  list(tenantId: TenantId, query: GroupQuery): Promise<ListPage<GroupFacts>>;
  find(tenantId: TenantId, id: string): Promise<GroupFacts | undefined>;
  /** How many people are in it, whoever said so: so many at most. */
  countMembers(tenantId: TenantId, id: GroupId, max: number): Promise<number>;
  /** By the members' ids. */
  members(tenantId: TenantId, id: GroupId, page: PageRequest): Promise<ListPage<MemberFacts>>;
}
