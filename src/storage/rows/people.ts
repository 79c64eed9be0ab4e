import type { JsonObject } from '../../core/json.js';
import type { PersonProfile, UserSource } from '../../domain/user/account.js';
import {
  exactText,
  flag,
  integer,
  json,
  madeNow,
  optional,
  table,
  text,
  undescribed,
  uuid,
  within,
} from './table.js';

export interface UserRow {
  tenantId: string;
  id: string;
  connectionId: string | null;
  /** A user of an older version of the connection is nobody's by join value any more. */
  connectionVersion: number | null;
  source: UserSource;
  userName: string;
  externalId: string | null;
  active: boolean;
  profile: PersonProfile;
  /** The rest of the SCIM resource as it was pushed; empty for who never was. */
  attributes: JsonObject;
  /** Made of `userName` by a trigger: the one place where case is folded. */
  userNameFolded: string | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export const UserTable = table<UserRow>(
  'users',
  {
    tenantId: uuid,
    id: uuid,
    connectionId: optional(uuid),
    connectionVersion: optional(integer),
    source: text,
    userName: text,
    externalId: optional(exactText),
    active: flag,
    profile: json,
    attributes: { ...json, default: () => "'{}'" },
    userNameFolded: { ...optional(exactText), insert: false, update: false },
    version: { ...integer, default: 1 },
    createdAt: madeNow,
    updatedAt: madeNow,
  },
  {
    primary: ['tenantId', 'id'],
    indices: [
      {
        name: 'users_user_name_key',
        columns: ['tenantId', 'connectionId', 'connectionVersion', 'userNameFolded'],
        unique: true,
      },
      undescribed('users_pushed_idx'),
      undescribed('users_local_name_key'),
      undescribed('users_inactive_idx'),
      undescribed('users_arrived_idx'),
      { name: 'users_name_idx', columns: ['tenantId', 'userNameFolded', 'id'] },
      {
        name: 'users_external_id_key',
        columns: ['tenantId', 'connectionId', 'connectionVersion', 'externalId'],
        unique: true,
      },
    ],
    foreignKeys: [
      within('users_tenant_fkey', 'tenants', ['tenantId'], ['id']),
      within('users_connection_fkey', 'connections', ['tenantId', 'connectionId'], ['tenantId', 'id']),
    ],
  },
);

export interface RoleRow {
  tenantId: string;
  id: string;
  key: string;
  name: string;
}

export const RoleTable = table<RoleRow>(
  'roles',
  { tenantId: uuid, id: uuid, key: exactText, name: text },
  {
    primary: ['tenantId', 'id'],
    indices: [{ name: 'roles_key_key', columns: ['tenantId', 'key'], unique: true }],
    foreignKeys: [within('roles_tenant_fkey', 'tenants', ['tenantId'], ['id'])],
  },
);

/** Exactly one of the three group columns is set. */
export interface RoleMappingRow {
  tenantId: string;
  id: string;
  roleId: string;
  applicationId: string | null;
  groupName: string | null;
  groupId: string | null;
  groupUpstreamId: string | null;
  since: Date;
  /** What brought it; null: from before causes were kept. */
  cause: string | null;
}

export const RoleMappingTable = table<RoleMappingRow>(
  'role_mappings',
  {
    tenantId: uuid,
    id: uuid,
    roleId: uuid,
    applicationId: optional(uuid),
    groupName: optional(exactText),
    groupId: optional(uuid),
    groupUpstreamId: optional(exactText),
    since: madeNow,
    cause: { ...optional(text), default: () => `NULLIF(current_setting('app.cause', true), '')` },
  },
  {
    primary: ['tenantId', 'id'],
    indices: [
      { name: 'role_mappings_role_idx', columns: ['tenantId', 'roleId'] },
      undescribed('role_mappings_name_idx'),
    ],
    foreignKeys: [
      within('role_mappings_role_fkey', 'roles', ['tenantId', 'roleId'], ['tenantId', 'id']),
      within(
        'role_mappings_application_fkey',
        'applications',
        ['tenantId', 'applicationId'],
        ['tenantId', 'id'],
      ),
    ],
    checks: [
      {
        name: 'role_mappings_one_group',
        expression: 'num_nonnulls(group_name, group_id, group_upstream_id) = 1',
      },
    ],
  },
);
