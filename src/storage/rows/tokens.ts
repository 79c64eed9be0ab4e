import type { JsonObject } from '../../core/json.js';
import type { CustomerGrant } from '../../domain/configuration/tenant-configuration.js';
import {
  bytes,
  exactText,
  json,
  madeNow,
  optional,
  table,
  text,
  time,
  undescribed,
  uuid,
  within,
} from './table.js';

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
  /** What it may at most; null: all that its role may. */
  scopes: string[] | null;
  /** It goes with this person; null: nobody's. */
  ownerId: string | null;
  /** Slug of a tenant above, whose person it goes with; null: nobody's there. */
  ownerTenant: string | null;
  ownerElsewhereId: string | null;
  createdBy: string;
  lastUsedAt: Date | null;
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
    scopes: optional({ type: 'text', array: true }),
    ownerId: optional(uuid),
    ownerTenant: optional(text),
    ownerElsewhereId: optional(uuid),
    createdBy: { ...text, default: '' },
    lastUsedAt: optional(time),
  },
  {
    primary: ['tenantId', 'id'],
    indices: [{ name: 'api_tokens_hash_key', columns: ['hash'], unique: true }],
    foreignKeys: [
      within('api_tokens_role_fkey', 'roles', ['tenantId', 'roleId'], ['tenantId', 'id']),
      within('api_tokens_owner_fkey', 'users', ['tenantId', 'ownerId'], ['tenantId', 'id']),
    ],
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
  kind: 'first_run' | 'enrolment' | 'setup';
  hash: Buffer;
  createdAt: Date;
  expiresAt: Date;
  usedAt: Date | null;
  /** Whom it enrols; null: it is no link of one person. */
  userId: string | null;
  settings: JsonObject;
  progress: JsonObject;
  createdBy: string;
  openedAt: Date | null;
  /** SHA-256 of the cookie of the browser that took it. */
  browserHash: Buffer | null;
  revokedAt: Date | null;
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
    userId: optional(uuid),
    settings: { ...json, default: () => "'{}'" },
    progress: { ...json, default: () => "'{}'" },
    createdBy: { ...text, default: '' },
    openedAt: optional(time),
    browserHash: optional(bytes),
    revokedAt: optional(time),
  },
  {
    primary: ['tenantId', 'id'],
    indices: [
      { name: 'links_hash_key', columns: ['tenantId', 'hash'], unique: true },
      { name: 'links_bearer_key', columns: ['hash'], unique: true },
      undescribed('links_user_idx'),
      undescribed('links_browser_key'),
      undescribed('links_setup_idx'),
      { name: 'links_expires_idx', columns: ['expiresAt'] },
    ],
    foreignKeys: [
      within('links_tenant_fkey', 'tenants', ['tenantId'], ['id']),
      within('links_user_fkey', 'users', ['tenantId', 'userId'], ['tenantId', 'id']),
    ],
  },
);
