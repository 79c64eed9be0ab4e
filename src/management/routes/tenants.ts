import { DomainError } from '../../core/errors.js';
import type { TenantId } from '../../core/ids.js';
import type { Json, JsonObject } from '../../core/json.js';
import { changeTenant } from '../../domain/configuration/change-tenant.js';
import type { ConfiguredTenant } from '../../domain/configuration/configuration-store.js';
import type { DesiredTenant } from '../../domain/configuration/desired.js';
import { tenantPart, tenantView } from '../../domain/configuration/views.js';
import { tenantAddresses } from '../../domain/tenant/addresses.js';
import { mayGrantConsoleRoles } from '../../domain/operator/console-role.js';
import type { TenantListStore } from '../../domain/tenant/tenant-list.js';
import { DEFAULT_TENANT_SETTINGS, SYSTEM_SLUG } from '../../domain/tenant/tenant.js';
import type { ApiCall } from '../api/call.js';
import { named, operation, type ApiAnswer, type Operation } from '../api/operation.js';
import { Problem } from '../api/problems.js';
import { requireAsRead } from '../api/read-only.js';
import { listOf, PAGE_DEFAULT } from '../contract/common.js';
import {
  NewTenant,
  TenantChange,
  TenantListQuery,
  TenantResource,
  TenantSummary,
} from '../contract/tenants.js';
import type { ConfigurationDeps } from './configuration/entry-operations.js';

export interface TenantDeps extends ConfigurationDeps {
  readonly tenants: TenantListStore;
}

const ANSWER = named('Tenant', TenantResource);
const ROLE_SETTINGS: readonly string[] = ['roleMappingMode', 'defaultRole', 'whenNoRole'];
const READ_ONLY = ['id', 'kind', 'issuer', 'scimBaseUrl'];

/** Tenants: the tree, and what each is set to (E1). Their lists are resources of their own. */
export function tenantOperations(deps: TenantDeps): readonly Operation[] {
  const tenants = new Tenants(deps);
  return [
    operation({
      id: 'listTenants',
      method: 'GET',
      path: '/tenants',
      summary: 'Lists the tenants below the caller’s own: all of the deployment, or an MSP’s customers',
      permission: 'tenants.read',
      query: TenantListQuery,
      list: true,
      answer: named('TenantPage', listOf(TenantSummary)),
      handle: (call, { query }) => tenants.list(call, query),
    }),
    operation({
      id: 'createTenant',
      method: 'POST',
      path: '/tenants',
      summary: 'Makes a tenant below the caller’s own',
      permission: 'tenants.manage',
      body: named('NewTenant', NewTenant),
      readOnly: READ_ONLY,
      status: 201,
      answer: ANSWER,
      handle: (call, { body }) => tenants.create(call, body),
    }),
    operation({
      id: 'getTenant',
      method: 'GET',
      path: '/tenants/{tenant}',
      summary: 'One tenant',
      permission: 'tenants.read',
      answer: ANSWER,
      handle: (call) => tenants.get(call),
    }),
    ...(['PUT', 'PATCH'] as const).map((method) =>
      operation({
        id: method === 'PUT' ? 'replaceTenant' : 'updateTenant',
        method,
        path: '/tenants/{tenant}',
        summary:
          method === 'PUT'
            ? 'Replaces a tenant’s settings: what is absent returns to its default, but for name, status and parent'
            : 'Changes settings of a tenant: what is absent stays (RFC 7396)',
        permission: 'tenants.manage',
        body: named('TenantChange', TenantChange),
        readOnly: READ_ONLY,
        answer: ANSWER,
        async handle(call, { body, readOnly = {} }) {
          if (Object.keys(readOnly).length > 0) await tenants.requireAsRead(call, readOnly);
          return tenants.change(call, body, method === 'PUT');
        },
      }),
    ),
  ];
}

interface ListQuery {
  readonly limit?: number;
  readonly cursor?: string;
  readonly parent?: string;
  readonly status?: 'active' | 'suspended';
  readonly q?: string;
  readonly sort?: 'slug' | 'name';
}

/** What a body says of a tenant, in the words of the file. */
type TenantBody = Partial<Omit<DesiredTenant, 'path'>>;

class Tenants {
  constructor(private readonly deps: TenantDeps) {}

  async list(call: ApiCall, query: ListQuery): Promise<ApiAnswer> {
    const { limit = PAGE_DEFAULT, cursor, parent, status, q, sort } = query;
    const isSystem = call.caller.home.slug === SYSTEM_SLUG;
    const question: Json = ['tenants', parent ?? null, status ?? null, q ?? null, sort ?? null];
    const parentId = await this.#parentOf(call, parent);
    if (parentId === null) return { body: { items: [], next: null } };
    const page = await this.deps.tenants.list({
      limit,
      after: call.cursors.after(question, cursor),
      parentId: parentId ?? (isSystem ? undefined : call.caller.home.id),
      status,
      search: q,
      sort,
    });
    return {
      body: call.cursors.page(question, page, (tenant) => ({ ...tenant, parent: above(tenant.parent) })),
    };
  }

  /** The tenant whose customers are meant; null: one whose customers the caller sees nothing of. */
  async #parentOf(call: ApiCall, slug: string | undefined): Promise<TenantId | null | undefined> {
    if (slug === undefined) return undefined;
    const { home } = call.caller;
    if (home.slug !== SYSTEM_SLUG && home.slug !== slug) return null;
    const [place] = await this.deps.apply.store.places([slug]);
    return place?.id ?? null;
  }

  async get(call: ApiCall): Promise<ApiAnswer> {
    return this.#answer(await this.deps.apply.store.find(call.tenant.slug));
  }

  /** Those members never change, so that no lock is needed. @throws Problem `invalid_body` */
  async requireAsRead(call: ApiCall, given: JsonObject): Promise<void> {
    requireAsRead(given, this.#shown(await this.deps.apply.store.find(call.tenant.slug)));
  }

  async create(call: ApiCall, body: TenantBody): Promise<ApiAnswer> {
    const { home } = call.caller;
    const isSystem = home.slug === SYSTEM_SLUG;
    const { slug = '', parent: asked } = body;
    const parent = isSystem ? (asked ?? null) : home.slug;
    if (!isSystem) await this.#requireMsp(call, asked);
    const { tenant } = await changeTenant(this.deps.apply, slug, {
      rules: this.deps.rules,
      actor: call.caller.actor,
      authority: call.authority,
      origin: call.origin,
      wanted: (current) => {
        if (current !== undefined) throw new DomainError('already_exists', `The slug '${slug}' is taken.`);
        return { ...body, path: '', slug, parent };
      },
    });
    this.deps.directory.forget(slug);
    return { ...this.#answer(tenant), status: 201, location: `/tenants/${slug}` };
  }

  /** Whoever has no customers is made an MSP by the deployment's operators, and not by itself. */
  async #requireMsp(call: ApiCall, asked: string | null | undefined): Promise<void> {
    const { home } = call.caller;
    if (asked !== undefined && asked !== null && asked !== home.slug)
      throw new Problem('forbidden', `Tenants are made below '${home.slug}' alone.`);
    const [place] = await this.deps.apply.store.places([home.slug]);
    if (place?.hasCustomers !== true)
      throw new Problem('forbidden', 'The first customer of a tenant is made by the deployment’s operators.');
  }

  async change(call: ApiCall, body: TenantBody, replace: boolean): Promise<ApiAnswer> {
    const { slug } = call.tenant;
    if (body.slug !== undefined && body.slug !== slug)
      throw new Problem('invalid_body', 'A slug never changes: issuers are made of it.', {
        errors: [{ pointer: '/slug', message: `must be '${slug}', or absent` }],
      });
    const { tenant } = await changeTenant(this.deps.apply, slug, {
      rules: this.deps.rules,
      actor: call.caller.actor,
      authority: call.authority,
      origin: call.origin,
      wanted: (current) => {
        call.expect(viewOf(current).members);
        return { ...(replace ? DEFAULTS : {}), ...body, path: '', slug };
      },
      judge: ({ changes }) => {
        const changed = changes.filter(({ kind }) => kind === 'tenant').flatMap((change) => change.changes);
        if (changed.includes('status'))
          this.#requireAbove(call, 'Only those above a tenant suspend it or let it go on.');
        if (changed.includes('status')) call.require('tenants.suspend');
        // Who has which role follows from these as much as from the mappings.
        if (changed.some((member) => ROLE_SETTINGS.includes(member))) call.require('role-mappings.manage');
        if (changed.includes('parent') && call.caller.home.slug !== SYSTEM_SLUG)
          throw new Problem('forbidden', 'Only the deployment’s operators move a tenant in the tree.');
        // Whoever has a role of the console there has it here from now on.
        if (changed.includes('parent') && !mayGrantConsoleRoles(call.roles))
          throw new Problem('forbidden', 'Only an owner moves a tenant: roles of the console come along.');
      },
    });
    this.deps.directory.forget(slug);
    return this.#answer(tenant);
  }

  #requireAbove(call: ApiCall, detail: string): void {
    if (call.caller.home.id === call.tenant.id) throw new Problem('forbidden', detail);
  }

  #answer(tenant: ConfiguredTenant | undefined): ApiAnswer {
    return { body: this.#shown(tenant), version: viewOf(tenant).members };
  }

  #shown(tenant: ConfiguredTenant | undefined): JsonObject {
    const { key, members } = viewOf(tenant);
    const { id, kind } = found(tenant).configuration.tenant;
    return { id, slug: key, kind, ...members, ...tenantAddresses(this.deps.publicUrl, key) };
  }
}

const { signInDefault, localSignIn, ...REST } = DEFAULT_TENANT_SETTINGS;
const DEFAULTS: TenantBody = { ...REST, signIn: { default: signInDefault, local: localSignIn } };

/** A tenant's own row, without the lists that are resources of their own. */
function viewOf(tenant: ConfiguredTenant | undefined): {
  readonly key: string;
  readonly members: JsonObject;
} {
  const { key, members } = tenantView(tenantPart(found(tenant).configuration));
  const { domains: _, ...own } = members;
  return { key, members: own };
}

function found(tenant: ConfiguredTenant | undefined): ConfiguredTenant {
  if (tenant === undefined) throw new DomainError('not_found', 'There is no such tenant.');
  return tenant;
}

const above = (parent: string | null): string | null => (parent === SYSTEM_SLUG ? null : parent);
