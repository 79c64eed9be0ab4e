import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import type { Logger } from '../core/logger.js';
import { slugFault, SYSTEM_SLUG } from '../domain/tenant/tenant.js';
import type { TenantStore } from '../domain/tenant/tenant-store.js';
import type { TenantTree } from '../domain/tenant/tenant-tree.js';
import type { KeyRing } from '../keys/sealing.js';
import { TenantContext } from './tenant-context.js';
import { ServedRelatives } from './tenant-relatives.js';

export interface TenantDirectoryDeps {
  readonly store: TenantStore;
  readonly tree: TenantTree;
  readonly keyRing: KeyRing;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A tenant on its way here, and once it has come. */
interface Loading {
  readonly tenant: Promise<TenantContext | undefined>;
  loaded?: TenantContext;
}

/** As many as providers are kept (op/provider-cache.ts). */
const TENANTS_MAX = 1_250;
/** Changes of this long ago are looked at, at each poll: longer than any transaction may take to commit. */
const WINDOW_SECONDS = 60;

/**
 * The tenants that this node serves, each loaded when first asked for and dropped within a second of its change
 * (invariant 9): correctness rests on `refresh` being called twice a second. A node that could not poll for a while
 * forgets all it knew.
 */
export class TenantDirectory {
  readonly #deps: TenantDirectoryDeps;
  readonly #tenants = new LRUCache<string, Loading>({ max: TENANTS_MAX });
  readonly #relatives: ServedRelatives;
  #refreshedAtMs: number;

  constructor(deps: TenantDirectoryDeps) {
    this.#deps = deps;
    this.#relatives = new ServedRelatives(this, deps.tree);
    this.#refreshedAtMs = deps.clock.now().getTime();
  }

  /** The tenant of a slug; undefined when there is none. A text that can't be a slug asks nobody. */
  async find(slug: string): Promise<TenantContext | undefined> {
    if (slug !== SYSTEM_SLUG && slugFault(slug) !== undefined) return undefined;
    const known = this.#tenants.get(slug);
    if (known !== undefined) return known.tenant;
    const loading: Loading = { tenant: this.#load(slug) };
    this.#tenants.set(slug, loading);
    try {
      const tenant = await loading.tenant;
      // A slug without a tenant is not remembered: the next request may be the one after its creation.
      if (tenant === undefined) this.#tenants.delete(slug);
      else loading.loaded = tenant;
      return tenant;
    } catch (error) {
      this.#tenants.delete(slug);
      throw error;
    }
  }

  /** The tenant of a slug if this node has loaded it already: what `find` would give, at once. */
  loaded(slug: string): TenantContext | undefined {
    return this.#tenants.get(slug)?.loaded;
  }

  /** Drops a tenant that this node changed itself, so that the next request sees the change. */
  forget(slug: string): void {
    this.#tenants.delete(slug);
  }

  /** Drops tenants whose configuration changed. */
  async refresh(): Promise<void> {
    const nowMs = this.#deps.clock.now().getTime();
    if (nowMs - this.#refreshedAtMs > (WINDOW_SECONDS / 2) * 1000) this.#tenants.clear();
    const changed = await this.#deps.store.changedWithin(WINDOW_SECONDS);
    this.#refreshedAtMs = nowMs;
    for (const { slug, configVersion } of changed) {
      const known = await this.#known(slug);
      if (known !== undefined && known.version !== configVersion) this.#tenants.delete(slug);
    }
  }

  async #known(slug: string): Promise<TenantContext | undefined> {
    try {
      return await this.#tenants.peek(slug)?.tenant;
    } catch (error) {
      this.#deps.log.debug('tenant.load_failed', { slug, error: messageOf(error) });
      return undefined;
    }
  }

  async #load(slug: string): Promise<TenantContext | undefined> {
    const stored = await this.#deps.store.find(slug);
    return stored === undefined
      ? undefined
      : new TenantContext(stored, this.#deps.publicUrl, this.#deps.keyRing, this.#relatives);
  }
}
