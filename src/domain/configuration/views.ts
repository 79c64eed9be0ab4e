import type { JsonObject } from '../../core/json.js';
import type { AccessPolicy } from '../api/api.js';
import type { RoleMapping } from '../role/role.js';
import { describeGroup } from '../role/role.js';
import type { CustomerGrant, TenantConfiguration } from './tenant-configuration.js';
import type {
  TargetApi,
  TargetApplication,
  TargetConnection,
  TargetRole,
  TargetScimToken,
  TargetTenant,
} from './target.js';

/**
 * Configuration in the words of the file: what is compared, named in plans (`changes`) and shown before and
 * after in audit events. No secret is a part of it.
 */
export interface View {
  /** Tells the entry from others of its kind. */
  readonly key: string;
  readonly members: JsonObject;
}

/** Domain values are plain JSON, under interfaces that the compiler doesn't take for an index signature. */
const json = (value: object): JsonObject => JSON.parse(JSON.stringify(value));

type TenantPart = Pick<TargetTenant, 'slug' | 'name' | 'status' | 'parent' | 'settings' | 'domains'>;

export function tenantView(tenant: TenantPart): View {
  const { signInDefault, localSignIn, ...settings } = tenant.settings;
  return {
    key: tenant.slug,
    members: json({
      name: tenant.name,
      status: tenant.status,
      parent: tenant.parent,
      domains: tenant.domains,
      signIn: { default: signInDefault, local: localSignIn },
      ...settings,
    }),
  };
}

export function connectionView(connection: Omit<TargetConnection, 'clientSecret' | 'secondarySecret'>): View {
  const { key, type, name, issuer, status, settings } = connection;
  return { key, members: json({ type, name, issuer, status, ...settings }) };
}

export const roleView = ({ key, name }: TargetRole): View => ({ key, members: { name } });

export function roleMappingView(mapping: RoleMapping): View {
  const where = mapping.application === null ? '' : ` in ${mapping.application}`;
  return {
    key: `${describeGroup(mapping.group)} -> ${mapping.role}${where}`,
    members: json({ group: mapping.group, role: mapping.role, application: mapping.application }),
  };
}

export function apiView(api: TargetApi): View {
  const { identifier, scopes, isDefault, tokenFormat, accessTokenSeconds, profile } = api;
  const members = { tokenFormat, accessTokenSeconds, profile, default: isDefault };
  return {
    key: identifier,
    members: json({
      ...members,
      scopes: scopes.map((scope) => ({ name: scope.name, default: scope.isDefault })),
    }),
  };
}

/** A policy has no name of its own: all of it tells it from others. */
export function accessPolicyView(policy: AccessPolicy): View {
  const clients = policy.clients === 'all' ? 'all' : policy.clients.toSorted();
  const grants = policy.grants.toSorted();
  const scopes = policy.scopes.toSorted();
  return {
    key: `${policy.api}: ${String(clients)} by ${grants.join(',')} for ${scopes.join(',')}`,
    members: json({ api: policy.api, clients, grants, scopes }),
  };
}

export function applicationView(application: Omit<TargetApplication, 'clientSecret'>): View {
  const { clientId, name, type, source, settings } = application;
  return { key: clientId, members: json({ name, type, source, ...settings }) };
}

export const scimTokenView = ({ name, connection, expiresAt }: TargetScimToken): View => ({
  key: name,
  members: { connection, expiresAt: expiresAt?.toISOString() ?? null },
});

export function grantView(grant: CustomerGrant): View {
  const customers = grant.customers === 'all' ? 'all' : grant.customers.toSorted();
  return {
    key: `${describeGroup(grant.group)} -> ${String(customers)}`,
    members: json({ group: grant.group, customers, roles: grant.roles.toSorted() }),
  };
}

/** The part of a configuration that the tenant's own row holds, as a target has it. */
export function tenantPart(current: TenantConfiguration): TenantPart {
  const { tenant, parentSlug, domains } = current;
  const { slug, name, status, settings } = tenant;
  return { slug, name, status, parent: parentSlug, settings, domains };
}
