import type { EventEmitter } from 'node:events';
import { LRUCache } from 'lru-cache';
import type { Provider } from 'oidc-provider';
import type { TenantContext } from '../http/tenant-context.js';
import type { OpDeps } from './deps.js';
import { createProvider } from './provider.js';

interface Built {
  readonly version: number;
  readonly provider: Provider;
  readonly handle: ReturnType<Provider['callback']>;
}

/**
 * A thousand tenants in use, and some that come by: those who come round in turn would otherwise each drop the next one.
 * About 125 KB each once used; building one again costs 2 ms.
 */
const PROVIDERS_MAX = 1_250;

/** The providers of the tenants in use, each of the version of its tenant's configuration that is in force. */
export class ProviderCache {
  readonly #providers = new LRUCache<string, Built>({ max: PROVIDERS_MAX });

  constructor(private readonly deps: OpDeps) {}

  of(tenant: TenantContext): Built {
    const known = this.built(tenant);
    if (known !== undefined) return known;
    const provider = createProvider(tenant, this.deps);
    const events: EventEmitter = provider;
    // What goes wrong beside an answer, on its socket for example. Koa would print it; refusals it doesn't, either.
    events.on('error', (error: Error & { readonly expose?: boolean }) => {
      if (error.expose !== true) this.deps.log.error('http.error', { error });
    });
    const built = { version: tenant.version, provider, handle: provider.callback() };
    this.#providers.set(tenant.id, built);
    return built;
  }

  /** The tenant's provider if there is one of this version already: what `of` would give, without building any. */
  built(tenant: TenantContext): Built | undefined {
    const known = this.#providers.get(tenant.id);
    return known?.version === tenant.version ? known : undefined;
  }
}
