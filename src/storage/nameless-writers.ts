import type { EntityManager } from 'typeorm';
import type { TenantId } from '../core/ids.js';
import type { AccessPolicy } from '../domain/api/api.js';
import type { EntryWriter, Nameless } from '../domain/configuration/configuration-store.js';
import type { CustomerGrant } from '../domain/configuration/tenant-configuration.js';
import type { RoleMapping } from '../domain/role/role.js';
import { AccessPolicyTable, ApiTable, ApplicationTable } from './rows/applications.js';
import { RoleMappingTable, RoleTable, type RoleMappingRow } from './rows/people.js';
import { TenantLinkTable } from './rows/tokens.js';
import { deleteRows, insertRows, updateRows, type Values } from './rows/write.js';

/** Role mappings: a role and an application are referred to by key, rows by id. */
export function roleMappingWriter(
  manager: EntityManager,
  tenantId: TenantId,
): EntryWriter<Nameless<RoleMapping>> {
  const rowOf = async ({
    id,
    group,
    role,
    application,
  }: Nameless<RoleMapping>): Promise<Values<RoleMappingRow>> => ({
    tenantId,
    id,
    roleId: (await manager.findOneByOrFail(RoleTable, { tenantId, key: role })).id,
    applicationId:
      application === null
        ? null
        : (await manager.findOneByOrFail(ApplicationTable, { tenantId, clientId: application })).id,
    groupName: 'name' in group ? group.name : null,
    groupId: 'scim' in group ? group.scim : null,
    groupUpstreamId: 'upstream' in group ? group.upstream : null,
  });
  return {
    create: async (mapping) => {
      await insertRows(manager, RoleMappingTable, [await rowOf(mapping)]);
    },
    update: async (mapping) => {
      await updateRows(manager, RoleMappingTable, { tenantId, id: mapping.id }, await rowOf(mapping));
    },
    delete: async ({ id }) => {
      await deleteRows(manager, RoleMappingTable, { tenantId, id });
    },
  };
}

/** Access policies, which refer to their API by its identifier. */
export function accessPolicyWriter(
  manager: EntityManager,
  tenantId: TenantId,
): EntryWriter<Nameless<AccessPolicy>> {
  const rowOf = async ({ id, api, clients, grants, scopes }: Nameless<AccessPolicy>) => ({
    tenantId,
    id,
    apiId: (await manager.findOneByOrFail(ApiTable, { tenantId, identifier: api })).id,
    clients,
    grants: [...grants],
    scopes: [...scopes],
  });
  return {
    create: async (policy) => {
      await insertRows(manager, AccessPolicyTable, [await rowOf(policy)]);
    },
    update: async (policy) => {
      await updateRows(manager, AccessPolicyTable, { tenantId, id: policy.id }, await rowOf(policy));
    },
    delete: async ({ id }) => {
      await deleteRows(manager, AccessPolicyTable, { tenantId, id });
    },
  };
}

/** What an MSP's people may do in its customers' tenants. */
export function grantWriter(
  manager: EntityManager,
  tenantId: TenantId,
): EntryWriter<Nameless<CustomerGrant>> {
  const rowOf = ({ id, group, customers, roles }: Nameless<CustomerGrant>) => ({
    tenantId,
    id,
    groupReference: group,
    customers,
    roles: [...roles],
  });
  return {
    create: async (grant) => {
      await insertRows(manager, TenantLinkTable, [rowOf(grant)]);
    },
    update: async (grant) => {
      await updateRows(manager, TenantLinkTable, { tenantId, id: grant.id }, rowOf(grant));
    },
    delete: async ({ id }) => {
      await deleteRows(manager, TenantLinkTable, { tenantId, id });
    },
  };
}
