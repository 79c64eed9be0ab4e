import type { QueryResultRow } from 'pg';
import { isUuid } from '../core/ids.js';
import type { PushedGroup, PushedUser } from '../domain/provisioning/pushed-resources.js';
import type { ResourceTable } from './resource-sql.js';

/** How users and groups that SCIM pushes lie in tables. `$1` is the tenant, `$2` the connection, `$3` its version. */
export interface PushedTable<T> extends ResourceTable {
  readonly kind: 'user' | 'group';
  /** Table `r` and whose rows it shows. */
  readonly from: string;
  readonly select: (withMembers: boolean) => string;
  readonly read: (row: QueryResultRow) => T;
  /** Attributes that at most one resource has with one value. */
  readonly unique: readonly string[];
}

const pushed = (table: string, mark: string): string => `${table} r
  WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.connection_version = $3 AND r.${mark} = 'scim'`;

/** Without a location: that is an address, which the store doesn't know. */
const META = (type: string): ResourceTable['columns'] => ({
  meta: { sql: 'true', kind: 'boolean' },
  'meta.resourceType': { sql: `'${type}'`, kind: 'text' },
  'meta.created': { sql: `date_trunc('milliseconds', r.created_at)`, kind: 'time' },
  'meta.lastModified': { sql: `date_trunc('milliseconds', r.updated_at)`, kind: 'time' },
  'meta.version': { sql: `('W/"' || r.version || '"')`, kind: 'text' },
});

/** `schemas` (RFC 7643 section 3): the core schema, and those extensions that have values. */
const schemasOf = (core: string): string => `SELECT to_jsonb(s.urn) AS value, s.place FROM (
  SELECT '${core}' AS urn, 0 AS place
  UNION ALL SELECT key, 1 FROM jsonb_object_keys(r.attributes) AS key WHERE starts_with(key, 'urn:')) s`;

const GROUPS_OF_R = `FROM group_members gm JOIN groups g ON g.tenant_id = gm.tenant_id AND g.id = gm.group_id
  WHERE gm.tenant_id = r.tenant_id AND gm.user_id = r.id AND gm.source = 'scim'`;

/** Roles that SCIM gave: those that others give are none of its business, and it can't take them. */
const ROLES_OF_R = `FROM role_assignments ra JOIN roles ro ON ro.tenant_id = ra.tenant_id AND ro.id = ra.role_id
  LEFT JOIN applications ap ON ap.tenant_id = ra.tenant_id AND ap.id = ra.application_id
  WHERE ra.tenant_id = r.tenant_id AND ra.user_id = r.id AND ra.source = 'scim'`;

export const PUSHED_USERS: PushedTable<PushedUser> = {
  kind: 'user',
  from: pushed('users', 'source'),
  select:
    () => `r.id, r.user_name, r.external_id, r.active, r.attributes, r.version, r.created_at, r.updated_at,
    coalesce((SELECT json_agg(json_build_object('id', g.id, 'name', g.name) ORDER BY g.name, g.id) ${GROUPS_OF_R}), '[]')
      AS groups,
    coalesce((SELECT json_agg(json_build_object('key', ro.key, 'application', ap.client_id)
      ORDER BY ro.key, ap.client_id) ${ROLES_OF_R}), '[]') AS roles`,
  read: (row) => ({
    id: row['id'],
    userName: row['user_name'],
    externalId: row['external_id'],
    active: row['active'],
    attributes: row['attributes'],
    version: row['version'],
    createdAt: row['created_at'],
    updatedAt: row['updated_at'],
    groups: row['groups'],
    roles: row['roles'],
  }),
  unique: ['id', 'userName', 'externalId'],
  columns: {
    id: { sql: 'r.id', kind: 'uuid' },
    userName: { sql: 'r.user_name', folded: 'r.user_name_folded', kind: 'text' },
    externalId: { sql: 'r.external_id', kind: 'text' },
    active: { sql: 'r.active', kind: 'boolean' },
    ...META('User'),
  },
  lists: {
    schemas: schemasOf('urn:ietf:params:scim:schemas:core:2.0:User'),
    groups: `SELECT jsonb_build_object('value', g.id, 'display', g.name, 'type', 'direct') AS value,
        row_number() OVER (ORDER BY g.name, g.id) AS place ${GROUPS_OF_R}`,
    roles: `SELECT jsonb_build_object('value', ro.id, 'display', ro.name) AS value,
        row_number() OVER (ORDER BY ro.key) AS place ${ROLES_OF_R} AND ap.id IS NULL`,
    entitlements: `SELECT jsonb_build_object('value', ap.client_id || ':' || ro.key,
        'display', ro.name || ' in ' || ap.name, 'type', 'Entitlement') AS value,
        row_number() OVER (ORDER BY ro.key, ap.client_id) AS place
      ${ROLES_OF_R} AND ap.id IS NOT NULL`,
  },
  indexed: {
    'emails.value': (value, values) => `r.id = ANY (ARRAY(SELECT e.user_id FROM user_emails e
      WHERE e.tenant_id = $1 AND e.connection_id = $2 AND e.connection_version = $3
        AND e.email_folded = lower(${values.add(value, 'text')})))`,
    'groups.value': (value, values) =>
      isUuid(value)
        ? `r.id = ANY (ARRAY(SELECT gm.user_id FROM group_members gm WHERE gm.tenant_id = $1
            AND gm.group_id = ${values.add(value, 'uuid')} AND gm.source = 'scim'))`
        : 'false',
  },
};

const MEMBERS = `(SELECT coalesce(json_agg(json_build_object('id', u.id,
    'display', coalesce(u.attributes ->> 'displayName', u.user_name)) ORDER BY u.id), '[]')
  FROM group_members gm JOIN users u ON u.tenant_id = gm.tenant_id AND u.id = gm.user_id
  WHERE gm.tenant_id = r.tenant_id AND gm.group_id = r.id AND gm.source = 'scim')`;

export const PUSHED_GROUPS: PushedTable<PushedGroup> = {
  kind: 'group',
  from: pushed('groups', 'origin'),
  select: (withMembers) => `r.id, r.name, r.external_id, r.attributes, r.version, r.created_at, r.updated_at,
    ${withMembers ? MEMBERS : 'NULL'} AS members`,
  read: (row) => ({
    id: row['id'],
    name: row['name'],
    externalId: row['external_id'],
    attributes: row['attributes'],
    version: row['version'],
    createdAt: row['created_at'],
    updatedAt: row['updated_at'],
    members: row['members'] ?? undefined,
  }),
  unique: ['id', 'displayName', 'externalId'],
  columns: {
    id: { sql: 'r.id', kind: 'uuid' },
    displayName: { sql: 'r.name COLLATE "default"', folded: 'r.name_folded', kind: 'text' },
    externalId: { sql: 'r.external_id', kind: 'text' },
    ...META('Group'),
  },
  lists: {
    schemas: schemasOf('urn:ietf:params:scim:schemas:core:2.0:Group'),
    members: `SELECT jsonb_build_object('value', u.id, 'display', coalesce(u.attributes ->> 'displayName', u.user_name),
        'type', 'User') AS value, row_number() OVER (ORDER BY u.id) AS place
      FROM group_members gm JOIN users u ON u.tenant_id = gm.tenant_id AND u.id = gm.user_id
      WHERE gm.tenant_id = r.tenant_id AND gm.group_id = r.id AND gm.source = 'scim'`,
  },
  indexed: {
    'members.value': (value, values) =>
      isUuid(value)
        ? `r.id = ANY (ARRAY(SELECT gm.group_id FROM group_members gm WHERE gm.tenant_id = $1
            AND gm.user_id = ${values.add(value, 'uuid')} AND gm.source = 'scim'))`
        : 'false',
  },
};
