import { domainToASCII } from 'node:url';
import { DEFAULT_TENANT_SETTINGS, type Domain } from '../tenant/tenant.js';
import type { DesiredTenant } from './desired.js';
import { FaultList, type Fault } from './fault.js';
import { mergeApi, mergeApplication, mergeConnection, mergeDomain } from './merge-entries.js';
import { Paths } from './paths.js';
import type { ConfigurationRules } from './rules.js';
import type { TargetConnection, TargetScimToken, TargetTenant } from './target.js';
import type { TenantConfiguration } from './tenant-configuration.js';

export interface MergedTenant {
  readonly target: TargetTenant;
  /** What is missing or can't be read; the target is then not to be used. */
  readonly faults: readonly Fault[];
}

const isOwnRole = (role: { readonly key: string }): boolean => !role.key.startsWith('console:');

/**
 * What the file wants of a tenant, completed by what is in force (`undefined`: the tenant is new) and by
 * defaults.
 */
export function mergeTenant(
  current: TenantConfiguration | undefined,
  desired: DesiredTenant,
  rules: ConfigurationRules,
): MergedTenant {
  const list = new FaultList();
  const paths = new Paths(desired);
  const connections =
    desired.connections?.map((entry, index) =>
      mergeConnection(
        current?.connections.find((connection) => connection.key === entry.key),
        entry,
        paths.entry('connections', index),
        { rules, faults: list },
      ),
    ) ??
    current?.connections ??
    [];
  const roles = desired.roles?.map((entry) => ({
    key: entry.key,
    name: entry.name ?? current?.roles.find((role) => role.key === entry.key)?.name ?? entry.key,
  }));
  const target: TargetTenant = {
    slug: desired.slug,
    name: desired.name ?? current?.tenant.name ?? desired.slug,
    status: desired.status ?? current?.tenant.status ?? 'active',
    parent: desired.parent === undefined ? (current?.parentSlug ?? null) : desired.parent,
    settings: mergeSettings(current, desired),
    domains: mergeDomains(current, desired),
    connections,
    roles: roles ?? (current?.roles ?? []).filter(isOwnRole),
    roleMappings:
      desired.roleMappings?.map((entry) => ({ ...entry, application: entry.application ?? null })) ??
      current?.roleMappings ??
      [],
    apis:
      desired.apis?.map((entry) =>
        mergeApi(
          current?.apis.find((api) => api.identifier === entry.identifier),
          entry,
        ),
      ) ??
      current?.apis ??
      [],
    accessPolicies: desired.accessPolicies ?? current?.accessPolicies ?? [],
    applications: mergeApplications(current, desired),
    scimTokens: mergeScimTokens(current, desired, connections, paths, list),
    grants: desired.grants ?? current?.grants ?? [],
  };
  return { target: withoutOrphans(target, desired), faults: list.faults };
}

function mergeSettings(
  current: TenantConfiguration | undefined,
  desired: DesiredTenant,
): TargetTenant['settings'] {
  const base = current?.tenant.settings ?? DEFAULT_TENANT_SETTINGS;
  const { signIn } = desired;
  return {
    signInDefault: signIn?.default === undefined ? base.signInDefault : signIn.default,
    localSignIn: signIn?.local ?? base.localSignIn,
    roleMappingMode: desired.roleMappingMode ?? base.roleMappingMode,
    defaultRole: desired.defaultRole === undefined ? base.defaultRole : desired.defaultRole,
    whenNoRole: desired.whenNoRole ?? base.whenNoRole,
    scimExtensions:
      desired.scimExtensions?.map((entry) => ({ ...entry, resource: entry.resource ?? 'User' })) ??
      base.scimExtensions,
  };
}

/**
 * Domains compare in their A-label form, lower case (RFC 5890); a name that has none stays as typed and is
 * refused.
 */
function mergeDomains(current: TenantConfiguration | undefined, desired: DesiredTenant): readonly Domain[] {
  const domains = desired.domains?.map((entry) => {
    const name = domainToASCII(entry.name) || entry.name;
    return mergeDomain(
      current?.domains.find((domain) => domain.name === name),
      entry,
      name,
    );
  });
  return (domains ?? current?.domains ?? []).toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** The file's list is complete for the operator's own applications: what machines registered stays beside it. */
function mergeApplications(
  current: TenantConfiguration | undefined,
  desired: DesiredTenant,
): TargetTenant['applications'] {
  const known = current?.applications ?? [];
  if (desired.applications === undefined) return known;
  const named = new Set(desired.applications.map((entry) => entry.clientId));
  return [
    ...desired.applications.map((entry) =>
      mergeApplication(
        known.find((application) => application.clientId === entry.clientId),
        entry,
      ),
    ),
    ...known.filter(
      ({ clientId, source }) =>
        source === 'registration' &&
        !named.has(clientId) &&
        desired.withoutRegistered?.includes(clientId) !== true,
    ),
  ];
}

function mergeScimTokens(
  current: TenantConfiguration | undefined,
  desired: DesiredTenant,
  connections: readonly Pick<TargetConnection, 'key'>[],
  paths: Paths,
  faults: FaultList,
): readonly TargetScimToken[] {
  if (desired.scimTokens === undefined) return current?.scimTokens ?? [];
  return desired.scimTokens.map((entry, index) => {
    const known = current?.scimTokens.find((token) => token.name === entry.name);
    const only = connections.length === 1 ? connections[0]?.key : undefined;
    const connection = entry.connection ?? known?.connection ?? only;
    if (connection === undefined)
      faults.add(
        `${paths.entry('scimTokens', index)}.connection`,
        `is required, because the tenant has ${connections.length} connections`,
      );
    return {
      name: entry.name,
      connection: connection ?? '',
      expiresAt: entry.expiresAt === undefined ? (known?.expiresAt ?? null) : entry.expiresAt,
      ...(entry.token === undefined ? {} : { token: entry.token }),
    };
  });
}

/**
 * Without what the database deletes along with what the file deletes, where the file doesn't speak of it:
 * mappings of a role or application, policies of an API, SCIM tokens of a connection. So the plan shows them.
 */
function withoutOrphans(target: TargetTenant, desired: DesiredTenant): TargetTenant {
  const roles = new Set(target.roles.map((role) => role.key));
  const applications = new Set(target.applications.map((application) => application.clientId));
  const apis = new Set(target.apis.map((api) => api.identifier));
  const connections = new Set(target.connections.map((connection) => connection.key));
  return {
    ...target,
    // Nobody can mend these in the file.
    applications: target.applications.map((application) =>
      application.source === 'operator' ||
      application.settings.apis.every((identifier) => apis.has(identifier))
        ? application
        : {
            ...application,
            settings: {
              ...application.settings,
              apis: application.settings.apis.filter((identifier) => apis.has(identifier)),
            },
          },
    ),
    roleMappings:
      desired.roleMappings === undefined
        ? target.roleMappings.filter(
            (mapping) =>
              (roles.has(mapping.role) || !isOwnRole({ key: mapping.role })) &&
              (mapping.application === null || applications.has(mapping.application)),
          )
        : target.roleMappings,
    accessPolicies:
      desired.accessPolicies === undefined
        ? target.accessPolicies.filter((policy) => apis.has(policy.api))
        : target.accessPolicies,
    scimTokens:
      desired.scimTokens === undefined
        ? target.scimTokens.filter((token) => connections.has(token.connection))
        : target.scimTokens,
  };
}
