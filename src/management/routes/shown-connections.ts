import type { TenantScope } from '../../core/scope.js';
import { DomainError } from '../../core/errors.js';
import type { ConfiguredTenant } from '../../domain/configuration/configuration-store.js';
import type { ConfigurationRules } from '../../domain/configuration/rules.js';
import type { ApiCall } from '../api/call.js';
import type { ApiAnswer } from '../api/operation.js';
import type { ConfigurationDeps } from './configuration/entry-operations.js';
import type { EntryKind, ShownEntry, ShownTenant } from './configuration/entry-kind.js';

/** Connections as resources, for operations that change one in another way than by its members. */
export class ShownConnections {
  constructor(
    private readonly configuration: ConfigurationDeps,
    private readonly kind: EntryKind,
  ) {}

  get rules(): ConfigurationRules {
    return this.configuration.rules;
  }

  /** Asserts, under the lock, that the connection is the one that the caller has seen. */
  expectation(call: ApiCall, key: string) {
    return async (current: ConfiguredTenant, scope: TenantScope): Promise<void> => {
      const { secrets, lifecycles } = this.configuration;
      const facts = { secrets: await secrets.readHere(scope), lifecycles: await lifecycles.readHere(scope) };
      call.expect(this.#entry({ tenant: current, ...facts }, key).version);
    };
  }

  /** A connection as it is read. @throws DomainError `not_found` */
  async answer(call: ApiCall, key: string): Promise<ApiAnswer> {
    const { apply, secrets, lifecycles } = this.configuration;
    const tenant = await apply.store.find(call.tenant.slug);
    if (tenant === undefined) throw new DomainError('not_found', `There is no tenant '${call.tenant.slug}'.`);
    const { id } = call.tenant;
    const facts = { secrets: await secrets.read(id), lifecycles: await lifecycles.read(id) };
    const { body, version } = this.#entry({ tenant, ...facts }, key);
    return { body, version };
  }

  /** Changes a tenant's configuration; this node knows of it at once. */
  async afterwards<T>(call: ApiCall, change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } finally {
      this.configuration.directory.forget(call.tenant.slug);
    }
  }

  #entry(tenant: Omit<ShownTenant, 'publicUrl'>, key: string): ShownEntry {
    const { publicUrl } = this.configuration;
    const entry = this.kind.show({ ...tenant, publicUrl }).find(({ id }) => id === key);
    if (entry === undefined) throw new DomainError('not_found', `There is no connection '${key}'.`);
    return entry;
  }
}
