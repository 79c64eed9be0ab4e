import type { ConnectionId, GroupId, TenantId, UserId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { Account, UserSource } from './account.js';

/** A person as lists show them. */
export interface UserFacts {
  readonly id: UserId;
  readonly userName: string;
  readonly name: string | null;
  readonly email: string | null;
  /** Key of the connection they come by; null: a local user. */
  readonly connection: string | null;
  /** Who made the user, and may change it. */
  readonly source: UserSource;
  readonly externalId: string | null;
  readonly active: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly version: number;
}

/** One person whole. */
export interface UserDetails extends UserFacts {
  /** What tokens are made from: profile, groups with who said so, roles given directly. */
  readonly account: Account;
  /** Subjects at issuers that mean this person. */
  readonly identities: readonly Identity[];
  /** Live ones, counted up to a hundred. */
  readonly sessions: { readonly count: number; readonly isMore: boolean };
}

export interface Identity {
  readonly connection: string;
  readonly issuer: string;
  readonly subject: string;
  readonly createdAt: Date;
}

export interface UserQuery extends PageRequest {
  /** In its present version. */
  readonly connectionId?: ConnectionId | undefined;
  readonly active?: boolean | undefined;
  readonly source?: UserSource | undefined;
  /** What the userName begins with, whatever the case. */
  readonly userName?: string | undefined;
  /** The whole address, whatever the case. */
  readonly email?: string | undefined;
  readonly externalId?: string | undefined;
  readonly groupId?: GroupId | undefined;
  /** Begins a userName; or is a whole e-mail address, externalId, subject at an issuer, or id. */
  readonly search?: string | undefined;
  /** By userName, if absent; a group's members by id. */
  readonly sort?: 'userName' | 'id' | undefined;
}

/** Lists and reads a tenant's people. */
export interface UserListStore {
  /** @throws DomainError `invalid_argument` for an order that a filter can't have */
  list(tenantId: TenantId, query: UserQuery): Promise<ListPage<UserFacts>>;
  find(tenantId: TenantId, id: string): Promise<UserDetails | undefined>;
}
