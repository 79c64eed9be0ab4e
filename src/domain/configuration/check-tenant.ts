import { keepsRefreshTokens, OFFLINE_ACCESS } from '../connection/connection.js';
import { faultsOfExtension } from '../provisioning/schema-extension.js';
import { CONSOLE_ROLES } from '../role/role.js';
import { SYSTEM_SLUG } from '../tenant/tenant.js';
import { checkApplication } from './check-application.js';
import type { DesiredTenant } from './desired.js';
import { FaultList, type Fault } from './fault.js';
import { faultOfDomain, faultOfVerifying } from './mail-domains.js';
import { Paths } from './paths.js';
import type { ConfigurationRules } from './rules.js';
import type { TargetTenant } from './target.js';
import { checkMappingMode } from './check-mapping-mode.js';
import type { TenantCheck } from './tenant-check.js';
import { accessPolicyView, grantView, roleMappingView } from './views.js';

const CONSOLE_KEYS: ReadonlySet<string> = new Set(CONSOLE_ROLES.map((role) => role.key));
/** Words that a sign-in uses where a connection's key could stand. */
const RESERVED_CONNECTION_KEYS: ReadonlySet<string> = new Set(['chooser', 'local', 'msp']);

/**
 * What is wrong in a tenant as it is to be, its own references included. References are also checked where
 * the file is silent, because what it deletes may be referred to by what is in force.
 */
export function checkTenant(
  desired: DesiredTenant,
  target: TargetTenant,
  rules: ConfigurationRules,
): readonly Fault[] {
  const check: TenantCheck = { desired, target, rules, paths: new Paths(desired), list: new FaultList() };
  checkStatus(check);
  checkUniqueness(check);
  checkSignIn(check);
  checkDomains(check);
  checkConnections(check);
  checkRoles(check);
  checkMappingMode(check);
  checkScimExtensions(check);
  checkApis(check);
  for (const application of target.applications) checkApplication(check, application);
  return check.list.faults;
}

function checkStatus({ target, paths, list }: TenantCheck): void {
  if (target.slug === SYSTEM_SLUG && target.status === 'suspended')
    list.add(
      paths.member('status'),
      `'${SYSTEM_SLUG}' is the deployment's own tenant: it can't be suspended`,
    );
}

function checkUniqueness({ desired, paths, list }: TenantCheck): void {
  const once = <T>(
    name: Parameters<Paths['entry']>[0],
    entries: readonly T[] | undefined,
    identityOf: (entry: T) => string,
  ): void => {
    const seen = new Map<string, number>();
    for (const [index, entry] of (entries ?? []).entries()) {
      const identity = identityOf(entry);
      const first = seen.get(identity);
      if (first !== undefined) list.add(paths.entry(name, index), `repeats entry ${first} ('${identity}')`);
      else seen.set(identity, index);
    }
  };
  once('domains', desired.domains, (entry) => entry.name.toLowerCase());
  once('connections', desired.connections, (entry) => entry.key);
  once('roles', desired.roles, (entry) => entry.key);
  once(
    'roleMappings',
    desired.roleMappings,
    (entry) => roleMappingView({ ...entry, application: entry.application ?? null }).key,
  );
  once('apis', desired.apis, (entry) => entry.identifier);
  once('accessPolicies', desired.accessPolicies, (entry) => accessPolicyView(entry).key);
  once('applications', desired.applications, (entry) => entry.clientId);
  once('scimTokens', desired.scimTokens, (entry) => entry.name);
  once('scimExtensions', desired.scimExtensions, (entry) => entry.schema.toLowerCase());
  once('grants', desired.grants, (entry) => grantView(entry).key);
}

function checkSignIn({ target, paths, list }: TenantCheck): void {
  const { signInDefault } = target.settings;
  if (signInDefault === null || signInDefault === 'chooser') return;
  if (!target.connections.some((connection) => connection.key === signInDefault))
    list.add(`${paths.member('signIn')}.default`, `'${signInDefault}' is no connection of the tenant`);
}

function checkDomains({ desired, target, paths, list }: TenantCheck): void {
  const connections = new Set(target.connections.map((connection) => connection.key));
  const typed = new Map(desired.domains?.map((entry, index) => [entry.name.toLowerCase(), index]));
  for (const domain of target.domains) {
    const index =
      typed.get(domain.name) ?? desired.domains?.findIndex((entry) => entry.name === domain.name) ?? -1;
    const path =
      index === -1 ? `${paths.member('domains')}['${domain.name}']` : paths.entry('domains', index);
    const fault = faultOfDomain(domain.name);
    list.add(path, fault);
    if (domain.verified && fault === undefined) list.add(path, faultOfVerifying(domain.name));
    if (domain.connection !== null && !connections.has(domain.connection))
      list.add(`${path}.connection`, `'${domain.connection}' is no connection of the tenant`);
  }
}

function checkConnections({ desired, target, paths, list }: TenantCheck): void {
  for (const [index, { key }] of (desired.connections ?? []).entries()) {
    if (RESERVED_CONNECTION_KEYS.has(key))
      list.add(`${paths.entry('connections', index)}.key`, `'${key}' has a meaning of its own`);
  }
  for (const { key, settings } of target.connections) {
    if (settings.revalidateSeconds === null || keepsRefreshTokens(settings)) continue;
    const path = paths.named('connections', key, (entry) => entry.key);
    list.add(`${path}.revalidateSeconds`, `needs '${OFFLINE_ACCESS}' among the scopes`);
  }
  const known = new Set(target.connections.map((connection) => connection.key));
  for (const token of target.scimTokens) {
    const path = paths.named('scimTokens', token.name, (entry) => entry.name);
    if (token.connection !== '' && !known.has(token.connection))
      list.add(`${path}.connection`, `'${token.connection}' is no connection of the tenant`);
  }
}

function checkRoles({ target, paths, list }: TenantCheck): void {
  const own = new Set(target.roles.map((role) => role.key));
  const applications = new Set(target.applications.map((application) => application.clientId));
  const { defaultRole } = target.settings;
  if (defaultRole !== null && !own.has(defaultRole))
    list.add(paths.member('defaultRole'), `'${defaultRole}' is no role of the tenant`);
  for (const [index, mapping] of target.roleMappings.entries()) {
    const path = paths.listed('roleMappings', index, roleMappingView(mapping).key);
    if (!own.has(mapping.role) && !CONSOLE_KEYS.has(mapping.role))
      list.add(`${path}.role`, `'${mapping.role}' is no role of the tenant, nor of the console`);
    if (mapping.application !== null && !applications.has(mapping.application))
      list.add(`${path}.application`, `'${mapping.application}' is no application of the tenant`);
  }
  // Of other roles only the customers know whether they have them.
  for (const [index, grant] of target.grants.entries()) {
    const unknown = grant.roles.find((role) => role.startsWith('console:') && !CONSOLE_KEYS.has(role));
    if (unknown !== undefined)
      list.add(
        `${paths.listed('grants', index, grantView(grant).key)}.roles`,
        `'${unknown}' is no role of the console`,
      );
  }
}

/** What is in force was checked when it came. */
function checkScimExtensions({ desired, paths, list }: TenantCheck): void {
  for (const [index, extension] of (desired.scimExtensions ?? []).entries())
    for (const fault of faultsOfExtension(extension)) list.add(paths.entry('scimExtensions', index), fault);
}

function checkApis({ target, paths, list }: TenantCheck): void {
  const scopes = new Map(
    target.apis.map((api) => [api.identifier, new Set(api.scopes.map((scope) => scope.name))]),
  );
  const defaults = target.apis.filter((api) => api.isDefault).map((api) => api.identifier);
  if (defaults.length > 1)
    list.add(paths.member('apis'), `only one can be the default: ${defaults.join(', ')}`);
  for (const api of target.apis) {
    const path = paths.named('apis', api.identifier, (entry) => entry.identifier);
    if (scopes.get(api.identifier)?.size !== api.scopes.length)
      list.add(`${path}.scopes`, 'names a scope twice');
  }
  const clients = new Set(target.applications.map((application) => application.clientId));
  for (const [index, policy] of target.accessPolicies.entries()) {
    const path = paths.listed('accessPolicies', index, accessPolicyView(policy).key);
    const known = scopes.get(policy.api);
    if (known === undefined) list.add(`${path}.api`, `'${policy.api}' is no API of the tenant`);
    const scope = policy.scopes.find((name) => known?.has(name) === false);
    if (scope !== undefined) list.add(`${path}.scopes`, `'${scope}' is no scope of ${policy.api}`);
    const client = policy.clients === 'all' ? undefined : policy.clients.find((id) => !clients.has(id));
    if (client !== undefined) list.add(`${path}.clients`, `'${client}' is no application of the tenant`);
  }
}
