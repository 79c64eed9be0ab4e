import type { TenantId } from '../../core/ids.js';
import type { ListPage, PageRequest } from '../../core/page.js';
import type { TenantKind, TenantStatus } from './tenant.js';

/** A tenant as lists show it. */
export interface TenantFacts {
  readonly id: TenantId;
  readonly slug: string;
  readonly name: string;
  readonly kind: TenantKind;
  readonly status: TenantStatus;
  /** Slug of the tenant above; null: the deployment's own. */
  readonly parent: string | null;
  readonly createdAt: Date;
}

export interface TenantQuery extends PageRequest {
  /** Those right below this tenant; undefined: all of the deployment. */
  readonly parentId?: TenantId | undefined;
  readonly status?: TenantStatus | undefined;
  /** What slug, name or a verified domain begins with, whatever the case; sorted by what was found then. */
  readonly search?: string | undefined;
  /** By slug, if absent. */
  readonly sort?: 'slug' | 'name' | undefined;
}

/** Lists of tenants. The deployment's own is none of them. */
export interface TenantListStore {
  list(query: TenantQuery): Promise<ListPage<TenantFacts>>;
}
