import type { CustomerGrant } from '../../domain/configuration/tenant-configuration.js';
import { bytes, exactText, json, madeNow, optional, table, text, time, uuid, within } from './table.js';

export interface ScimTokenRow {
  tenantId: string;
  id: string;
  connectionId: string;
  name: string;
  hash: Buffer;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

export const ScimTokenTable = table<ScimTokenRow>(
  'scim_tokens',
  {
    tenantId: uuid,
    id: uuid,
    connectionId: uuid,
    name: exactText,
    hash: bytes,
    createdAt: madeNow,
    expiresAt: optional(time),
    lastUsedAt: optional(time),
  },
  {
    primary: ['tenantId', 'id'],
    indices: [
      { name: 'scim_tokens_name_key', columns: ['tenantId', 'name'], unique: true },
      { name: 'scim_tokens_hash_key', columns: ['tenantId', 'hash'], unique: true },
    ],
    foreignKeys: [
      within('scim_tokens_connection_fkey', 'connections', ['tenantId', 'connectionId'], ['tenantId', 'id']),
    ],
  },
);

export interface ApiTokenRow {
  tenantId: string;
  id: string;
  roleId: string;
  name: string;
  hash: Buffer;
  createdAt: Date;
  expiresAt: Date | null;
}

export const ApiTokenTable = table<ApiTokenRow>(
  'api_tokens',
  {
    tenantId: uuid,
    id: uuid,
    roleId: uuid,
    name: text,
    hash: bytes,
    createdAt: madeNow,
    expiresAt: optional(time),
  },
  {
    primary: ['tenantId', 'id'],
    indices: [{ name: 'api_tokens_hash_key', columns: ['hash'], unique: true }],
    foreignKeys: [within('api_tokens_role_fkey', 'roles', ['tenantId', 'roleId'], ['tenantId', 'id'])],
  },
);

export interface TenantLinkRow {
  tenantId: string;
  id: string;
  groupReference: CustomerGrant['group'];
  customers: CustomerGrant['customers'];
  roles: string[];
}

export const TenantLinkTable = table<TenantLinkRow>(
  'tenant_links',
  { tenantId: uuid, id: uuid, groupReference: json, customers: json, roles: { type: 'text', array: true } },
  {
    primary: ['tenantId', 'id'],
    foreignKeys: [within('tenant_links_tenant_fkey', 'tenants', ['tenantId'], ['id'])],
  },
);

export interface LinkRow {
  tenantId: string;
  id: string;
  kind: 'first_run';
  hash: Buffer;
  createdAt: Date;
  expiresAt: Date;
  usedAt: Date | null;
}

export const LinkTable = table<LinkRow>(
  'links',
  {
    tenantId: uuid,
    id: uuid,
    kind: text,
    hash: bytes,
    createdAt: madeNow,
    expiresAt: time,
    usedAt: optional(time),
  },
  {
    primary: ['tenantId', 'id'],
    indices: [{ name: 'links_hash_key', columns: ['tenantId', 'hash'], unique: true }],
    foreignKeys: [within('links_tenant_fkey', 'tenants', ['tenantId'], ['id'])],
  },
);
