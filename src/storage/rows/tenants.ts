import type { Domain, Tenant } from '../../domain/tenant/tenant.js';
import { exactText, flag, json, madeNow, optional, table, text, undescribed, uuid, within } from './table.js';

export interface TenantRow {
  id: string;
  slug: string;
  name: string;
  kind: Tenant['kind'];
  parentId: string | null;
  status: Tenant['status'];
  settings: Tenant['settings'];
  /** The tenant's data key, sealed by a key of the deployment. */
  dataKey: string;
  /** bigint: a string on the wire. */
  configVersion: string;
  configChangedAt: Date;
  createdAt: Date;
  /** From when on it is known who was in which group and had which role. */
  historySince: Date;
  /** Made of `name` by a trigger. */
  nameFolded: string | null;
}

export const TenantTable = table<TenantRow>(
  'tenants',
  {
    id: uuid,
    slug: exactText,
    name: text,
    kind: text,
    parentId: optional(uuid),
    status: text,
    settings: json,
    dataKey: text,
    configVersion: { type: 'bigint', default: 1 },
    configChangedAt: madeNow,
    createdAt: madeNow,
    historySince: madeNow,
    nameFolded: { ...optional(exactText), insert: false, update: false },
  },
  {
    primary: ['id'],
    indices: [
      { name: 'tenants_slug_key', columns: ['slug'], unique: true },
      { name: 'tenants_parent_idx', columns: ['parentId', 'slug'] },
      { name: 'tenants_config_changed_idx', columns: ['configChangedAt'] },
      { name: 'tenants_name_idx', columns: ['parentId', 'nameFolded', 'slug'] },
      { name: 'tenants_names_idx', columns: ['nameFolded', 'slug'] },
    ],
    foreignKeys: [
      {
        name: 'tenants_parent_fkey',
        target: 'tenants',
        columnNames: ['parentId'],
        referencedColumnNames: ['id'],
      },
    ],
  },
);

export interface DomainRow {
  tenantId: string;
  name: Domain['name'];
  verified: boolean;
  connectionKey: string | null;
}

export const DomainTable = table<DomainRow>(
  'domains',
  { tenantId: uuid, name: exactText, verified: flag, connectionKey: optional(text) },
  {
    primary: ['tenantId', 'name'],
    indices: [undescribed('domains_verified_key')],
    foreignKeys: [within('domains_tenant_fkey', 'tenants', ['tenantId'], ['id'])],
  },
);
