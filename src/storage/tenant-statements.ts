import type { QueryResultRow } from 'pg';
import type { ApplicationId, ConnectionId, TenantId } from '../core/ids.js';
import type { AccessPolicy, Api } from '../domain/api/api.js';
import type { Application, StoredApplicationSecret } from '../domain/application/application.js';
import { NEW_CONNECTION_SETTINGS, newApplicationSettings } from '../domain/configuration/defaults.js';
import type { CustomerGrant, TenantConfiguration } from '../domain/configuration/tenant-configuration.js';
import { accessPolicyView, grantView, roleMappingView } from '../domain/configuration/views.js';
import type { Connection } from '../domain/connection/connection.js';
import type { SigningKey } from '../domain/keys/signing-key.js';
import type { GroupReference, Role, RoleMapping } from '../domain/role/role.js';
import { DEFAULT_TENANT_SETTINGS, type Domain, type Tenant } from '../domain/tenant/tenant.js';
import type { SealedConnectionSecrets, StoredTenant } from '../domain/tenant/tenant-store.js';
import type { Statement } from './database.js';

type Rows = readonly QueryResultRow[];

/** The tenant's own row, by slug: read first, because all else is behind its id. */
export function tenantBySlug(slug: string): Statement {
  return {
    name: 'tenant_by_slug',
    text: `SELECT t.*, p.slug AS parent_slug FROM tenants t LEFT JOIN tenants p ON p.id = t.parent_id WHERE t.slug = $1`,
    values: [slug],
  };
}

const PARTS = {
  domains: 'SELECT name, verified, connection_key FROM domains WHERE tenant_id = $1 ORDER BY name',
  connections: 'SELECT * FROM connections WHERE tenant_id = $1 ORDER BY key',
  roles: 'SELECT id, key, name FROM roles WHERE tenant_id = $1 ORDER BY key',
  roleMappings: `SELECT m.id, m.group_name, m.group_id, m.group_upstream_id, r.key AS role, a.client_id AS application
    FROM role_mappings m
    JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
    LEFT JOIN applications a ON a.tenant_id = m.tenant_id AND a.id = m.application_id
    WHERE m.tenant_id = $1 ORDER BY m.id`,
  apis: `SELECT a.*, coalesce((SELECT json_agg(json_build_object('name', s.name, 'isDefault', s.is_default) ORDER BY s.name)
      FROM api_scopes s WHERE s.tenant_id = a.tenant_id AND s.api_id = a.id), '[]') AS scopes
    FROM apis a WHERE a.tenant_id = $1 ORDER BY a.identifier`,
  accessPolicies: `SELECT p.id, a.identifier AS api, p.clients, p.grants, p.scopes FROM access_policies p
    JOIN apis a ON a.tenant_id = p.tenant_id AND a.id = p.api_id WHERE p.tenant_id = $1 ORDER BY p.id`,
  applications: 'SELECT * FROM applications WHERE tenant_id = $1 ORDER BY client_id',
  applicationSecrets: `SELECT id, application_id, hash, slot, expires_at FROM application_secrets WHERE tenant_id = $1
    ORDER BY created_at DESC, id DESC`,
  scimTokens: `SELECT s.id, s.name, s.connection_id, s.hash, s.expires_at, c.key AS connection FROM scim_tokens s
    JOIN connections c ON c.tenant_id = s.tenant_id AND c.id = s.connection_id WHERE s.tenant_id = $1 ORDER BY s.name`,
  grants: 'SELECT id, group_reference, customers, roles FROM tenant_links WHERE tenant_id = $1 ORDER BY id',
  signingKeys: `SELECT * FROM signing_keys WHERE tenant_id = $1 AND state <> 'retired' ORDER BY created_at, id`,
} as const;

type Part = keyof typeof PARTS;
const PART_NAMES = Object.keys(PARTS) as Part[];

/** Everything else of a tenant, for one flush. */
export function tenantParts(tenantId: TenantId): readonly Statement[] {
  return PART_NAMES.map((part) => ({ name: `tenant_${part}`, text: PARTS[part], values: [tenantId] }));
}

export function toTenant(row: QueryResultRow): Tenant {
  return {
    id: row['id'],
    slug: row['slug'],
    name: row['name'],
    kind: row['kind'],
    parentId: row['parent_id'],
    status: row['status'],
    // A row may be older than one of the settings.
    settings: { ...DEFAULT_TENANT_SETTINGS, ...row['settings'] },
    configVersion: Number(row['config_version']),
  };
}

/** Puts together what `tenantBySlug` and `tenantParts` read. */
export function toStoredTenant(tenantRow: QueryResultRow, results: readonly Rows[]): StoredTenant {
  const of = (part: Part): Rows => results[PART_NAMES.indexOf(part)] ?? [];
  const configuration: TenantConfiguration = {
    tenant: toTenant(tenantRow),
    parentSlug: tenantRow['parent_slug'] === 'system' ? null : tenantRow['parent_slug'],
    domains: of('domains').map(toDomain),
    connections: of('connections').map(toConnection),
    roles: of('roles').map((row) => ({ id: row['id'], key: row['key'], name: row['name'] }) satisfies Role),
    roleMappings: of('roleMappings').map(toRoleMapping),
    apis: of('apis').map(toApi),
    accessPolicies: of('accessPolicies').map(toAccessPolicy),
    applications: of('applications').map(toApplication),
    scimTokens: of('scimTokens').map((row) => ({
      id: row['id'],
      name: row['name'],
      connection: row['connection'],
      expiresAt: row['expires_at'],
    })),
    grants: of('grants').map(toGrant),
  };
  return {
    configuration,
    wrappedDataKey: tenantRow['data_key'],
    signingKeys: of('signingKeys').map(toSigningKey),
    connectionSecrets: of('connections').map(toSecrets),
    applicationSecrets: groupSecrets(of('applicationSecrets')),
    webhookSecrets: webhookSecrets(of('applications')),
    scimTokens: of('scimTokens').map((row) => ({
      id: row['id'],
      connectionId: row['connection_id'],
      hash: row['hash'],
      expiresAt: row['expires_at'],
    })),
  };
}

/** Ids of entries that have no name of their own, by kind and by what the entry says. */
export function namelessIds(results: readonly Rows[]): ReadonlyMap<string, string> {
  const of = (part: Part): Rows => results[PART_NAMES.indexOf(part)] ?? [];
  const entries: [string, string][] = [
    ...of('roleMappings').map((row): [string, string] => [
      `roleMapping ${roleMappingView(toRoleMapping(row)).key}`,
      row['id'],
    ]),
    ...of('accessPolicies').map((row): [string, string] => [
      `accessPolicy ${accessPolicyView(toAccessPolicy(row)).key}`,
      row['id'],
    ]),
    ...of('grants').map((row): [string, string] => [`grant ${grantView(toGrant(row)).key}`, row['id']]),
  ];
  return new Map(entries);
}

const toAccessPolicy = (row: QueryResultRow): AccessPolicy => ({
  api: row['api'],
  clients: row['clients'],
  grants: row['grants'],
  scopes: row['scopes'],
});

const toGrant = (row: QueryResultRow): CustomerGrant => ({
  group: row['group_reference'],
  customers: row['customers'],
  roles: row['roles'],
});

const toDomain = (row: QueryResultRow): Domain => ({
  name: row['name'],
  verified: row['verified'],
  connection: row['connection_key'],
});

export const toConnection = (row: QueryResultRow): Connection => ({
  id: row['id'],
  key: row['key'],
  type: row['type'],
  name: row['name'],
  issuer: row['issuer'],
  version: row['version'],
  status: row['status'],
  // A row may be older than one of the settings.
  settings: { ...NEW_CONNECTION_SETTINGS, ...row['settings'] },
  ...(row['outage'] === null || row['outage'] === undefined ? {} : { outage: row['outage'] }),
});

const toSecrets = (row: QueryResultRow): SealedConnectionSecrets => ({
  connectionId: row['id'] as ConnectionId,
  clientSecret: row['client_secret_sealed'],
  secondarySecret: row['secondary_secret_sealed'],
});

function toRoleMapping(row: QueryResultRow): RoleMapping {
  const group: GroupReference =
    row['group_name'] !== null
      ? { name: row['group_name'] }
      : row['group_id'] !== null
        ? { scim: row['group_id'] }
        : { upstream: row['group_upstream_id'] };
  return { group, role: row['role'], application: row['application'] };
}

const toApi = (row: QueryResultRow): Api => ({
  id: row['id'],
  identifier: row['identifier'],
  scopes: row['scopes'],
  tokenFormat: row['token_format'],
  isDefault: row['is_default'],
  accessTokenSeconds: row['access_token_seconds'],
  profile: row['profile'],
});

export const toApplication = (row: QueryResultRow): Application => ({
  id: row['id'],
  clientId: row['client_id'],
  name: row['name'],
  type: row['type'],
  source: row['source'],
  // A row may be older than one of the settings.
  settings: { ...newApplicationSettings(row['type']), ...row['settings'] },
});

const toSigningKey = (row: QueryResultRow): SigningKey => ({
  id: row['id'],
  alg: row['alg'],
  state: row['state'],
  connectionId: row['connection_id'],
  publicJwk: row['public_jwk'],
  sealedPrivateJwk: row['private_jwk_sealed'],
});

function webhookSecrets(rows: Rows): ReadonlyMap<ApplicationId, string> {
  return new Map(
    rows.flatMap((row): [ApplicationId, string][] =>
      row['webhook_secret_sealed'] === null ? [] : [[row['id'], row['webhook_secret_sealed']]],
    ),
  );
}

function groupSecrets(rows: Rows): ReadonlyMap<ApplicationId, readonly StoredApplicationSecret[]> {
  const byApplication = new Map<ApplicationId, StoredApplicationSecret[]>();
  for (const row of rows) {
    const id = row['application_id'] as ApplicationId;
    const secret = { id: row['id'], hash: row['hash'], slot: row['slot'], expiresAt: row['expires_at'] };
    byApplication.set(id, [...(byApplication.get(id) ?? []), secret]);
  }
  return byApplication;
}
