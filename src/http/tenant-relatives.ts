import { LRUCache } from 'lru-cache';
import type { TenantId } from '../core/ids.js';
import type { TenantTree } from '../domain/tenant/tenant-tree.js';
import type { TenantContext, TenantRelatives } from './tenant-context.js';

/** The tenants that this node serves. */
interface Served {
  find(slug: string): Promise<TenantContext | undefined>;
}

const IDS_MAX = 10_000;

/** Relatives among the tenants that this node serves: each is loaded and dropped as the directory does it. */
export class ServedRelatives implements TenantRelatives {
  readonly #slugs = new LRUCache<string, string>({ max: IDS_MAX });

  constructor(
    private readonly directory: Served,
    private readonly tree: TenantTree,
  ) {}

  async customerById(tenant: TenantContext, id: TenantId): Promise<TenantContext | undefined> {
    return below(tenant, await this.#byId(id));
  }

  async customerBySlug(tenant: TenantContext, slug: string): Promise<TenantContext | undefined> {
    return below(tenant, await this.directory.find(slug));
  }

  async customerByDomain(tenant: TenantContext, domain: string): Promise<TenantContext | undefined> {
    const slug = await this.tree.customerOfDomain(tenant.id, domain);
    return slug === undefined ? undefined : below(tenant, await this.directory.find(slug));
  }

  async parent(tenant: TenantContext, id: TenantId): Promise<TenantContext | undefined> {
    return tenant.configuration.tenant.parentId === id ? this.#byId(id) : undefined;
  }

  async #byId(id: TenantId): Promise<TenantContext | undefined> {
    const slug = this.#slugs.get(id) ?? (await this.tree.slugOf(id));
    if (slug === undefined) return undefined;
    this.#slugs.set(id, slug);
    return this.directory.find(slug);
  }
}

const below = (tenant: TenantContext, found: TenantContext | undefined): TenantContext | undefined =>
  found?.configuration.tenant.parentId === tenant.id ? found : undefined;
